/** The journal outlives the process: nothing accepted is lost, and nothing in the audit can be changed. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import type { CheckId } from "../../src/domain/plan.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { knownIdentities, trustedTime, verifyAudit } from "../../src/store/database-audit.ts";
import { JournalDatabase } from "../../src/store/database.ts";
import { auditRecordsMax } from "../../src/store/schema.ts";
import { startThread } from "../../src/store/journal-thread.ts";
import { knownIdentity, plate } from "../support/identities.ts";
import { at, entry, journalBench, transition, until } from "./support/journal-bench.ts";

const bench = journalBench();

describe("records", () => {
  test("are all there after the journal is opened again", async () => {
    const { journal } = await bench.open();
    journal.transition(transition("plc"));
    journal.audit(entry("first"));
    journal.tripped({ scope: "device:plc", cause: "harm", detail: "vanished" }, at);
    journal.tripped({ scope: "site", cause: "guard_violation", detail: "x" }, at);
    journal.reset("site", at);
    journal.proved("plc/modbus-fc43" as CheckId, "sha256:1");
    await journal.close();
    const again = await bench.open();
    assert.deepEqual(again.trips, [{ scope: "device:plc", cause: "harm", detail: "vanished", since: at }]);
    assert.deepEqual([...again.proven], [["plc/modbus-fc43", "sha256:1"]]);
    assert.deepEqual(bench.rows("transitions"), [
      { sequence: 1, device: "plc", at, from: "up", to: "down", cause: "timeout", detail: "no answer within 5 s" },
    ]);
    assert.equal(again.journal.auditHead.sequence, 1);
  });

  test("of what was learnt are the latest of each key; an empty one is forgotten", async () => {
    const { journal, learnt } = await bench.open();
    assert.deepEqual(learnt, []);
    const row = (key: string, value: string) => ({ key, value, boot: "this one", at });
    for (const [key, value] of [
      ["pace a", "1"],
      ["pace b", "2"],
      ["pace a", "3"],
      ["pace b", ""],
    ] as const)
      journal.learnt(row(key, value));
    await journal.close();
    assert.deepEqual(
      (await bench.open()).learnt.map((one) => ({ ...one })),
      [row("pace a", "3")],
    );
  });

  test("of identities are there again as they were last, with every acceptance, for the poller and for commands beside it", async () => {
    const { journal, identities } = await bench.open();
    assert.deepEqual(identities, []);
    const first = knownIdentity("plc", plate);
    const accepted = knownIdentity("plc", { ...plate, firmware: "1.12" }, plate);
    for (const known of [first, accepted, knownIdentity("pump", plate)]) journal.identity(known);
    await journal.settled();
    assert.deepEqual(knownIdentities(bench.path), { identities: [accepted, knownIdentity("pump", plate)] });
    await journal.close();
    assert.deepEqual((await bench.open()).identities, [accepted, knownIdentity("pump", plate)]);
  });

  test("of identities are none in a journal of an older version, until it is opened to write", () => {
    const db = new DatabaseSync(bench.path);
    db.exec("DROP TABLE identities; DELETE FROM schema_version WHERE version = 4");
    db.close();
    assert.deepEqual(knownIdentities(bench.path), { identities: [] });
    const opened = JournalDatabase.open(bench.path, { busyWithinMs: 2000, transitionsMax: 10 });
    assert.ok(!("problem" in opened));
    assert.deepEqual(opened.identities(), []);
    opened.close();
  });

  test("of what was learnt of a device are gone with a reset of it, also of one without a poller; of no other", async () => {
    const { journal } = await bench.open();
    const keys = ["pace plc/modbus-fc43", "lost plc", "turned-away plc/modbus-fc3#2", "pace plc-2/modbus-fc43", "harmed plc-family"];
    for (const key of keys) journal.learnt({ key, value: "1", boot: "this one", at });
    journal.reset("profile:plc", at);
    journal.reset("device:plc", at);
    await journal.close();
    assert.deepEqual(
      (await bench.open()).learnt.map(({ key }) => key),
      ["pace plc-2/modbus-fc43", "harmed plc-family"],
    );
  });

  test("keep the first cause of a trip", async () => {
    const { journal } = await bench.open();
    for (const cause of ["harm", "slower"] as const) journal.tripped({ scope: "site", cause, detail: "" }, at);
    await journal.settled();
    assert.deepEqual(
      bench.rows("trips").map(({ cause }) => cause),
      ["harm"],
    );
  });

  test("are gathered for 200 ms; a trip and a stop are not", async () => {
    const { journal } = await bench.open();
    journal.transition(transition("plc"));
    assert.equal(bench.clock.waiting, 1, "waits for company");
    journal.audit(entry("stopped", "stop"));
    assert.equal(bench.clock.waiting, 0, "went at once");
    await journal.settled();
    assert.equal(bench.rows("transitions").length, 1);
    journal.transition(transition("plc"));
    await bench.clock.advance(milliseconds(200));
    assert.equal(bench.clock.waiting, 0);
    await journal.settled();
    assert.equal(bench.rows("transitions").length, 2);
  });

  test("nor is what is held, an episode of refusals and a device that vanished: where that is lost, a segment is asked sooner or a trip comes later", async () => {
    const { journal } = await bench.open();
    const row = { value: "{}", boot: "this", at: wallMs(1000) };
    for (const [at, key] of ["held segment:hvac", "turned-away plc/modbus-fc43", "lost plc", "harmed schneider-m221"].entries()) {
      journal.learnt({ ...row, key: `missed plc-${at}/modbus-fc43` });
      assert.equal(bench.clock.waiting, 1, "waits for company");
      journal.learnt({ ...row, key });
      assert.equal(bench.clock.waiting, 0, "went at once, and took the other along");
      await journal.allWritten();
    }
    assert.equal(bench.rows("learnt").length, 8);
  });

  test("hurry for nobody who waits until they are on disk", async () => {
    const { journal } = await bench.open();
    await journal.allWritten();
    journal.transition(transition("plc"));
    const order: string[] = [];
    const written = journal.allWritten().then(() => order.push("written"));
    assert.equal(bench.clock.waiting, 1);
    order.push("gathered");
    await bench.clock.advance(milliseconds(200));
    await written;
    assert.deepEqual(order, ["gathered", "written"]);
    assert.equal(bench.rows("transitions").length, 1);
  });

  test("go 500 to a transaction, in their order", async () => {
    const batches: number[] = [];
    const { journal } = await bench.open({ startWorker: (start) => counting(startThread(start), batches) });
    for (let index = 0; index < 1201; index++) journal.transition(transition(`d${index}`));
    await journal.settled();
    assert.deepEqual(batches, [500, 500, 201]);
    assert.deepEqual(
      bench.rows("transitions").map(({ device }) => device),
      Array.from({ length: 1201 }, (_, index) => `d${index}`),
    );
  });

  test("are settled at once when there are none", async () => {
    const { journal } = await bench.open();
    await journal.settled();
    assert.equal(bench.clock.waiting, 0);
  });

  test("that come after the end are counted as lost", async () => {
    const { journal } = await bench.open();
    await journal.close();
    journal.transition(transition("plc"));
    assert.equal(journal.lost, 1);
  });

  test("of transitions roll off, the oldest first", async () => {
    const { journal } = await bench.open({ transitionsMax: 100 });
    for (let index = 0; index < 2500; index++) journal.transition(transition(`d${index}`));
    await journal.settled();
    const left = bench.rows("transitions");
    assert.ok(left.length >= 100 && left.length < 2000, `${left.length} left`);
    assert.equal(left.at(-1)?.["device"], "d2499");
  });
});

describe("the audit", () => {
  test("is one chain across restarts and writers, and verifies", async () => {
    const first = await bench.open();
    const second = await bench.open();
    for (let index = 0; index < 10; index++) {
      first.journal.audit(entry(`a${index}`));
      second.journal.audit(entry(`b${index} \u0000 – \ud800`));
      await Promise.all([first.journal.settled(), second.journal.settled()]);
    }
    await first.journal.close();
    const verdict = verifyAudit(bench.path);
    assert.ok(!("problem" in verdict));
    assert.deepEqual([verdict.records, verdict.broken, verdict.lastAt], [20, undefined, at]);
    assert.equal(verdict.head.sequence, 20);
  });

  test("publishes its head as it is on disk", async () => {
    const { journal } = await bench.open();
    journal.audit(entry("one"));
    assert.equal(journal.auditHead.sequence, 0);
    await journal.settled();
    assert.deepEqual(journal.auditHead, { sequence: 1, hash: bench.rows("audit")[0]?.["hash"] });
  });

  test("refuses changes, deletions, replacements and gaps", async () => {
    const { journal } = await bench.open();
    for (const detail of ["one", "two"]) journal.audit(entry(detail));
    await journal.settled();
    const db = new DatabaseSync(bench.path);
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
    assert.equal(bench.rows("audit").length, 2);
  });

  test("shows what was changed behind its back", async () => {
    const { journal } = await bench.open();
    for (const detail of ["one", "two", "three"]) journal.audit(entry(detail));
    await journal.close();
    const db = new DatabaseSync(bench.path);
    db.exec("DROP TRIGGER audit_keeps_records; UPDATE audit SET detail = 'nothing' WHERE sequence = 2");
    db.close();
    const verdict = verifyAudit(bench.path);
    assert.match("broken" in verdict ? (verdict.broken ?? "") : "", /record 2: changed after it was written/u);
  });
});

function counting(worker: Worker, batches: number[]): Worker {
  const post = worker.postMessage.bind(worker);
  worker.postMessage = (message: { readonly rows?: readonly unknown[] }): void => {
    if (message.rows) batches.push(message.rows.length);
    post(message);
  };
  return worker;
}

describe("the highest trusted time", () => {
  test("outlives the process, and is no earlier than the last audit record", async () => {
    const first = await bench.open();
    assert.equal(first.highest, 0);
    first.journal.noteTime(wallMs(at + 5000));
    await first.journal.close();
    const second = await bench.open();
    assert.equal(second.highest, at + 5000);
    second.journal.audit({ ...entry("later"), at: wallMs(at + 7000) });
    await second.journal.close();
    assert.equal((await bench.open()).highest, at + 7000);
  });

  test("is read by a command while the poller has the journal open, and nothing is changed", async () => {
    const { journal } = await bench.open();
    journal.noteTime(wallMs(at + 5000));
    await journal.settled();
    const before = journal.auditHead;
    assert.deepEqual(trustedTime(bench.path), { highest: at + 5000 });
    assert.deepEqual(journal.auditHead, before);
    const missing = trustedTime(`${bench.path}-none`);
    assert.ok("problem" in missing);
    assert.match(missing.problem, /journal\.sqlite-none: .*ENOENT|no such file/u);
  });

  test("goes back where a person has said so", async () => {
    const first = await bench.open();
    first.journal.noteTime(wallMs(at + 86_400_000));
    first.journal.audit(entry("accepted"));
    first.journal.noteTime(at);
    await first.journal.close();
    assert.equal((await bench.open()).highest, at);
  });
});

test("an audit that holds a million records takes no more, and says so", async () => {
  const db = new DatabaseSync(bench.path);
  db.exec("DROP TRIGGER audit_only_grows");
  const { type, category, source } = entry("x");
  const put = db.prepare(
    "INSERT INTO audit (sequence, at, source, category, type, result, detail, previous, hash) VALUES (?, ?, ?, ?, ?, 'success', '', '', 'aa')",
  );
  put.run(auditRecordsMax, at, source, category, type);
  db.close();
  rmSync(join(bench.folder, "audit-head.json"));
  writeFileSync(join(bench.folder, "audit-head.json"), JSON.stringify({ sequence: auditRecordsMax, hash: "aa" }));
  const { journal } = await bench.open();
  journal.audit(entry("one more", "stop"));
  await until(() => journal.unwritableSince !== undefined);
  assert.match(journal.problem ?? "", /the audit is full \(1,000,000 records\)/u);
});
