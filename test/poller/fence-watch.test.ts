/** The poller says of the fence what the state folder says, anew every few seconds. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fenceRecordName, fenceRecordText } from "../../src/domain/fence-state.ts";
import { seconds } from "../../src/domain/units.ts";
import { FenceWatch } from "../../src/poller/fence-watch.ts";
import { FakeClock } from "../support/fake-clock.ts";

test("unknown without a record, what it says with one, and unknown again when it goes", async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-fence-"));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const clock = new FakeClock();
  const watch = new FenceWatch({ stateDir, clock });
  const plan = `sha256:${"0".repeat(64)}`;
  assert.deepEqual([watch.state(plan), watch.checkedAt], ["unknown", undefined]);
  const at = clock.wall();
  writeFileSync(join(stateDir, fenceRecordName), fenceRecordText({ state: "present", plan, at }));
  assert.equal(watch.state(plan), "unknown", "read moments ago");
  await clock.advance(seconds(5));
  assert.deepEqual([watch.state(plan), watch.state("sha256:other"), watch.checkedAt], ["present", "stale", at]);
  rmSync(join(stateDir, fenceRecordName));
  await clock.advance(seconds(5));
  assert.deepEqual([watch.state(plan), watch.checkedAt], ["unknown", undefined]);
});
