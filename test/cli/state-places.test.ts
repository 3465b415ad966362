/** Where `stop` looks for the state folder without settings, and whose process number it may name. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { likelyFolders, pollerPid } from "../../src/cli/state-places.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "wk-places-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the likely state folders", () => {
  const lines: readonly (readonly [line: string, place: string])[] = [
    ["stateDir: /var/lib/watchkeeper", "/var/lib/watchkeeper"],
    ["stateDir: ../elsewhere # since May", "../elsewhere"],
    ["stateDir: 'a folder'", "a folder"],
    ['stateDir: "x#y"\r', "x#y"],
  ];
  for (const [line, place] of lines) {
    test(`begin with the one of ${JSON.stringify(line)}, however broken the rest is`, () => {
      writeFileSync(path.join(folder, "watchkeeper.yaml"), `site: [\n${line}\n\t: }`);
      const found = likelyFolders({ cwd: folder, text: () => undefined });
      assert.deepEqual(found, [path.resolve(folder, place), path.join(folder, "state")]);
    });
  }
  test("without settings are those beside them and here", () => {
    const found = likelyFolders({ cwd: folder, text: () => "/srv/site/watchkeeper.yaml" });
    assert.deepEqual(found, ["/srv/site/state", path.join(folder, "state")]);
  });
});

describe("the poller's process", () => {
  const put = (holder: unknown, commandLine = "node\0/opt/watchkeeper/bin/watchkeeper.mjs\0run\0"): void => {
    writeFileSync(path.join(folder, "lock.json"), typeof holder === "string" ? holder : JSON.stringify(holder));
    mkdirSync(path.join(folder, "4711"), { recursive: true });
    writeFileSync(path.join(folder, "4711/cmdline"), commandLine);
  };
  const host = hostname();
  test("is named while it lives", () => {
    put({ pid: 4711, host });
    assert.equal(pollerPid(folder, folder), 4711);
  });
  test("is not named when its number is somebody else's by now", () => {
    put({ pid: 4711, host }, "postgres\0");
    assert.equal(pollerPid(folder, folder), undefined);
  });
  test("is not named when it ended, runs on another host, or cannot be known", () => {
    assert.equal(pollerPid(folder, folder), undefined);
    for (const holder of [{ pid: 4712, host }, { pid: 4711, host: "elsewhere" }, { pid: "4711", host }, { pid: 1, host }, null, "{"]) {
      put(holder);
      assert.equal(pollerPid(folder, folder), undefined, JSON.stringify(holder));
    }
  });
});
