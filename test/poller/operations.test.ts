/** What people make a running poller do: a resumption never takes a later stop with it, and a reload never ends the poller. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Settings } from "../../src/config/loaded-site.ts";
import type { ControlReply } from "../../src/domain/control.ts";
import { assemble } from "../../src/poller/assemble.ts";
import { Operations, type OperationsParts } from "../../src/poller/operations.ts";
import { StopFile } from "../../src/store/stop-file.ts";
import { systemClock as clock } from "../../src/system-clock.ts";
import { plan, RememberingJournal } from "../store/support/site.ts";
import { Vault } from "../../src/poller/vault.ts";

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
  const settings: Settings = {
    site: "mv-test",
    stateDir: folder,
    watchlist: join(folder, "watchlist.yaml"),
    profileDir: folder,
    credentials: null,
    web: { listenAddresses: [], configFile: null },
    log: { level: "error", format: "json" },
    labels: { address: false },
  };
  const stopFile = new StopFile(folder, clock);
  const options = { settingsFile: join(folder, "watchkeeper.yaml"), lab: true };
  const opened = { journal, trips: [], proven: new Map() };
  const { board, gate, log, recorder, scheduler } = assemble(
    options,
    { settings, plan: plan({}), credentials: new Map() },
    opened,
    stopFile,
  );
  const replan = (): ReturnType<OperationsParts["replan"]> => Promise.resolve({ settings, plan: plan({}), credentials: new Map() });
  return new Operations({
    clock,
    board,
    gate,
    journal,
    log,
    recorder,
    scheduler,
    stopFile,
    vault: new Vault(new Map()),
    replan,
    settings,
    ...changes,
  });
}

function problemOf(reply: ControlReply<"resume">): string {
  return reply.ok ? "" : reply.problems.join(" ");
}

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
});
