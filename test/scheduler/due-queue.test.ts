/** Whatever goes in comes out in order of time, older claims first. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { monotonicMs } from "../../src/domain/units.ts";
import { DueQueue } from "../../src/scheduler/due-queue.ts";

describe("the due queue", () => {
  it("gives everything back in order", () => {
    const times = fc.array(fc.record({ at: fc.integer({ min: 0, max: 50 }), slotAt: fc.integer({ min: 0, max: 50 }) }), { maxLength: 200 });
    fc.assert(
      fc.property(times, (items) => {
        const queue = new DueQueue<{ at: ReturnType<typeof monotonicMs>; slotAt: ReturnType<typeof monotonicMs> }>();
        for (const { at, slotAt } of items) queue.push({ at: monotonicMs(at), slotAt: monotonicMs(slotAt) });
        assert.equal(queue.size, items.length);
        const anew = new DueQueue(items.map(({ at, slotAt }) => ({ at: monotonicMs(at), slotAt: monotonicMs(slotAt) })));
        assert.deepEqual([anew.size, anew.peek()], [items.length, queue.peek()], "with all of them from the beginning");
        const out = Array.from(items, () => queue.pop()!);
        assert.deepEqual(
          out.map(({ at, slotAt }) => [at, slotAt]),
          items.toSorted((a, b) => a.at - b.at || a.slotAt - b.slotAt).map(({ at, slotAt }) => [at, slotAt]),
        );
        assert.equal(queue.pop(), undefined);
        assert.equal(queue.peek(), undefined);
      }),
    );
  });
});
