/** The only way the product learns what time it is, waits, or uses chance. */
import type { MonotonicMs, WallMs } from "./units.ts";

/** Passed in everywhere. `src/system-clock.ts` is the real one; tests move a fake one by hand. */
export interface Clock {
  monotonic(): MonotonicMs;
  wall(): WallMs;
  /**
   * Runs once at `when` or later, never early, never within this call; the returned function cancels.
   * The only timer in the product. Chains spans beyond 2^31-1 ms, which setTimeout would fire at once.
   */
  at(when: MonotonicMs, run: () => void): Cancel;
}

export type Cancel = () => void;
