/** Taken from line, segment and site or from none; counted from the latest packet; empty after anything odd. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId, SegmentId } from "../../src/domain/plan.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { Budgets } from "../../src/safety/budgets.ts";
import { literalPlan } from "../support/literal-plan.ts";

const a = { name: "a", address: "192.0.2.1" };
const b = { name: "b", address: "192.0.2.2" };
const plan = literalPlan([a, b]);
const hvac = "hvac" as SegmentId;
const check = (name: string, from = plan) => from.checks.get(`${name}/modbus-fc43` as CheckId)!;
const at = monotonicMs;
const started = (): Budgets => {
  const budgets = new Budgets();
  budgets.adopt(plan, at(0));
  return budgets;
};

describe("budgets", () => {
  it("let nothing through within the first interval", () => {
    const budgets = started();
    assert.equal(budgets.lineReadyAt(check("a"), at(10)), 60_000);
    assert.throws(() => budgets.take(check("a"), hvac, at(59_999)), /empty bucket/u);
  });

  it("take one start from all three at once", () => {
    const budgets = started();
    budgets.take(check("a"), hvac, at(60_000));
    assert.equal(budgets.lineReadyAt(check("a"), at(60_000)), 120_000);
    assert.equal(budgets.lineReadyAt(check("b"), at(60_000)), 60_000);
    assert.equal(budgets.segmentReadyAt(hvac, at(60_000)), 60_500);
    assert.equal(budgets.siteReadyAt(at(60_000)), 60_100);
  });

  it("take from none when one is empty", () => {
    const budgets = started();
    budgets.take(check("a"), hvac, at(60_000));
    assert.throws(() => budgets.take(check("b"), hvac, at(60_000)), /empty bucket/u);
    assert.equal(budgets.siteReadyAt(at(60_100)), 60_100);
  });

  it("count the interval from the latest packet", () => {
    const budgets = started();
    budgets.take(check("a"), hvac, at(60_000));
    budgets.sent(check("a"), at(60_700));
    assert.equal(budgets.lineReadyAt(check("a"), at(60_700)), 120_700);
  });

  it("know nothing of a check that a reload took out while it was in flight", () => {
    const budgets = started();
    budgets.adopt(literalPlan([b]), at(10));
    budgets.sent(check("a"), at(20));
    assert.throws(() => budgets.lineReadyAt(check("a"), at(20)), /no bucket for address:192.0.2.1/u);
  });

  it("keep their levels over a reload, start empty for what is new, and forget what is gone", () => {
    const budgets = started();
    budgets.take(check("a"), hvac, at(60_000));
    const next = literalPlan([a, { name: "c", address: "192.0.2.3" }]);
    budgets.adopt(next, at(61_000));
    assert.equal(budgets.lineReadyAt(check("a", next), at(61_000)), 120_000);
    assert.equal(budgets.lineReadyAt(check("c", next), at(61_000)), 121_000);
    budgets.adopt(plan, at(62_000));
    assert.equal(budgets.lineReadyAt(check("b"), at(62_000)), 122_000);
  });

  it("a renamed device gets no second start: its line goes by its address", () => {
    const budgets = started();
    budgets.take(check("a"), hvac, at(60_000));
    const renamed = literalPlan([{ ...a, name: "renamed" }]);
    budgets.adopt(renamed, at(60_001));
    assert.ok(budgets.lineReadyAt(check("renamed", renamed), at(60_001)) >= 120_000);
  });

  it("a name that stands for other bytes after a reload starts anew: numbered checks may change places", () => {
    const bus = [1, 2].map((unitId) => ({ name: `u${unitId}`, address: "192.0.2.9", line: "gateway:g", unitId }));
    const before = literalPlan(bus);
    const budgets = new Budgets();
    budgets.adopt(before, at(0));
    budgets.take(check("u1", before), hvac, at(70_000));
    const swapped = literalPlan(bus.map((unit) => ({ ...unit, unitId: 3 - unit.unitId })));
    budgets.adopt(swapped, at(80_000));
    assert.equal(budgets.lineReadyAt(check("u2", swapped), at(80_000)), 140_000);
  });

  it("take nothing over from a plan that cannot be", () => {
    const budgets = started();
    const broken = { ...plan, siteStartsPerSecondMax: 0 };
    assert.throws(() => budgets.adopt(broken, at(100)), RangeError);
    assert.equal(budgets.lineReadyAt(check("a"), at(100)), 60_000);
  });

  it("are empty after a freeze or a clock jump", () => {
    const budgets = started();
    budgets.empty(at(500_000));
    assert.equal(budgets.lineReadyAt(check("a"), at(500_000)), 560_000);
    assert.equal(budgets.segmentReadyAt(hvac, at(500_000)), 500_500);
    assert.equal(budgets.siteReadyAt(at(500_000)), 500_100);
  });

  it("a check seen before the plan counts from now", () => {
    const budgets = started();
    const stranger = { ...check("a"), id: "x/modbus-fc43" as CheckId };
    assert.equal(budgets.lineReadyAt(stranger, at(100_000)), 160_000);
  });

  it("a fast site may start a tenth of a second's worth together", () => {
    const budgets = new Budgets();
    const fast = literalPlan(
      Array.from({ length: 5 }, (_, index) => ({ name: `d${index}`, address: `192.0.2.${index + 1}` })),
      { segmentStartsPerSecondMax: 50, siteStartsPerSecondMax: 50 },
    );
    budgets.adopt(fast, at(0));
    for (const each of fast.checks.values()) budgets.take(each, hvac, at(100_000));
    assert.equal(budgets.siteReadyAt(at(100_000)), 100_020);
  });
});

describe("budgets of a plan that is worked out while the one before holds", () => {
  it("count what leaves meanwhile, and let nothing new through within its first interval", () => {
    const budgets = started();
    const next = literalPlan([a, { ...b, intervalMs: 90_000 }, { name: "c", address: "192.0.2.3" }]);
    const work = budgets.preparing(next);
    let step = work.next();
    while (!step.done) step = work.next();
    budgets.take(check("a"), hvac, at(60_000));
    budgets.sent(check("b"), at(61_000));
    assert.throws(() => budgets.lineReadyAt(check("c", next), at(61_000)), /no bucket/u);
    step.value(at(62_000));
    assert.equal(budgets.askedAt(check("a", next), at(62_000)), 60_000);
    assert.equal(budgets.lineReadyAt(check("a", next), at(62_000)), 120_000);
    assert.equal(budgets.askedAt(check("b", next), at(62_000)), 62_000, "another check");
    assert.ok(budgets.lineReadyAt(check("b", next), at(62_000)) >= 151_000);
    assert.equal(budgets.lineReadyAt(check("c", next), at(62_000)), 122_000);
  });
});
