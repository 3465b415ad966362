/** The gate asks when it may, refuses with the right reason when it may not, and always lets the line go. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Check, CheckId, DeviceId } from "../../src/domain/plan.ts";
import { monotonicMs, wallMs } from "../../src/domain/units.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { driverFaults, scriptedDriver, type DriverFault } from "../support/scripted-driver.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite, type SimulatedSiteOptions } from "../support/simulated-site.ts";

const plc: LiteralDevice = { name: "plc", address: "192.0.2.11" };
const plcCheck = "plc/modbus-fc43" as CheckId;
const outcomes = (site: SimulatedSite) =>
  site.facts.filter((fact) => fact.kind === "answered" || fact.kind === "failed" || fact.kind === "refused");
const lastOutcome = (site: SimulatedSite) => outcomes(site).at(-1);
const tripsOf = (site: SimulatedSite) => site.facts.filter((fact) => fact.kind === "tripped");

/** A started site whose first interval has gone by, so that asking is lawful. */
async function readySite(
  options: Omit<SimulatedSiteOptions, "plan"> & { readonly device?: Partial<LiteralDevice> } = {},
): Promise<SimulatedSite> {
  const site = new SimulatedSite({ ...options, plan: literalPlan([{ ...plc, ...options.device }]) });
  site.pulse.start();
  await site.clock.advance(60_000);
  return site;
}
async function ask(site: SimulatedSite, trigger: "schedule" | "ask-now" = "schedule"): Promise<ReturnType<typeof lastOutcome>> {
  const asked = site.gate.exchange(plcCheck, trigger);
  await site.clock.advance(20_000);
  await asked;
  return lastOutcome(site);
}

describe("asking", () => {
  it("asks one request on one connection, says FIN, and reports the answer", async () => {
    const site = await readySite();
    const outcome = await ask(site);
    assert.equal(outcome?.kind, "answered");
    assert.deepEqual(
      site.witness.packets.map((packet) => packet.kind),
      ["connect", "frame", "fin"],
    );
    assert.deepEqual(outcome.sent, { connections: 1, requests: 1, bytes: 11 });
  });

  it("keeps a connection between askings and opens no second one", async () => {
    const site = await readySite({ device: { connection: "kept" } });
    await ask(site);
    assert.equal(site.keeper?.heldCount, 1);
    await site.clock.advance(60_000);
    await ask(site);
    assert.deepEqual(
      site.witness.packets.map((packet) => packet.kind),
      ["connect", "frame", "frame"],
    );
    await site.shutDown();
    assert.equal(site.witness.packets.at(-1)?.kind, "fin");
    assert.equal(site.keeper?.heldCount, 0);
  });

  it("opens anew after the device has closed a kept connection", async () => {
    const site = await readySite({ device: { connection: "kept" }, script: () => ({ does: "answer-then-close", afterMs: 5 }) });
    await ask(site);
    assert.equal(site.keeper?.heldCount, 0);
    await site.clock.advance(60_000);
    assert.equal((await ask(site))?.kind, "answered");
    assert.equal(site.witness.connections.length, 2);
  });

  it("gives two askers at once the one answer", async () => {
    const site = await readySite();
    const both = Promise.all([site.gate.exchange(plcCheck, "schedule"), site.gate.exchange(plcCheck, "ask-now")]);
    await site.clock.advance(1000);
    const [first, second] = await both;
    assert.equal(first, second);
    assert.equal(site.frameTimes("plc").length, 1);
  });

  it("knows no check that the plan does not hold", async () => {
    const site = await readySite();
    assert.equal(await site.gate.exchange("other/modbus-fc43" as CheckId, "ask-now"), undefined);
  });

  it("says goodbye under a permit of its own where the protocol has a word for it", async () => {
    const site = await readySite({ device: { connection: "kept", closingRequests: 1 }, farewell: true });
    await ask(site);
    await site.shutDown();
    // Draining refuses every frame, a goodbye too.
    assert.deepEqual(
      site.witness.packets.map((packet) => packet.kind),
      ["connect", "frame", "fin"],
    );
    const other = await readySite({ device: { connection: "kept", closingRequests: 1 }, farewell: true });
    await ask(other);
    const letGo = other.keeper?.letGo(literalPlan([plc]).checks.get(plcCheck)!.line);
    await other.clock.advance(10);
    await letGo;
    assert.deepEqual(
      other.witness.packets.map((packet) => packet.kind),
      ["connect", "frame", "frame", "fin"],
    );
  });
});

