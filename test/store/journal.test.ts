/** The journal outlives the process: nothing accepted is lost, nothing in it can be changed, and a sick disk harms nobody. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import type { AuditEntry, Transition } from "../../src/domain/board.ts";
import type { CheckId, DeviceId } from "../../src/domain/plan.ts";
import { milliseconds, seconds, wallMs } from "../../src/domain/units.ts";
import { JournalDatabase, verifyAudit } from "../../src/store/database.ts";
import { openJournal, type JournalOptions, type OpenedJournal, type StoreJournal } from "../../src/store/journal.ts";
import { startThread } from "../../src/store/journal-thread.ts";
import { FakeClock } from "../support/fake-clock.ts";

let folder = "";
let path = "";
let clock = new FakeClock();
let journals: StoreJournal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-journal-"));
  path = join(folder, "journal.sqlite");
  clock = new FakeClock();
  journals = [];
  assert.equal(JournalDatabase.create(path), undefined);
});
afterEach(async () => {
  await Promise.all(journals.map(closed));
  rmSync(folder, { recursive: true, force: true });
});

async function opened(options: Partial<JournalOptions> = {}): Promise<OpenedJournal> {
  const result = await openJournal(path, { clock, ...options });
  if ("problem" in result) throw new Error(result.problem);
  journals.push(result.journal);
  return result;
}

/** Closing waits by the clock where the disk does not answer. */
async function closed(journal: StoreJournal): Promise<void> {
  const done = journal.close();
  if (journal.unwritableSince !== undefined) await clock.advance(seconds(30));
  await done;
}

const at = wallMs(1_763_726_400_000);
const entry = (detail: string, category: AuditEntry["category"] = "command"): AuditEntry => ({
  at,
  source: "eto-1",
  category,
  type: "test",
  result: "success",
  detail,
});
const transition = (device: string): Transition => ({
  device: device as DeviceId,
  at,
  from: "up",
  to: "down",
  cause: "timeout",
  detail: "no answer within 5 s",
});

function rows(table: string): readonly Record<string, unknown>[] {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    return db
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .map((row) => ({ ...row }));
  } finally {
    db.close();
  }
}

describe("records", () => {
  test("are all there after the journal is opened again", async () => {
    const { journal } = await opened();
    journal.transition(transition("plc"));
    journal.audit(entry("first"));
    journal.tripped({ scope: "device:plc", cause: "harm", detail: "vanished" }, at);
    journal.tripped({ scope: "site", cause: "guard_violation", detail: "x" }, at);
    journal.reset("site", at);
    journal.proved("plc/modbus-fc43" as CheckId, "sha256:1");
    await journal.close();
    const again = await opened();
    assert.deepEqual(again.trips, [{ scope: "device:plc", cause: "harm", detail: "vanished", since: at }]);
    assert.deepEqual([...again.proven], [["plc/modbus-fc43", "sha256:1"]]);
    assert.deepEqual(rows("transitions"), [
      { sequence: 1, device: "plc", at, from: "up", to: "down", cause: "timeout", detail: "no answer within 5 s" },
    ]);
    assert.equal(again.journal.auditHead.sequence, 1);
  });

  test("keep the first cause of a trip", async () => {
    const { journal } = await opened();
    for (const cause of ["harm", "slower"] as const) journal.tripped({ scope: "site", cause, detail: "" }, at);
    await journal.settled();
    assert.deepEqual(
      rows("trips").map(({ cause }) => cause),
      ["harm"],
    );
  });

  test("are gathered for 200 ms; a trip and a stop are not", async () => {
    const { journal } = await opened();
    journal.transition(transition("plc"));
    assert.equal(clock.waiting, 1, "waits for company");
    journal.audit(entry("stopped", "stop"));
    assert.equal(clock.waiting, 0, "went at once");
    await journal.settled();
    assert.equal(rows("transitions").length, 1);
    journal.transition(transition("plc"));
    await clock.advance(milliseconds(200));
    assert.equal(clock.waiting, 0);
    await journal.settled();
    assert.equal(rows("transitions").length, 2);
  });

  test("go 500 to a transaction, in their order", async () => {
    const batches: number[] = [];
    const { journal } = await opened({ startWorker: (start) => counting(startThread(start), batches) });
    for (let index = 0; index < 1201; index++) journal.transition(transition(`d${index}`));
    await journal.settled();
    assert.deepEqual(batches, [500, 500, 201]);
    assert.deepEqual(
      rows("transitions").map(({ device }) => device),
      Array.from({ length: 1201 }, (_, index) => `d${index}`),
    );
  });

  test("are settled at once when there are none", async () => {
    const { journal } = await opened();
    await journal.settled();
    assert.equal(clock.waiting, 0);
  });

  test("that come after the end are counted as lost", async () => {
    const { journal } = await opened();
    await journal.close();
    journal.transition(transition("plc"));
    assert.equal(journal.lost, 1);
  });

  test("of transitions roll off, the oldest first", async () => {
    const { journal } = await opened({ transitionsMax: 100 });
    for (let index = 0; index < 2500; index++) journal.transition(transition(`d${index}`));
    await journal.settled();
    const left = rows("transitions");
    assert.ok(left.length >= 100 && left.length < 2000, `${left.length} left`);
    assert.equal(left.at(-1)?.["device"], "d2499");
  });
});

