/** Every reload is counted, recorded and told for what it was: taken over, refused, or troubled after it came into force. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { reloadOnce, type ReloadParts } from "../../src/poller/reload.ts";

const files = { plan: { digest: "sha256:new" }, credentials: new Map(), settings: {} };
const settings = { site: "a", web: {}, log: {}, labels: {} };

/** What became of one reload, in its order. */
async function reloaded(
  changes: Partial<Record<keyof ReloadParts, unknown>> = {},
): Promise<{ problems: readonly string[]; said: readonly string[] }> {
  const said: string[] = [];
  const part = {
    *preparing() {
      yield undefined as never;
      return () => [];
    },
  };
  const parts = {
    clock: { monotonic: () => 0 },
    gate: part,
    scheduler: part,
    recorder: {
      ...part,
      record: () => undefined,
      repeated: (key: string, { result, detail }: { result: string; detail: string }) => said.push(`${result}: ${key} (${detail})`),
    },
    windows: { adopt: () => said.push("windows") },
    vault: { replace: () => said.push("credentials") },
    board: { plan: files.plan, restartFor: [], reloaded: (problems: number) => said.push(`${problems} counted`) },
    log: {
      bug: (error: Error) => said.push(`bug ${error.message}`),
      write: (level: string, event: string, text: string) => said.push(`${level} ${event} ${text.slice(0, 40)}`),
      reloaded: (by: string, problems: readonly string[]) => said.push(`told ${by} ${problems.join()}`),
    },
    replan: () => Promise.resolve({ ...files, settings }),
    prepare: () => Promise.resolve(void said.push("prepared")),
    keep: () => said.push("kept"),
    settings,
    ...changes,
  };
  return { problems: await reloadOnce(parts as unknown as ReloadParts, "eto-1"), said };
}

test("a reload prepares before it takes over, keeps the files after, and is a success by its digest", async () => {
  assert.deepEqual(await reloaded(), {
    problems: [],
    said: [
      "prepared",
      "credentials",
      "windows",
      "kept",
      "0 counted",
      "success: reload eto-1 plan sha256:new (plan sha256:new)",
      "told eto-1 ",
    ],
  });
});

test("one whose files have problems takes over nothing, and says the problems", async () => {
  const replan = () => Promise.resolve({ problems: ["line 1", "line 2"] });
  assert.deepEqual(await reloaded({ replan }), {
    problems: ["line 1", "line 2"],
    said: ["2 counted", "failure: reload eto-1 line 1 (line 1)", "told eto-1 line 1,line 2"],
  });
});

test("one whose packages cannot be loaded takes over nothing, and the mistake is in the log", async () => {
  const { problems, said } = await reloaded({ prepare: () => Promise.reject(new TypeError("no package")) });
  assert.match(problems.join(), /^reload: a mistake in the poller itself kept the files from being taken over \(no package\)/u);
  assert.deepEqual([said[0], said[1], said.at(-1)?.startsWith("told eto-1 reload: a mistake")], ["bug no package", "1 counted", true]);
  assert.equal(said.includes("windows") || said.includes("kept"), false);
});

test("one that is troubled after it came into force says so as an error, each mistake once, and never that it was not taken over", async () => {
  const trouble = (what: string) => (): never => {
    throw new RangeError(what);
  };
  const { problems, said } = await reloaded({ keep: trouble("no room"), vault: { replace: trouble("no key") } });
  assert.deepEqual(
    problems.map((one) => /taken over \(plan sha256:new\).*\((.*)\); restart it/u.exec(one)?.[1]),
    ["no key", "no room"],
  );
  assert.deepEqual(
    said.map((one) => one.split(" ").slice(0, 2).join(" ")),
    ["prepared", "windows", "bug no", "bug no", "2 counted", "failure: reload", "error reload_troubled", "error reload_troubled"],
  );
});
