/** A stop by signal that comes before the program is loaded is kept for it, and written. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createStateFolder } from "../../src/store/state-folder.ts";
import { projectRoot } from "../support/source-tree.ts";

/** Sends the signal in the moment in which the launcher begins to load the program. */
const asItIsLoaded = `
import { registerHooks } from "node:module";
registerHooks({
  load(url, context, next) {
    if (url.endsWith("/src/main.ts")) process.kill(process.pid, "SIGUSR2");
    return next(url, context);
  },
});`;

test("a poller that is stopped by a signal before it is loaded has written STOP", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wk-early-"));
  try {
    createStateFolder(join(folder, "state"), { site: "mv-aurora", lab: true });
    // The watchlist is missing, so the poller ends by itself; the stop comes first.
    writeFileSync(join(folder, "watchkeeper.yaml"), "site: mv-aurora\n");
    const preload = `data:text/javascript,${encodeURIComponent(asItIsLoaded)}`;
    const child = spawn(process.execPath, ["--import", preload, join(projectRoot, "bin/watchkeeper.mjs"), "run", "--lab"], {
      cwd: folder,
      env: { ...process.env, WATCHKEEPER_LAB: "1" },
      stdio: "ignore",
    });
    assert.deepEqual(await once(child, "exit"), [1, null]);
    assert.ok(existsSync(join(folder, "state", "STOP")));
    assert.equal((JSON.parse(readFileSync(join(folder, "state", "STOP"), "utf8")) as { by: string }).by, "SIGUSR2");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
