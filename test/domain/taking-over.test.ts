/** Slices are a matter of when, never of what. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { atOnce, sliced, type Preparing } from "../../src/domain/taking-over.ts";

const items = Array.from({ length: 200 }, (_, index) => index);

describe("work in slices", () => {
  it("comes to every item once and in order, with a pause after every few", () => {
    const seen: number[] = [];
    let pauses = 0;
    for (const _pause of sliced(items, (item) => void seen.push(item))) {
      pauses += 1;
      assert.equal(seen.length, 64 * pauses);
    }
    assert.equal(pauses, 3);
    assert.deepEqual(seen, items);
  });
  it("is done at once where nobody waits", () => {
    function* work(): Preparing<number> {
      let sum = 0;
      yield* sliced(items, (item) => void (sum += item));
      return sum;
    }
    assert.equal(atOnce(work()), 19_900);
  });
});
