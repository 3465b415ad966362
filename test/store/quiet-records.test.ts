/** Stops and pauses as a state folder holds them: for a judge, with or without a poller, and of a copy. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { wallMs } from "../../src/domain/units.ts";
import { quietRecords } from "../../src/store/quiet-records.ts";
import { StopFile, stopFileName } from "../../src/store/stop-file.ts";
import { journalName } from "../../src/store/state-folder.ts";
import { windowsFileName } from "../../src/store/windows-file.ts";
import { entry, journalBench } from "./support/journal-bench.ts";

const bench = journalBench();

test("are none before anything ran; later the file of windows as it stands, and of the audit beginnings, ends, stops and resumptions", async () => {
  const fresh = join(bench.folder, "fresh");
  mkdirSync(fresh);
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
