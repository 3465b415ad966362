/** What people make a running poller do: a resumption never takes a later stop with it, and a reload never ends the poller. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Settings } from "../../src/config/loaded-site.ts";
import type { ControlReply } from "../../src/domain/control.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import { Operations, type OperationsParts } from "../../src/poller/operations.ts";
import { Vault } from "../../src/poller/vault.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { HeartbeatGate } from "../../src/safety/gate.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { StopFile } from "../../src/store/stop-file.ts";
import { systemClock as clock } from "../../src/system-clock.ts";
import { RememberingJournal } from "../store/support/site.ts";
import { assembledIn, settingsIn, siteIn } from "./support/assembled.ts";

/** A disk that takes as long as the test wants. */
class SlowJournal extends RememberingJournal {
  #written = Promise.withResolvers<void>();

  override settled(): Promise<void> {
    return this.#written.promise;
  }
  written(): void {
    this.#written.resolve();
  }
}

let folder = "";
let journal = new SlowJournal();
const path = (): string => join(folder, "STOP");
const signed = { by: "eto-1", reason: "cable replaced" };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "watchkeeper-operations-"));
  journal = new SlowJournal();
});
afterEach(() => rmSync(folder, { recursive: true }));

function operations(changes: Partial<OperationsParts> = {}): Operations {
  const stopFile = new StopFile(folder, clock);
  const time = new TrustedTime(clock, wallMs(0));
  const { board, gate, log, recorder, scheduler, windows } = assembledIn(folder, journal, { time, stopFile });
  const replan = (): ReturnType<OperationsParts["replan"]> => Promise.resolve(siteIn(folder));
  const vault = new Vault(new Map());
  const parts = {
    clock,
    board,
    gate,
    journal,
    log,
    recorder,
    scheduler,
    stopFile,
    time,
    unfit: () => Promise.resolve(undefined),
    vault,
    windows,
    replan,
    keep: () => undefined,
    prepare: () => Promise.resolve(),
    settings: settingsIn(folder),
  };
  return new Operations({ ...parts, ...changes });
}

function problemOf(reply: ControlReply<"resume" | "reset" | "clock" | "audit">): string {
  return reply.ok ? "" : reply.problems.join(" ");
}

describe("a clock that shows less than the highest trusted time", () => {
  const known = wallMs(clock.wall() + 86_400_000);

  test("gives no approval a day longer: the gate goes by that time", () => {
    const { gate } = assembledIn(folder, journal, { time: new TrustedTime(clock, known) });
    assert.ok(gate.clock.wall() >= known);
  });

  test("is right again when a person says so, with a record, and not while that cannot be written", async () => {
    const time = new TrustedTime(clock, known);
    const poller = operations({ time });
    journal.written();
    journal.problem = "database or disk is full";
    journal.unwritableSince = clock.wall();
    assert.equal((await poller.handlers.clock(signed)).ok, false);
    assert.ok(time.behind > 0);
    journal.unwritableSince = undefined;
    assert.equal((await poller.handlers.clock(signed)).ok, true);
    assert.equal(time.behind, 0);
    assert.ok((journal.times.at(-1) ?? known) < known);
    assert.deepEqual(
      journal.entries.map(({ source, type }) => [source, type]),
      [["eto-1", "clock_accepted"]],
    );
  });
});

describe("a stop", () => {
  test("that is found ends what is out, once; its end has everybody begin anew, in slots; a look that finds nothing new does neither", async (t) => {
    const [stop, resumed] = [t.mock.method(HeartbeatGate.prototype, "stop"), t.mock.method(HeartbeatGate.prototype, "resumed")];
    const restart = t.mock.method(Scheduler.prototype, "restart");
    const counts = (): readonly number[] => [stop, resumed, restart].map((one) => one.mock.callCount());
    const poller = operations();
    poller.readStop();
    assert.deepEqual(counts(), [0, 0, 0]);
    assert.equal((await poller.handlers.stop({ by: "eto-1", reason: "smoke" })).ok, true);
    poller.readStop();
    poller.readStop();
    assert.deepEqual(counts(), [1, 0, 0]);
    rmSync(path());
    poller.readStop();
    poller.readStop();
    assert.deepEqual(counts(), [1, 1, 1]);
  });
});

