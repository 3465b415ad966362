/** A plan comes into force in one tick, in every part, after everything was worked out, or not at all; what it brings to light is recorded when all have it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preparing } from "../../src/domain/taking-over.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { PlannedDevice } from "../../src/domain/plan.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { takeOver, type TakeOverParts } from "../../src/poller/take-over.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { BoardRecorder } from "../../src/store/recorder.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";
import { SimulatedSite } from "../support/simulated-site.ts";
import { RememberingJournal } from "../store/support/site.ts";

const plan = literalPlan([{ name: "a", address: "192.0.2.1" }]);

const fact: Fact = { kind: "stalled", at: monotonicMs(0), detail: "came to light" };

/** Each part notes what becomes of it; the clock goes on by a slice at each look. `fails`: what throws. */
function parts(log: string[], fails?: string): TakeOverParts {
  let now = 0;
  const does = (what: string): void => {
    if (what === fails) throw new RangeError(`${what}: cannot`);
    log.push(what);
  };
  const part = <T>(name: string, found: T) => ({
    *preparing(): Preparing<() => T> {
      for (let step = 0; step < 3; step++) yield void log.push(`${name} works`) as undefined;
      if (name === fails) throw new RangeError(`${name} cannot`);
      return () => (does(`${name} takes over`), found);
    },
  });
  return {
    clock: { monotonic: () => monotonicMs((now += 5)), wall: () => assert.fail(), at: () => assert.fail() },
    gate: part("gate", [fact, fact]),
    scheduler: part("scheduler", undefined),
    recorder: { ...part("recorder", undefined), record: (each) => (assert.equal(each, fact), does("fact is recorded")) },
    windows: { adopt: (adopted) => (assert.equal(adopted, plan), does("windows take over")) },
    vault: { replace: () => does("credentials take over") },
  };
}

const inOneTick = [
  "gate takes over",
  "credentials take over",
  "windows take over",
  "scheduler takes over",
  "recorder takes over",
  "fact is recorded",
  "fact is recorded",
];

test("everything is worked out first; then all parts take over, and nobody has a turn in between", async () => {
  const log: string[] = [];
  let turns = setImmediate(function turn() {
    log.push("another's turn");
    turns = setImmediate(turn);
  });
  assert.deepEqual(await takeOver(parts(log), { plan, credentials: new Map() }), []);
  clearImmediate(turns);
  const first = log.findIndex((line) => line.endsWith("over"));
  assert.ok(log.slice(0, first).includes("another's turn"));
  assert.deepEqual(log.slice(first), inOneTick);
  assert.deepEqual(log.slice(0, first).filter((line) => line.endsWith("works")).length, 9);
});

for (const fails of ["recorder", "gate takes over"]) {
  test(`nothing takes over where one of them cannot: ${fails}`, async () => {
    const log: string[] = [];
    await assert.rejects(takeOver(parts(log, fails), { plan, credentials: new Map() }), /cannot/u);
    assert.deepEqual(
      log.filter((line) => !line.endsWith("works")),
      [],
    );
  });
}

for (const fails of new Set(inOneTick.slice(1))) {
  test(`what throws when the gate has the new plan keeps nobody else from taking it over: ${fails}`, async () => {
    const log: string[] = [];
    const mistakes = await takeOver(parts(log, fails), { plan, credentials: new Map() });
    assert.deepEqual([...new Set(mistakes.map(String))], [`RangeError: ${fails}: cannot`]);
    assert.deepEqual(
      log.filter((line) => !line.endsWith("works")),
      inOneTick.filter((line) => line !== fails),
    );
  });
}

const both = literalPlan([
  { name: "a", address: "192.0.2.1", places: ["192.0.2.1"], profile: "once-more" },
  { name: "b", address: "192.0.2.2" },
]);

const leftBehind = ["down", "tripped", "held"] as const;
type Left = (typeof leftBehind)[number];

/** A poller of `first`, in whose notes an earlier run left that `a` was down or tripped, or its family held; its board as it is when `both` is in force. */
async function boardOnceBoth(first: typeof both, left: Left): Promise<MemoryBoard> {
  const clock = new FakeClock();
  await clock.advance(3_600_000);
  const now = clock.monotonic();
  const check = [...both.checks.values()].find(({ device }) => device === "a")!;
  const misses = { missed: 8, lostAt: now - 600_000, lastAsked: now - 60_000, failure: "timeout", digest: check.digest };
  const standing = { scope: "device:once-a", cause: "harm", detail: "stopped answering" } as const;
  const place = both.devices.get(check.device)?.places;
  const pages = {
    down: { [`missed ${check.id}`]: misses },
    tripped: { [`tripped-at ${standing.scope}`]: place },
    held: { "held profile:once-more": { triedAt: now - 1000 } },
  }[left];
  const trips = left === "tripped" ? [standing as never] : [];
  const board = new MemoryBoard(clock, first, { stopped: false, trips, proven: new Map([[check.id, check.digest]]) });
  const observer = { transition: () => undefined, happened: () => undefined };
  const recorder = new BoardRecorder({ board, journal: new RememberingJournal(), clock, observer });
  const notes = new MemoryNotebook({ pages: new Map(Object.entries(pages).map(([key, value]) => [key, JSON.stringify(value)])) });
  const before = { clock, witness: { packets: [], connections: [] }, proven: new Map() };
  const { gate, scheduler, facts } = new SimulatedSite({ plan: first, notes, trips, before });
  for (const each of facts) recorder.record(each);
  const rest = { clock, windows: { adopt: () => undefined }, vault: { replace: () => undefined } };
  if (first !== both) assert.deepEqual(await takeOver({ ...rest, gate, scheduler, recorder }, { plan: both, credentials: new Map() }), []);
  return board;
}

for (const left of leftBehind) {
  test(`a device that an earlier run left ${left} is that also when a reload brings it, as after a start`, async () => {
    const atStart = await boardOnceBoth(both, left);
    const byReload = await boardOnceBoth(literalPlan([{ name: "b", address: "192.0.2.2" }]), left);
    for (const board of [atStart, byReload]) {
      const { judgement } = board.device("a" as PlannedDevice["id"])!;
      if (left === "held")
        assert.deepEqual(
          board.holds().map(({ scope }) => scope),
          ["profile:once-more"],
        );
      else assert.equal(left === "down" ? judgement.liveness : judgement.cause, left);
    }
    // Of a hold it says besides which of the two brought it to light.
    const found = (board: MemoryBoard, by: string): unknown => [
      [...board.devices()].map(({ judgement }) => judgement),
      board.trips(),
      board.holds().map(({ detail, ...hold }) => [hold, detail.replace(`before this ${by}`, "before it")]),
    ];
    assert.deepEqual(found(byReload, "reload"), found(atStart, "start"));
  });
}
