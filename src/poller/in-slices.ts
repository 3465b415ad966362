/** Runs work that comes in slices, and lets everything else have its turn in between: a poller that stands still for half a second distrusts its clock, and rightly. */
import type { Clock } from "../domain/clock.ts";
import { sliceAtMost } from "../domain/limits.ts";
import type { Preparing } from "../domain/taking-over.ts";
import { after } from "../domain/units.ts";
import { yieldToLoop } from "../system-clock.ts";

export async function inSlices<T>(
  work: Preparing<T>,
  clock: Pick<Clock, "monotonic">,
  pause: () => Promise<void> = yieldToLoop,
): Promise<T> {
  let until = after(clock.monotonic(), sliceAtMost);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (clock.monotonic() < until) continue;
    await pause();
    until = after(clock.monotonic(), sliceAtMost);
  }
}
