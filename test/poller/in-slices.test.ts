/** Nobody waits longer than a slice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sliceAtMost } from "../../src/domain/limits.ts";
import type { Preparing } from "../../src/domain/taking-over.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { inSlices } from "../../src/poller/in-slices.ts";

test("others have their turn once a slice is over, and not before", async () => {
  let now = 0;
  const pauses: number[] = [];
  function* work(): Preparing<string> {
    for (let step = 0; step < 20; step++) {
      now += 2;
      yield;
    }
    return "done";
  }
  const pause = (): Promise<void> => Promise.resolve(void pauses.push(now));
  assert.equal(await inSlices(work(), { monotonic: () => monotonicMs(now) }, pause), "done");
  assert.deepEqual(pauses, [6, 12, 18, 24, 30, 36]);
  assert.equal(sliceAtMost, 5);
});

test("the loop's other work comes in between", async () => {
  let turns = 0;
  const watch = setImmediate(function turn() {
    turns += 1;
    again = setImmediate(turn);
  });
  let again = watch;
  let now = 0;
  function* work(): Preparing<number> {
    for (let step = 0; step < 10; step++) yield void (now += 5) as undefined;
    return turns;
  }
  assert.ok((await inSlices(work(), { monotonic: () => monotonicMs(now) })) >= 9);
  clearImmediate(again);
});

test("what it throws is passed on", async () => {
  // oxlint-disable-next-line require-yield
  function* work(): Preparing<string> {
    throw new RangeError("no such line");
  }
  await assert.rejects(inSlices(work(), { monotonic: () => monotonicMs(0) }), /no such line/u);
});
