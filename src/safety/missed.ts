/** Misses that outlive the process: a poller that is started again and again asks a device that is down no sooner than one that goes on. */
import type { Noted } from "../domain/gate.ts";
import type { Check } from "../domain/plan.ts";
import { failureKinds, type FailureKind } from "../domain/reasons.ts";
import { milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { CheckHistory } from "./history.ts";
import { agoOf, since } from "./noted.ts";

/** What of a history is to outlive the process; moments of this boot. */
interface Misses extends Pick<CheckHistory, "missed" | "lostAt" | "lastAsked" | "failure"> {
  /** Of the check that missed. */
  readonly digest: string;
}

/** What an earlier run left of one check. */
export interface Recalled {
  readonly history: Pick<CheckHistory, "missed" | "missedBefore" | "lostAt" | "lastAsked" | "failure">;
  /** How long ago it was counted as lost; undefined where it was not. */
  readonly lostAgo: Milliseconds | undefined;
  /** The same bytes to the same place: what is said of the device by it still holds. */
  readonly same: boolean;
}

/** Under which misses of a check are noted. */
export function missedKey(id: Check["id"]): string {
  return `missed ${id}`;
}

/** What is to be noted when a history became another one: nothing, or what is now to be remembered (undefined: nothing any more). */
export function missesToBeNoted(
  before: CheckHistory,
  { missed, lostAt, lastAsked, failure }: CheckHistory,
  { digest }: Pick<Check, "digest">,
): { readonly value: Misses | undefined } | undefined {
  if (missed === before.missed && lastAsked === before.lastAsked && lostAt === before.lostAt) return undefined;
  if (missed > 0) return { value: { missed, lostAt, lastAsked, failure, digest } };
  return before.missed > 0 ? { value: undefined } : undefined;
}

/** A device that was down is down still, and its wait goes on. Fewer misses say nothing after a start of the machine: it may have been the same blackout. */
export function recalledMisses(noted: Noted | undefined, check: Check, now: MonotonicMs): Recalled | undefined {
  const { missed, lostAt, lastAsked, failure, digest } = (noted?.value ?? {}) as Readonly<Record<keyof Misses, unknown>>;
  if (!noted || typeof missed !== "number" || !Number.isSafeInteger(missed) || missed < 1) return undefined;
  const asked = agoOf(lastAsked, noted, now);
  if (missed < check.missesToDown && !noted.sameBoot) return undefined;
  // Both moments are of one clock, whichever: of another boot the span between them is still good.
  const longer = typeof lostAt === "number" && typeof lastAsked === "number" ? Math.max(0, lastAsked - lostAt) : undefined;
  const lostAgo = longer === undefined ? undefined : milliseconds(asked + longer);
  const moments = { lastAsked: since(asked, now), lostAt: lostAgo === undefined ? undefined : since(lostAgo, now) };
  // What was excused when it was noted is looked at again at its next miss.
  const own = isFailure(failure) ? { failure, missedBefore: missed } : { failure: undefined, missedBefore: 0 };
  return { history: { missed, ...own, ...moments }, lostAgo, same: digest === check.digest };
}

function isFailure(value: unknown): value is FailureKind {
  return typeof value === "string" && Object.hasOwn(failureKinds, value);
}
