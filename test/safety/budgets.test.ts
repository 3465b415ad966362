/** Taken from line, segment and site or from none; counted from the latest packet; empty after anything odd. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check, CheckId, Line, SegmentId } from "../../src/domain/plan.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
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

/** Two units behind one gateway, each asked once a minute. */
const bus = () => {
  const units = [1, 2].map((unitId) => ({ name: `u${unitId}`, address: "192.0.2.9", line: "gateway:g", unitId }));
  const behind = literalPlan(units);
  const budgets = new Budgets();
  budgets.adopt(behind, at(0));
  const [{ gap }] = [...behind.lines.values()] as [Line];
  return { budgets, units: units.map(({ name }) => check(name, behind)) as [Check, Check], gap };
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

  it("count a bus, too, from the latest packet, and each check's own interval beside it", () => {
    const { budgets, units, gap } = bus();
    const [u1, u2] = units;
    budgets.take(u1, hvac, at(600_000));
    budgets.sent(u1, at(600_700));
    assert.equal(budgets.lineReadyAt(u2, at(600_700)), 600_700 + gap);
    assert.equal(budgets.lineReadyAt(u1, at(600_700)), 660_700, "its interval, which is longer than the bus's gap");
    budgets.sent(u1, at(600_300));
    assert.equal(budgets.lineReadyAt(u1, at(600_700)), 660_700, "a packet that is learnt of late shortens nothing");
  });

  it("let one start go on a bus and one to a device that was idle, however long", () => {
    const { budgets, units, gap } = bus();
    const [u1, u2] = units;
    budgets.take(u1, hvac, at(6_000_000));
    assert.equal(budgets.lineReadyAt(u2, at(6_000_000)), 6_000_000 + gap);
    assert.throws(() => budgets.take(u2, hvac, at(6_000_500)), /empty bucket/u);
  });

  it("keep a device's floor between its checks, from the latest packet, however long it was idle and though its bus is ready", () => {
    const unit = { address: "192.0.2.9", line: "gateway:g", floorMs: 30_000 };
    const before = literalPlan([
      { ...unit, name: "u1", unitId: 1 },
      { ...unit, name: "u1-more", unitId: 1 },
      { ...unit, name: "u2", unitId: 2 },
    ]);
    const budgets = new Budgets();
    budgets.adopt(before, at(0));
    const [one, more, other] = ["u1", "u1-more", "u2"].map((name) => check(name, before)) as [Check, Check, Check];
    budgets.take(one, hvac, at(6_000_000));
    assert.equal(budgets.lineReadyAt(more, at(6_000_000)), 6_030_000);
    budgets.sent(one, at(6_000_900));
    assert.equal(budgets.lineReadyAt(more, at(6_000_900)), 6_030_900);
    assert.ok(budgets.lineReadyAt(other, at(6_000_900)) < 6_030_000, "its neighbour waits for the bus alone");
    budgets.empty(at(6_020_000));
    assert.equal(budgets.lineReadyAt(more, at(6_020_000)), 6_080_000);
  });

  it("count a deep query's question from its latest packet, for its line, for the site, and as its turn at the device", () => {
    const two = literalPlan([a, b].map((one) => ({ ...one, deep: true })));
    const budgets = new Budgets();
    budgets.adopt(two, at(0));
    const [first, second] = [...two.deep.values()].filter(({ device }) => device === "a") as [Check, Check];
    const elsewhere = [...two.deep.values()].find(({ device }) => device === "b")!;
    const [beat, line] = [check("a", two), first.line];
    budgets.take(beat, hvac, at(60_000));
    budgets.take(first, hvac, at(95_000));
    assert.equal(budgets.lineReadyAt(elsewhere, at(95_000)), 95_500);
    budgets.sent(first, at(95_400));
    assert.equal(budgets.lineReadyAt(elsewhere, at(95_400)), 95_900, "the site");
    assert.equal(budgets.lineReadyAt(beat, at(95_400)), 125_400, `the heartbeat of ${line}`);
    // No heartbeat came in between.
    assert.equal(budgets.lineReadyAt(second, at(140_000)), 141_000);
    budgets.take(beat, hvac, at(140_000));
    assert.equal(budgets.lineReadyAt(second, at(140_000)), 170_000);
    assert.equal(budgets.lineReadyAt(second, at(170_000)), 170_000);
  });

  it("keep a deep query's line and the site at rest over a reload that gives either another pace", () => {
    const unit = { address: "192.0.2.9", line: "gateway:g" };
    const units = (intervalMs: number) =>
      literalPlan([
        { ...unit, name: "u1", unitId: 1, deep: true },
        { ...unit, name: "u2", unitId: 2, deep: true, intervalMs },
      ]);
    const before = units(60_000);
    const budgets = new Budgets();
    budgets.adopt(before, at(0));
    const question = (from: typeof before, name: string): Check => [...from.deep.values()].find(({ device }) => device === name)!;
    budgets.take(question(before, "u1"), hvac, at(600_000));
    const after = units(61_000);
    const [line] = [...after.lines.values()] as [Line];
    assert.notEqual(line.gap, [...before.lines.values()][0]!.gap);
    // The site's pace of a plan that is no lab's is another one, too.
    for (const next of [after, { ...after, lab: false }]) {
      budgets.adopt(next, at(600_001));
      const heartbeat = { ...check("u1", next), interval: milliseconds(1), floor: undefined } as unknown as Check;
      assert.ok(budgets.lineReadyAt(heartbeat, at(600_001)) > 599_999 + line.gap, "the line");
      const [other] = [...literalPlan([{ name: "x", address: "192.0.2.77", deep: true }]).deep.values()] as [Check];
      const bare = { ...other, interval: milliseconds(1), floor: undefined } as unknown as Check;
      assert.ok(budgets.lineReadyAt(bare, at(600_001)) > 600_499, "the site");
    }
  });

  it("count a question that leaves just after a reload took its deep queries out for the heartbeat behind it", () => {
    const before = literalPlan([{ ...a, deep: true }]);
    const budgets = new Budgets();
    budgets.adopt(before, at(0));
    const [question] = [...before.deep.values()] as [Check];
    budgets.take(question, hvac, at(95_000));
    const after = literalPlan([a]);
    budgets.adopt(after, at(95_010));
    budgets.sent(question, at(95_400));
    assert.ok(budgets.lineReadyAt(check("a", after), at(96_000)) >= 125_400);
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
    const next = literalPlan([a, { name: "c", address: "192.0.2.3" }, { name: "d", address: "192.0.2.4", segment: "engine" }]);
    budgets.adopt(next, at(61_000));
    assert.equal(budgets.segmentReadyAt("engine" as SegmentId, at(61_000)), 61_500);
    assert.equal(budgets.segmentReadyAt(hvac, at(61_000)), 61_000);
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

  it("a tenth of a second's worth, and not less than one: one at up to 10/s, two at 11/s, three at 30/s", () => {
    const devices = Array.from({ length: 5 }, (_, index) => ({ name: `d${index}`, address: `192.0.2.${index + 1}` }));
    for (const [rate, together] of [
      [2, 1],
      [10, 1],
      [11, 2],
      [30, 3],
    ] as const) {
      const budgets = new Budgets();
      const some = literalPlan(devices, { segmentStartsPerSecondMax: 50, siteStartsPerSecondMax: rate });
      budgets.adopt(some, at(0));
      const [...checks] = some.checks.values();
      for (const each of checks.slice(0, together)) budgets.take(each, hvac, at(100_000));
      assert.throws(() => budgets.take(checks[together]!, hvac, at(100_000)), /empty bucket/u, `${rate}/s`);
    }
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
