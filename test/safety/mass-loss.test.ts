/** Three devices and a fifth of a segment or family falling silent together are left alone until one of them, tried rarely, answers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeviceId } from "../../src/domain/plan.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { Breakers } from "../../src/safety/breakers.ts";
import { MassLossBreaker } from "../../src/safety/mass-loss.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { MemoryNotebook } from "../support/memory-notebook.ts";

const at = monotonicMs;
const id = (name: string) => name as DeviceId;
const lose = (breaker: MassLossBreaker, count: number, members: number, when = 0) =>
  Array.from({ length: count }, (_, n) => breaker.lost(id(`d${n}`), members, at(when))).at(-1);

describe("mass loss", () => {
  it("needs three devices", () => {
    const breaker = new MassLossBreaker();
    assert.equal(lose(breaker, 2, 2), false);
    assert.equal(breaker.open, false);
    assert.equal(lose(breaker, 3, 3), true);
    assert.equal(breaker.heldUntil(id("healthy")), 900_000);
  });
  it("needs a fifth of the members", () => {
    assert.equal(lose(new MassLossBreaker(), 3, 16), false);
    assert.equal(lose(new MassLossBreaker(), 3, 15), true);
  });
  it("needs them together: three in a day are three faults", () => {
    const breaker = new MassLossBreaker();
    for (let n = 0; n < 5; n++) assert.equal(breaker.lost(id(`d${n}`), 5, at(n * 8_000_000)), false);
  });
  it("forgets a device that answered", () => {
    const breaker = new MassLossBreaker();
    lose(breaker, 2, 3);
    assert.equal(breaker.answered(id("d0"), at(0)), undefined);
    assert.equal(breaker.lost(id("d5"), 3, at(1)), false);
  });
  it("opens once, lets one trial go every 15 min, closes with an answer", () => {
    const breaker = new MassLossBreaker();
    lose(breaker, 3, 3);
    assert.equal(breaker.lost(id("d9"), 3, at(5)), false);
    breaker.tried(id("healthy"), at(900_000));
    assert.equal(breaker.heldUntil(id("other")), 1_800_000);
    assert.deepEqual(breaker.answered(id("d9"), at(900_010)), { recovered: ["d0", "d1", "d2"] });
    assert.equal(breaker.heldUntil(id("other")), undefined);
    breaker.tried(id("other"), at(1));
    assert.equal(breaker.heldUntil(id("other")), undefined);
  });
  it("tries one that still answered before one that was lost, and nobody twice in a row", () => {
    const breaker = new MassLossBreaker();
    lose(breaker, 3, 10);
    assert.equal(breaker.heldUntil(id("healthy")), 900_000);
    assert.equal(breaker.heldUntil(id("d0")), 1_200_000);
    breaker.tried(id("d0"), at(1_200_000));
    assert.equal(breaker.heldUntil(id("d1")), 2_400_000);
    assert.equal(breaker.heldUntil(id("d0")), 3_000_000);
  });
});

describe("mass loss over a restart", () => {
  const noted = (kept: unknown, { sameBoot = true, ageMs = 0 } = {}) => ({
    value: JSON.parse(JSON.stringify(kept)) as unknown,
    sameBoot,
    age: milliseconds(ageMs),
  });
  const open = (): MassLossBreaker => {
    const breaker = new MassLossBreaker();
    lose(breaker, 3, 10, 1_000_000);
    return breaker;
  };
  const recalled = (kept: unknown, now: number, how = {}): MassLossBreaker => {
    const breaker = new MassLossBreaker();
    breaker.recall(noted(kept, how), at(now));
    return breaker;
  };
  it("goes on: no trial comes sooner, and whoever was the last lets every other go first", () => {
    const before = open();
    before.tried(id("d7"), at(2_000_000));
    const breaker = recalled(before.kept, 2_100_000);
    assert.equal(breaker.heldUntil(id("d1")), 2_900_000);
    assert.equal(breaker.heldUntil(id("d7")), 3_800_000);
    breaker.recallLost(id("d1"), milliseconds(9_000_000), at(9_100_000));
    assert.equal(breaker.heldUntil(id("d1")), 3_200_000, "one that was lost goes behind");
    assert.deepEqual(breaker.answered(id("d1"), at(3_200_000)), { recovered: [] });
    assert.equal(breaker.open, false);
  });
  it("counts from the note where its moment is of another boot or damaged", () => {
    assert.equal(recalled(open().kept, 300_000, { sameBoot: false, ageMs: 200_000 }).heldUntil(id("a")), 1_000_000);
    assert.equal(recalled({ triedAt: "x", lastTried: 7 }, 300_000, { ageMs: 200_000 }).heldUntil(id("a")), 1_000_000);
  });
  it("does not come back once it was over, nor with the losses of before", () => {
    const before = open();
    before.answered(id("d9"), at(1_060_000));
    const breaker = recalled(before.kept, 1_100_000);
    assert.equal(breaker.open, false);
    for (const name of ["d0", "d1", "d2"]) breaker.recallLost(id(name), milliseconds(100_000), at(1_100_000));
    assert.equal(breaker.lost(id("d3"), 4, at(1_110_000)), false);
    for (const damaged of [null, {}, { triedAt: undefined }]) assert.equal(recalled(damaged, 1).open, false);
    const never = new MassLossBreaker();
    never.recall(undefined, at(1));
    assert.equal(never.open, false);
  });
  it("counts losses before the restart and after it together, if they were", () => {
    const counts = (agoMs: number): boolean => {
      const breaker = new MassLossBreaker();
      for (const name of ["d0", "d1"]) breaker.recallLost(id(name), milliseconds(agoMs), at(2_000_000));
      return breaker.lost(id("d2"), 4, at(2_000_000));
    };
    assert.deepEqual([counts(900_000), counts(900_001)], [true, false]);
  });
  it("ends with its scope: one that a reload took out does not come back with it", () => {
    const plan = literalPlan(["a", "b", "c"].map((name, n) => ({ name, address: `192.0.2.${n + 1}` })));
    const notes = new MemoryNotebook();
    const breakers = new Breakers(notes);
    breakers.adopt(plan, at(0));
    for (const device of plan.devices.values()) breakers.lost(device, at(0));
    assert.deepEqual(new Breakers(new MemoryNotebook({ pages: notes.pages })).adopt(plan, at(1)), [
      "segment:hvac",
      "profile:generic-modbus-tcp",
    ]);
    breakers.adopt(literalPlan([]), at(1));
    assert.deepEqual(new Breakers(new MemoryNotebook({ pages: notes.pages })).adopt(plan, at(1)), []);
  });
});

describe("breakers of segments and families", () => {
  const devices = ["a", "b", "c"].map((name, n) => ({ name, address: `192.0.2.${n + 1}`, segment: name === "c" ? "power" : "hvac" }));
  it("hold a family across segments, and a segment that is not concerned goes on by itself", () => {
    const plan = literalPlan([...devices, { name: "other", address: "192.0.2.9", segment: "power", profile: "schneider-m221" }]);
    const breakers = new Breakers(new MemoryNotebook());
    breakers.adopt(plan, at(0));
    const opened = devices.flatMap(({ name }) => breakers.lost(plan.devices.get(id(name))!, at(0)));
    assert.deepEqual(opened, ["profile:generic-modbus-tcp"]);
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), 1_200_000);
    assert.equal(breakers.heldUntil(plan.devices.get(id("other"))!), undefined);
    breakers.adopt(plan, at(0));
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), 1_200_000, "a reload does not open it");
    breakers.adopt(literalPlan([]), at(0));
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), undefined);
  });
  it("say when the next trial of a scope is, of whichever device", () => {
    const plan = literalPlan([...devices, { name: "healthy", address: "192.0.2.9", segment: "power" }]);
    const breakers = new Breakers(new MemoryNotebook());
    breakers.adopt(plan, at(0));
    const trialAt = () => breakers.trialAt("profile:generic-modbus-tcp", plan.devices.values());
    assert.equal(trialAt(), undefined);
    for (const { name } of devices) breakers.lost(plan.devices.get(id(name))!, at(0));
    assert.equal(trialAt(), 900_000);
    breakers.tried(plan.devices.get(id("healthy"))!, at(900_000));
    assert.equal(trialAt(), 2_100_000, "one that was lost, a third of the wait later");
    assert.equal(breakers.trialAt("segment:hvac", plan.devices.values()), undefined);
  });
  it("wait for the longer of two holds", () => {
    const plan = literalPlan(devices.map((device) => ({ ...device, segment: "hvac" })));
    const breakers = new Breakers(new MemoryNotebook());
    breakers.adopt(plan, at(0));
    const [a, b, c] = devices.map(({ name }) => plan.devices.get(id(name))!);
    for (const device of [a!, b!, c!]) breakers.lost(device, at(0));
    breakers.tried(a!, at(950_000));
    assert.equal(breakers.heldUntil(b!), 2_150_000);
    const { scopes, recovered } = breakers.answered(b!, at(1));
    assert.deepEqual(scopes, ["segment:hvac", "profile:generic-modbus-tcp"]);
    assert.deepEqual([...recovered], ["a", "c"]);
  });
  it("know nothing of a device that is not in the plan", () => {
    const plan = literalPlan(devices.slice(0, 1));
    const orphan = { ...plan, devices: new Map() };
    const breakers = new Breakers(new MemoryNotebook());
    breakers.adopt(orphan, at(0));
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), undefined);
  });
});
