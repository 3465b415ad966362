/** Proves on a real file system what a full and a read-only disk come to: an alarm, stops that hold, no change without a record, and nothing lost. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";

const scene = fileURLToPath(new URL("support/disk-scene.ts", import.meta.url));

test("a disk that is full or read-only stops no stop, lets nobody resume, loses no record, and no poller begins on it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wk-disk-"));
  try {
    // The mount ends with the namespace.
    const { stdout } = await promisify(execFile)("unshare", [
      "--net",
      "--mount",
      "--propagation",
      "private",
      process.execPath,
      scene,
      folder,
    ]);
    const { audit, ...seen } = JSON.parse(stdout) as Readonly<Record<string, string & number>> & { readonly audit: string[] };
    assert.equal(seen["stopOnFull"], 0);
    assert.equal(seen["stopFileOnFull"], true);
    assert.match(seen["resumeOnFull"] ?? "", /the audit cannot be written .*full/u);
    assert.equal(seen["resume"], 0);
    assert.equal(seen["end"], 0);
    assert.equal(seen["startOnFull"], 1);
    assert.match(seen["startOnFullSaid"] ?? "", /journal\.sqlite: the journal cannot be used \(.*see that the disk has room/u);
    assert.match(seen["verify"] ?? "", /^\d+ records: the chain holds/u);
    assert.equal(seen["startOnReadOnly"], 1);
    assert.match(seen["startOnReadOnlySaid"] ?? "", /read-only|readonly/u);
    assert.match(seen["stopOnReadOnly"] ?? "", /the stop could not be written .*read-only/su);
    const all = [
      "self_test poller",
      "started poller",
      "stopped eto-1",
      "self_test poller",
      "resume eto-1",
      "resumed eto-1",
      "ended poller",
    ];
    // A machine that is busy with other proofs may stand still meanwhile, which is recorded too; and the poller may see the file before it hears the command.
    const told = audit.filter((one) => one !== "stalled poller");
    const bySight = told.indexOf("stopped a change of the file STOP");
    if (bySight >= 0) assert.deepEqual(told.splice(bySight, 2, "stopped eto-1")[1], "stopped_again eto-1");
    assert.deepEqual(told, all);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
