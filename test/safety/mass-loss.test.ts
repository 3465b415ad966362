/** Three devices and a fifth of a segment or family falling silent together are left alone until one of them, tried rarely, answers. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DeviceId } from "../../src/domain/plan.ts";
import { monotonicMs } from "../../src/domain/units.ts";
import { Breakers } from "../../src/safety/breakers.ts";
import { MassLossBreaker } from "../../src/safety/mass-loss.ts";
import { literalPlan } from "../support/literal-plan.ts";

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
    assert.equal(breaker.answered(id("d0")), undefined);
    assert.equal(breaker.lost(id("d5"), 3, at(1)), false);
  });
  it("opens once, lets one trial go every 15 min, closes with an answer", () => {
    const breaker = new MassLossBreaker();
    lose(breaker, 3, 3);
    assert.equal(breaker.lost(id("d9"), 3, at(5)), false);
    breaker.tried(id("healthy"), at(900_000));
    assert.equal(breaker.heldUntil(id("other")), 1_800_000);
    assert.deepEqual(breaker.answered(id("d9")), { recovered: ["d0", "d1", "d2"] });
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

describe("breakers of segments and families", () => {
  const devices = ["a", "b", "c"].map((name, n) => ({ name, address: `192.0.2.${n + 1}`, segment: name === "c" ? "power" : "hvac" }));
  it("hold a family across segments, and a segment that is not concerned goes on by itself", () => {
    const plan = literalPlan([...devices, { name: "other", address: "192.0.2.9", segment: "power", profile: "schneider-m221" }]);
    const breakers = new Breakers();
    breakers.adopt(plan);
    const opened = devices.flatMap(({ name }) => breakers.lost(plan.devices.get(id(name))!, at(0)));
    assert.deepEqual(opened, ["profile:generic-modbus-tcp"]);
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), 1_200_000);
    assert.equal(breakers.heldUntil(plan.devices.get(id("other"))!), undefined);
    breakers.adopt(plan);
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), 1_200_000, "a reload does not open it");
    breakers.adopt(literalPlan([]));
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), undefined);
  });
  it("say when the next trial of a scope is, of whichever device", () => {
    const plan = literalPlan([...devices, { name: "healthy", address: "192.0.2.9", segment: "power" }]);
    const breakers = new Breakers();
    breakers.adopt(plan);
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
    const breakers = new Breakers();
    breakers.adopt(plan);
    const [a, b, c] = devices.map(({ name }) => plan.devices.get(id(name))!);
    for (const device of [a!, b!, c!]) breakers.lost(device, at(0));
    breakers.tried(a!, at(950_000));
    assert.equal(breakers.heldUntil(b!), 2_150_000);
    const { scopes, recovered } = breakers.answered(b!);
    assert.deepEqual(scopes, ["segment:hvac", "profile:generic-modbus-tcp"]);
    assert.deepEqual([...recovered], ["a", "c"]);
  });
  it("know nothing of a device that is not in the plan", () => {
    const plan = literalPlan(devices.slice(0, 1));
    const orphan = { ...plan, devices: new Map() };
    const breakers = new Breakers();
    breakers.adopt(orphan);
    assert.equal(breakers.heldUntil(plan.devices.get(id("a"))!), undefined);
  });
});
