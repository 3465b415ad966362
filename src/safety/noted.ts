/** What an earlier run noted, read with care: what is too old says nothing, and the moments of another boot count from now. */
import type { Noted } from "../domain/gate.ts";
import { monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/** Undefined where nothing was noted, or by another boot and longer ago than `window`. */
export function recent(noted: Noted | undefined, window: Milliseconds): Noted | undefined {
  return noted && (noted.sameBoot || noted.age < window) ? noted : undefined;
}

/** How long ago a moment of another boot was nobody has measured; a damaged one is no better. */
export function momentOf(value: unknown, { sameBoot }: Noted, now: MonotonicMs): MonotonicMs {
  return sameBoot && typeof value === "number" && value >= 0 && value <= now ? monotonicMs(value) : now;
}
