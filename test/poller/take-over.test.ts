/** A plan comes into force in one tick, after everything was worked out, or not at all. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Preparing } from "../../src/domain/taking-over.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { takeOver, type TakeOverParts } from "../../src/poller/take-over.ts";
import { literalPlan } from "../support/literal-plan.ts";

const plan = literalPlan([{ name: "a", address: "192.0.2.1" }]);

/** Each part notes what becomes of it; the clock goes on by a slice at each look. */
function parts(log: string[], fails?: string): TakeOverParts {
  let now = 0;
  const part = (name: string) => ({
    *preparing(): Preparing<() => void> {
      for (let step = 0; step < 3; step++) yield void log.push(`${name} works`) as undefined;
      if (name === fails) throw new RangeError(`${name} cannot`);
      return () => void log.push(`${name} takes over`);
    },
  });
  return {
    clock: { monotonic: () => monotonicMs((now += 5)), wall: () => assert.fail(), at: () => assert.fail() },
    gate: part("gate"),
    scheduler: part("scheduler"),
    recorder: part("recorder"),
    windows: { adopt: (adopted) => void (assert.equal(adopted, plan), log.push("windows take over")) },
    vault: { replace: () => void log.push("credentials take over") },
  };
}

test("everything is worked out first; then all parts take over, and nobody has a turn in between", async () => {
  const log: string[] = [];
  let turns = setImmediate(function turn() {
    log.push("another's turn");
    turns = setImmediate(turn);
  });
  await takeOver(parts(log), { plan, credentials: new Map() });
  clearImmediate(turns);
  const first = log.findIndex((line) => line.endsWith("over"));
  assert.ok(log.slice(0, first).includes("another's turn"));
  const inOneTick = ["credentials take over", "gate takes over", "windows take over", "scheduler takes over", "recorder takes over"];
  assert.deepEqual(log.slice(first), inOneTick);
  assert.deepEqual(log.slice(0, first).filter((line) => line.endsWith("works")).length, 9);
});

test("nothing takes over where one of them cannot", async () => {
  const log: string[] = [];
  await assert.rejects(takeOver(parts(log, "recorder"), { plan, credentials: new Map() }), /recorder cannot/u);
  assert.deepEqual(
    log.filter((line) => line.endsWith("over")),
    [],
  );
});