describe("the audit", () => {
  test("is one chain across restarts and writers, and verifies", async () => {
    const first = await opened();
    const second = await opened();
    for (let index = 0; index < 10; index++) {
      first.journal.audit(entry(`a${index}`));
      second.journal.audit(entry(`b${index} \u0000 – \ud800`));
      await Promise.all([first.journal.settled(), second.journal.settled()]);
    }
    await first.journal.close();
    const verdict = verifyAudit(path);
    assert.ok(!("problem" in verdict));
    assert.deepEqual([verdict.records, verdict.broken, verdict.lastAt], [20, undefined, at]);
    assert.equal(verdict.head.sequence, 20);
  });

  test("publishes its head as it is on disk", async () => {
    const { journal } = await opened();
    journal.audit(entry("one"));
    assert.equal(journal.auditHead.sequence, 0);
    await journal.settled();
    assert.deepEqual(journal.auditHead, { sequence: 1, hash: rows("audit")[0]?.["hash"] });
  });

  test("refuses changes, deletions, replacements and gaps", async () => {
    const { journal } = await opened();
    for (const detail of ["one", "two"]) journal.audit(entry(detail));
    await journal.settled();
    const db = new DatabaseSync(path);
    const values = "1, 'x', 'stop', 'x', 'success', 'x', 'x', 'x'";
    for (const attempt of [
      "UPDATE audit SET detail = 'x'",
      "DELETE FROM audit",
      `INSERT OR REPLACE INTO audit VALUES (1, ${values})`,
      `REPLACE INTO audit VALUES (2, ${values})`,
      `INSERT INTO audit VALUES (7, ${values})`,
      `INSERT INTO audit VALUES (-1, ${values})`,
    ]) {
      assert.throws(() => db.exec(attempt), /append-only/u, attempt);
    }
    db.close();
    assert.equal(rows("audit").length, 2);
  });

  test("shows what was changed behind its back", async () => {
    const { journal } = await opened();
    for (const detail of ["one", "two", "three"]) journal.audit(entry(detail));
    await journal.close();
    const db = new DatabaseSync(path);
    db.exec("DROP TRIGGER audit_keeps_records; UPDATE audit SET detail = 'nothing' WHERE sequence = 2");
    db.close();
    const verdict = verifyAudit(path);
    assert.match("broken" in verdict ? (verdict.broken ?? "") : "", /record 2: changed after it was written/u);
  });
});

