/** What `status` says of the audit and the clock. */
import type { AuditStatus, Status } from "../domain/control.ts";
import { formatDuration } from "../domain/duration.ts";
import { milliseconds } from "../domain/units.ts";
import type { Notice } from "./status-view.ts";
import { counted, moment } from "./text.ts";

/** Of the head, as the metric shows it. */
const headDigits = 12;
/** From this share of its room on somebody is told. */
const fullShare = 0.8;

export function auditLine({ records, head, unwritableSince }: AuditStatus): string {
  return `audit: ${counted(records, "record")}, ends with ${head.slice(0, headDigits)}${unwritableSince === null ? "" : ", CANNOT BE WRITTEN"}`;
}

/** What a person must do something about. */
export function healthNotices({ audit, clock, at }: Pick<Status, "audit" | "clock" | "at">): readonly Notice[] {
  const notices: Notice[] = [];
  if (audit.unwritableSince !== null)
    notices.push({
      text:
        `AUDIT CANNOT BE WRITTEN since ${moment(audit.unwritableSince)} (${audit.problem ?? "unknown"}). Nothing can be changed but by stopping` +
        `${audit.pollingEndsAt === null ? "" : `, and polling ends at ${moment(audit.pollingEndsAt)}`}. Make room on the disk of the state folder`,
    });
  if (audit.records >= audit.recordsMax * fullShare)
    notices.push({
      text: `AUDIT NEARLY FULL: ${audit.records} records of at most ${audit.recordsMax}; docs/recovery.md says how to go on`,
    });
  if (clock.behindMs > 0)
    notices.push({
      text:
        `CLOCK SUSPECT: it shows ${moment(at)}, ${formatDuration(milliseconds(clock.behindMs))} before the highest trusted time (${moment(clock.trusted)}), ` +
        "by which approvals end. Set it right; if it is right:",
      command: "watchkeeper clock accept --by NAME --reason TEXT",
    });
  return notices;
}