describe("whatever a driver does", () => {
  const expected: Record<DriverFault, { readonly frames: number; readonly outcome: string; readonly trips: number }> = {
    none: { frames: 1, outcome: "answered", trips: 0 },
    "open-throws": { frames: 0, outcome: "malformed", trips: 0 },
    "open-never-settles": { frames: 0, outcome: "timeout", trips: 0 },
    "ask-throws-before-sending": { frames: 0, outcome: "malformed", trips: 0 },
    "ask-throws-after-answer": { frames: 1, outcome: "malformed", trips: 0 },
    "ask-never-settles": { frames: 1, outcome: "timeout", trips: 0 },
    "answers-without-asking": { frames: 0, outcome: "malformed", trips: 0 },
    "answers-too-early": { frames: 1, outcome: "malformed", trips: 0 },
    "leave-throws": { frames: 1, outcome: "answered", trips: 0 },
    "leave-never-settles": { frames: 1, outcome: "answered", trips: 0 },
    "writes-coil": { frames: 0, outcome: "guard_blocked", trips: 1 },
    "asks-twice": { frames: 1, outcome: "guard_blocked", trips: 1 },
  };
  for (const fault of driverFaults) {
    it(`${fault}: ends in time, sends no more than was allowed, lets the line go`, async () => {
      const site = await readySite({ fault: () => fault });
      const outcome = await ask(site);
      const { frames, outcome: kind, trips } = expected[fault];
      assert.equal(outcome?.kind === "failed" ? outcome.failure : outcome?.kind, kind);
      assert.equal(site.frameTimes("plc").length, frames);
      assert.equal(tripsOf(site).length, trips);
      assert.equal(site.gate.inFlight, 0);
      assert.ok(site.witness.connections.every((connection) => Number.isFinite(connection.to)));
    });
  }

  it("a protocol whose package cannot run here fails without a packet", async () => {
    const site = await readySite({ driver: () => undefined });
    const outcome = await ask(site);
    assert.equal(outcome?.kind === "failed" && outcome.failure, "driver_unavailable");
    assert.equal(site.witness.packets.length, 0);
  });

  it("a frame sent long after the exchange trips the device and does not leave", async () => {
    let late: (() => void) | undefined;
    const inner = scriptedDriver();
    const site = await readySite({
      device: { connection: "kept" },
      driver: () => ({
        protocol: "modbus",
        open: (wire, request) => {
          late = () => wire.send(Uint8Array.of(0, 9, 0, 0, 0, 5, 1, 0x2b, 0x0e, 1, 0));
          return inner.open(wire, request);
        },
      }),
    });
    await ask(site);
    late?.();
    await site.clock.advance(1000);
    assert.equal(site.frameTimes("plc").length, 1);
    assert.equal(site.facts.filter((fact) => fact.kind === "blocked").length, 1);
    assert.deepEqual(
      site.gate.trips().map((trip) => trip.scope),
      ["device:plc"],
    );
  });
});

