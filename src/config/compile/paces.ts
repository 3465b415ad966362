/** How often each device may be asked at most, check by check: a device that was approved at 60 s stays there, however fast its family may be. */
import { formatDuration, parseDuration } from "../../domain/duration.ts";
import type { Milliseconds } from "../../domain/units.ts";
import type { Paces } from "../schema/approval.ts";
import type { Candidate } from "./candidate.ts";
import { directions } from "./direction.ts";
import { requestOf } from "./envelope.ts";

/** `modbus-fc3 unit 1 holding-registers 16-17`: a check by what it asks, because its place in the list may change. */
export function checkName(candidate: Pick<Candidate, "entry" | "register" | "spoken">): string {
  const { method, unitId, security, credentials, portsUp = [] } = candidate.entry;
  const parts = [
    method,
    unitId === undefined ? "" : `unit ${unitId}`,
    requestOf(candidate),
    security === undefined ? "" : `${security.mode} ${security.policy ?? ""}`.trim(),
    credentials === undefined ? "" : `as ${credentials}`,
    portsUp.length === 0 ? "" : `ports ${portsUp.map(({ ifIndex }) => ifIndex).join(", ")}`,
  ];
  return parts.filter((part) => part !== "").join(" ");
}

/** As the files say them now, for the approval block: `{"modbus-fc43 unit 1": "60s"}`. */
export function pacesOf(candidates: readonly Candidate[]): Paces {
  const entries = candidates.map((one): [string, string] => [checkName(one), durationText(one.interval)]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Whether both name the same checks, each with the same interval. */
export function samePaces(a: Paces, b: Paces): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && parseDuration(a[name]!) === parseDuration(b[name]!))
  );
}

/** The interval that was approved for this check; undefined where the approval holds none for it. */
export function approvedPace(
  paces: Paces | undefined,
  candidate: Pick<Candidate, "entry" | "register" | "spoken">,
): Milliseconds | undefined {
  const name = checkName(candidate);
  return paces !== undefined && Object.hasOwn(paces, name) ? parseDuration(paces[name] ?? "") : undefined;
}

/** In words, how a check is asked more often than it was approved for; undefined where it is not. */
export function fasterThanApproved(candidate: Candidate): string | undefined {
  const { family, place, interval, entry } = candidate;
  const approved = approvedPace(family.approval?.paces?.get(place.entry.id), candidate);
  if (approved === undefined || !directions.intervalMinMs.looser(interval, approved)) return undefined;
  return `${entry.method} is asked every ${formatDuration(interval)}, and this device was approved for not faster than every ${formatDuration(approved)}`;
}

function durationText(span: Milliseconds): string {
  return span % 1000 === 0 ? `${span / 1000}s` : `${span}ms`;
}