describe("opening", () => {
  test("makes no journal where there is none: the trips went with it", async () => {
    rmSync(path);
    const result = await openJournal(path, { clock });
    assert.match("problem" in result ? result.problem : "", /journal.sqlite: the journal cannot be used \(ENOENT/u);
    assert.throws(() => statSync(path), /ENOENT/u);
  });

  const strange: readonly [what: string, make: () => void, says: RegExp][] = [
    ["an empty file", () => writeFileSync(path, ""), /empty database/u],
    ["something other than a database", () => writeFileSync(path, "x".repeat(5000)), /cannot be used \(file is not a database/u],
    [
      "a database of something else",
      () => {
        rmSync(path);
        new DatabaseSync(path).exec("CREATE TABLE cats (name)");
      },
      /database of something else/u,
    ],
    [
      "a journal of a later version",
      () => new DatabaseSync(path).exec("INSERT INTO schema_version VALUES (99)"),
      /version 99, expected at most 1/u,
    ],
    [
      "a folder",
      () => {
        rmSync(path);
        path = folder;
      },
      /something other than a file/u,
    ],
  ];
  for (const [what, make, says] of strange) {
    test(`refuses ${what}`, async () => {
      make();
      const result = await openJournal(path, { clock });
      assert.match("problem" in result ? result.problem : "", says);
      const verdict = verifyAudit(path);
      assert.match("problem" in verdict ? verdict.problem : "", says);
    });
  }

  test("does not make a journal over another", () => {
    const before = readFileSync(path);
    assert.match(JournalDatabase.create(path)?.problem ?? "", /EEXIST/u);
    assert.deepEqual(readFileSync(path), before);
  });

  test("gives its files to nobody else", async () => {
    const { journal } = await opened();
    journal.audit(entry("x"));
    await journal.settled();
    for (const name of ["", "-wal", "-shm"]) assert.equal(statSync(`${path}${name}`).mode & 0o077, 0, name);
    chmodSync(path, 0o600);
  });
});

describe("a database that cannot be written", () => {
  test("is said to be so until it can, and then everything is there", async () => {
    const { journal } = await opened({ busyWithin: milliseconds(10) });
    const blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
    const since = clock.wall();
    journal.tripped({ scope: "site", cause: "harm", detail: "" }, at);
    await until(() => journal.unwritableSince !== undefined);
    assert.equal(journal.unwritableSince, since);
    assert.match(journal.problem ?? "", /locked/u);
    await clock.advance(seconds(1));
    journal.audit(entry("meanwhile", "stop"));
    await until(() => clock.waiting === 1);
    assert.equal(journal.unwritableSince, since, "since the first failure");
    blocker.exec("ROLLBACK");
    const settled = journal.settled();
    await clock.advance(seconds(1));
    await settled;
    assert.equal(journal.unwritableSince, undefined);
    assert.deepEqual([rows("trips").length, rows("audit").length], [1, 1]);
    blocker.close();
  });

  test("takes a bounded number of records, trips and audit longest, and says afterwards what is lost", async () => {
    const { journal } = await opened({ busyWithin: milliseconds(10) });
    const blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
    journal.transition(transition("first"));
    for (let index = 0; index < 41_000; index++) journal.transition(transition("plc"));
    const lost = journal.lost;
    assert.ok(lost > 0 && lost <= 1000, `${lost} lost`);
    journal.tripped({ scope: "site", cause: "harm", detail: "" }, at);
    assert.equal(journal.lost, lost, "a trip still fits");
    await until(() => journal.unwritableSince !== undefined);
    blocker.exec("ROLLBACK");
    blocker.close();
    const settled = journal.settled();
    await clock.advance(seconds(1));
    await settled;
    await journal.settled();
    assert.equal(rows("trips").length, 1);
    assert.match(String(rows("audit")[0]?.["detail"]), new RegExp(`^${lost} records found the journal's queue full`, "u"));
  });

  test("does not hold up the end for ever", async () => {
    const { journal } = await opened({ busyWithin: milliseconds(10) });
    const blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
    journal.audit(entry("x", "stop"));
    const settled = assert.rejects(journal.settled(), /closed with 1 records that could not be written/u);
    await until(() => journal.unwritableSince !== undefined);
    await closed(journal);
    await settled;
    blocker.close();
  });

  test("because the disk hangs counts as unwritable too", async () => {
    const { journal } = await opened({ busyWithin: seconds(60) });
    const blocker = new DatabaseSync(path);
    blocker.exec("BEGIN IMMEDIATE");
    const since = clock.wall();
    journal.audit(entry("x", "stop"));
    await clock.advance(seconds(10));
    assert.equal(journal.unwritableSince, undefined);
    await clock.advance(seconds(1));
    assert.equal(journal.unwritableSince, since);
    assert.match(journal.problem ?? "", /has not answered for 10 s/u);
    blocker.exec("ROLLBACK");
    blocker.close();
    await journal.settled();
    assert.equal(journal.unwritableSince, undefined);
  });
});

describe("a thread that dies", () => {
  test("is replaced, and a batch it had already written is not written twice", async () => {
    const workers: Worker[] = [];
    const deaf = { on: false };
    const start: NonNullable<JournalOptions["startWorker"]> = (data) => {
      const worker = startThread(data);
      workers.push(worker);
      if (workers.length === 1) swallowing(worker, deaf);
      return worker;
    };
    const { journal } = await opened({ startWorker: start });
    deaf.on = true;
    journal.audit(entry("once", "stop"));
    await until(() => rows("audit").length === 1);
    await workers[0]!.terminate();
    await until(() => journal.unwritableSince !== undefined);
    const settled = journal.settled();
    journal.audit(entry("meanwhile"));
    await clock.advance(seconds(1));
    await settled;
    await journal.settled();
    assert.equal(workers.length, 2);
    assert.equal(journal.unwritableSince, undefined);
    assert.deepEqual(
      rows("audit").map(({ detail }) => detail),
      ["once", "meanwhile"],
    );
  });

  test("with nothing to write is replaced and forgotten", async () => {
    const workers: Worker[] = [];
    const { journal } = await opened({ startWorker: (data) => workers[workers.push(startThread(data)) - 1]! });
    await workers[0]!.terminate();
    await until(() => journal.unwritableSince !== undefined);
    await clock.advance(seconds(1));
    await until(() => journal.unwritableSince === undefined);
    assert.equal(workers.length, 2);
  });

  test("and finds the database gone is started again until it is back", async () => {
    const workers: Worker[] = [];
    const { journal } = await opened({ startWorker: (data) => workers[workers.push(startThread(data)) - 1]! });
    await workers[0]!.terminate();
    const aside = readFileSync(path);
    rmSync(path);
    await until(() => journal.unwritableSince !== undefined);
    await clock.advance(seconds(1));
    await until(() => (journal.problem ?? "").includes("ENOENT"));
    writeFileSync(path, aside, { mode: 0o600 });
    await clock.advance(seconds(1));
    await until(() => journal.unwritableSince === undefined);
    assert.equal(workers.length, 3);
  });
});

/** Lets real work of another thread go on until `done`; the test runner's limit ends it otherwise. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setImmediate(resolve));
}

function counting(worker: Worker, batches: number[]): Worker {
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: { readonly rows?: readonly unknown[] }): void => {
    if (message.rows) batches.push(message.rows.length);
    post(message);
  };
  return worker;
}

/** A worker whose answers get lost while `deaf.on`. */
function swallowing(worker: Worker, deaf: { readonly on: boolean }): void {
  const emit = worker.emit.bind(worker) as (event: string, ...data: readonly unknown[]) => boolean;
  worker.emit = (event: string, ...data: readonly unknown[]): boolean => (deaf.on && event === "message" ? false : emit(event, ...data));
}
