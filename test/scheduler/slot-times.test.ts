/** Slots come one period apart, always later than now, the first one after a full interval. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { slotPeriod } from "../../src/domain/slots.ts";
import { nextSlot } from "../../src/scheduler/slot-times.ts";

describe("slot times", () => {
  it("are 60.1 s apart at 60 s and 1.02 s at 1 s", () => {
    assert.equal(slotPeriod(milliseconds(60_000)), 60_100);
    assert.equal(slotPeriod(milliseconds(1000)), 1020);
  });
  it("begin a full period and the offset after the start", () => {
    const check = { interval: milliseconds(60_000), slot: milliseconds(2000) };
    assert.equal(nextSlot(check, monotonicMs(1000), monotonicMs(1000)), 63_100);
    assert.equal(nextSlot(check, monotonicMs(1000), monotonicMs(63_100)), 123_200);
  });
  it("are always later than now and never more than a period away once begun", () => {
    const real = (max: number) => fc.double({ min: 0, max, noNaN: true });
    fc.assert(
      fc.property(
        fc.double({ min: 1000, max: 3.6e6, noNaN: true }),
        real(1),
        real(1e9),
        fc.integer({ min: 0, max: 1000 }),
        (interval, share, epoch, turns) => {
          const check = { interval: milliseconds(interval), slot: milliseconds(interval * share) };
          let now = monotonicMs(epoch);
          for (let i = 0; i < turns % 20; i++) {
            const next = nextSlot(check, monotonicMs(epoch), now);
            assert.ok(next > now);
            assert.ok(next - now <= 2 * slotPeriod(check.interval) + interval + 1e-3);
            now = next;
          }
        },
      ),
    );
  });
});
