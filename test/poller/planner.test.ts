/** The plan is worked out in a thread; whatever becomes of that thread is a problem line and never a rejection. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { settingsText } from "../../src/cli/site-template.ts";
import { planned, Planner } from "../../src/poller/planner.ts";

const options = { settingsFile: "/nowhere/watchkeeper.yaml", lab: true };

async function problemsOf(code: string, limits: WorkerOptions = {}): Promise<readonly string[]> {
  const result = await planned(options, () => new Worker(code, { eval: true, ...limits }));
  return "problems" in result ? result.problems : [];
}

describe("a planner's thread", () => {
  const fates: readonly [what: string, code: string, says: RegExp, limits?: WorkerOptions][] = [
    ["that throws", "throw new TypeError('no such rule')", /could not be worked out \(no such rule\)/u],
    ["that rejects", "Promise.reject(new Error('later'))", /could not be worked out \(later\)/u],
    ["that throws no error", "throw 'a word'", /could not be worked out \(a word\)/u],
    ["that ends without an answer", "process.exit(7)", /its thread ended with code 7/u],
    [
      "that runs out of memory",
      "const all = []; for (;;) all.push(new Array(10_000).fill(all.length));",
      /could not be worked out \(.*memory limit/u,
      { resourceLimits: { maxOldGenerationSizeMb: 16 } },
    ],
  ];
  for (const [what, code, says, limits] of fates) {
    test(`${what} is a problem of the files it was to read`, async () => {
      const problems = await problemsOf(code, limits);
      assert.equal(problems.length, 1);
      assert.match(problems[0] ?? "", /^\/nowhere\/watchkeeper\.yaml: /u);
      assert.match(problems[0] ?? "", says);
    });
  }

  test("that cannot be started is one too", async () => {
    const result = await planned(options, () => {
      throw Object.assign(new Error("no more threads"), { code: "ERR_WORKER_INIT_FAILED" });
    });
    assert.match("problems" in result ? (result.problems[0] ?? "") : "", /no more threads/u);
  });

  test("says what is wrong with the files, and else makes a plan that nobody can change", async () => {
    const folder = mkdtempSync(join(tmpdir(), "watchkeeper-planner-"));
    try {
      const settingsFile = join(folder, "watchkeeper.yaml");
      const none = await planned({ settingsFile, lab: true });
      assert.ok("problems" in none && none.problems.length > 0);
      writeFileSync(settingsFile, settingsText({ site: "mv-aurora", lab: true }));
      writeFileSync(join(folder, "watchlist.yaml"), "schema: watchlist/v1\nsegments: []\ndevices: []\n");
      mkdirSync(join(folder, "device-profiles"));
      const empty = await planned({ settingsFile, lab: true });
      assert.ok("plan" in empty, JSON.stringify(empty));
      assert.ok(Object.isFrozen(empty.plan));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  describe("that makes several plans", () => {
    function counting(code: string): { readonly planner: Planner; readonly started: () => number } {
      let count = 0;
      const planner = new Planner(() => {
        count += 1;
        return new Worker(code, { eval: true });
      });
      return { planner, started: () => count };
    }
    const answering = "const { parentPort } = require('node:worker_threads'); let n = 0; ";

    test("is one until it is ended, and then another", async () => {
      const { planner, started } = counting(
        `${answering} parentPort.on('message', () => parentPort.postMessage({ problems: [String(++n)] }))`,
      );
      const answers = [await planner.planned(options), await planner.planned(options)];
      planner.end();
      answers.push(await planner.planned(options));
      planner.end();
      assert.deepEqual(answers, [{ problems: ["1"] }, { problems: ["2"] }, { problems: ["1"] }]);
      assert.equal(started(), 2);
    });

    test("is another where it has ended meanwhile, or failed", async () => {
      const { planner, started } = counting(`${answering} parentPort.on('message', () => { throw new Error("once " + ++n) })`);
      for (const _time of [1, 2]) {
        const result = await planner.planned(options);
        assert.match("problems" in result ? (result.problems[0] ?? "") : "", /could not be worked out \(once 1\)/u);
      }
      assert.equal(started(), 2);
      planner.end();
    });
  });
});
