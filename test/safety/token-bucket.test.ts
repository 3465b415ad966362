/** No window of time ever sees more than the bucket's capacity and what dripped in meanwhile. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { TokenBucket } from "../../src/safety/token-bucket.ts";

const at = monotonicMs;

describe("a token bucket", () => {
  it("starts empty and has its first token after one full drip", () => {
    const bucket = new TokenBucket(1, milliseconds(60_000), at(1000));
    assert.equal(bucket.readyAt(at(1000)), 61_000);
    assert.throws(() => bucket.take(at(60_000)), /taken from while empty/u);
    bucket.take(at(61_000));
    assert.equal(bucket.readyAt(at(61_000)), 121_000);
  });

  it("holds no more than its capacity after a long rest", () => {
    const bucket = new TokenBucket(2, milliseconds(500), at(0));
    for (let i = 0; i < 2; i++) bucket.take(at(3_600_000));
    assert.equal(bucket.readyAt(at(3_600_000)), 3_600_500);
  });

  it("counts from the latest packet when it is emptied", () => {
    const bucket = new TokenBucket(1, milliseconds(100), at(0));
    bucket.empty(at(90));
    assert.equal(bucket.readyAt(at(100)), 190);
    // One that is learnt of late, after another: the later one counts.
    bucket.empty(at(50));
    assert.equal(bucket.readyAt(at(100)), 190);
  });

  it("has nothing left when it is emptied, what lay in it before included", () => {
    const bucket = new TokenBucket(3, milliseconds(100), at(0));
    bucket.take(at(10_000));
    bucket.empty(at(10_000));
    assert.equal(bucket.readyAt(at(10_000)), 10_100);
    bucket.take(at(10_150));
    bucket.empty(at(10_150));
    assert.equal(bucket.readyAt(at(10_150)), 10_250);
  });

  it("keeps what is in it when it is resized, up to the new capacity", () => {
    const full = new TokenBucket(10, milliseconds(10), at(0));
    const small = new TokenBucket(1, milliseconds(1000), at(0));
    small.goOnFrom(full, at(1000));
    small.take(at(1000));
    assert.equal(small.readyAt(at(1000)), 2000);
  });

  it("gains nothing from a time that runs backwards", () => {
    const bucket = new TokenBucket(1, milliseconds(100), at(1000));
    assert.equal(bucket.readyAt(at(500)), 600);
    assert.throws(() => bucket.take(at(500)));
  });

  it("refuses a capacity or a rate that is none", () => {
    assert.throws(() => new TokenBucket(0, milliseconds(1), at(0)), RangeError);
    assert.throws(() => new TokenBucket(Number.NaN, milliseconds(1), at(0)), RangeError);
    assert.throws(() => new TokenBucket(1, milliseconds(0), at(0)), RangeError);
  });

  it("never lets more through in any window than capacity and drip, whatever is tried when", () => {
    const tries = fc.array(fc.record({ wait: fc.double({ min: 0, max: 3000, noNaN: true }), empty: fc.boolean() }), { maxLength: 80 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.double({ min: 1, max: 2000, noNaN: true }), tries, (capacity, msPerToken, steps) => {
        const bucket = new TokenBucket(capacity, milliseconds(msPerToken), at(0));
        const taken: number[] = [];
        let now = 0;
        for (const step of steps) {
          now += step.wait;
          if (step.empty && step.wait > 2500) bucket.empty(at(now));
          if (bucket.readyAt(at(now)) <= now) {
            bucket.take(at(now));
            taken.push(now);
          }
        }
        for (let first = 0; first < taken.length; first++)
          for (let last = first; last < taken.length; last++) {
            const allowed = capacity + (taken[last]! - taken[first]!) / msPerToken;
            assert.ok(last - first + 1 <= allowed + 1e-6, `${last - first + 1} in ${taken[last]! - taken[first]!} ms, allowed ${allowed}`);
          }
      }),
    );
  });

  it("is ready at the very moment that it names", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 1e7, noNaN: true }), fc.double({ min: 0, max: 1e9, noNaN: true }), (msPerToken, start) => {
        const bucket = new TokenBucket(1, milliseconds(msPerToken), at(start));
        let ready = at(start);
        // Where a wait is smaller than a double can tell apart, asking again names the next moment; it never goes on for ever.
        for (let turn = 0; bucket.readyAt(ready) > ready; turn++) {
          assert.ok(turn < 3);
          ready = bucket.readyAt(ready);
        }
        bucket.take(ready);
      }),
    );
  });
});
