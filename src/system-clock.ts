/** The real clock and the only source of chance: the one file that reads time, sets timers or asks for randomness. */
import type { Cancel, Clock } from "./domain/clock.ts";
import { monotonicMs, wallMs, type MonotonicMs } from "./domain/units.ts";

/** setTimeout fires at once for anything longer than 2^31-1 ms; longer spans are chained. */
const timerMax = 2 ** 31 - 1;

/** Both are CLOCK_MONOTONIC; performance.now is the cheaper one and counts from the process's start, which hrtime tells. */
const processStart = Number(process.hrtime.bigint()) / 1e6 - performance.now();
const monotonic = (): MonotonicMs => monotonicMs(processStart + performance.now());

export const systemClock: Clock = {
  monotonic,
  wall: () => wallMs(Date.now()),
  at(when, run) {
    let timer: NodeJS.Timeout | undefined;
    const arm = (): void => {
      const left = when - monotonic();
      // Node's timers may fire up to 1 ms early by the monotonic clock: an interval is never cut short, so the rest is waited for.
      const due = (): void => (when - monotonic() > 0 ? arm() : run());
      timer = setTimeout(due, Math.min(Math.max(1, Math.ceil(left)), timerMax));
    };
    arm();
    const cancel: Cancel = () => clearTimeout(timer);
    return cancel;
  },
};

/** Resolves after everything else that waits has had its turn. */
export function yieldToLoop(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}
