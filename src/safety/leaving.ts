/** Buckets that a new plan has no more: whoever took from one keeps to it until it is full again. */
import type { MonotonicMs } from "../domain/units.ts";
import type { TokenBucket } from "./token-bucket.ts";

/**
 * Worked example: a device has a floor of 30 s for its heartbeat and its deep queries, a question goes at 59.5 s, and a reload takes the
 * deep queries away, the floor with them. Its heartbeat of 60 s still goes at 89.5 s.
 */
export class Leaving<Name> {
  #buckets = new Map<Name, TokenBucket>();

  /** `before`: as the plan before had them; `planned`: what the new one has. */
  adopt(before: Iterable<readonly [Name, TokenBucket]>, planned: ReadonlyMap<Name, unknown>, now: MonotonicMs): void {
    const left = [...this.#buckets, ...before].filter(([name, bucket]) => !planned.has(name) && bucket.readyAt(now) > now);
    this.#buckets = new Map(left);
  }

  /** None once it is full. */
  of(name: Name, now: MonotonicMs): readonly TokenBucket[] {
    const bucket = this.#buckets.get(name);
    if (!bucket) return [];
    if (bucket.readyAt(now) > now) return [bucket];
    this.#buckets.delete(name);
    return [];
  }

  empty(now: MonotonicMs): void {
    for (const bucket of this.#buckets.values()) bucket.empty(now);
  }
}
