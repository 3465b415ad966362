/** What a deep query leaves out of what the site agreed to: said when it begins, to the person who watches it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { DeepRecord } from "../../src/domain/deep-record.ts";
import { nothingSent, type Scope, type Trip } from "../../src/domain/outcome.ts";
import type { CheckId, DeviceId, Plan, ProfileId, StandingRefusal } from "../../src/domain/plan.ts";
import { deepObjections, leftOut, type DeepRequest } from "../../src/poller/deep-objections.ts";
import { DeepQueries } from "../../src/poller/deep-queries.ts";
import type { FamilyDeepReads } from "../../src/domain/stages.ts";
import { wallMs } from "../../src/domain/units.ts";
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
  for (const check of plan.checks.values())
    board.outcome({ kind: "failed", check, at: clock.monotonic(), failure: "timeout", detail: "silence", sent: nothingSent });
  const began = await deep.handlers["deep-query"]({ devices: ["plc", "pump"], differences: "none", acknowledged: true, ...signed });
  assert.ok(began.ok, JSON.stringify(began));
  const { id } = began.result;
  assert.deepEqual(deep.status, { id, ...signed, since: "2026-11-21T12:00:00.000Z", devices: ["plc", "pump"] });
  const looked = await deep.handlers["deep-query-look"]({ id: began.result.id, seen: 0 });
  assert.ok(looked.ok);
  assert.deepEqual(
    looked.result.news.slice(0, 2).map(({ text }) => text),
    expected.map((words) => `not asked: ${words}`),
  );
  await deep.close();
  assert.equal(deep.status, null);
  const saved = join(stateDir, "deep-queries", began.result.id);
  assert.deepEqual((JSON.parse(readFileSync(`${saved}.json`, "utf8")) as DeepRecord).leftOut, expected);
  const page = readFileSync(`${saved}.html`, "utf8");
  for (const words of ["Agreed to and not asked", ...expected]) assert.ok(page.includes(words), words);
});

const request: DeepRequest = {
  asked: ["plc"],
  plan,
  now: wallMs(0),
  windows: [],
  leave: () => "open",
  stopped: false,
  trips: [],
  beaten: () => true,
  running: undefined,
  unacknowledged: false,
  unwritable: undefined,
};

test("a device of safety, protection or navigation is never asked, whatever the plan has", () => {
  const of = (asks: "control" | "safety" | "protection" | "navigation"): readonly string[] => {
    const devices = new Map([...plan.devices].map(([id, device]) => [id, { ...device, function: asks }]));
    return deepObjections({ ...request, plan: { ...plan, devices } });
  };
  assert.deepEqual(of("control"), []);
  for (const never of ["safety", "protection", "navigation"] as const)
    assert.match(of(never).join(), new RegExp(`^plc: safety_function: it is ${never}; `, "u"));
});

test("a device that is tripped, by its own name or its segment's, or was not asked yet, is said to be just that, and nothing begins", () => {
  assert.deepEqual(deepObjections(request), []);
  assert.deepEqual(deepObjections({ ...request, beaten: () => false }), [
    "plc: its heartbeat was not asked yet since the poller started or took it over: begin again when it was (every 1 min)",
  ]);
  const trip: Trip = { scope: "device:plc" as Scope, cause: "identity_mismatch", detail: 'vendor: was "A", is "B"' };
  assert.deepEqual(deepObjections({ ...request, trips: [trip], beaten: () => false }), [
    'plc: tripped: device:plc, identity_mismatch: vendor: was "A", is "B"; when you have looked, `watchkeeper reset`, and wait for a heartbeat',
  ]);
  const { segment } = plan.devices.get("pump" as DeviceId)!;
  const wide: Trip = { scope: `segment:${segment}`, cause: "harm", detail: "two vanished" };
  assert.match(
    deepObjections({ ...request, asked: ["pump"], trips: [trip, wide] })[0] ?? "",
    /^pump: tripped: segment:\S+, harm: two vanished;/u,
  );
});

test("a device of which nothing may be read is told from one of which nobody has agreed to anything, and from one whose heartbeats do not go with it", () => {
  const silent: Plan = { ...plan, deep: new Map(), deepRefused: new Map() };
  const { profile } = plan.devices.get("plc" as DeviceId)!;
  const family = { id: profile as ProfileId, stage: "approved", since: undefined, trial: new Map() } as const;
  const objection = (deepReads?: FamilyDeepReads): readonly string[] =>
    deepObjections({ ...request, plan: { ...silent, families: new Map([[profile, { ...family, ...(deepReads && { deepReads }) }]]) } });
  assert.deepEqual(objection(), [`plc: profile ${profile} leaves nothing to a deep query`]);
  assert.deepEqual(objection({ offered: ["modbus-server-id", "snmp-system"], agreed: [] }), [
    `plc: found nothing that the site has agreed to: name it under deepQuery in device-profiles/${profile}.yaml (profile ${profile} leaves modbus-server-id, snmp-system to the site), and approve it`,
  ]);
  assert.match(
    objection({ offered: ["opcua-server"], agreed: [{ read: "opcua-server" }] })[0] ?? "",
    /^plc: opcua-server .*expected one that keeps a session/u,
  );
});
