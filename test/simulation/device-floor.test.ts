/** Devices of several checks through hours, and people who ask as fast as they can: no device is asked twice within its floor, and no turn is missed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { brokenPromises } from "../support/invariants.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { Random } from "../support/random.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const floorMs = 30_000;
const spanMs = 6 * 3_600_000;
const check = (name: string, line: string, intervalMs: number, unitId: number): LiteralDevice => ({
  name: `hvac.${name}`,
  address: "192.0.2.30",
  line,
  intervalMs,
  unitId,
  floorMs,
});

const devices: readonly LiteralDevice[] = [
  // An address with four checks at 60 s, and one with a fast and two slow ones.
  ...[1, 2, 3, 4].map((unit) => check(`four-${unit}`, "address:192.0.2.11", 60_000, unit)),
  ...[60_000, 300_000, 3_600_000].map((intervalMs, unit) => check(`mixed-${unit}`, "hardware:mixed", intervalMs, unit)),
  // A bus: one unit of three checks, one of two, two of one.
  ...["a", "b", "c"].map((name) => check(`unit-1-${name}`, "gateway:fw", 90_000, 1)),
  ...["a", "b"].map((name) => check(`unit-2-${name}`, "gateway:fw", 60_000, 2)),
  ...[3, 4].map((unit) => check(`unit-${unit}`, "gateway:fw", 120_000, unit)),
];

describe("devices of several checks", () => {
  test("are asked in turns: none below its floor, and no turn is missed", async () => {
    const plan = literalPlan(devices);
    const random = new Random(7);
    const site = new SimulatedSite({ plan, pulseEveryMs: 10_000, script: () => ({ does: "answer", afterMs: random.between(1, 60) }) });
    site.start();
    await site.clock.advance(spanMs);
    await site.shutDown();
    assert.deepEqual(brokenPromises(site.witness, [plan], []), []);
    assert.deepEqual(site.skipped, []);
    for (const { device, period, interval } of plan.checks.values()) {
      const most = Math.floor(spanMs / (period ?? interval + 100));
      const { length } = site.frameTimes(device);
      assert.ok(length >= most - 2 && length <= most + 1, `${device}: ${length} of ${most}`);
    }
  });

  test("are asked no faster by people who ask every second", async () => {
    const plan = literalPlan(devices);
    const site = new SimulatedSite({ plan, pulseEveryMs: 10_000 });
    site.start();
    for (let second = 0; second < 1800; second++) {
      for (const id of plan.checks.keys()) void site.gate.exchange(id, "ask-now");
      await site.clock.advance(1000);
    }
    await site.shutDown();
    assert.deepEqual(brokenPromises(site.witness, [plan], []), []);
    assert.ok(site.witness.packets.length > 500, `${site.witness.packets.length} packets`);
  });

  test("keep their floor over reloads that give them more checks, fewer and others", async () => {
    const random = new Random(11);
    const plans = Array.from({ length: 40 }, () =>
      literalPlan(devices.filter(() => random.chance(0.7)).map((one) => ({ ...one, port: random.pick([502, 1502]) }))),
    );
    const site = new SimulatedSite({ plan: plans[0]!, pulseEveryMs: 10_000 });
    site.start();
    for (const plan of plans) {
      site.adopt(plan);
      await site.clock.advance(random.between(1000, 400_000));
      for (const id of plan.checks.keys()) if (random.chance(0.5)) void site.gate.exchange(id, "ask-now");
    }
    await site.shutDown();
    assert.deepEqual(brokenPromises(site.witness, plans, []), []);
    assert.ok(site.witness.packets.length > 500, `${site.witness.packets.length} packets`);
  });
});
