/** Whether the audit is written and the clock is right, in the words of the control socket. */
import type { AuditHead } from "../domain/board.ts";
import type { AuditStatus, ClockStatus, Status } from "../domain/control.ts";
import { auditReserve } from "../domain/limits.ts";
import { wallMs, type Milliseconds, type WallMs } from "../domain/units.ts";

export interface AuditHealth {
  readonly auditHead: AuditHead;
  readonly unwritableSince: WallMs | undefined;
  /** By the monotonic clock. */
  readonly unwritableFor: Milliseconds | undefined;
  readonly problem: string | undefined;
}

export interface ClockHealth {
  readonly highest: WallMs;
  readonly behind: Milliseconds;
}

export function healthOf(
  audit: AuditHealth,
  recordsMax: number,
  { highest, behind }: ClockHealth,
  now: WallMs,
): Pick<Status, "audit" | "clock"> {
  return {
    audit: auditStatus(audit, recordsMax, now),
    clock: { trusted: new Date(highest).toISOString(), behindMs: behind } satisfies ClockStatus,
  };
}

function auditStatus({ auditHead, unwritableSince, unwritableFor, problem }: AuditHealth, recordsMax: number, now: WallMs): AuditStatus {
  const records = { records: auditHead.sequence, recordsMax, head: auditHead.hash };
  if (unwritableSince === undefined || unwritableFor === undefined)
    return { ...records, unwritableSince: null, problem: null, pollingEndsAt: null };
  return {
    ...records,
    unwritableSince: new Date(unwritableSince).toISOString(),
    problem: problem ?? "unknown",
    pollingEndsAt: new Date(wallMs(Math.max(0, now + auditReserve - unwritableFor))).toISOString(),
  };
}
