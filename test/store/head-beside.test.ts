/** A journal that was put in the place of a newer one has lost trips and resets: the site starts stopped until a person has looked. */
import assert from "node:assert/strict";
import fs, { copyFileSync, linkSync, mkdirSync, renameSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { seconds } from "../../src/domain/units.ts";
import { openJournal, type OpenedJournal } from "../../src/store/journal.ts";
import { startThread } from "../../src/store/journal-thread.ts";
import { StopFile } from "../../src/store/stop-file.ts";
import { at, entry, journalBench, until } from "./support/journal-bench.ts";

const bench = journalBench();
const head = (): { readonly sequence: number; readonly hash: string } =>
  JSON.parse(readFileSync(join(bench.folder, "audit-head.json"), "utf8")) as never;
const backup = (): string => join(bench.folder, "backup.sqlite");
const stopReason = (): string | undefined => new StopFile(bench.folder, bench.clock).record?.reason;
const trip = { scope: "device:plc", cause: "guard_violation", detail: "FC 6" } as const;

/** Over what is there, as `cp` does: the same inode, and no log beside it. */
function restore(): void {
  copyFileSync(backup(), bench.path);
  for (const ending of ["-wal", "-shm"]) rmSync(`${bench.path}${ending}`, { force: true });
}

async function written(...details: readonly string[]): Promise<OpenedJournal> {
  const opened = await bench.open();
  for (const detail of details) opened.journal.audit(entry(detail, "stop"));
  await opened.journal.close();
  return opened;
}

describe("a journal", () => {
  test("that goes on where it ended stops nothing", async () => {
    await written("one", "two");
    assert.equal(head().sequence, 2);
    await written("three");
    assert.equal(head().sequence, 3);
    assert.equal(stopReason(), undefined);
  });

  test("that went on after the last note, as after a kill, stops nothing", async () => {
    await written("one");
    const [note, kept] = [join(bench.folder, "audit-head.json"), join(bench.folder, "kept.json")];
    // The very file, not a copy of it.
    linkSync(note, kept);
    await written("two");
    renameSync(kept, note);
    await written("three");
    assert.equal(stopReason(), undefined);
  });

  test("that is older than its note stops the site, before anybody can use it, and a person may resume", async () => {
    await written("one");
    copyFileSync(bench.path, backup());
    const { journal } = await bench.open();
    journal.tripped(trip, at);
    journal.audit(entry("tripped", "trip"));
    await journal.close();
    restore();
    const { trips, journal: older } = await bench.open();
    assert.deepEqual(trips, [], "the trip is lost");
    assert.match(
      stopReason() ?? "",
      /^an older, another or a changed journal .*: its audit ends at record 1, expected at least 2; trips since then are lost/u,
    );
    await older.close();
    assert.match(String(bench.rows("audit").at(-1)?.["detail"]), /^an older, another or a changed journal/u);
    const stop = new StopFile(bench.folder, bench.clock);
    assert.equal(stop.lift("eto-1", "looked at every device", stop.generation), undefined);
    await written("goes on");
    assert.equal(stopReason(), undefined);
  });

  test("that holds another record under the noted number stops the site", async () => {
    copyFileSync(bench.path, backup());
    await written("one", "two");
    const note = readFileSync(join(bench.folder, "audit-head.json"));
    restore();
    writeFileSync(join(bench.folder, "audit-head.json"), JSON.stringify({ sequence: 0, hash: "0".repeat(64) }));
    await written("another one", "another two", "and three");
    writeFileSync(join(bench.folder, "audit-head.json"), note);
    await written();
    assert.match(stopReason() ?? "", /its audit record 2 is another than the one that was noted/u);
  });

  for (const [what, spoil] of [
    ["is gone", (path: string) => rmSync(path)],
    ["cannot be understood", (path: string) => writeFileSync(path, "{")],
    ["is no note", (path: string) => writeFileSync(path, "null")],
  ] as const) {
    test(`whose note ${what} stops the site, unless nothing was written yet`, async () => {
      const note = join(bench.folder, "audit-head.json");
      spoil(note);
      await written();
      assert.equal(stopReason(), undefined);
      await written("one");
      spoil(note);
      await written();
      assert.match(stopReason() ?? "", /the end of its audit, which is noted beside it, cannot be read/u);
    });
  }

  test("that is older is not opened where the site cannot be stopped for it, and the next start finds it so too", async (context) => {
    await written("one");
    copyFileSync(bench.path, backup());
    await written("two");
    const before = head();
    restore();
    const open = fs.openSync.bind(fs);
    context.mock.method(fs, "openSync", (path: string, ...how: [string]) => {
      if (path.includes("STOP")) throw Object.assign(new Error("EROFS: read-only file system"), { code: "EROFS", syscall: "open" });
      return open(path, ...how);
    });
    syncBuiltinESMExports();
    for (let start = 0; start < 2; start++) {
      const result = await openJournal(bench.path, { clock: bench.clock });
      assert.match("problem" in result ? result.problem : "", /STOP: the stop could not be written/u);
    }
    context.mock.restoreAll();
    syncBuiltinESMExports();
    assert.deepEqual(head(), before);
  });

  test("that is exchanged while it is in use stops the site when it is opened again", async () => {
    await written("one");
    copyFileSync(bench.path, backup());
    await written("two");
    const workers: Worker[] = [];
    const { journal } = await bench.open({ startWorker: (data) => workers[workers.push(startThread(data)) - 1]! });
    await workers[0]!.terminate();
    await until(() => journal.unwritableSince !== undefined);
    restore();
    await bench.clock.advance(seconds(1));
    await until(() => journal.unwritableSince === undefined);
    assert.match(stopReason() ?? "", /its audit ends at record 1, expected at least 2/u);
  });
});

test("the end of the audit is noted every few seconds at most, and at once where a person's word or a trip is in it", async () => {
  const { journal } = await bench.open();
  const noted = async (detail: string, category?: "stop"): Promise<number> => {
    journal.audit(entry(detail, category));
    await journal.settled();
    return head().sequence;
  };
  assert.equal(await noted("first"), 1);
  assert.equal(await noted("within 5 s"), 1);
  assert.equal(await noted("a stop", "stop"), 3);
  assert.equal(await noted("again within 5 s"), 3);
  journal.reset("site", at);
  await journal.settled();
  assert.equal(head().sequence, 4);
  await noted("fifth");
  await bench.clock.advance(seconds(5));
  assert.equal(await noted("after 5 s"), 6);
  await noted("last");
  await journal.close();
  assert.equal(head().sequence, 7, "and at the end");
});

test("a note that finds no room loses no record", async () => {
  const { journal } = await bench.open();
  rmSync(join(bench.folder, "audit-head.json"));
  mkdirSync(join(bench.folder, "audit-head.json"));
  journal.audit(entry("one", "stop"));
  await journal.settled();
  assert.equal(journal.auditHead.sequence, 1);
  const db = new DatabaseSync(bench.path, { readOnly: true, timeout: 5000 });
  assert.equal(db.prepare("SELECT count(*) AS count FROM audit").get()?.["count"], 1);
  db.close();
});