describe("an audit that cannot be written", () => {
  test("lets nobody change anything but stop; polling goes on for a day and then ends", async () => {
    const poller = operations();
    journal.written();
    journal.unwritableSince = clock.wall();
    journal.unwritableFor = milliseconds(0);
    assert.equal((await poller.handlers.stop({ by: "eto-1", reason: "smoke" })).ok, true);
    for (const reply of [
      poller.handlers.resume(signed),
      poller.handlers.reset({ ...signed, scope: "site" }),
      poller.handlers.clock(signed),
      poller.handlers.audit({ source: "eto-1", category: "approval", type: "approve", result: "success", detail: "x" }),
    ])
      assert.match(problemOf(await reply), /the audit cannot be written/u);
    assert.equal(poller.auditGone(), false);
    journal.unwritableFor = milliseconds(86_400_000);
    assert.equal(poller.auditGone(), false);
    journal.unwritableFor = milliseconds(86_400_001);
    assert.equal(poller.auditGone(), true);
    journal.unwritableFor = undefined;
    assert.equal(poller.auditGone(), false);
  });
});

test("reloads that the web repeats are a record a minute", async () => {
  const poller = operations();
  for (let i = 0; i < 20; i++) await poller.reload("web, 127.0.0.1");
  assert.deepEqual(
    journal.entries.map(({ source, type }) => [source, type]),
    [["web, 127.0.0.1", "reload"]],
  );
});

describe("a resumption that waits for the disk", () => {
  const others: readonly [whose: string, stop: (poller: Operations) => unknown][] = [
    ["a command's", (poller) => poller.handlers.stop({ by: "eto-2", reason: "smoke again" })],
    ["a signal's", (poller) => poller.stop("SIGUSR2", "signal")],
    ["the web's", (poller) => poller.web.stop("web", "smoke again")],
    ["another process's", () => new StopFile(folder, clock).write("eto-2", "smoke again")],
  ];
  for (const [whose, stop] of others) {
    test(`leaves ${whose} stop of that time in force`, async () => {
      const poller = operations();
      poller.stop("eto-2", "smoke");
      const resumed = poller.handlers.resume(signed);
      await stop(poller);
      journal.written();
      assert.match(problemOf(await resumed), /found another stop/u);
      assert.equal(existsSync(path()), true);
      assert.equal(new StopFile(folder, clock).inForce, true);
      assert.deepEqual(
        journal.entries.filter(({ type }) => type === "resume").map(({ result }) => result),
        ["success", "failure"],
      );
    });
  }

  test("lifts the one it was meant for", async () => {
    const poller = operations();
    poller.stop("eto-2", "smoke");
    journal.written();
    assert.deepEqual(await poller.handlers.resume(signed), { ok: true, result: { wasStopped: true } });
    assert.equal(existsSync(path()), false);
  });

  test("is not obeyed while the self-test fails", async () => {
    const poller = operations({ unfit: () => Promise.resolve("limiter: asked twice") });
    poller.stop("eto-2", "smoke");
    journal.written();
    assert.match(problemOf(await poller.handlers.resume(signed)), /the self-test failed, so the site stays stopped: limiter: asked twice/u);
    assert.equal(existsSync(path()), true);
  });

  test("lifts nothing where nothing is stopped, not even what comes next", async () => {
    const poller = operations();
    const resumed = poller.handlers.resume(signed);
    poller.stop("eto-2", "smoke");
    journal.written();
    assert.deepEqual(await resumed, { ok: true, result: { wasStopped: false } });
    assert.equal(existsSync(path()), true);
  });
});

test("a stop that is repeated is in the audit once for each name", () => {
  const poller = operations();
  for (const by of ["a", "b", "a", "b", "b"]) poller.stop(by, "smoke");
  assert.deepEqual(
    journal.entries.map(({ type, source }) => [type, source]),
    [
      ["stopped", "a"],
      ["stopped_again", "b"],
      ["stopped_again", "a"],
    ],
  );
});

