/** What `status <device>` shows: the device, then each of its checks with what came of it. */
import type { CheckStatus, DeviceStatus, RefusedStatus, Status } from "../domain/control.ts";
import { formatDuration } from "../domain/duration.ts";
import { printable } from "../domain/printable.ts";
import { milliseconds } from "../domain/units.ts";
import { causeNotice, causesOn } from "./cause-view.ts";
import { ago, due, holdNotice, holdsOn, livenessWord, noticeLines, tripNotice, whyOf, type View } from "./status-view.ts";
import { identityNotices, identityRows } from "./identity-view.ts";
import { columns } from "./text.ts";
import { inWords } from "./words.ts";
import type { Cause } from "../domain/liveness.ts";

export function deviceView(device: DeviceStatus, status: Status, { width, style }: View): readonly string[] {
  const trips = status.trips.filter(({ scope }) =>
    [`device:${device.device}`, `segment:${device.segment}`, `profile:${device.profile}`, "site"].includes(scope),
  );
  return [
    `${style.strong(device.device)}: ${livenessWord(device.liveness, style)}, ${whyOf(device)}`,
    ...columns(
      [
        ["  name", printable(device.name, 200)],
        ["  segment", device.segment],
        ["  profile", `${device.profile} (stage ${device.stage})`],
        ...identityRows(device.identities),
        ["  last heard", device.lastHeardAt === null ? "never" : `${ago(device.lastHeardAt, status.at)} ago`],
      ],
      width,
    ),
    ...trips.flatMap((trip) => noticeLines(tripNotice(trip), { width, style })),
    ...identityNotices(device.identities).flatMap((notice) => noticeLines(notice, { width, style })),
    ...causesOn(device, status).flatMap((cause) => noticeLines(causeNotice(cause, status.devices), { width, style })),
    ...holdsOn(device, status).flatMap((hold) => noticeLines(holdNotice(hold), { width, style })),
    ...device.checks.flatMap((check) => ["", ...checkLines(check, status, width)]),
    ...device.refused.flatMap((refused) => ["", ...refusedLines(refused, width)]),
  ];
}

function checkLines(check: CheckStatus, status: Status, width: number): readonly string[] {
  const { at } = status;
  const rows = [
    ["  every", formatDuration(milliseconds(check.intervalMs))],
    ["  proves", check.proves],
    ["  last asked", check.lastAskedAt === null ? "never" : `${ago(check.lastAskedAt, at)} ago`],
    [
      "  last answer",
      check.lastAnswerAt === null
        ? check.neverAnswered
          ? "never, though asked again and again"
          : "never"
        : `${ago(check.lastAnswerAt, at)} ago${took(check)}`,
    ],
    ["  next due", due(check.nextDueAt, status)],
    ["  came of it", check.last === null ? "-" : printable(check.last, 400)],
    ["  since the start", `${check.answered} answered${tallies("failed", check.failed)}${tallies("not asked", check.refused)}`],
  ];
  return [check.check, ...columns(rows, width)];
}

function took({ lastTookMs }: CheckStatus): string {
  return lastTookMs === null ? "" : `, within ${formatDuration(milliseconds(lastTookMs))}`;
}

function tallies(word: string, counts: Readonly<Partial<Record<Cause, number>>>): string {
  const parts = Object.entries(counts).map(([cause, count]) => `${count} x ${inWords(cause as Cause)}`);
  return parts.length === 0 ? "" : `; ${word}: ${parts.join(", ")}`;
}

function refusedLines({ check, reason, detail }: RefusedStatus, width: number): readonly string[] {
  return [
    check,
    ...columns(
      [
        ["  not asked", inWords(reason)],
        ["  because", printable(detail, 1000)],
      ],
      width,
    ),
  ];
}
