/** Root leaves its record of the fence in the poller's own folder, and writes to nothing else. */
import assert from "node:assert/strict";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { recordFence } from "../../src/cli/fence-record.ts";
import { fenceRecordText, type FenceRecord } from "../../src/domain/fence-state.ts";
import { wallMs } from "../../src/domain/units.ts";

const record: FenceRecord = { state: "present", plan: `sha256:${"0".repeat(64)}`, at: wallMs(Date.parse("2026-11-22T00:00:00Z")) };

function stateFolder(t: TestContext): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "wk-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const state = path.join(folder, "state");
  mkdirSync(state);
  return { folder, file: path.join(state, "fence.json") };
}

test("a link in the record's place is replaced, and what it points to stays as it is", (t) => {
  const { folder, file } = stateFolder(t);
  const victim = path.join(folder, "nftables.conf");
  writeFileSync(victim, "table inet watchkeeper {}", { mode: 0o600 });
  symlinkSync(victim, file);
  assert.equal(recordFence(path.dirname(file), record), undefined);
  assert.equal(readFileSync(victim, "utf8"), "table inet watchkeeper {}");
  assert.equal(statSync(victim).mode & 0o777, 0o600);
  assert.ok(lstatSync(file).isFile());
  assert.equal(readFileSync(file, "utf8"), fenceRecordText(record));
});

test("a link to nothing makes no file where it points", (t) => {
  const { folder, file } = stateFolder(t);
  symlinkSync(path.join(folder, "made-by-root"), file);
  assert.equal(recordFence(path.dirname(file), record), undefined);
  assert.deepEqual(readdirSync(folder), ["state"]);
  assert.ok(lstatSync(file).isFile());
});

test("the record is readable by all, whatever the umask and the old file's mode", (t) => {
  const { file } = stateFolder(t);
  writeFileSync(file, "old", { mode: 0o600 });
  const umask = process.umask(0o077);
  t.after(() => process.umask(umask));
  assert.equal(recordFence(path.dirname(file), record), undefined);
  assert.equal(statSync(file).mode & 0o777, 0o644);
});

test("a record that cannot be written is a sentence with what to do", (t) => {
  const { folder, file } = stateFolder(t);
  assert.match(
    recordFence(path.join(folder, "gone"), record) ?? "",
    /fence\.json: the record cannot be written \(ENOENT.*run this as root/u,
  );
  mkdirSync(file);
  assert.match(recordFence(path.dirname(file), record) ?? "", /the record cannot be written/u);
  assert.deepEqual(readdirSync(path.dirname(file)), ["fence.json"], "no draft stays behind");
});
