/** Deep queries of a running poller: begun by a named person inside a window, watched, ended by whatever ends them, and on record. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { digestOf } from "../../src/config/compile/digest.ts";
import type { ControlReply, ControlRequest } from "../../src/domain/control.ts";
import type { DeepRecord } from "../../src/domain/deep-record.ts";
import { deepQueryWatchedWithin } from "../../src/domain/limits.ts";
import { nothingSent, type Outcome } from "../../src/domain/outcome.ts";
import type { Check, CheckId, DeviceId, Plan } from "../../src/domain/plan.ts";
import { after, milliseconds } from "../../src/domain/units.ts";
import { DeepQueries } from "../../src/poller/deep-queries.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { deepRecordsFolder } from "../../src/store/deep-records.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { RememberingJournal } from "../store/support/site.ts";

const plan: Plan = literalPlan([
  { name: "plc", address: "192.0.2.11", deep: true },
  { name: "pump", address: "192.0.2.12", deep: true, profile: "another" },
]);
const sent = { connections: 1, requests: 1, bytes: 11 };

let stateDir = "";
let clock = new FakeClock();
let journal = new RememberingJournal();
let board = new MemoryBoard(clock, plan, { stopped: false, trips: [], proven: new Map() });
let windows: WindowKeeper;
let deep: DeepQueries;
let endings = 0;
let bugs: unknown[] = [];
/** What the gate lets come of each question; a promise that never settles is one that is out. */
let come: (check: Check) => Promise<Outcome | undefined>;

const answered = (check: Check): Outcome => ({
  kind: "answered",
  check,
  at: clock.monotonic(),
  took: milliseconds(7),
  answer: { said: "alive", facts: [["object 0x00 VendorName", "Maker <1>"]] },
  sent,
});

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-deep-"));
  clock = new FakeClock();
  journal = new RememberingJournal();
  board = new MemoryBoard(clock, plan, { stopped: false, trips: [], proven: new Map() });
  endings = 0;
  bugs = [];
  come = (check) => Promise.resolve(answered(check));
  const time = new TrustedTime(clock, clock.wall());
  const pausing = { pausing: () => undefined };
  const kept = { next: 1, windows: [] };
  windows = new WindowKeeper({ clock, time, journal, stateDir, kept, plan: () => plan, gate: () => pausing, record: () => undefined });
  const gate = {
    exchange: (id: CheckId) => come(plan.deep.get(id)!),
    endDeepQuery: () => void (endings += 1),
  };
  deep = new DeepQueries({
    clock,
    board,
    journal,
    stateDir,
    version: "1.0.0",
    windows,
    gate: () => gate,
    log: { bug: (error) => bugs.push(error) },
  });
  beat();
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function beat(): void {
  for (const check of plan.checks.values()) board.outcome({ ...answered(check), answer: { said: "alive" } } as Outcome);
}

async function open(scope = "site", forMs = 3_600_000): Promise<string> {
  const opened = await windows.handlers["window-open"]({ kind: "deep-query", scope, forMs, by: "eto-1", reason: "survey" });
  assert.ok(opened.ok);
  return opened.result.window.id;
}

function begin(changes: Partial<ControlRequest<"deep-query">> = {}): Promise<ControlReply<"deep-query">> {
  const request = { devices: ["plc"], by: "eto-1", reason: "survey", differences: "none", acknowledged: true };
  return deep.handlers["deep-query"]({ ...request, ...changes });
}

async function problems(changes: Partial<ControlRequest<"deep-query">> = {}): Promise<string> {
  const reply = await begin(changes);
  assert.equal(deep.runs, false);
  assert.ok(!reply.ok, JSON.stringify(reply));
  return reply.problems.join("\n");
}

async function begun(devices: readonly string[] = ["plc"]): Promise<string> {
  beat();
  await open();
  const reply = await begin({ devices });
  assert.ok(reply.ok, JSON.stringify(reply));
  return reply.result.id;
}

async function look(id: string, seen = 0) {
  const reply = await deep.handlers["deep-query-look"]({ id, seen });
  assert.ok(reply.ok);
  return reply.result;
}

function record(id: string): DeepRecord {
  return JSON.parse(readFileSync(join(stateDir, deepRecordsFolder, `${id}.json`), "utf8")) as DeepRecord;
}

