/** No end of the process, however sudden, and no state of the disk loses a trip. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import fs, { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Scope } from "../../src/domain/outcome.ts";
import { milliseconds } from "../../src/domain/units.ts";
import { openJournal } from "../../src/store/journal.ts";
import { TripsBeside } from "../../src/store/trips-beside.ts";
import { at, closed, journalBench, until } from "./support/journal-bench.ts";

const bench = journalBench();
const file = (): string => join(bench.folder, "trips.json");
const noted = (): unknown => JSON.parse(readFileSync(file(), "utf8"));
const trip = (device: string, detail = "FC 6 on the wire") =>
  ({ scope: `device:${device}` as Scope, cause: "guard_violation", detail }) as const;

/** Holds the database as a backup does, until it is let go. */
function blocked(): DatabaseSync {
  const blocker = new DatabaseSync(bench.path);
  blocker.exec("BEGIN IMMEDIATE");
  return blocker;
}

describe("a trip that the journal cannot write", () => {
  test("is there at the next start though the process was killed right after it", async () => {
    const script = join(import.meta.dirname, "support/killed-after-a-trip.ts");
    const child = spawn(process.execPath, [script, bench.path], { stdio: ["ignore", "ignore", "inherit"] });
    assert.deepEqual(await once(child, "exit"), [null, "SIGKILL"]);
    assert.deepEqual(bench.rows("trips"), [], "the journal did not get it");
    const { journal, trips } = await bench.open();
    assert.deepEqual(trips, [{ ...trip("plc"), since: at }]);
    await journal.settled();
    assert.deepEqual(noted(), []);
    assert.equal(bench.rows("trips").length, 1, "from now on the journal has it");
    assert.match(String(bench.rows("audit")[0]?.["detail"]), /^device:plc: FC 6 on the wire \(the run before ended/u);
  });

  test("lies beside it in the same tick, and no longer once it is written", async () => {
    const { journal } = await bench.open({ busyWithin: milliseconds(10) });
    const blocker = blocked();
    journal.tripped(trip("plc"), at);
    assert.deepEqual(noted(), [{ ...trip("plc"), since: at }]);
    await until(() => journal.unwritableSince !== undefined);
    blocker.exec("ROLLBACK");
    blocker.close();
    const settled = journal.settled();
    await bench.clock.advance(milliseconds(1000));
    await settled;
    assert.deepEqual(noted(), []);
  });

  test("is gone from both once a person has reset it, and another of the same scope stays", async () => {
    const { journal } = await bench.open({ busyWithin: milliseconds(10) });
    const blocker = blocked();
    journal.tripped(trip("plc"), at);
    journal.tripped(trip("other"), at);
    journal.reset("device:plc", at);
    assert.deepEqual(noted(), [{ ...trip("other"), since: at }]);
    journal.tripped(trip("plc", "again"), at);
    assert.deepEqual(noted(), [
      { ...trip("other"), since: at },
      { ...trip("plc", "again"), since: at },
    ]);
    blocker.exec("ROLLBACK");
    blocker.close();
    const settled = journal.settled();
    await bench.clock.advance(milliseconds(2000));
    await settled;
    assert.deepEqual(noted(), []);
    assert.deepEqual(
      bench
        .rows("trips")
        .map((row) => String(row["detail"]))
        .toSorted((a, b) => (a < b ? -1 : 1)),
      ["FC 6 on the wire", "again"],
    );
  });

  test("outlasts an orderly end, too", async () => {
    const { journal } = await bench.open({ busyWithin: milliseconds(10) });
    const blocker = blocked();
    journal.tripped(trip("plc"), at);
    await until(() => journal.unwritableSince !== undefined);
    await closed(journal, bench.clock);
    journal.tripped(trip("too-late"), at);
    blocker.exec("ROLLBACK");
    blocker.close();
    const again = await bench.open();
    assert.deepEqual(
      again.trips.map(({ scope }) => scope),
      ["device:plc"],
    );
  });

  test("is known once where the journal got it after all", async () => {
    const { journal } = await bench.open();
    journal.tripped(trip("plc"), at);
    await journal.close();
    writeFileSync(file(), JSON.stringify([{ ...trip("plc"), since: at }]));
    const again = await bench.open();
    assert.equal(again.trips.length, 1);
    await again.journal.settled();
    assert.deepEqual(noted(), []);
    assert.deepEqual(bench.rows("audit"), []);
  });
});

describe("the file of trips", () => {
  test("is for its user alone, and takes its room from the disk before it is needed", async () => {
    await bench.open();
    const { size, mode } = statSync(file());
    assert.deepEqual([size, mode & 0o777], [65_536, 0o600]);
    const { journal } = await bench.open();
    journal.tripped(trip("plc"), at);
    assert.equal(statSync(file()).size, 65_536);
  });

  test("makes one trip of the site of more than it has room for", () => {
    const beside = TripsBeside.open(file());
    assert.ok("add" in beside);
    const many = Array.from({ length: 1000 }, (_, index) => ({ ...trip(`plc-${index}`), since: at }));
    beside.add(many);
    const detail = "1000 trips found no room while the journal could not be written; the first was of device:plc-0";
    assert.deepEqual(noted(), [{ scope: "site", cause: "guard_violation", detail, since: at }]);
    beside.remove(({ scope }) => scope !== "device:plc-7");
    assert.deepEqual(noted(), [{ ...trip("plc-7"), since: at }]);
    beside.close();
    beside.close();
  });

  for (const text of ["", "[", "{}", "[null]", '[{"scope":"everything","cause":"harm","detail":"","since":1}]']) {
    test(`that holds ${JSON.stringify(text)} keeps everything from starting`, async () => {
      writeFileSync(file(), text);
      const result = await openJournal(bench.path, { clock: bench.clock });
      assert.match("problem" in result ? result.problem : "", /trips\.json: found something other than a list of trips/u);
    });
  }

  test("that cannot be used keeps everything from starting", async () => {
    fs.mkdirSync(file());
    const result = await openJournal(bench.path, { clock: bench.clock });
    assert.match("problem" in result ? result.problem : "", /trips\.json: the trips beside the journal cannot be used \(EISDIR/u);
  });

  test("that cannot be written holds up nothing", (context) => {
    const beside = TripsBeside.open(file());
    assert.ok("add" in beside);
    context.mock.method(fs, "writeSync", () => {
      throw Object.assign(new Error("EIO: i/o error, write"), { code: "EIO", syscall: "write" });
    });
    syncBuiltinESMExports();
    beside.add([{ ...trip("plc"), since: at }]);
    context.mock.restoreAll();
    syncBuiltinESMExports();
    assert.deepEqual(noted(), []);
    beside.add([{ ...trip("other"), since: at }]);
    assert.equal((noted() as unknown[]).length, 2);
    beside.close();
  });
});

test("a start where the journal cannot be opened leaves the trips beside it alone", async () => {
  writeFileSync(file(), JSON.stringify([{ ...trip("plc"), since: at }]));
  rmSync(bench.path);
  assert.ok("problem" in (await openJournal(bench.path, { clock: bench.clock })));
  assert.deepEqual(noted(), [{ ...trip("plc"), since: at }]);
});
