/** The turn that is kept for a question of a deep query: no heartbeat comes in it, and none is held longer for a question that stays away. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check, CheckId, SegmentId } from "../../src/domain/plan.ts";
import { milliseconds, monotonicMs, type MonotonicMs } from "../../src/domain/units.ts";
import { Budgets } from "../../src/safety/budgets.ts";
import { literalPlan } from "../support/literal-plan.ts";

const plan = literalPlan([{ name: "plc", address: "192.0.2.11", intervalMs: 30_000, floorMs: 30_000, deep: true }]);
const beat: Check = plan.checks.get("plc/modbus-fc43" as CheckId)!;
const question: Check = plan.deep.get("plc/deep-modbus-server-id" as CheckId)!;
const another: Check = plan.deep.get("plc/deep-modbus-identification-regular" as CheckId)!;
const at = (seconds: number): MonotonicMs => monotonicMs(seconds * 1000);

/** A heartbeat was asked at 100 s, and a question waits since 110 s, until then. */
function waiting(from: MonotonicMs = at(130)): Budgets {
  const budgets = new Budgets();
  budgets.adopt(plan, at(0));
  budgets.take(beat, "hvac" as SegmentId, at(100));
  assert.equal(budgets.lineReadyAt(question, at(110)), at(130));
  budgets.keepTurn(question, from, at(110));
  return budgets;
}

describe("the turn of a question", () => {
  it("is kept from when it may go for half the floor: until then a heartbeat that falls due waits", () => {
    const budgets = waiting();
    assert.equal(budgets.lineReadyAt(beat, at(129)), at(130));
    assert.equal(budgets.lineReadyAt(beat, at(130)), at(145));
    assert.equal(budgets.lineReadyAt(question, at(130)), at(130));
    budgets.take(question, "hvac" as SegmentId, at(131));
    assert.equal(budgets.lineReadyAt(beat, at(131)), at(161));
    assert.equal(budgets.lineReadyAt(beat, at(161)), at(161));
  });

  it("that it does not come to is the heartbeat's, and no other is kept before that was asked", () => {
    const budgets = waiting();
    assert.equal(budgets.lineReadyAt(beat, at(145)), at(145));
    budgets.keepTurn(another, at(150), at(146));
    assert.equal(budgets.lineReadyAt(beat, at(150)), at(150));
    budgets.take(beat, "hvac" as SegmentId, at(151));
    budgets.keepTurn(another, at(181), at(152));
    assert.equal(budgets.lineReadyAt(beat, at(181)), at(196));
  });

  it("is kept for half its own interval where the plan names no floor", () => {
    const { floor: _floor, ...alone } = question;
    const bare = new Budgets();
    bare.adopt(
      { ...plan, checks: new Map([[beat.id, { ...beat, interval: milliseconds(20_000) }]]), deep: new Map([[alone.id, alone]]) },
      at(0),
    );
    bare.keepTurn(alone, at(40), at(20));
    const { floor: _beatFloor, ...free } = beat;
    assert.equal(bare.lineReadyAt(free, at(40)), at(55));
  });

  it("is not kept where a heartbeat has its turn first, and no longer once the run is over, a reload has come or time has jumped", () => {
    const asked = waiting();
    asked.take(question, "hvac" as SegmentId, at(131));
    assert.equal(asked.lineReadyAt(another, at(161)), at(162), "no heartbeat since the question before");
    asked.keepTurn(another, at(162), at(161));
    assert.equal(asked.lineReadyAt(beat, at(162)), at(162));
    const ended: readonly ((budgets: Budgets) => void)[] = [(one) => one.freeTurns(), (one) => one.adopt(plan, at(111))];
    for (const end of ended) {
      const budgets = waiting();
      end(budgets);
      assert.equal(budgets.lineReadyAt(beat, at(130)), at(130));
    }
    const jumped = waiting(at(150));
    jumped.empty(at(120));
    assert.equal(jumped.lineReadyAt(beat, at(150)), at(150));
  });
});