describe("whatever a device does", () => {
  const scripts: readonly (readonly [Script, string])[] = [
    [{ does: "silence" }, "timeout"],
    [{ does: "refuse" }, "refused"],
    [{ does: "no-connect" }, "timeout"],
    [{ does: "malformed" }, "malformed"],
    [{ does: "reset", afterMs: 3 }, "reset"],
    [{ does: "late-close" }, "timeout"],
  ];
  for (const [script, failure] of scripts) {
    it(`${script.does}: one attempt, no retry, ${failure}`, async () => {
      const site = await readySite({ script: () => script });
      const outcome = await ask(site);
      assert.equal(outcome?.kind === "failed" && outcome.failure, failure);
      assert.equal(site.witness.connections.length, 1);
      assert.ok(site.frameTimes("plc").length <= 1);
    });
  }

  it("another vendor at the address trips the device", async () => {
    const site = await readySite({ device: { vendors: ["Someone Else"] } });
    const outcome = await ask(site);
    assert.equal(outcome?.kind === "failed" && outcome.failure, "identity_mismatch");
    await site.clock.advance(60_000);
    const next = await ask(site);
    assert.equal(next?.kind === "refused" && next.reason, "tripped");
    assert.equal(site.frameTimes("plc").length, 1);
  });

  it("a gateway that answers for a silent device is a miss, and identity is not judged", async () => {
    const site = await readySite({
      device: { vendors: ["Someone Else"] },
      driver: () => scriptedDriver({ answer: () => ({ said: "gateway_only", detail: "exception 0x0B" }) }),
    });
    const outcome = await ask(site);
    assert.equal(outcome?.kind === "answered" && outcome.answer.said, "gateway_only");
    assert.equal(site.gate.trips().length, 0);
  });

  it("a timeout at a gateway holds its line", async () => {
    const site = await readySite({ device: { holdAfterTimeoutMs: 120_000 }, script: () => ({ does: "silence" }) });
    await ask(site);
    await site.clock.advance(60_000);
    const next = await ask(site);
    assert.equal(next?.kind === "refused" && next.reason, "gateway_hold");
    site.adopt(literalPlan([{ ...plc, name: "other", address: "192.0.2.12" }]));
    site.adopt(literalPlan([plc]));
    assert.deepEqual(site.gate.preview([...literalPlan([plc]).checks.values()][0] as Check).admitted, false);
  });

  it("turning us away in five episodes within a day trips the device", async () => {
    let turn = 0;
    const site = await readySite({ script: () => (turn++ % 2 === 0 ? { does: "refuse" } : { does: "answer", afterMs: 1 }) });
    for (let i = 0; i < 10; i++) {
      await ask(site);
      await site.clock.advance(60_000);
    }
    assert.equal(site.gate.trips()[0]?.cause, "refusal_episodes");
  });
});

