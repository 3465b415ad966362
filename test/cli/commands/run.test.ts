/** `run` and `reload`: what the poller is started with, and how a running one is told to read its files again. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { reload } from "../../../src/cli/commands/reload.ts";
import { run } from "../../../src/cli/commands/run.ts";
import type { RunOptions } from "../../../src/cli/ports.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
let started: RunOptions[] = [];
const running = (code: number) => ({
  runPoller: (options: RunOptions): Promise<number> => {
    started.push(options);
    return Promise.resolve(code);
  },
});
beforeEach(() => {
  site = new TestSite();
  started = [];
});
afterEach(() => site.remove());

describe("run", () => {
  test("starts the poller with the settings of this folder", async () => {
    assert.deepEqual(await site.run(run, [], running(0)), { code: 0, out: "", err: "" });
    assert.deepEqual(started, [{ settingsFile: `${site.folder}/watchkeeper.yaml`, lab: false }]);
  });

  test("starts it with the settings that are named", async () => {
    await site.run(run, ["--config.file", "/etc/watchkeeper.yaml"], running(0));
    assert.deepEqual(started, [{ settingsFile: "/etc/watchkeeper.yaml", lab: false }]);
  });

  test("starts it for the lab where option and environment say so", async () => {
    await site.run(run, ["--lab"], { ...running(0), env: { WATCHKEEPER_LAB: "1" } });
    assert.equal(started[0]?.lab, true);
  });

  test("does not start for the lab by the option alone, and not at a plant by the environment alone", async () => {
    assert.equal((await site.run(run, ["--lab"], running(0))).code, 2);
    assert.equal(started.length, 0);
    await site.run(run, [], { ...running(0), env: { WATCHKEEPER_LAB: "1" } });
    assert.equal(started[0]?.lab, false);
  });

  test("takes settings for the run from its command line, each checked as the file's are", async () => {
    const argv = ["--web.listen-address", "127.0.0.1:1", "--web.listen-address=[::1]:2", "--web.config.file", "web.yaml"];
    await site.run(run, [...argv, "--log.level", "warn", "--log.format", "text"], running(0));
    assert.deepEqual(started[0]?.overrides, {
      listenAddresses: ["127.0.0.1:1", "[::1]:2"],
      webConfigFile: `${site.folder}/web.yaml`,
      logLevel: "warn",
      logFormat: "text",
    });
    assert.match(
      (await site.run(run, ["--web.listen-address", ":9824"], running(0))).err,
      /found ":9824", expected an address and a port.*hint: 0\.0\.0\.0:9824/u,
    );
    assert.match(
      (await site.run(run, ["--log.level", "loud"], running(0))).err,
      /--log\.level: found "loud", expected one of trace, debug/u,
    );
    assert.equal(started.length, 1);
  });

  test("checks the files and ends where it is told to", async () => {
    site.watch(1);
    const { code, out } = await site.run(run, ["--config.check"], running(0));
    assert.equal(code, 0);
    assert.match(out, /^No mistake in watchkeeper\.yaml/u);
    assert.equal((await site.run(run, ["--config.check", "--log.level", "warn"], running(0))).code, 2);
    assert.deepEqual(started, []);
  });

  test("ends as the poller ended", async () => {
    assert.equal((await site.run(run, [], running(1))).code, 1);
    assert.equal((await site.run(run, [], running(2))).code, 2);
    assert.equal((await site.run(run, [], running(70))).code, 1);
  });

  test("takes no words", async () => {
    assert.equal((await site.run(run, ["now"], running(0))).code, 2);
    assert.deepEqual(started, []);
  });
});

describe("reload", () => {
  const result = { planDigest: "sha256:new", devices: 3, checks: 2, refused: 1, restartFor: [] };

  test("says which settings wait for the next start", async () => {
    const waiting = { ...result, restartFor: ["web.listenAddresses", "log.level"] };
    await site.poller({ reload: () => Promise.resolve({ ok: true, result: waiting }) });
    const { code, out } = await site.run(reload);
    assert.equal(code, 0);
    assert.equal(
      out.split("\n").at(-1),
      "NOT YET: web.listenAddresses, log.level were changed in the settings and hold only from the next start of the poller.",
    );
  });

  test("tells what the poller took", async () => {
    await site.poller({ reload: () => Promise.resolve({ ok: true, result }) });
    assert.deepEqual(await site.run(reload), {
      code: 0,
      out: "Reloaded: 3 devices, 2 checks asked, 1 not asked.\nplan sha256:new",
      err: "",
    });
    assert.deepEqual(site.sent, [["reload", { by: "eto-1" }]]);
    assert.deepEqual(JSON.parse((await site.run(reload, ["--json", "--by", "chief"])).out), result);
    assert.deepEqual(site.sent.at(-1), ["reload", { by: "chief" }]);
  });

  test("tells what is wrong in the files", async () => {
    await site.poller({ reload: () => Promise.resolve({ ok: false, problems: ["watchlist.yaml:3: found x, expected y"] }) });
    assert.deepEqual(await site.run(reload), { code: 1, out: "", err: "watchlist.yaml:3: found x, expected y" });
  });
});
