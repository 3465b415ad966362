/** What a register must hold: each kind of expectation, with time and what was read before as the only other inputs. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { weighed, type Expectation, type Reading } from "../../src/domain/expectation.ts";
import { monotonicMs, seconds } from "../../src/domain/units.ts";

const minute = 60_000;

/** Readings one minute apart; the flaw of the last one, without the register's name. */
function after(expectation: Expectation, ...values: readonly number[]): string | undefined {
  let reading: Reading | undefined;
  let flaw: string | undefined;
  values.forEach((value, index) => {
    ({ reading, flaw } = { flaw: undefined, ...weighed({ register: "alive", expectation }, reading, value, monotonicMs(index * minute)) });
  });
  return flaw?.replace("register alive: ", "");
}

describe("a value that", () => {
  const cases: readonly [what: string, Expectation, readonly number[], string | undefined][] = [
    ["equals the one expected", { kind: "equals", value: 4660 }, [4660], undefined],
    ["is another", { kind: "equals", value: 4660 }, [0], "found 0, expected 4660"],
    ["is one of a set", { kind: "in-set", values: [1, 3] }, [3], undefined],
    ["is none of a set", { kind: "in-set", values: [1, 3] }, [2], "found 2, expected 1 or 3"],
    ["is the least of a range", { kind: "in-range", from: 1, to: 5 }, [1], undefined],
    ["is the most of a range", { kind: "in-range", from: 1, to: 5 }, [5], undefined],
    ["is above a range", { kind: "in-range", from: 1, to: 5 }, [7], "found 7, expected 1 to 5"],
    ["is no number", { kind: "in-range", from: 1, to: 5 }, [Number.NaN], "found NaN, expected 1 to 5"],
    ["was read once and is to change", { kind: "changes", within: seconds(120) }, [9], undefined],
    ["has stood still just as long as it may", { kind: "changes", within: seconds(120) }, [9, 9, 9], undefined],
    ["stands still", { kind: "changes", within: seconds(120) }, [9, 9, 9, 9], "found 9 for 3 min, expected another value within 2 min"],
    ["moves again", { kind: "changes", within: seconds(120) }, [9, 9, 9, 9, 8], undefined],
    [
      "stays no number",
      { kind: "changes", within: seconds(60) },
      Array<number>(3).fill(Number.NaN),
      "found NaN for 2 min, expected another value within 1 min",
    ],
    ["counts", { kind: "counter-advances", within: seconds(60), wrapsAfter: 65_535 }, [1, 2, 60], undefined],
    ["counts over its end", { kind: "counter-advances", within: seconds(60), wrapsAfter: 65_535 }, [65_530, 4], undefined],
    ["counts over an end of its own", { kind: "counter-advances", within: seconds(60), wrapsAfter: 99 }, [98, 3], undefined],
    [
      "counts backwards",
      { kind: "counter-advances", within: seconds(60), wrapsAfter: 65_535 },
      [900, 3],
      "found 3 after 900, expected a counter that advances within 1 min and wraps after 65535",
    ],
    ["counts on after a step backwards", { kind: "counter-advances", within: seconds(60), wrapsAfter: 65_535 }, [900, 3, 4], undefined],
    [
      "counts no more",
      { kind: "counter-advances", within: seconds(60), wrapsAfter: 65_535 },
      [5, 5, 5],
      "found 5 for 2 min, expected a counter that advances within 1 min and wraps after 65535",
    ],
    [
      "lies beyond the counter's end",
      { kind: "counter-advances", within: seconds(60), wrapsAfter: 99 },
      [100],
      "found 100, expected a counter that advances within 1 min and wraps after 99",
    ],
  ];
  for (const [what, expectation, values, flaw] of cases) {
    test(`${what} is ${flaw === undefined ? "as expected" : "not"}`, () => assert.equal(after(expectation, ...values), flaw));
  }

  test("counts in steps of up to half its circle is believed, whatever the circle", () => {
    const numbers = fc.tuple(fc.integer({ min: 2, max: 4_294_967_295 }), fc.nat(), fc.integer({ min: 0, max: 4_294_967_295 }));
    fc.assert(
      fc.property(numbers, ([wrapsAfter, share, start]) => {
        const circle = wrapsAfter + 1;
        const step = 1 + (share % Math.floor(circle / 2));
        const first = start % circle;
        assert.equal(after({ kind: "counter-advances", within: seconds(60), wrapsAfter }, first, (first + step) % circle), undefined);
      }),
    );
  });
});
