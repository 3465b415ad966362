/** A rate that cannot be exceeded: tokens drip in by monotonic time, it starts empty and holds no more than its capacity. */
import { later, monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/**
 * In any window of w ms at most `capacity + w / msPerToken` tokens are taken.
 * Worked example: 2 starts/s are one token each 500 ms with capacity 1; after an idle hour still only one start is free at once.
 */
export class TokenBucket {
  readonly #capacity: number;
  readonly #msPerToken: number;
  #level = 0;
  #at: MonotonicMs;

  constructor(capacity: number, msPerToken: Milliseconds, now: MonotonicMs) {
    if (!(capacity >= 1) || !(msPerToken > 0)) throw new RangeError(`token bucket: capacity ${capacity}, ${msPerToken} ms a token`);
    this.#capacity = capacity;
    this.#msPerToken = msPerToken;
    this.#at = now;
  }

  /** The earliest time at which one token can be taken; changes nothing. */
  readyAt(now: MonotonicMs): MonotonicMs {
    const level = this.#levelAt(now);
    return level >= 1 ? now : monotonicMs(now + (1 - level) * this.#msPerToken);
  }

  /** @throws RangeError when there is no token: the caller must have asked `readyAt` in the same tick. */
  take(now: MonotonicMs): void {
    // Asked as the caller asked: after a year of uptime the moment that readyAt named is rounded to some nanoseconds.
    if (this.readyAt(now) > now) throw new RangeError("token bucket: taken from while empty");
    this.#level = Math.max(0, this.#levelAt(now) - 1);
    this.#at = now;
  }

  /** Nothing is left as of this moment: after a start, a freeze or a clock jump, or to count an interval from the latest packet. Never as of an earlier one than before. */
  empty(at: MonotonicMs): void {
    this.#level = 0;
    this.#at = later(this.#at, at);
  }

  /** Whether it has this very pace. */
  runsAt(capacity: number, msPerToken: Milliseconds): boolean {
    return this.#capacity === capacity && this.#msPerToken === msPerToken;
  }

  /** Takes the place of `before` at another pace; what is in it stays, up to this one's capacity. */
  goOnFrom(before: TokenBucket, now: MonotonicMs): void {
    this.#level = Math.min(before.#levelAt(now), this.#capacity);
    this.#at = now;
  }

  #levelAt(now: MonotonicMs): number {
    // Monotonic time never runs backwards; a caller that mixes up its times gains nothing by it.
    return Math.min(this.#capacity, this.#level + Math.max(0, now - this.#at) / this.#msPerToken);
  }
}
