/** A journal is opened only if it is the one that init made: one that is gone, empty or strange has taken the trips with it. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { verifyAudit } from "../../src/store/database-audit.ts";
import { JournalDatabase } from "../../src/store/database.ts";
import { openJournal } from "../../src/store/journal.ts";
import { entry, journalBench } from "./support/journal-bench.ts";

const bench = journalBench();

describe("opening", () => {
  test("makes no journal where there is none: the trips went with it", async () => {
    rmSync(bench.path);
    const result = await openJournal(bench.path, { clock: bench.clock });
    assert.match("problem" in result ? result.problem : "", /journal.sqlite: the journal cannot be used \(ENOENT/u);
    assert.throws(() => statSync(bench.path), /ENOENT/u);
  });

  const strange: readonly [what: string, make: () => void, says: RegExp][] = [
    ["an empty file", () => writeFileSync(bench.path, ""), /empty database/u],
    ["something other than a database", () => writeFileSync(bench.path, "x".repeat(5000)), /cannot be used \(file is not a database/u],
    [
      "a database of something else",
      () => {
        rmSync(bench.path);
        new DatabaseSync(bench.path).exec("CREATE TABLE cats (name)");
      },
      /database of something else/u,
    ],
    [
      "a journal of a later version",
      () => new DatabaseSync(bench.path).exec("INSERT INTO schema_version VALUES (99)"),
      /version 99, expected at most 4/u,
    ],
    [
      "a folder",
      () => {
        rmSync(bench.path);
        mkdirSync(bench.path);
      },
      /something other than a file/u,
    ],
  ];
  for (const [what, make, says] of strange) {
    test(`refuses ${what}`, async () => {
      make();
      const result = await openJournal(bench.path, { clock: bench.clock });
      assert.match("problem" in result ? result.problem : "", says);
      const verdict = verifyAudit(bench.path);
      assert.match("problem" in verdict ? verdict.problem : "", says);
    });
  }

  test("does not make a journal over another", () => {
    const before = readFileSync(bench.path);
    assert.match(JournalDatabase.create(bench.path)?.problem ?? "", /EEXIST/u);
    assert.deepEqual(readFileSync(bench.path), before);
  });

  test("gives its files to nobody else", async () => {
    const { journal } = await bench.open();
    journal.audit(entry("x"));
    await journal.settled();
    for (const name of ["", "-wal", "-shm"]) assert.equal(statSync(`${bench.path}${name}`).mode & 0o077, 0, name);
  });
});
