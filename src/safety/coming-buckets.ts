/** The buckets of a plan that is still being worked out. */
import { monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { TokenBucket } from "./token-bucket.ts";

/** A bucket whose pace stays is the very one in force, so that whatever is taken from it until the take-over counts. */
export class ComingBuckets {
  readonly #fresh: TokenBucket[] = [];
  readonly #resized: (readonly [before: TokenBucket, next: TokenBucket])[] = [];

  /** @throws RangeError for a pace that no bucket can have */
  bucket(before: TokenBucket | undefined, capacity: number, msPerToken: Milliseconds): TokenBucket {
    if (before?.runsAt(capacity, msPerToken)) return before;
    const next = new TokenBucket(capacity, msPerToken, monotonicMs(0));
    if (before) this.#resized.push([before, next]);
    else this.#fresh.push(next);
    return next;
  }

  /** What is new starts empty now; what has another pace goes on with what is in it. */
  takeOver(now: MonotonicMs): void {
    for (const bucket of this.#fresh) bucket.empty(now);
    for (const [before, next] of this.#resized) next.goOnFrom(before, now);
  }
}
