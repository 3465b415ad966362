/** Quantities refuse nonsense, and moments and spans combine as time does. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { after, between, later, milliseconds, monotonicMs, seconds, wallMs } from "../../src/domain/units.ts";

describe("a quantity", () => {
  const makers = { milliseconds, seconds, monotonicMs, wallMs };
  for (const [name, make] of Object.entries(makers)) {
    test(`${name} takes zero and more`, () => {
      assert.equal(make(0), 0);
      assert.equal(make(1.5), name === "seconds" ? 1500 : 1.5);
    });
    for (const nonsense of [-1, -Number.MIN_VALUE, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      test(`${name} refuses ${nonsense}`, () => {
        assert.throws(() => make(nonsense), { name: "RangeError", message: /expected a finite number of 0 or more/ });
      });
    }
  }

  test("names in its refusal what was wanted and what was found", () => {
    assert.throws(() => monotonicMs(-2), { message: "monotonic milliseconds: found -2, expected a finite number of 0 or more" });
    assert.throws(() => seconds(Number.MAX_VALUE), { message: /milliseconds: found Infinity/ });
  });
});

describe("moments and spans", () => {
  const moment = fc.integer({ min: 0, max: 2 ** 50 }).map(monotonicMs);
  const span = fc.integer({ min: 0, max: 2 ** 40 }).map(milliseconds);

  test("the time to a moment after another is the span between them", () => {
    fc.assert(fc.property(moment, span, (from, by) => assert.equal(between(from, after(from, by)), by)));
  });

  test("no time lies between a moment and an earlier one", () => {
    fc.assert(fc.property(moment, span, (from, by) => assert.equal(between(after(from, by), from), 0)));
  });

  test("of two moments the later is the larger, in either order", () => {
    fc.assert(
      fc.property(moment, moment, (a, b) => {
        assert.equal(later(a, b), Math.max(a, b));
        assert.equal(later(a, b), later(b, a));
      }),
    );
  });
});
