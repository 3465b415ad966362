/** What is taken while a plan is worked out counts under the plan; what is new is empty when it comes into force. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { ComingBuckets } from "../../src/safety/coming-buckets.ts";
import { TokenBucket } from "../../src/safety/token-bucket.ts";

const at = monotonicMs;

describe("coming buckets", () => {
  it("of the same pace are the very ones in force", () => {
    const before = new TokenBucket(2, milliseconds(100), at(0));
    assert.equal(new ComingBuckets().bucket(before, 2, milliseconds(100)), before);
    assert.notEqual(new ComingBuckets().bucket(before, 1, milliseconds(100)), before);
    assert.notEqual(new ComingBuckets().bucket(before, 2, milliseconds(101)), before);
  });

  it("are as after one step at the take-over, whatever is taken before it", () =>
    fc.assert(
      fc.property(
        fc.record({ capacity: fc.integer({ min: 1, max: 3 }), ms: fc.integer({ min: 1, max: 200 }) }),
        fc.array(fc.record({ after: fc.nat(300), does: fc.constantFrom("take", "empty") }), { maxLength: 8 }),
        (pace, events) => {
          const [before, coming] = [new TokenBucket(2, milliseconds(100), at(1000)), new ComingBuckets()];
          const stays = coming.bucket(before, pace.capacity, milliseconds(pace.ms));
          const fresh = coming.bucket(undefined, pace.capacity, milliseconds(pace.ms));
          let now = 1000;
          for (const { after, does } of events) {
            now += after;
            if (does === "empty") before.empty(at(now));
            else if (before.readyAt(at(now)) <= now) before.take(at(now));
          }
          const level = Math.min(pace.capacity, 1 - (before.readyAt(at(now)) - now) / 100);
          coming.takeOver(at(now));
          assert.equal(fresh.readyAt(at(now)), now + pace.ms);
          if (level < 1) assert.ok(Math.abs(stays.readyAt(at(now)) - now - (1 - level) * (stays === before ? 100 : pace.ms)) < 1e-6);
          else assert.equal(stays.readyAt(at(now)), now);
        },
      ),
    ));

  it("refuse a pace that no bucket has", () => {
    assert.throws(() => new ComingBuckets().bucket(undefined, 0, milliseconds(1)), RangeError);
  });
});