describe("a reload", () => {
  test("that is asked for while one is under way comes once after it, for however many ask", async () => {
    let planned = 0;
    const replan = (): ReturnType<OperationsParts["replan"]> => (planned++, Promise.resolve(siteIn(folder)));
    const poller = operations({ replan });
    const all = await Promise.all(["a", "b", "c"].map((by) => poller.reload(by)));
    assert.deepEqual([planned, all], [2, [[], [], []]]);
    await poller.reload("d");
    assert.equal(planned, 3);
  });

  test("lets the pauses hold by the new plan too, and not by one that nobody can adopt", async (t) => {
    const adopt = t.mock.method(WindowKeeper.prototype, "adopt");
    const poller = operations();
    const broken = operations({ replan: () => Promise.resolve({ plan: { checks: new Map() } } as never) });
    adopt.mock.resetCalls();
    await poller.reload("SIGHUP");
    assert.equal(adopt.mock.callCount(), 1);
    await broken.reload("SIGHUP");
    assert.equal(adopt.mock.callCount(), 1);
  });
  test("says which settings wait for the next start, for as long as they do", async () => {
    const web = { ...settingsIn(folder).web, listenAddresses: [{ host: "127.0.0.1", port: 9900 }] };
    let changed: Settings = { ...settingsIn(folder), web, watchlist: "/elsewhere/watchlist.yaml" };
    const replan = (): ReturnType<OperationsParts["replan"]> => Promise.resolve({ ...siteIn(folder), settings: changed });
    const said: string[] = [];
    const board = { restartFor: [] } as unknown as OperationsParts["board"];
    const parts = assembledIn(folder, journal);
    const log = { write: (_level: string, _event: string, message: string) => void said.push(message), reloaded: () => undefined };
    const poller = operations({ replan, board: Object.assign(parts.board, board), log: log as unknown as OperationsParts["log"] });
    assert.deepEqual(await poller.reload("SIGHUP"), []);
    assert.deepEqual(poller.web.restartFor(), ["web.listenAddresses"], "what a reload does read anew is not among them");
    await poller.reload("SIGHUP");
    assert.deepEqual(said, ["web.listenAddresses was changed in the settings and holds only from the next start of the poller"], "once");
    changed = settingsIn(folder);
    const reply = await poller.handlers.reload({ by: "eto-1" });
    assert.deepEqual(reply.ok && reply.result.restartFor, [], "put back, nothing waits any more");
  });

  const troubles: readonly [what: string, replan: () => Promise<never>][] = [
    ["a planner that rejects", () => Promise.reject(new TypeError("no such rule"))],
    ["a plan that nobody can adopt", () => Promise.resolve({ plan: { checks: new Map() } } as never)],
  ];
  for (const [what, replan] of troubles) {
    test(`with ${what} is told and never rejects`, async () => {
      const poller = operations({ replan });
      const [problem, ...more] = await poller.reload("SIGHUP");
      assert.match(problem ?? "", /a mistake in the poller itself kept the files from being taken over/u);
      assert.deepEqual(more, []);
      assert.equal((await poller.handlers.reload({ by: "eto-1" })).ok, false);
      assert.deepEqual(
        journal.entries.map(({ type, result }) => [type, result]),
        [
          ["reload", "failure"],
          ["reload", "failure"],
        ],
      );
    });
  }

  test("whose files are in force is never called one that failed to take them over, whatever goes wrong after that", async () => {
    const said: string[] = [];
    const log = { bug: () => undefined, write: (_level: string, event: string) => void said.push(event), reloaded: () => assert.fail() };
    const trouble = (): never => {
      throw new RangeError("no room");
    };
    const vault = new Vault(new Map());
    const failing: readonly Partial<OperationsParts>[] = [{ keep: trouble }, { vault: Object.assign(vault, { replace: trouble }) }];
    for (const changes of failing) {
      const [problem, ...more] = await operations({ ...changes, log: log as unknown as OperationsParts["log"] }).reload("SIGHUP");
      assert.match(problem ?? "", /^reload: the files were taken over \(plan .+\), but a mistake .+ after that \(no room\); restart it/u);
      assert.deepEqual(more, []);
    }
    assert.deepEqual(said, ["reload_troubled", "reload_troubled"]);
    assert.deepEqual(
      journal.entries.map(({ type, result }) => [type, result]),
      [
        ["reload", "failure"],
        ["reload", "failure"],
      ],
    );
  });
});
