/** Stops and pauses as a state folder holds them: for a judge, with or without a poller, and of a copy. */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { wallMs } from "../../src/domain/units.ts";
import { quietRecords } from "../../src/store/quiet-records.ts";
import { StopFile, stopFileName } from "../../src/store/stop-file.ts";
import { createStateFolder, journalName } from "../../src/store/state-folder.ts";
import { windowsFileName } from "../../src/store/windows-file.ts";
import { entry, journalBench } from "./support/journal-bench.ts";

const bench = journalBench();

/** A state folder, whose birth file makes the bench's folder one too. */
function bear(): string {
  const fresh = join(bench.folder, "fresh");
  assert.ok(!("problems" in createStateFolder(fresh, { site: "mv-test", lab: true })));
  copyFileSync(join(fresh, "site.json"), join(bench.folder, "site.json"));
  return fresh;
}

test("are none before anything ran; later the file of windows as it stands, and of the audit beginnings, ends, stops and resumptions", async () => {
  const fresh = bear();
  assert.deepEqual(quietRecords(fresh), { windows: undefined, runs: [] });
  const { journal } = await bench.open();
  for (const [type, at] of [
    ["started", 5],
    ["reload", 6],
    ["stopped", 7],
    ["resumed", 8],
    ["ended", 9],
  ] as const)
    journal.audit({ ...entry(type), type, at: wallMs(at) });
  await journal.settled();
  writeFileSync(join(bench.folder, windowsFileName), "whatever stands there");
  const kept = quietRecords(bench.folder);
  assert.ok("runs" in kept, JSON.stringify(kept));
  assert.equal(kept.windows, "whatever stands there");
  assert.deepEqual(
    kept.runs.map(({ type, at }) => [type, at]),
    [
      ["started", 5],
      ["stopped", 7],
      ["resumed", 8],
      ["ended", 9],
    ],
  );
});

test("tell of a stop that stands, by whom and since when, whatever the file is", () => {
  bear();
  const standing = (): unknown => {
    const kept = quietRecords(bench.folder);
    return "runs" in kept ? kept.standing : kept;
  };
  assert.equal(standing(), undefined);
  new StopFile(bench.folder, bench.clock).write("eto-1", "smoke");
  assert.deepEqual(standing(), { by: "eto-1", since: new Date(bench.clock.wall()).toISOString() });
  rmSync(join(bench.folder, stopFileName));
  mkdirSync(join(bench.folder, stopFileName));
  assert.deepEqual(standing(), { by: "", since: undefined });
});

test("that cannot be read are a problem, and so is a folder that is none", () => {
  const absent = quietRecords(join(bench.folder, "absent"));
  assert.match("problem" in absent ? absent.problem : "", /absent: stops and pauses cannot be read \(ENOENT/u);
  const odd = join(bench.folder, "odd");
  mkdirSync(odd);
  writeFileSync(join(odd, journalName), "no journal");
  assert.ok("problem" in quietRecords(odd));
});

test("are read of no folder but a state folder, with its birth file and its journal", () => {
  const problem = (folder: string): string => {
    const kept = quietRecords(folder);
    return "problem" in kept ? kept.problem : "";
  };
  const empty = join(bench.folder, "empty");
  mkdirSync(empty);
  assert.match(problem(empty), /empty: found no state folder \(no site\.json in it\)/u);
  assert.match(problem(bench.folder), /found no state folder/u);
  const fresh = bear();
  assert.equal(problem(fresh), "");
  rmSync(join(fresh, journalName));
  assert.match(problem(fresh), /journal\.sqlite/u);
});

test("of an audit with a record taken out are a problem, and no stop less", async () => {
  bear();
  const { journal } = await bench.open();
  for (const [at, type] of ["started", "stopped", "resumed", "ended"].entries())
    journal.audit({ ...entry(type), type, at: wallMs(at + 5) });
  await journal.settled();
  assert.ok("runs" in quietRecords(bench.folder));
  const db = new DatabaseSync(bench.path);
  for (const row of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all())
    db.exec(`DROP TRIGGER ${String(row["name"])}`);
  db.exec("DELETE FROM audit WHERE type = 'stopped'");
  db.close();
  const kept = quietRecords(bench.folder);
  assert.match(
    "problem" in kept ? kept.problem : "",
    /^\S+journal\.sqlite: found an audit whose chain does not hold \(audit record 2: missing; the next one found is 3\), expected every record: stops may be missing from it/u,
  );
});
