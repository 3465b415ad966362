/** The notifier's database: all of a save or nothing, also where the process is killed; and what is new in a journal, read beside its writer. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { DeviceId } from "../../src/domain/plan.ts";
import { claimOutbox, claimStateFolder } from "../../src/store/database-lock.ts";
import { journalStart, readNews } from "../../src/store/database-news.ts";
import { OutboxDatabase, type OutboxToSave } from "../../src/store/database-outbox.ts";
import { journalBench } from "./support/journal-bench.ts";

const bench = journalBench();
const path = (): string => join(bench.folder, "notify.sqlite");
const record = { target: "log", delivered: 1, dropped: 0, lastDeliveredAt: null, lastFailedAt: null, problem: "" };
const change: OutboxToSave = {
  memory: { schema: "notifier/v1" },
  notices: [{ number: 1 }, { number: 2 }],
  deliveries: [{ number: 2, target: "log", attempts: 3, problem: "refused" }],
  records: [record],
};

function opened(): OutboxDatabase {
  const database = OutboxDatabase.open(path());
  if ("problem" in database) assert.fail(database.problem);
  return database;
}

describe("the outbox", () => {
  test("is made where there is none, for its owner alone, and gives back what was saved last", () => {
    const database = opened();
    assert.equal(statSync(path()).mode & 0o777, 0o600);
    assert.deepEqual(database.load(), { memory: undefined, notices: [], deliveries: [], records: [] });
    assert.equal(database.save(change), undefined);
    assert.equal(database.save({ ...change, notices: [{ number: 2 }] }), undefined);
    database.close();
    const expected = { memory: '{"schema":"notifier/v1"}', notices: ['{"number":2}'], deliveries: change.deliveries, records: [record] };
    assert.deepEqual(OutboxDatabase.read(path()), expected);
    const again = opened();
    assert.deepEqual(again.load(), expected);
    again.close();
  });

  test("outlives a kill right after a save", () => {
    const code = `
      import { OutboxDatabase } from ${JSON.stringify(import.meta.resolve("../../src/store/database-outbox.ts"))};
      OutboxDatabase.open(${JSON.stringify(path())}).save(${JSON.stringify(change)});
      process.kill(process.pid, "SIGKILL");`;
    assert.equal(spawnSync(process.execPath, ["--input-type=module", "--eval", code]).signal, "SIGKILL");
    const database = opened();
    assert.deepEqual(database.load().deliveries, change.deliveries);
    database.close();
  });

  test("is not taken from something else, and says so", () => {
    const strange = OutboxDatabase.read(bench.path);
    assert.match(strange && "problem" in strange ? strange.problem : "", /database of something else/u);
    writeFileSync(path(), "no database at all, and long enough to be read as one".repeat(40));
    const broken = OutboxDatabase.open(path());
    assert.match("problem" in broken ? broken.problem : "", /the notifier's outbox cannot be used/u);
    assert.equal(OutboxDatabase.read(join(bench.folder, "gone.sqlite")), undefined);
  });

  test("has one notifier, beside one poller", () => {
    const [first, second] = [claimOutbox(bench.folder, bench.clock), claimStateFolder(bench.folder, bench.clock)];
    if ("problem" in first || "problem" in second) assert.fail("either is refused");
    // SQLite's lock is the process's: another process has to ask.
    const code = `
      import { claimOutbox } from ${JSON.stringify(import.meta.resolve("../../src/store/database-lock.ts"))};
      import { systemClock } from ${JSON.stringify(import.meta.resolve("../../src/system-clock.ts"))};
      console.log(claimOutbox(${JSON.stringify(bench.folder)}, systemClock).problem);`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], { encoding: "utf8" });
    assert.match(stdout, /found another notifier at work in this state folder \(process \d+ on /u);
    first.release();
    second.release();
  });
});

describe("a journal's news", () => {
  test("are what came after the cursors, as of one moment, with another mark after each write", async () => {
    const { journal } = await bench.open();
    const at = bench.clock.wall();
    const transition = { device: "plc" as DeviceId, at, from: "up", to: "down", cause: "timeout", detail: "x" } as const;
    journal.audit({ at, source: "poller", category: "lifecycle", type: "started", result: "success", detail: "" });
    journal.transition(transition);
    journal.tripped({ scope: "device:plc", cause: "harm", detail: "d" }, at);
    await journal.settled();
    const first = readNews(bench.path, { transitions: 0, audit: 0 });
    if ("problem" in first) assert.fail(first.problem);
    assert.deepEqual(first.transitions, [{ ...transition, sequence: 1 }]);
    assert.equal(first.audit[0]?.type, "started");
    assert.deepEqual(first.trips, [{ scope: "device:plc", cause: "harm", detail: "d", since: at }]);
    assert.deepEqual([first.more, first.replaced], [false, false]);
    journal.noteTime(at);
    await journal.settled();
    const second = readNews(bench.path, { transitions: 1, audit: 1 });
    if ("problem" in second) assert.fail(second.problem);
    assert.notEqual(second.mark, first.mark);
    assert.deepEqual([second.transitions, second.audit, second.highest], [[], [], at]);
    const capped = readNews(bench.path, { transitions: 0, audit: 0 }, 1);
    assert.ok(!("problem" in capped) && capped.more);
  });

  test("of an older journal in its place say so, and the start is the latest word on each device", async () => {
    const { journal } = await bench.open();
    const at = bench.clock.wall();
    const row = { device: "plc" as DeviceId, at, from: "up", to: "down", cause: "timeout", detail: "" } as const;
    journal.transition(row);
    journal.transition({ ...row, to: "up", from: "down", cause: "answers" });
    journal.audit({ at, source: "cli", category: "command", type: "import", result: "success", detail: "" });
    journal.audit({ at, source: "poller", category: "lifecycle", type: "started", result: "success", detail: "" });
    await journal.settled();
    const start = journalStart(bench.path);
    if ("problem" in start) assert.fail(start.problem);
    assert.deepEqual(start.cursors, { transitions: 2, audit: 1 });
    assert.deepEqual(
      start.latest.map(({ to, sequence }) => `${to} ${sequence}`),
      ["up 2"],
    );
    const ahead = readNews(bench.path, { transitions: 2, audit: 99 });
    assert.ok(!("problem" in ahead) && ahead.replaced);
    const gone = readNews(join(bench.folder, "gone.sqlite"), { transitions: 0, audit: 0 });
    assert.match("problem" in gone ? gone.problem : "", /gone\.sqlite: the journal cannot be used/u);
  });
});
