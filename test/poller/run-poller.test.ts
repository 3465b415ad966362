/** A poller's start: every signal is obeyed from the first moment, one poller a state folder, and everything is given back at the end. */
import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { DatabaseSync } from "node:sqlite";
import { settingsText } from "../../src/cli/site-template.ts";
import { runPoller } from "../../src/poller/run-poller.ts";
import { Signals } from "../../src/poller/signals.ts";
import { Budgets } from "../../src/safety/budgets.ts";
import { claimStateFolder } from "../../src/store/database-lock.ts";
import { createStateFolder } from "../../src/store/state-folder.ts";
import { systemClock } from "../../src/system-clock.ts";

let folder = "";
let process_ = new EventEmitter();
const state = (name = ""): string => join(folder, "state", name);

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "wk-run-"));
  process_ = new EventEmitter();
  const settings = settingsText({ site: "mv-aurora", lab: true }).replace(/^web:.*$/mu, "");
  writeFileSync(join(folder, "watchkeeper.yaml"), `${settings}\nweb: {listenAddresses: ["127.0.0.1:${await freePort()}"]}\n`);
  writeFileSync(join(folder, "watchlist.yaml"), "schema: watchlist/v1\nsegments: []\ndevices: []\n");
  mkdirSync(join(folder, "device-profiles"));
  createStateFolder(state(), { site: "mv-aurora", lab: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

function start(): { readonly signals: Signals; readonly code: () => Promise<number> } {
  const signals = new Signals(false, (signal, run) => process_.on(signal, run));
  return { signals, code: () => runPoller({ settingsFile: join(folder, "watchkeeper.yaml"), lab: true }, signals) };
}

/** Waits where the poller, which has just opened the journal, still holds it. */
function audit(): readonly (readonly [unknown, unknown])[] {
  const db = new DatabaseSync(state("journal.sqlite"), { readOnly: true, timeout: 5000 });
  try {
    return db
      .prepare("SELECT type, source FROM audit ORDER BY sequence")
      .all()
      .map(({ type, source }) => [type, source]);
  } finally {
    db.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Lets real work go on until `done`, or until the poller has ended without it. */
async function until(done: () => boolean, ended: Promise<number>): Promise<void> {
  let code: number | undefined;
  void ended.then((end) => (code = end));
  while (!done() && code === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(code, undefined, "it ended by itself");
}

describe("a signal during the start", () => {
  test("that stops is on disk before a file of the site has been read, and nothing is asked afterwards", async () => {
    const { code } = start();
    const ended = code();
    process_.emit("SIGUSR2");
    assert.equal(JSON.parse(readFileSync(state("STOP"), "utf8")).by, "SIGUSR2");
    process_.emit("SIGTERM");
    assert.equal(await ended, 0);
    assert.deepEqual(audit(), [], "it ended before it began");
    assert.equal(existsSync(state("STOP")), true);
  });

  test("that ends leaves nothing behind: another can start at once", async () => {
    const { code } = start();
    process_.emit("SIGINT");
    assert.equal(await code(), 0);
    const lock = claimStateFolder(state(), systemClock);
    assert.ok("release" in lock);
    lock.release();
  });

  test("that reloads is a reload after it", async () => {
    const { code } = start();
    process_.emit("SIGHUP");
    const ended = code();
    await until(() => audit().some(([type]) => type === "reload"), ended);
    process_.emit("SIGUSR2");
    process_.emit("SIGTERM");
    assert.equal(await ended, 0);
    assert.deepEqual(audit(), [
      ["self_test", "poller"],
      ["started", "poller"],
      ["reload", "SIGHUP"],
      ["stopped", "SIGUSR2"],
      ["ended", "poller"],
    ]);
  });
});

test("a second poller of the same state folder says who has it and does nothing", async (context) => {
  const lock = claimStateFolder(state(), systemClock);
  assert.ok("release" in lock);
  const said: string[] = [];
  context.mock.method(process.stderr, "write", (text: string) => said.push(text) > 0);
  assert.equal(await start().code(), 1);
  lock.release();
  assert.match(said.join(""), new RegExp(`found another poller at work in this state folder \\(process ${process.pid} on `, "u"));
  assert.equal(existsSync(state("control.sock")), false);
});

test("a mistake in the settings is told with those of every other file", async (context) => {
  writeFileSync(join(folder, "watchkeeper.yaml"), "site: 7\n");
  writeFileSync(join(folder, "watchlist.yaml"), "schema: other\n");
  const said: string[] = [];
  context.mock.method(process.stderr, "write", (text: string) => said.push(text) > 0);
  assert.equal(await start().code(), 1);
  assert.match(said.join(""), /^watchkeeper\.yaml:1: site: /mu);
});

test("a poller whose self-test fails runs stopped, and its stop says why", async (context) => {
  context.mock.method(Budgets.prototype, "lineReadyAt", (_check: unknown, now: number) => now);
  const ended = start().code();
  await until(() => audit().some(([type]) => type === "started"), ended);
  const stop = JSON.parse(readFileSync(state("STOP"), "utf8")) as { readonly by: string; readonly reason: string };
  process_.emit("SIGTERM");
  assert.equal(await ended, 0);
  assert.equal(stop.by, "self-test");
  assert.match(stop.reason, /^the self-test failed: limiter: found/u);
});

test("connections that the run before left open are on record again before the self-test: a kill in the middle of the start forgets none", async (context) => {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  const left = `10.20.30.41:502 ${systemClock.monotonic() + 60_000}`;
  writeFileSync(state("inflight"), [`boot ${boot}`, `~ ${left}`].map((line) => `${line.padEnd(127)}\n`).join(""), { mode: 0o600 });
  const found: string[] = [];
  const lineReadyAt = Object.getOwnPropertyDescriptor(Budgets.prototype, "lineReadyAt")?.value as Budgets["lineReadyAt"];
  context.mock.method(Budgets.prototype, "lineReadyAt", function (this: Budgets, ...words: Parameters<Budgets["lineReadyAt"]>) {
    found.push(readFileSync(state("inflight"), "utf8"));
    return lineReadyAt.apply(this, words);
  });
  const ended = start().code();
  await until(() => audit().some(([type]) => type === "started"), ended);
  process_.emit("SIGTERM");
  assert.equal(await ended, 0);
  assert.ok(found[0]?.includes(`~ ${left}`), "noted while the self-test was at work");
});
