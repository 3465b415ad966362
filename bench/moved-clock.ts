/** The system clock, moved ahead by a bench: an interval passes in no time, so that the gate's floors need not be touched. */
import type { Cancel, Clock } from "../src/domain/clock.ts";
import { monotonicMs, wallMs, type Milliseconds, type MonotonicMs, type WallMs } from "../src/domain/units.ts";
import { systemClock } from "../src/system-clock.ts";

export class MovedClock implements Clock {
  #ahead = 0;

  monotonic(): MonotonicMs {
    return monotonicMs(systemClock.monotonic() + this.#ahead);
  }

  wall(): WallMs {
    return wallMs(systemClock.wall() + this.#ahead);
  }

  /** What the system clock said at `now`. */
  unmoved(now: MonotonicMs): MonotonicMs {
    return monotonicMs(Math.max(0, now - this.#ahead));
  }

  /** A timer that waits when the clock is moved still takes its real time: move it while none does. */
  at(when: MonotonicMs, run: () => void): Cancel {
    return systemClock.at(this.unmoved(when), run);
  }

  move(span: Milliseconds): void {
    this.#ahead += span;
  }
}
