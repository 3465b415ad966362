/** From draft to approved: how long a family has stood in its stage, what is proposed next, and how near an approval is to its end. */
import { approvalWarning, dryRunSoak, trialSoak } from "./limits.ts";
import type { DeviceId, ProfileId, Stage } from "./plan.ts";
import type { DeepRead, DeepReadId } from "./deep-reads.ts";
import { wallMs, type WallMs } from "./units.ts";

/** A family of which the watchlist has a device. */
export interface PlannedFamily {
  readonly id: ProfileId;
  readonly stage: Stage;
  /** When it came to its stage; undefined where the file does not say. */
  readonly since: WallMs | undefined;
  /** Devices on trial, and since when; empty in every other stage. */
  readonly trial: ReadonlyMap<DeviceId, WallMs | undefined>;
  /** Absent where nobody has signed. */
  readonly end?: ApprovalEnd;
  /** What a deep query may read of it; absent where its profile leaves nothing to one. */
  readonly deepReads?: FamilyDeepReads;
}

export interface FamilyDeepReads {
  /** By the shipped profile. */
  readonly offered: readonly DeepReadId[];
  /** Of those, by the site; of slots and interfaces each one. */
  readonly agreed: readonly DeepRead[];
}

export interface ApprovalEnd {
  /** From here on it is expired, with an alarm. */
  readonly expires: WallMs;
  /** From here on nothing is asked. */
  readonly ends: WallMs;
}

export type ApprovalAge = "running" | "expiring" | "grace" | "ended";

/** `expiring` begins 60 days before the expiry. */
export function approvalAge({ expires, ends }: ApprovalEnd, now: WallMs): ApprovalAge {
  if (now >= ends) return "ended";
  if (now >= expires) return "grace";
  return now >= expires - approvalWarning ? "expiring" : "running";
}

export interface NextStep {
  readonly next: "trial" | "approved";
  /** Undefined where nobody knows since when. */
  readonly readyAt: WallMs | undefined;
  readonly ready: boolean;
  /** What speaks against it still, one sentence each without a full stop. */
  readonly against: readonly string[];
}

/**
 * What is proposed once a family has stood long enough in dry run or on trial; undefined in the other stages. A person decides all the same.
 * @param unwell why a device is not well at this moment; undefined where it is
 */
export function nextStep(family: PlannedFamily, now: WallMs, unwell: (device: DeviceId) => string | undefined): NextStep | undefined {
  switch (family.stage) {
    case "dry-run":
      return dryRunStep(family.since, now);
    case "trial":
      return trialStep(family, now, unwell);
    case "draft":
    case "approved":
    case "suspended":
      return undefined;
  }
}

function dryRunStep(since: WallMs | undefined, now: WallMs): NextStep {
  if (since === undefined) return { next: "trial", readyAt: undefined, ready: false, against: ["approval.since does not say since when"] };
  const readyAt = wallMs(since + dryRunSoak);
  return { next: "trial", readyAt, ready: now >= readyAt, against: now >= readyAt ? [] : [`shown for less than ${hours(dryRunSoak)} h`] };
}

/** Each device has its own 72 h: one that came later, or was changed, holds back the others. */
function trialStep({ trial }: PlannedFamily, now: WallMs, unwell: (device: DeviceId) => string | undefined): NextStep {
  const begun = [...trial.values()].filter((since) => since !== undefined);
  const last = begun.length < trial.size ? undefined : wallMs(Math.max(0, ...begun) + trialSoak);
  const against = [...trial].flatMap(([device, since]) => {
    if (since === undefined) return [`${device}: approval.trialSince does not say since when`];
    const young = now < since + trialSoak ? [`${device}: on trial for less than ${hours(trialSoak)} h`] : [];
    const trouble = unwell(device);
    return trouble === undefined ? young : [...young, `${device}: ${trouble}`];
  });
  return { next: "approved", readyAt: last, ready: against.length === 0, against };
}

function hours(spanMs: number): number {
  return spanMs / 3_600_000;
}
