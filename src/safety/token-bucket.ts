/** A rate that cannot be exceeded: tokens drip in by monotonic time, it starts empty and holds no more than its capacity. */
import { monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

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
    const level = this.#levelAt(now);
    // A rounding error of one part in 10^9 must not make a caller wait for ever at the very moment that readyAt named.
    if (level < 1 - 1e-9) throw new RangeError("token bucket: taken from while empty");
    this.#level = Math.max(0, level - 1);
    this.#at = now;
  }

  /** Nothing is left as of now: after a start, a freeze or a clock jump, or to count an interval from the latest packet. */
  empty(now: MonotonicMs): void {
    this.#level = 0;
    this.#at = now;
  }

  /** The same bucket at another rate; what is in it stays, up to the new capacity. */
  resized(capacity: number, msPerToken: Milliseconds, now: MonotonicMs): TokenBucket {
    const next = new TokenBucket(capacity, msPerToken, now);
    next.#level = Math.min(this.#levelAt(now), capacity);
    return next;
  }

  #levelAt(now: MonotonicMs): number {
    // Monotonic time never runs backwards; a caller that mixes up its times gains nothing by it.
    const grown = this.#level + Math.max(0, now - this.#at) / this.#msPerToken;
    return grown >= 1 - 1e-9 && grown < 1 ? 1 : Math.min(this.#capacity, grown);
  }
}
