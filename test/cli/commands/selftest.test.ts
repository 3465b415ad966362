/** `selftest`: a line an item, the worst of them is the exit code, and a record with the person's name. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { SelfTestOptions } from "../../../src/cli/ports.ts";
import { selftest } from "../../../src/cli/commands/selftest.ts";
import type { SelfTestReport, SelfTestResult } from "../../../src/domain/self-test.ts";
import { TestSite, type Ran } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(1);
});
afterEach(() => site.remove());

function run(result: SelfTestResult, ...argv: readonly string[]): Promise<Ran> {
  const selfTest = async ({ recorded }: SelfTestOptions): Promise<SelfTestReport> => {
    const problem = await recorded("limiter ok", result !== "fail");
    const items = [
      { name: "limiter", result: "ok", detail: "held", toDo: "" },
      { name: "audit", result, detail: problem ?? "written", toDo: "make room" },
    ] as const;
    return { schema: "self-test/v1", items };
  };
  return site.run(selftest, argv, { selfTest });
}

describe("selftest", () => {
  test("prints what was tried, what came of it and what to do", async () => {
    assert.deepEqual(await run("warn"), { code: 0, out: "ok    limiter  held\nwarn  audit    written. To do: make room", err: "" });
    assert.deepEqual(
      site.state.audit.map(({ source, type, result }) => [source, type, result]),
      [["eto-1", "self_test", "success"]],
    );
  });

  test("ends with 1 where a safeguard failed, and says which as JSON too", async () => {
    site.state.problem = "disk full";
    const { code, out } = await run("fail", "--json");
    assert.equal(code, 1);
    assert.deepEqual((JSON.parse(out) as SelfTestReport).items[1], {
      name: "audit",
      result: "fail",
      detail: "disk full",
      toDo: "make room",
    });
  });

  test("says what is wrong with the files, and tries nothing", async () => {
    site.write("watchlist.yaml", "schema: watchlist/v0\n");
    assert.equal((await run("ok")).code, 1);
    assert.deepEqual(site.state.audit, []);
  });
});
