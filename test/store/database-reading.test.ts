/** A journal is read by whoever may read its file, also where he may make no file beside it and nobody writes. */
import assert from "node:assert/strict";
import { rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { reading } from "../../src/store/database-reading.ts";
import type { DatabaseSync } from "node:sqlite";
import { journalBench } from "./support/journal-bench.ts";

const bench = journalBench();
const records = (db: DatabaseSync): number => Number(db.prepare("SELECT count(*) AS found FROM audit").get()?.["found"]);

/** As on a file system that is read-only: neither a write-ahead log nor its index can be made. */
function nothingCanBeMade(): void {
  for (const end of ["-wal", "-shm"]) symlinkSync("/nonexistent/file", `${bench.path}${end}`);
}

function writtenByOthers(): void {
  rmSync(`${bench.path}-wal`);
  writeFileSync(`${bench.path}-wal`, "");
}

test("one at rest is read from its file alone", () => {
  nothingCanBeMade();
  assert.equal(reading(bench.path, records), 0);
});

test("one at rest that somebody begins to write meanwhile is not believed", () => {
  nothingCanBeMade();
  const again = /journal\.sqlite: a poller began to write while it was read; read it again$/u;
  for (const begin of [() => utimesSync(bench.path, 1, 1), writtenByOthers]) {
    const read = reading(bench.path, (db) => {
      begin();
      return records(db);
    });
    assert.match(typeof read === "number" ? "" : read.problem, again);
  }
});

test("one that is being written is never read past its log", () => {
  nothingCanBeMade();
  writtenByOthers();
  const read = reading(bench.path, records);
  assert.match(typeof read === "number" ? "" : read.problem, /the journal cannot be used \(unable to open database file\)/u);
});