describe("refusing", () => {
  const reasonOf = async (site: SimulatedSite, trigger: "schedule" | "ask-now" = "schedule"): Promise<string | undefined> => {
    const before = site.witness.packets.length;
    const outcome = await ask(site, trigger);
    assert.equal(site.witness.packets.length, before, "a refusal sends nothing");
    assert.deepEqual(outcome?.sent, { connections: 0, requests: 0, bytes: 0 });
    return outcome?.kind === "refused" ? outcome.reason : outcome?.kind;
  };

  it("before the first pulse: clock_suspect", async () => {
    const site = new SimulatedSite({ plan: literalPlan([plc]) });
    assert.equal(await reasonOf(site), "clock_suspect");
  });
  it("within the first interval after a start: line_budget, with the time at which it may be asked", async () => {
    const site = new SimulatedSite({ plan: literalPlan([plc]) });
    site.pulse.start();
    const start = site.clock.monotonic();
    await site.clock.advance(1000);
    assert.equal(await reasonOf(site, "ask-now"), "line_budget");
    const outcome = lastOutcome(site);
    assert.equal(outcome?.kind === "refused" && outcome.retryAt, start + 60_000);
  });
  it("stopped", async () => {
    const site = await readySite();
    site.stopFile = true;
    await site.clock.advance(200);
    assert.equal(await reasonOf(site, "ask-now"), "stopped");
  });
  it("not leading", async () => {
    const site = await readySite();
    site.leading = false;
    assert.equal(await reasonOf(site), "not_leader");
  });
  it("audit unwritable", async () => {
    const site = await readySite();
    site.auditWritable = false;
    assert.equal(await reasonOf(site), "audit_unwritable");
  });
  it("approval expired while running", async () => {
    const site = await readySite({ device: { approvedUntil: wallMs(Date.parse("2026-11-21T12:00:30Z")) } });
    assert.equal(await reasonOf(site), "approval_expired");
  });
  it("tripped in an earlier run, by device, segment, family or site", async () => {
    for (const scope of ["device:plc", "segment:hvac", "profile:generic-modbus-tcp", "site"] as const) {
      const site = await readySite({ trips: [{ scope, cause: "harm", detail: "seen" }] });
      assert.equal(await reasonOf(site), "tripped");
      assert.equal(site.gate.reset(scope, "eto-1", "looked at it"), true);
      assert.equal(site.gate.reset(scope, "eto-1", "again"), false);
      assert.equal((await ask(site))?.kind, "answered");
    }
  });
  it("paused, with the end of the pause", async () => {
    const site = await readySite();
    site.paused.set("plc" as DeviceId, wallMs(site.clock.wall() + 90_000));
    assert.equal(await reasonOf(site, "ask-now"), "window_pause");
    const outcome = lastOutcome(site);
    assert.equal(outcome?.kind === "refused" && outcome.retryAt !== undefined && outcome.retryAt > site.clock.monotonic(), true);
  });
  it("link down, also for a person", async () => {
    const site = await readySite();
    site.linkDown.set("plc" as DeviceId, monotonicMs(site.clock.monotonic() + 60_000));
    assert.equal(await reasonOf(site, "ask-now"), "link_down");
  });
  it("heard passively: the schedule waits, a person need not", async () => {
    const site = await readySite();
    site.heard.set("plc" as DeviceId, monotonicMs(site.clock.monotonic() + 600_000));
    assert.equal(await reasonOf(site), "passive_evidence");
    assert.equal((await ask(site, "ask-now"))?.kind, "answered");
  });
  it("backing off once down: the schedule waits, a person need not, and its own interval holds for both", async () => {
    const site = await readySite({ script: () => ({ does: "silence" }) });
    for (let i = 0; i < 3; i++) {
      await ask(site);
      await site.clock.advance(60_000);
    }
    assert.equal(await reasonOf(site), "backoff");
    assert.equal((await ask(site, "ask-now"))?.kind, "failed");
    assert.equal(await reasonOf(site, "ask-now"), "line_budget");
  });
  it("segment and site budgets", async () => {
    const two = [plc, { ...plc, name: "b", address: "192.0.2.12" }];
    for (const [limits, reason] of [
      [{ segmentStartsPerSecondMax: 0.01, siteStartsPerSecondMax: 10 }, "segment_budget"],
      [{ segmentStartsPerSecondMax: 2, siteStartsPerSecondMax: 0.01 }, "site_budget"],
    ] as const) {
      const site = new SimulatedSite({ plan: literalPlan(two, limits) });
      site.pulse.start();
      await site.clock.advance(100_000);
      await ask(site);
      const refused = site.gate.exchange("b/modbus-fc43" as CheckId, "ask-now");
      await site.clock.advance(10);
      const outcome = await refused;
      assert.equal(outcome?.kind === "refused" && outcome.reason, reason);
    }
  });
  it("preview tells the same without changing anything", async () => {
    const site = await readySite();
    const check = literalPlan([plc]).checks.get(plcCheck)!;
    assert.deepEqual(site.gate.preview(check), { admitted: true });
    assert.equal((await ask(site))?.kind, "answered");
    assert.equal(site.gate.preview(check).admitted, false);
  });
});

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
  it("a trip of its segment", async () => {
    const site = await during((running) => running.gate.trip({ scope: "segment:hvac", cause: "harm", detail: "seen" }));
    assert.equal(reasonAfter(site), "tripped");
  });
  it("a clock step", async () => {
    assert.equal(reasonAfter(await during((site) => site.clock.stepWall(3_600_000))), "clock_suspect");
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
