/** What a deep query leaves out of what the site agreed to: said when it begins, to the person who watches it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DeepRecord } from "../../src/domain/deep-record.ts";
import type { CheckId, DeviceId, Plan, StandingRefusal } from "../../src/domain/plan.ts";
import { leftOut } from "../../src/poller/deep-objections.ts";
import { DeepQueries } from "../../src/poller/deep-queries.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { RememberingJournal } from "../store/support/site.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";

const slot = { reason: "statement_missing", detail: "name the rack" } as const;
const refused: readonly StandingRefusal[] = (
  [
    ["enip-slots-0", slot],
    ["enip-slots-3", slot],
    ["enip-identity", { reason: "approval_stale", detail: "approve it" }],
  ] as const
).map(([read, why]) => {
  const check = `plc/deep-${read}` as CheckId;
  return { check, device: "plc" as DeviceId, method: "enip-identity-object", templates: [], ...why };
});
const plan: Plan = {
  ...literalPlan([
    { name: "plc", address: "192.0.2.11", deep: true },
    { name: "pump", address: "192.0.2.12", deep: true, profile: "another" },
  ]),
  deepRefused: new Map(refused.map((one) => [one.check, one])),
};
const expected = [
  "plc/deep-enip-slots-0 and 1 more: statement_missing: name the rack",
  "plc/deep-enip-identity: approval_stale: approve it",
];

test("what is left out of a deep query is one line for each device and cause, and nothing of a device that is not asked", () => {
  assert.deepEqual(leftOut(plan, [...plan.devices.values()]), expected);
  assert.deepEqual(leftOut(plan, [plan.devices.get("pump" as DeviceId)!]), []);
});

test("a deep query says at its beginning what it leaves out, and its record says so", async (t) => {
  const stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-deep-"));
  t.after(() => rmSync(stateDir, { recursive: true, force: true }));
  const [clock, journal] = [new FakeClock(), new RememberingJournal()];
  const board = new MemoryBoard(clock, plan, { stopped: false, trips: [], proven: new Map() });
  const time = new TrustedTime(clock, clock.wall());
  const kept = { next: 1, windows: [] };
  const pausing = { pausing: () => undefined };
  const windows = new WindowKeeper({
    clock,
    time,
    journal,
    stateDir,
    kept,
    plan: () => plan,
    gate: () => pausing,
    record: () => undefined,
  });
  const gate = { exchange: () => Promise.resolve(undefined), endDeepQuery: () => undefined };
  const log = { bug: (error: unknown) => assert.fail(String(error)) };
  const deep = new DeepQueries({ clock, board, journal, stateDir, version: "1.0.0", windows, gate: () => gate, log });
  const signed = { by: "eto-1", reason: "survey" };
  assert.ok((await windows.handlers["window-open"]({ kind: "deep-query", scope: "site", forMs: 3_600_000, ...signed })).ok);
  const began = await deep.handlers["deep-query"]({ devices: ["plc", "pump"], differences: "none", acknowledged: true, ...signed });
  assert.ok(began.ok, JSON.stringify(began));
  const looked = await deep.handlers["deep-query-look"]({ id: began.result.id, seen: 0 });
  assert.ok(looked.ok);
  assert.deepEqual(
    looked.result.news.slice(0, 2).map(({ text }) => text),
    expected.map((words) => `not asked: ${words}`),
  );
  await deep.close();
  const saved = join(stateDir, "deep-queries", began.result.id);
  assert.deepEqual((JSON.parse(readFileSync(`${saved}.json`, "utf8")) as DeepRecord).leftOut, expected);
  const page = readFileSync(`${saved}.html`, "utf8");
  for (const words of ["Agreed to and not asked", ...expected]) assert.ok(page.includes(words), words);
});
