/** What was learnt is bounded by how many rows there are, not by how often they were written; where something tripped stays. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { wallMs } from "../../src/domain/units.ts";
import { JournalDatabase } from "../../src/store/database.ts";
import { journalBench } from "./support/journal-bench.ts";

const bench = journalBench();
const at = wallMs(1_763_726_400_000);
const row = (key: string, value = "1") => ({ kind: "learnt", key, value, boot: "this one", at }) as const;

/** Lays rows into the file, then writes `keys` as a poller does; the first write of a run looks whether there are too many. */
function after(lay: string, ...keys: readonly string[]): DatabaseSync {
  const raw = new DatabaseSync(bench.path);
  raw.exec(lay);
  const journal = JournalDatabase.open(bench.path, { busyWithinMs: 2000, transitionsMax: 10 });
  assert.ok(!("problem" in journal));
  journal.write(
    "session",
    1,
    keys.map((key) => row(key)),
  );
  journal.close();
  return raw;
}

const insert = "INSERT INTO learnt (rowid, key, value, boot, at)";

describe("what was learnt", () => {
  test("outlives any number of writes of other rows, and keeps its place in the file", () => {
    const lay = `${insert} VALUES (1, 'tripped-at device:plc', '["192.0.2.11"]', 'b', 1), (2, 'lost pump', '1', 'b', 1), (400000, 'pace plc', '1', 'b', 1)`;
    const raw = after(lay, "pace plc", "lost pump");
    const found = raw.prepare("SELECT rowid, key FROM learnt ORDER BY rowid").all();
    raw.close();
    assert.deepEqual(
      found.map(({ rowid, key }) => [rowid, key]),
      [
        [1, "tripped-at device:plc"],
        [2, "lost pump"],
        [400_000, "pace plc"],
      ],
    );
  });

  test("goes where there are too many rows: what was noted longest ago first, and never where something tripped", () => {
    const lay = `
      ${insert} VALUES (1, 'tripped-at device:plc', '["192.0.2.11"]', 'b', 1), (2, 'pace plc', '1', 'b', 1);
      WITH RECURSIVE many (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM many WHERE n < 300004)
      ${insert} SELECT n, 'pace dev' || n, '1', 'b', n FROM many;`;
    const raw = after(lay, "pace plc");
    const rows = raw.prepare("SELECT count(*) AS rows FROM learnt WHERE key LIKE 'pace %'").get()?.["rows"];
    const kept = raw.prepare("SELECT key FROM learnt ORDER BY rowid LIMIT 3").all();
    raw.close();
    assert.equal(rows, 300_000);
    assert.deepEqual(
      kept.map(({ key }) => key),
      ["tripped-at device:plc", "pace plc", "pace dev6"],
    );
  });

  test("of where something tripped goes with its reset, also of a whole family", () => {
    const lay = `${insert} VALUES (1, 'tripped-at device:plc', '[]', 'b', 1), (2, 'tripped-at profile:s7', '[]', 'b', 1), (3, 'tripped-at site', '[]', 'b', 1)`;
    const raw = after(lay);
    const journal = JournalDatabase.open(bench.path, { busyWithinMs: 2000, transitionsMax: 10 });
    assert.ok(!("problem" in journal));
    journal.write("session", 2, [
      { kind: "reset", scope: "device:plc" },
      { kind: "reset", scope: "profile:s7" },
    ]);
    journal.close();
    const kept = raw.prepare("SELECT key FROM learnt").all();
    raw.close();
    assert.deepEqual(
      kept.map(({ key }) => key),
      ["tripped-at site"],
    );
  });
});
