/** What an earlier run noted, read with care: what is too old says nothing, and the moments of another boot count from now. */
import type { Noted } from "../domain/gate.ts";
import { milliseconds, monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/** Undefined where nothing was noted, or by another boot and longer ago than `window`. */
export function recent(noted: Noted | undefined, window: Milliseconds): Noted | undefined {
  return noted && (noted.sameBoot || noted.age < window) ? noted : undefined;
}

/** How long ago a moment of another boot was nobody has measured; a damaged one is no better. */
export function momentOf(value: unknown, { sameBoot }: Noted, now: MonotonicMs): MonotonicMs {
  return sameBoot && typeof value === "number" && value >= 0 && value <= now ? monotonicMs(value) : now;
}

/** How long ago the moment of a note was, at most what it really is: of another boot, or damaged, as long as the note is old. */
export function agoOf(value: unknown, noted: Noted, now: MonotonicMs): Milliseconds {
  const measured = noted.sameBoot && typeof value === "number" && value >= 0 && value <= now;
  return measured ? milliseconds(now - value) : noted.age;
}

/** The moment so long ago; a clock that began later has none earlier than its beginning. */
export function since(ago: Milliseconds, now: MonotonicMs): MonotonicMs {
  return monotonicMs(Math.max(0, now - ago));
}
