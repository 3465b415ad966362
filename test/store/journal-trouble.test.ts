/** A full, locked or hanging disk, or a thread that dies, harms nobody and loses nothing that was accepted. */
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import type { Worker } from "node:worker_threads";
import { milliseconds, seconds } from "../../src/domain/units.ts";
import type { JournalOptions } from "../../src/store/journal.ts";
import type { WorkerStart } from "../../src/store/journal-rows.ts";
import { startThread } from "../../src/store/journal-thread.ts";
import { at, closed, entry, journalBench, transition, until } from "./support/journal-bench.ts";

const bench = journalBench();

describe("a database that cannot be written", () => {
  test("is said to be so until it can, and then everything is there", async () => {
    const { journal } = await bench.open({ busyWithin: milliseconds(10) });
    const blocker = new DatabaseSync(bench.path);
    blocker.exec("BEGIN IMMEDIATE");
    const since = bench.clock.wall();
    journal.tripped({ scope: "site", cause: "harm", detail: "" }, at);
    await until(() => journal.unwritableSince !== undefined);
    assert.equal(journal.unwritableSince, since);
    assert.match(journal.problem ?? "", /locked/u);
    await bench.clock.advance(seconds(1));
    journal.audit(entry("meanwhile", "stop"));
    await until(() => bench.clock.waiting === 1);
    assert.equal(journal.unwritableSince, since, "since the first failure");
    blocker.exec("ROLLBACK");
    const settled = journal.settled();
    await bench.clock.advance(seconds(1));
    await settled;
    assert.equal(journal.unwritableSince, undefined);
    assert.deepEqual([bench.rows("trips").length, bench.rows("audit").length], [1, 1]);
    blocker.close();
  });

  test("takes a bounded number of records, trips and audit longest, and says afterwards what is lost", async () => {
    const { journal } = await bench.open({ busyWithin: milliseconds(10) });
    const blocker = new DatabaseSync(bench.path);
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
    await bench.clock.advance(seconds(1));
    await settled;
    await journal.settled();
    assert.equal(bench.rows("trips").length, 1);
    assert.match(String(bench.rows("audit")[0]?.["detail"]), new RegExp(`^${lost} records found the journal's queue full`, "u"));
  });

  test("does not hold up the end for ever", async () => {
    const { journal } = await bench.open({ busyWithin: milliseconds(10) });
    const blocker = new DatabaseSync(bench.path);
    blocker.exec("BEGIN IMMEDIATE");
    journal.audit(entry("x", "stop"));
    const settled = assert.rejects(journal.settled(), /closed with 1 records that could not be written/u);
    await until(() => journal.unwritableSince !== undefined);
    await closed(journal, bench.clock);
    await settled;
    blocker.close();
  });

  test("because the disk hangs counts as unwritable too", async () => {
    const { journal } = await bench.open({ busyWithin: seconds(60) });
    const blocker = new DatabaseSync(bench.path);
    blocker.exec("BEGIN IMMEDIATE");
    const since = bench.clock.wall();
    journal.audit(entry("x", "stop"));
    await bench.clock.advance(seconds(10));
    assert.equal(journal.unwritableSince, undefined);
    await bench.clock.advance(seconds(1));
    assert.equal(journal.unwritableSince, since);
    bench.clock.stepWall(-86_400_000);
    assert.equal(journal.unwritableFor, 11_000, "by the monotonic clock, whatever the wall clock is set to");
    assert.match(journal.problem ?? "", /has not answered for 10 s/u);
    blocker.exec("ROLLBACK");
    blocker.close();
    await journal.settled();
    assert.equal(journal.unwritableSince, undefined);
    assert.equal(journal.unwritableFor, undefined);
  });
});

describe("a disk that takes 3 s for each sync", () => {
  test("holds nobody up, loses nothing, is no alarm, and a trip is beside the journal at once", async () => {
    const held: (() => void)[] = [];
    const slow = (start: WorkerStart): Worker => {
      const worker = startThread(start);
      const listen = worker.on.bind(worker);
      // What the thread has to say comes when the test lets it: the records are not acknowledged before.
      worker.on = ((event: string, hear: (message: { readonly kind?: string }) => void) =>
        listen(event, (message: { readonly kind?: string }) => {
          if (event === "message" && message.kind === "written") held.push(() => hear(message));
          else hear(message);
        })) as typeof worker.on;
      return worker;
    };
    const { journal } = await bench.open({ startWorker: slow });
    for (let round = 0; round < 3; round++) {
      journal.tripped({ scope: `device:plc-${round}`, cause: "harm", detail: "vanished" }, at);
      assert.match(readFileSync(join(bench.folder, "trips.json"), "utf8"), new RegExp(`plc-${round}`, "u"));
      journal.audit(entry(`round ${round}`, "stop"));
      const settled = journal.settled();
      for (const wait of [3000, 3000]) {
        await until(() => held.length > 0 || journal.auditHead.sequence === round + 1);
        await bench.clock.advance(wait);
        assert.equal(journal.unwritableFor, undefined);
        held.shift()?.();
      }
      await settled;
    }
    held.length = 0;
    assert.deepEqual(
      bench.rows("audit").map(({ detail }) => detail),
      ["round 0", "round 1", "round 2"],
    );
    assert.equal(bench.rows("trips").length, 3);
    assert.equal(readFileSync(join(bench.folder, "trips.json"), "utf8").trim(), "[]");
    assert.equal(journal.lost, 0);
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
    const { journal } = await bench.open({ startWorker: start });
    deaf.on = true;
    journal.audit(entry("once", "stop"));
    await until(() => bench.rows("audit").length === 1);
    await workers[0]!.terminate();
    await until(() => journal.unwritableSince !== undefined);
    const settled = journal.settled();
    journal.audit(entry("meanwhile"));
    await bench.clock.advance(seconds(1));
    await settled;
    await journal.settled();
    assert.equal(workers.length, 2);
    assert.equal(journal.unwritableSince, undefined);
    assert.deepEqual(
      bench.rows("audit").map(({ detail }) => detail),
      ["once", "meanwhile"],
    );
  });

  test("with nothing to write is replaced and forgotten", async () => {
    const workers: Worker[] = [];
    const { journal } = await bench.open({ startWorker: (data) => workers[workers.push(startThread(data)) - 1]! });
    await workers[0]!.terminate();
    await until(() => journal.unwritableSince !== undefined);
    await bench.clock.advance(seconds(1));
    await until(() => journal.unwritableSince === undefined);
    assert.equal(workers.length, 2);
  });

  test("and finds the database gone is started again until it is back", async () => {
    const workers: Worker[] = [];
    const { journal } = await bench.open({ startWorker: (data) => workers[workers.push(startThread(data)) - 1]! });
    await workers[0]!.terminate();
    const aside = readFileSync(bench.path);
    rmSync(bench.path);
    await until(() => journal.unwritableSince !== undefined);
    await bench.clock.advance(seconds(1));
    await until(() => (journal.problem ?? "").includes("ENOENT"));
    writeFileSync(bench.path, aside, { mode: 0o600 });
    await bench.clock.advance(seconds(1));
    await until(() => journal.unwritableSince === undefined);
    assert.equal(workers.length, 3);
  });
});

/** A worker whose answers get lost while `deaf.on`. */
function swallowing(worker: Worker, deaf: { readonly on: boolean }): void {
  const emit = worker.emit.bind(worker) as (event: string, ...data: readonly unknown[]) => boolean;
  worker.emit = (event: string, ...data: readonly unknown[]): boolean => (deaf.on && event === "message" ? false : emit(event, ...data));
}
