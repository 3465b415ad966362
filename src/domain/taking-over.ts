/** How a new plan comes into force: worked out in slices while the old one holds, then taken over as a whole in one tick. */
import type { MonotonicMs } from "./units.ts";

/** Puts what was prepared in force, at once. Cheap: what takes long was done before. */
export type TakeOver = (now: MonotonicMs) => void;

/**
 * Work towards a new plan. At each `yield` others may have their turn, and may change what the old plan's state holds: so nothing of that
 * state is copied before the take-over, only pointed to. Changes nothing that is in force.
 */
export type Preparing<T = TakeOver> = Generator<undefined, T, undefined>;

/** Some tens of microseconds of work. */
const sliceItems = 64;

/** Calls `each` with every item, with a pause after every few. */
export function* sliced<T>(items: Iterable<T>, each: (item: T) => void): Preparing<void> {
  let count = 0;
  for (const item of items) {
    each(item);
    count += 1;
    if (count % sliceItems === 0) yield;
  }
}

/** Without a pause, where nobody waits: at a start, and in tests. */
export function atOnce<T>(work: Preparing<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}
