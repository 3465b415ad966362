/** How far node-snap7 is kept apart on this machine, as the self-test is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { s7Isolation } from "../../src/poller/s7-process.ts";
import { settled } from "../support/fake-clock.ts";

test("the process says how it is kept apart, and is gone afterwards", async () => {
  const isolation = await s7Isolation();
  assert.deepEqual(Object.keys(isolation).toSorted(), ["detail", "ownNetwork", "ownUser", "running"]);
  assert.equal(isolation.running, true, isolation.detail);
  assert.match(isolation.detail, /^[^\n]+; [^\n]+$/u);
  // The handle of a process that has ended is let go a turn of the loop later.
  while (process.getActiveResourcesInfo().includes("ProcessWrap")) await settled();
});
