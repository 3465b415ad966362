/** The composition root: the real state folder behind the commands' words, and a launcher that loads no more than a command needs. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { promisify } from "node:util";
import { stateStore } from "../../src/main.ts";
import { openJournal } from "../../src/store/journal.ts";
import { systemClock } from "../../src/system-clock.ts";
import { wallMs } from "../../src/domain/units.ts";
import { projectRoot } from "../support/source-tree.ts";

const execute = promisify(execFile);
const store = stateStore(systemClock);
const signed = { by: "eto-1", reason: "tried" };
let parent = "";
let folder = "";

beforeEach(async () => {
  parent = mkdtempSync(path.join(tmpdir(), "wk-"));
  folder = path.join(parent, "state");
  assert.equal(await store.create(folder, { site: "mv-aurora", lab: false }), undefined);
});
afterEach(() => rmSync(parent, { recursive: true }));

describe("the state folder", () => {
  test("says for what it was made", () => {
    assert.deepEqual(store.birth(folder), { site: "mv-aurora", lab: false });
    assert.ok("problems" in store.birth(parent));
  });

  test("is made once", async () => {
    const again = await store.create(folder, { site: "mv-aurora", lab: false });
    assert.match(again?.problems[0] ?? "", /found a folder that holds something/);
  });

  test("is stopped and resumed by its file", () => {
    assert.equal(store.stopped(folder), undefined);
    assert.equal(store.stop(folder, signed), undefined);
    const { by, reason, since } = store.stopped(folder) ?? {};
    assert.deepEqual([by, reason], ["eto-1", "tried"]);
    assert.match(since ?? "", /^20\d\d-/);
    assert.equal(store.standingStop(folder)?.lift(signed), undefined);
    assert.equal(store.standingStop(folder), undefined);
    assert.equal(existsSync(path.join(folder, "STOP")), false);
  });

  test("that holds a STOP of nobody is stopped by somebody", () => {
    writeFileSync(path.join(folder, "STOP"), "{}");
    assert.deepEqual(store.stopped(folder), { by: "somebody", reason: "no reason given", since: null });
  });

  test("that is not there cannot be stopped, and says so", () => {
    assert.match(store.stop(path.join(parent, "gone"), signed)?.problems[0] ?? "", /the stop could not be written/);
  });
});

describe("the journal without a poller", () => {
  test("keeps a record, and lifts a trip", async () => {
    const direct = await openJournal(path.join(folder, "journal.sqlite"), { clock: systemClock });
    assert.ok("journal" in direct);
    direct.journal.tripped({ scope: "device:plc-1", cause: "identity_mismatch", detail: "found WAGO" }, wallMs(1_000));
    await direct.journal.close();

    const session = await store.journal(folder, "mv-aurora");
    assert.ok("trips" in session);
    assert.deepEqual(session.trips(), [
      { scope: "device:plc-1", cause: "identity_mismatch", detail: "found WAGO", since: "1970-01-01T00:00:01.000Z" },
    ]);
    session.reset("device:plc-1", systemClock.wall());
    session.audit({ at: systemClock.wall(), source: "cli", category: "trip", type: "reset", result: "success", detail: "x" });
    assert.equal(await session.close(), undefined);

    const again = await store.journal(folder, "mv-aurora");
    assert.ok("trips" in again);
    assert.deepEqual(again.trips(), []);
    await again.close();
  });

  test("is not opened for another site, nor in a copy", async () => {
    const other = await store.journal(folder, "mv-borealis");
    assert.ok("problems" in other);
    assert.match(other.problems[0] ?? "", /found the state of site "mv-aurora", expected "mv-borealis"/);
    const copy = path.join(parent, "copy");
    cpSync(folder, copy, { recursive: true });
    const copied = await store.journal(copy, "mv-aurora");
    assert.ok("problems" in copied);
    assert.match(copied.problems.join("\n"), /found a copy or a restored journal/);
    assert.ok("problems" in (await store.journal(parent, "mv-aurora")));
  });
});

describe("the launcher", () => {
  const launcher = path.join(projectRoot, "bin/watchkeeper.mjs");

  test("runs a command and ends with its exit code", async () => {
    const { version } = JSON.parse(readFileSync(path.join(projectRoot, "package.json"), "utf8")) as { version: string };
    const { stdout } = await execute(process.execPath, [launcher, "--version"]);
    assert.equal(stdout, `watchkeeper ${version}\n`);
    await assert.rejects(execute(process.execPath, [launcher, "plna"]), (error: { code: number; stderr: string }) => {
      assert.equal(error.code, 2);
      assert.equal(error.stderr, 'watchkeeper: unknown command "plna"; did you mean plan?\n`watchkeeper help` lists all commands.\n');
      return true;
    });
  });

  /** What is loaded by a command that finds no site: our files by their paths, packages by their names, and Node's own parts. */
  async function loadedBy(...argv: readonly string[]): Promise<readonly string[]> {
    const script = `
      import { registerHooks } from "node:module";
      const loaded = new Set();
      const nameOf = (url) => /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url)?.[1] ?? /\\/(src\\/.*)/.exec(url)?.[1] ?? url;
      registerHooks({ load: (url, context, next) => (loaded.add(nameOf(url)), next(url, context)) });
      const { main } = await import(process.argv[1]);
      process.stdout.write = process.stderr.write = () => true;
      await main(process.argv.slice(2));
      delete process.stdout.write;
      // There is no site here; what matters is what was loaded on the way.
      process.exitCode = 0;
      console.log(JSON.stringify([...loaded, ...process.moduleLoadList.map((part) => part.replace(/^NativeModule /, ""))]));
    `;
    const main = path.join(projectRoot, "src/main.ts");
    const { stdout } = await execute(process.execPath, ["--input-type=module", "--eval", script, main, ...argv], { cwd: parent });
    return JSON.parse(stdout) as string[];
  }

  const servers = ["fastify", "prom-client", "p-queue", "pino"];
  const protocols = ["modbus-serial", "st-ethernet-ip", "node-opcua", "node-snap7", "net-snmp"];
  const unneeded = new Set([...servers, ...protocols, "bcryptjs", "nodemailer", "internal/deps/undici/undici"]);

  test("loads no protocol package and no server for a command that needs none", async () => {
    const loaded = await loadedBy("plan");
    assert.ok(loaded.includes("zod") && loaded.includes("src/config/compile/compile.ts"), "it plans");
    assert.deepEqual(
      loaded.filter((name) => unneeded.has(name)),
      [],
    );
  });

  test("loads nothing that makes plans for a stop or a look at the poller, so that they wait for nothing", async () => {
    for (const command of ["stop", "status"]) {
      const loaded = await loadedBy(command);
      assert.ok(loaded.includes(`src/cli/commands/${command}.ts`) && loaded.includes("yaml"), "it reads the settings");
      assert.deepEqual(
        loaded.filter((name) => unneeded.has(name) || name === "zod" || name.startsWith("src/drivers/")),
        [],
      );
      assert.deepEqual(loaded.filter((name) => name.startsWith("src/config/compile/") || name.startsWith("src/cli/commands/")).toSorted(), [
        `src/cli/commands/${command}.ts`,
        "src/config/compile/worst-case.ts",
      ]);
    }
  });

  test("loads no command for the list of them", async () => {
    assert.deepEqual(
      (await loadedBy("help")).filter((name) => name.startsWith("src/cli/commands/")),
      [],
    );
  });
});
