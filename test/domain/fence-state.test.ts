/** What is said of the fence is what was found, of this plan, and not long ago. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fenceRecordText, fenceStateNow, parseFenceRecord, type FenceRecord } from "../../src/domain/fence-state.ts";
import { wallMs } from "../../src/domain/units.ts";

const plan = `sha256:${"ab".repeat(32)}`;
const record: FenceRecord = { state: "present", plan, at: wallMs(Date.parse("2026-11-22T03:00:00.000Z")) };
const day = 24 * 3_600_000;

test("a record is read as it was written, and nothing else is", () => {
  assert.deepEqual(parseFenceRecord(fenceRecordText(record)), record);
  for (const text of [
    "",
    "{}",
    fenceRecordText(record).trim(),
    fenceRecordText(record).replace("present", "unknown"),
    fenceRecordText(record).replace("2026-11", "2026-99"),
  ])
    assert.equal(parseFenceRecord(text), undefined, text);
});

test("a fence that was right for another plan is stale, and what was found long ago says nothing", () => {
  assert.equal(fenceStateNow(record, plan, record.at), "present");
  assert.equal(fenceStateNow(record, "sha256:other", record.at), "stale");
  assert.equal(fenceStateNow({ ...record, state: "absent" }, "sha256:other", record.at), "absent");
  assert.equal(fenceStateNow(record, plan, wallMs(record.at + day)), "present");
  assert.equal(fenceStateNow(record, plan, wallMs(record.at + day + 1)), "unknown");
  assert.equal(fenceStateNow(undefined, plan, record.at), "unknown");
});

test("a record from the future says nothing, but for a clock that was set back by minutes", () => {
  const minutes = (count: number): number => count * 60_000;
  assert.equal(fenceStateNow(record, plan, wallMs(record.at - minutes(5))), "present");
  assert.equal(fenceStateNow(record, plan, wallMs(record.at - minutes(5) - 1)), "unknown");
  assert.equal(fenceStateNow({ ...record, state: "absent" }, plan, wallMs(record.at - minutes(60))), "unknown");
});