describe("a deep query", () => {
  test("begins inside its window, is on record before and after, and leaves a record in JSON and HTML whose digest holds", async () => {
    const id = await begun();
    assert.equal(deep.runs, true);
    const [own, other] = ["plc/deep-modbus-server-id", "pump/deep-modbus-server-id"].map((one) => plan.deep.get(one as CheckId)!);
    assert.deepEqual(
      [own!, { ...own!, digest: "moved" }, other!].map((check) => deep.asks(check)),
      [true, false, false],
    );
    await clock.advance(2000);
    beat();
    await clock.advance(2000);
    const looked = await look(id);
    assert.deepEqual([looked.running, looked.complete, looked.cutShort, looked.problem], [false, true, null, null]);
    assert.equal(deep.asks(own!), false);
    assert.match(looked.news[0]?.text ?? "", /^plc: modbus-identification-regular: answered/u);
    assert.equal((await look(id, looked.news.length)).news.length, 0);
    const { digest, ...rest } = record(id);
    assert.equal(digestOf(rest), digest);
    assert.deepEqual([rest.by, rest.windows[0]?.id, rest.totals.answered, rest.devices[0]?.responseMsAfter], ["eto-1", "w1", 2, 7]);
    const html = readFileSync(looked.record ?? "", "utf8");
    assert.match(html, /Maker &lt;1&gt;/u);
    assert.ok(html.includes(digest));
    assert.deepEqual(
      journal.entries.filter(({ type }) => type.startsWith("deep_query")).map(({ type, source }) => [type, source]),
      [
        ["deep_query_began", "eto-1"],
        ["deep_query_ended", "eto-1"],
      ],
    );
  });

  test("does not begin without a window, with one of another kind or scope, or one that has not begun", async () => {
    assert.match(await problems(), /plc: no_window: no deep-query window is open: open one/u);
    await windows.handlers["window-open"]({ kind: "mute", scope: "site", forMs: 60_000, by: "eto-1", reason: "noise" });
    assert.match(await problems(), /found w1 is a mute, which lets nothing more be asked/u);
    const from = new Date(clock.wall() + 600_000).toISOString();
    await windows.handlers["window-open"]({ kind: "deep-query", scope: "site", from, forMs: 60_000, by: "eto-1", reason: "survey" });
    assert.match(await problems(), /w2 begins at 2026-11-21 12:10:00 UTC: wait for that, or open another \(watchkeeper window open/u);
    await open("device:pump");
    assert.match(
      await problems(),
      /plc: window_scope: the open deep-query window does not cover this device; found w3 covers device:pump/u,
    );
    assert.match(await problems({ devices: ["plc", "pump"] }), /^plc: window_scope[^\n]*$/u);
  });

  test("does not begin once its window has ended or was closed, at a stop, without an audit, twice, or before its warning was read", async () => {
    const id = await open("site", 60_000);
    await clock.advance(60_000);
    assert.match(await problems(), /no_window/u);
    assert.equal(id, "w1");
    const second = await open();
    await windows.handlers["window-close"]({ id: second, by: "eto-1", reason: "done" });
    assert.match(await problems(), /no_window/u);
    await open();
    board.stop(true);
    assert.match(await problems(), /^stopped: the site is stopped|^stopped: /u);
    board.stop(false);
    assert.match(await problems({ acknowledged: false }), /first deep query of this site.*--acknowledge-risk/u);
    journal.unwritableSince = clock.wall();
    assert.match(await problems(), /the audit cannot be written/u);
    journal.unwritableSince = undefined;
    beat();
    assert.ok((await begin()).ok);
    const again = await begin();
    assert.match(again.ok ? "" : again.problems.join(), /under way, expected none/u);
  });

  test("does not begin for more than 16 devices, for one twice, or for one that is not there; all at once", async () => {
    await open();
    const many = Array.from({ length: 17 }, (_, at) => `d${at}`);
    const found = await problems({ devices: [...many, "plc", "plc"] });
    assert.match(found, /found 19 devices, expected at most 16 a run/u);
    assert.match(found, /plc: found twice/u);
    assert.match(found, /d16: found no such device/u);
  });

  test("does not begin where its record cannot be kept", async () => {
    await open();
    writeFileSync(join(stateDir, deepRecordsFolder), "in the way");
    assert.match(await problems(), /the record of a deep query cannot be written/u);
  });

  test("ends with a stop, with its window, with the person who watches, and when that person says so; nothing is asked afterwards", async () => {
    const ends: readonly (readonly [string, (id: string) => Promise<unknown>, RegExp])[] = [
      ["stop", () => Promise.resolve(board.stop(true)), /the site was stopped/u],
      [
        "window",
        () => windows.handlers["window-close"]({ id: windows.status()[0]!.id, by: "eto-1", reason: "done" }),
        /the window that covers plc ended or was closed/u,
      ],
      ["watched", () => clock.advance(deepQueryWatchedWithin + 1), /no longer watches it/u],
      ["poller", () => Promise.all([deep.close(), clock.advance(10)]), /the poller was ended/u],
    ];
    for (const [name, end, why] of ends) {
      come = (check) =>
        Promise.resolve({
          kind: "refused",
          check,
          at: clock.monotonic(),
          reason: "line_budget",
          retryAt: after(clock.monotonic(), milliseconds(60_000)),
          sent: nothingSent,
        });
      const id = await begun();
      await clock.advance(300);
      deep.look();
      assert.equal(deep.runs, true, name);
      await end(id);
      deep.look();
      await clock.advance(300);
      const looked = await look(id);
      assert.equal(looked.running, false, name);
      assert.match(looked.cutShort ?? "", why, name);
      assert.match(record(id).cutShort ?? "", why);
      assert.ok(endings > 0, name);
      deep.look();
      board.stop(false);
      for (const window of windows.status()) await windows.handlers["window-close"]({ id: window.id, by: "eto-1", reason: "done" });
      await clock.advance(2000);
    }
    const id = await begun();
    const ended = deep.handlers["deep-query-end"]({ id, by: "eto-1" });
    await clock.advance(500);
    assert.ok((await ended).ok);
    assert.match(record(id).cutShort ?? "", /ended by eto-1/u);
    for (const unknown of [deep.handlers["deep-query-end"]({ id, by: "eto-1" }), deep.handlers["deep-query-look"]({ id: "dq-x", seen: 0 })])
      assert.equal((await unknown).ok, false);
    await deep.close();
  });

  test("asks nothing from the moment at which it is ended, though no record is written and no other begins while a question is out", async () => {
    const out = Promise.withResolvers<Outcome | undefined>();
    come = () => out.promise;
    const id = await begun();
    assert.equal(deep.runs, true);
    const ended = deep.handlers["deep-query-end"]({ id, by: "eto-1" });
    assert.equal(deep.runs, false);
    assert.equal((await look(id)).running, true);
    assert.match(await problems(), /under way, expected none/u);
    out.resolve(undefined);
    assert.ok((await ended).ok);
  });

  test("asks nothing of a device whose latest heartbeat failed, and says so", async () => {
    const check = plan.checks.get("plc/modbus-fc43" as CheckId)!;
    await clock.advance(10);
    board.outcome({ kind: "failed", check, at: clock.monotonic(), failure: "timeout", detail: "silence", sent });
    await open();
    const reply = await begin();
    assert.ok(reply.ok);
    await clock.advance(1000);
    const looked = await look(reply.result.id);
    assert.deepEqual([looked.running, looked.complete], [false, false]);
    assert.match(looked.news.at(-1)?.text ?? "", /plc: not asked: its latest heartbeat was not answered/u);
  });

  test("tells where its record could not be written in the end, and where a mistake of the poller ended it", async () => {
    const id = await begun();
    const folder = join(stateDir, deepRecordsFolder);
    rmSync(folder, { recursive: true });
    beat();
    await clock.advance(5000);
    beat();
    await clock.advance(90_000);
    assert.match((await look(id)).problem ?? "", /cannot be written/u);
    chmodSync(stateDir, 0o700);
    come = () => Promise.reject(new Error("a mistake"));
    beat();
    const reply = await begin();
    assert.ok(reply.ok, JSON.stringify(reply));
    await clock.advance(100);
    assert.match((await look(reply.result.id)).problem ?? "", /a mistake in the poller itself/u);
    assert.equal(bugs.length, 1);
    assert.equal(deep.runs, false);
  });
});

test("nothing was ever asked for a device without a window", () => {
  assert.deepEqual(windows.windows.deepQuery(plan.devices.get("plc" as DeviceId)!), { leave: "none" });
});
