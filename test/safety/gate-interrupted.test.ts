/** Leave is taken back in the middle, and several devices falling silent together are left alone. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId } from "../../src/domain/plan.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { lastOutcome, plc, plcCheck, readySite } from "../support/ready-site.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

describe("taking leave back in the middle", () => {
  const during = async (interrupt: (site: SimulatedSite) => void): Promise<SimulatedSite> => {
    const site = await readySite({ script: () => ({ does: "silence" }) });
    const asked = site.gate.exchange(plcCheck, "schedule");
    await site.clock.advance(100);
    interrupt(site);
    await site.clock.advance(400);
    await asked;
    assert.equal(site.witness.packets.at(-1)?.kind, "rst");
    assert.equal(site.gate.inFlight, 0);
    return site;
  };
  const reasonAfter = (site: SimulatedSite) => {
    const outcome = lastOutcome(site);
    return outcome?.kind === "refused" ? outcome.reason : outcome?.kind;
  };
  it("a stop ends it at once and says nothing about the device", async () => {
    assert.equal(reasonAfter(await during((site) => (site.stopFile = true))), "stopped");
  });
  it("a plan that no longer holds the same bytes to the same place", async () => {
    const changed = literalPlan([{ ...plc, unitId: 7 }]);
    assert.equal(reasonAfter(await during((site) => site.adopt(changed))), "plan_changed");
    assert.equal(reasonAfter(await during((site) => site.adopt(literalPlan([])))), "plan_changed");
  });
  it("a way that leads elsewhere, and that alone", async () => {
    assert.equal(reasonAfter(await during((site) => (site.cutOff = "its cable is out"))), "cut_off");
    const site = await readySite();
    const asked = site.gate.exchange(plcCheck, "schedule");
    await site.clock.advance(5);
    site.gate.rerouted();
    await site.clock.advance(1000);
    assert.equal((await asked)?.kind, "answered");
  });
  it("a way that leads elsewhere leaves a kept connection alone: its FIN would go astray too", async () => {
    const site = await readySite({ device: { connection: "kept" } });
    const kinds = () => site.witness.packets.map((packet) => packet.kind);
    const asked = site.gate.exchange(plcCheck, "schedule");
    await site.clock.advance(1000);
    await asked;
    site.cutOff = "its cable is out";
    await site.clock.advance(60_000);
    assert.equal(lastOutcome(site)?.kind, "answered");
    assert.deepEqual(kinds(), ["connect", "frame"]);
    site.cutOff = undefined;
    const again = site.gate.exchange(plcCheck, "schedule");
    await site.clock.advance(1000);
    assert.equal((await again)?.kind, "answered");
    assert.deepEqual(kinds(), ["connect", "frame", "frame"]);
  });
  it("a trip of its segment", async () => {
    const site = await during((running) => running.gate.trip({ scope: "segment:hvac", cause: "harm", detail: "seen" }));
    assert.equal(reasonAfter(site), "tripped");
  });
  it("a second trip of what is tripped adds nothing", async () => {
    const site = await readySite();
    for (const detail of ["first", "second"]) site.gate.trip({ scope: "device:plc", cause: "harm", detail });
    assert.deepEqual(
      site.gate.trips().map((trip) => trip.detail),
      ["first"],
    );
    assert.equal(site.facts.filter((fact) => fact.kind === "tripped").length, 1);
  });
  it("a kept connection gets no goodbye once its check is gone from the plan", async () => {
    const site = await readySite({ device: { connection: "kept", closingRequests: 1 }, farewell: true });
    const asked = site.gate.exchange(plcCheck, "schedule");
    await site.clock.advance(1000);
    await asked;
    site.adopt(literalPlan([{ ...plc, connection: "kept", closingRequests: 1, unitId: 9 }]));
    await site.clock.advance(1000);
    assert.deepEqual(
      site.witness.packets.map((packet) => packet.kind),
      ["connect", "frame", "fin"],
    );
    assert.equal(site.gate.objection(literalPlan([{ ...plc, unitId: 3 }]).checks.get(plcCheck)!), "plan_changed");
  });
  it("a permit that is asked at a frame names what stands against it now", async () => {
    const site = await readySite();
    const check = literalPlan([plc]).checks.get(plcCheck)!;
    assert.equal(site.gate.objection(check), undefined);
    await site.gate.drain();
    assert.equal(site.gate.objection(check), "draining");
  });
  it("a plan whose check belongs to no device is a bug and says so", async () => {
    const site = await readySite();
    const plan = literalPlan([plc]);
    assert.throws(() => {
      site.adopt({ ...plan, devices: new Map() });
      site.gate.preview(plan.checks.get(plcCheck)!);
    }, /belongs to no device/u);
  });
  it("a clock step", async () => {
    assert.equal(reasonAfter(await during((site) => site.clock.stepWall(3_600_000))), "clock_suspect");
  });
  it("after a freeze or a clock step everybody waits a full interval", async () => {
    for (const disturb of [
      (site: SimulatedSite) => site.clock.freeze(10_000),
      async (site: SimulatedSite) => site.clock.stepWall(-60_000),
    ]) {
      const site = await readySite();
      await disturb(site);
      await site.clock.advance(400);
      const disturbedAt = site.facts.find((fact) => fact.kind === "stalled")?.at ?? 0;
      assert.deepEqual(site.gate.preview(literalPlan([plc]).checks.get(plcCheck)!), {
        admitted: false,
        reason: "line_budget",
        retryAt: disturbedAt + 60_000,
      });
    }
  });
  it("a guard violation elsewhere at this address", async () => {
    assert.equal(reasonAfter(await during((site) => site.gate.blocked("192.0.2.11", "a socket born elsewhere"))), "tripped");
  });
  it("a plan in which the check is the same leaves it alone", async () => {
    const site = await readySite();
    const asked = site.gate.exchange(plcCheck, "schedule");
    site.adopt(literalPlan([plc, { ...plc, name: "b", address: "192.0.2.12" }]));
    await site.clock.advance(1000);
    await asked;
    assert.equal(lastOutcome(site)?.kind, "answered");
  });
  it("a check that is gone by the time its line is free is not asked", async () => {
    const shared = [
      { ...plc, line: "gateway:g" },
      { ...plc, name: "b", unitId: 2, line: "gateway:g" },
    ];
    const site = new SimulatedSite({ plan: literalPlan(shared), script: () => ({ does: "silence" }) });
    site.pulse.start();
    await site.clock.advance(120_000);
    const first = site.gate.exchange(plcCheck, "schedule");
    const second = site.gate.exchange("b/modbus-fc43" as CheckId, "schedule");
    await site.clock.advance(10);
    site.adopt(literalPlan([shared[0]!]));
    await site.clock.advance(20_000);
    await first;
    assert.equal(await second, undefined);
  });
});

describe("several dead devices among healthy ones", () => {
  for (const does of ["no-connect", "refuse", "silence"] as const) {
    it(`do not blind the rest of their segment: ${does}`, async () => {
      const devices = Array.from({ length: 10 }, (_, n) => ({ name: `d${n}`, address: `192.0.2.${n + 1}` }));
      for (const first of [0, 2, 4, 7]) {
        let broken = false;
        const dead = new Set([first, (first + 1) % 10, (first + 5) % 10].map((n) => `d${n}`));
        const site = new SimulatedSite({
          plan: literalPlan(devices),
          script: (check) => (broken && dead.has(check.device) ? { does } : { does: "answer", afterMs: 5 }),
          pulseEveryMs: 10_000,
        });
        site.start();
        await site.clock.advance(180_000);
        broken = true;
        await site.clock.advance(3_600_000);
        for (const { name } of devices) {
          const last = site.frameTimes(name).at(-1) ?? 0;
          if (!dead.has(name)) assert.ok(site.clock.monotonic() - last < 125_000, `${name} is watched (${does}, ${[...dead].join(" ")})`);
        }
        await site.shutDown();
      }
    });
  }
});

describe("several falling silent together", () => {
  const four = ["a", "b", "c", "d"].map((name, index) => ({ name, address: `192.0.2.${index + 1}` }));
  it("holds segment and family, tries one after 15 min, goes on when it answers", async () => {
    let dark = false;
    const site = new SimulatedSite({
      plan: literalPlan(four),
      script: () => (dark ? { does: "silence" } : { does: "answer", afterMs: 5 }),
    });
    site.start();
    await site.clock.advance(180_000);
    dark = true;
    await site.clock.advance(240_000);
    const held = site.facts.filter((fact) => fact.kind === "held");
    assert.deepEqual(
      held.map((fact) => [fact.scope, fact.held]),
      [
        ["segment:hvac", true],
        ["profile:generic-modbus-tcp", true],
      ],
    );
    const trialAt = site.gate.trialAt("segment:hvac");
    assert.ok(trialAt !== undefined && trialAt > site.clock.monotonic());
    assert.equal(site.gate.trialAt("segment:elsewhere"), undefined);
    const before = site.witness.connections.length;
    await site.clock.advance(600_000);
    assert.equal(site.witness.connections.length, before, "nothing is asked while held");
    dark = false;
    await site.clock.advance(1_800_000);
    assert.equal(site.facts.filter((fact) => fact.kind === "held" && !fact.held).length, 2);
    for (const { name } of four) assert.ok(site.frameTimes(name).at(-1)! > site.clock.monotonic() - 125_000, `${name} is asked again`);
    await site.shutDown();
  });
});
