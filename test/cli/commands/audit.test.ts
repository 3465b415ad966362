/** `audit`: a chain that holds, one that was changed, one that was cut off, and what is copied out of it. */
import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import path from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { audit } from "../../../src/cli/commands/audit.ts";
import { wallMs } from "../../../src/domain/units.ts";
import { stateStore } from "../../../src/main.ts";
import { JournalDatabase } from "../../../src/store/database.ts";
import { systemClock } from "../../../src/system-clock.ts";
import { TestSite, type Ran } from "../support/site.ts";

let site: TestSite;
let hashes: string[] = [];
const journal = (): string => path.join(site.folder, "state", "journal.sqlite");
const noon = Date.parse("2026-11-21T12:00:00Z");
const details = ["cable replaced", '=HYPERLINK("x")', "two\nlines"];

beforeEach(() => {
  site = new TestSite();
  assert.equal(JournalDatabase.create(journal()), undefined);
  write(details);
});
afterEach(() => site.remove());

function write(texts: readonly string[]): void {
  const database = JournalDatabase.open(journal(), { busyWithinMs: 2000, transitionsMax: 10 });
  if ("problem" in database) throw new Error(database.problem);
  hashes = texts.map((detail, index) => {
    const at = wallMs(noon + index * 86_400_000);
    const entry = { kind: "audit", at, source: "eto-1", category: "command", type: "test", result: "success", detail } as const;
    return database.write("test", 1000 + Number(database.head().sequence), [entry]).hash;
  });
  database.close();
}

function run(...argv: readonly string[]): Promise<Ran> {
  const { readAudit } = stateStore(systemClock);
  site.state.readAudit = readAudit as typeof site.state.readAudit;
  return site.run(audit, argv);
}

describe("audit verify", () => {
  test("says that the chain holds and where it ends, also while a poller writes", async () => {
    const writer = new DatabaseSync(journal());
    writer.exec("BEGIN IMMEDIATE");
    const ran = await run("verify");
    writer.close();
    assert.deepEqual(ran, { code: 0, out: `3 records: the chain holds. It ends with ${hashes[2] ?? ""}`, err: "" });
  });

  test("finds a head that was published before, by its first digits", async () => {
    const { code, out } = await run("verify", "--head", hashes[1]!.slice(0, 12));
    assert.equal(code, 0);
    assert.match(out, /^Record 2 has the hash [0-9a-f]{12}; 1 came after it\.$/mu);
  });

  test("says so where the end was cut off, or an older journal lies there", async () => {
    const backup = path.join(site.folder, "yesterday.sqlite");
    cpSync(journal(), backup);
    write(["today"]);
    const { code, err } = await run("verify", "--journal", "yesterday.sqlite", "--head", hashes[0]!);
    assert.equal(code, 1);
    assert.match(
      err,
      /yesterday\.sqlite: no record has the hash [0-9a-f]{64}: records were cut off at the end, or another or older journal/u,
    );
  });

  test("names the first record that was changed", async () => {
    const db = new DatabaseSync(journal());
    db.exec("DROP TRIGGER audit_keeps_records; UPDATE audit SET detail = 'nothing' WHERE sequence >= 2");
    db.close();
    const { code, err } = await run("verify");
    assert.equal(code, 1);
    assert.match(err, /audit record 2: changed after it was written; every record before it is as it was written/u);
    const json = JSON.parse((await run("verify", "--json")).out) as { broken: string; records: number; problems: string[] };
    assert.deepEqual([json.records, json.problems.length], [3, 1]);
  });

  test("says what is wrong with a file that is no journal, or with a head that is none", async () => {
    rmSync(journal());
    assert.match((await run("verify")).err, /journal\.sqlite: the journal cannot be used \(ENOENT/u);
    assert.equal((await run("verify", "--head", "xyz")).code, 2);
    assert.equal((await run("mend")).code, 2);
  });
});

describe("audit export", () => {
  test("prints a JSON object a line, with the columns of the standard", async () => {
    const { code, out } = await run("export");
    assert.equal(code, 0);
    const lines = out.split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.deepEqual(
      lines.map(({ detail }) => detail),
      details,
    );
    const { hash, previous, ...first } = lines[0]!;
    assert.deepEqual(first, {
      timestamp: "2026-11-21T12:00:00.000Z",
      source: "eto-1",
      category: "command",
      type: "test",
      eventId: 1,
      result: "success",
      detail: "cable replaced",
    });
    assert.equal(hash, hashes[0]);
    assert.equal(previous, "0".repeat(64));
  });

  test("prints CSV that no spreadsheet takes for a formula", async () => {
    const { out } = await run("export", "--format", "csv");
    assert.match(out, /^timestamp,source,category,type,event_id,result,detail,previous,hash\n/u);
    assert.ok(out.includes(`,"'=HYPERLINK(""x"")",`));
    assert.ok(out.includes(',"two\nlines",'));
  });

  test("keeps to the days that were asked for, the last one to its end", async () => {
    const { out } = await run("export", "--from", "2026-11-22", "--to", "2026-11-22");
    assert.equal((JSON.parse(out) as { detail: string }).detail, details[1]);
    assert.equal((await run("export", "--from", "yesterday")).code, 2);
    assert.equal((await run("export", "--format", "xml")).code, 2);
  });

  test("of a chain that does not hold prints everything and says so", async () => {
    const db = new DatabaseSync(journal());
    db.exec("DROP TRIGGER audit_loses_no_record; DELETE FROM audit WHERE sequence = 2");
    db.close();
    const { code, out, err } = await run("export");
    assert.deepEqual([code, out.split("\n").length], [1, 2]);
    assert.match(err, /audit record 2: missing/u);
  });

  test("of a file that is no journal says so", async () => {
    assert.match((await run("export", "--journal", "nowhere.sqlite")).err, /nowhere\.sqlite: the journal cannot be used/u);
  });
});
