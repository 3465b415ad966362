/** Whether a person has allowed this check of this device, as both are now, and still does. */
import { formatDuration } from "../../domain/duration.ts";
import { milliseconds, type WallMs } from "../../domain/units.ts";
import { beyond, approvedEnvelope } from "./approved-envelope.ts";
import type { Candidate } from "./candidate.ts";
import { begins, endOf, lastDayBefore } from "./dates.ts";
import { requestOf, type Envelope } from "./envelope.ts";
import type { Family } from "./family.ts";
import { fasterThanApproved } from "./paces.ts";

/** What an approval is held against. */
export interface Now {
  readonly wall: WallMs;
  readonly covers: string;
  readonly envelope: Envelope;
  readonly deviceDigest: string;
  /** With the intervals that were approved in place of today's. */
  readonly digestAsPaced: string;
  /** Of the site file, present or to be made. */
  readonly siteFile: string;
}

/** A family in dry run or suspended is held back whatever its approval says: that one reason is the true one. */
function heldBack({ stage }: Family): boolean {
  return stage === "dry-run" || stage === "suspended";
}

export function notApproved({ family }: Candidate, { siteFile, covers, wall }: Now): string | undefined {
  if (heldBack(family)) return undefined;
  if (family.stage === "draft") {
    const found = family.site === undefined ? `${siteFile} does not exist` : `${siteFile}: approval.stage is draft`;
    return `${found}: check the profile, then approve it (watchkeeper approve ${family.id} --covers ${covers} …)`;
  }
  const { approvedOn } = family.approval ?? {};
  if (approvedOn === undefined || wall >= begins(approvedOn)) return undefined;
  return `${siteFile}: approval.approvedOn is ${approvedOn}, a day that has not begun: expected today or earlier`;
}

export function notAdmitted({ family, place }: Candidate, { siteFile, deviceDigest, digestAsPaced }: Now): string | undefined {
  if (heldBack(family) || family.approval === undefined) return undefined;
  const admitted = family.approval.devices?.get(place.entry.id);
  if (admitted === digestAsPaced) return undefined;
  const found = admitted === undefined ? "does not name this device" : "names this device as it was before it was changed";
  return `${siteFile}: approval.devices ${found}: expected ${deviceDigest}; look at the device and approve it`;
}

export function approvalExpired({ family }: Candidate, { siteFile, wall }: Now): string | undefined {
  const end = heldBack(family) || family.approval === undefined ? undefined : endOf(family.approval);
  if (end === undefined || wall < end.ends) return undefined;
  const grace = end.ends > end.expires ? `, and ${formatDuration(milliseconds(end.ends - end.expires))} of grace went by` : " (no grace)";
  return `${siteFile}: the approval ended on ${lastDayBefore(end.expires)}${grace}: renew it`;
}

export function approvalStale(candidate: Candidate, { siteFile, covers, envelope }: Now): string | undefined {
  const { family } = candidate;
  if (heldBack(family) || family.approval === undefined) return undefined;
  const faster = fasterThanApproved(candidate);
  if (faster !== undefined) return `${siteFile}: ${faster}: lengthen the interval, or look at the change and approve it`;
  if (family.approval.covers === covers) return undefined;
  const approved = approvedEnvelope(family.approval.envelope, family.approval.covers);
  const again = `look at the change and approve ${covers}`;
  if (approved === undefined)
    return `${siteFile}: approval.covers is of other content, and holds no envelope that shows it to be wider: ${again}`;
  const { entry, interval } = candidate;
  const found = beyond(envelope, approved, {
    method: entry.method,
    request: requestOf(candidate),
    interval,
    ...(candidate.deep && { deep: true }),
  });
  return found.length === 0 ? undefined : `${siteFile}: what would be sent goes beyond the approval (${found.join("; ")}): ${again}`;
}

/** The end of the approval for the gate, grace included; undefined where nobody has signed. */
export function approvedUntil(family: Family): WallMs | undefined {
  return family.approval === undefined ? undefined : endOf(family.approval)?.ends;
}
