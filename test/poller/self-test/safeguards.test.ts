/** The self-test holds for the program as it is, says what it could not try, and leaves nothing behind. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import { tryExclusions, tryLimiter, tryStop } from "../../../src/poller/self-test/safeguards.ts";
import { Budgets } from "../../../src/safety/budgets.ts";
import { StopFile } from "../../../src/store/stop-file.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "wk-self-"));
});
afterEach(() => {
  mock.restoreAll();
  rmSync(folder, { recursive: true });
});

describe("the program as it is", () => {
  test("refuses what is too early, what is excluded, and everything while STOP lies there", async () => {
    assert.equal((await tryLimiter()).result, "ok");
    assert.equal((await tryExclusions(folder)).result, "ok");
    assert.equal((await tryStop(folder)).result, "ok");
    assert.deepEqual(readdirSync(folder), []);
  });
});

describe("a program that is damaged", () => {
  test("fails where a line may be asked before its interval is over", async () => {
    mock.method(Budgets.prototype, "lineReadyAt", (_check: unknown, now: number) => now);
    const item = await tryLimiter();
    assert.equal(item.result, "fail");
    assert.match(item.detail, /^found .* taken from an empty bucket, .*expected line_budget, line_budget, asked, line_budget$/u);
  });

  test("fails where a stop file is not seen", async () => {
    mock.method(StopFile.prototype, "read", () => false);
    const item = await tryStop(folder);
    assert.equal(item.result, "fail");
    assert.match(item.detail, /found asked and with a file STOP line_budget|found asked and with a file STOP asked/u);
  });
});

test("a state folder in which nothing can be written fails what needs it, with what to do", async () => {
  for (const item of [await tryStop(join(folder, "gone")), await tryExclusions(join(folder, "gone"))]) {
    assert.equal(item.result, "fail");
    assert.match(item.detail, /it could not be tried in the state folder \(ENOENT/u);
    assert.match(item.toDo, /make room there/u);
  }
});
