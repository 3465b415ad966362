/** Whatever a driver or a device does, the exchange ends in time, sends no more than was allowed, and lets the line go. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { literalCheck, literalPlan } from "../support/literal-plan.ts";
import type { Check } from "../../src/domain/plan.ts";
import { ask, plc, plcCheck, readySite } from "../support/ready-site.ts";
import { driverFaults, scriptedDriver, type DriverFault } from "../support/scripted-driver.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const tripsOf = (site: SimulatedSite) => site.facts.filter((fact) => fact.kind === "tripped");

describe("whatever a driver does", () => {
  const expected: Record<DriverFault, { readonly frames: number; readonly outcome: string; readonly trips: number }> = {
    none: { frames: 1, outcome: "answered", trips: 0 },
    "open-throws": { frames: 0, outcome: "malformed", trips: 0 },
    "open-never-settles": { frames: 0, outcome: "timeout", trips: 0 },
    "open-refused": { frames: 0, outcome: "refused", trips: 0 },
    "ask-unavailable": { frames: 0, outcome: "driver_unavailable", trips: 0 },
    "ask-throws-before-sending": { frames: 0, outcome: "malformed", trips: 0 },
    "ask-throws-text": { frames: 0, outcome: "malformed", trips: 0 },
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

  it("a protocol that cannot be spoken at this moment fails without a packet, and says why", async () => {
    const site = await readySite({ driver: () => ({ unavailable: "its process ended; it is started again 1 s later" }) });
    const outcome = await ask(site);
    assert.ok(outcome?.kind === "failed");
    assert.deepEqual([outcome.failure, outcome.detail], ["driver_unavailable", "its process ended; it is started again 1 s later"]);
    assert.deepEqual([site.witness.packets.length, outcome.sent.connections], [0, 0]);
  });

  it("what this machine cannot do begins no back-off, no hold and no trip", async () => {
    const site = await readySite({ driver: () => undefined });
    for (let i = 0; i < 6; i++) {
      const outcome = await ask(site);
      assert.equal(outcome?.kind === "failed" && outcome.failure, "driver_unavailable");
      await site.clock.advance(60_000);
    }
    assert.deepEqual(
      site.facts.filter(({ kind }) => kind === "tripped" || kind === "held"),
      [],
    );
  });

  it("a library that cannot say goodbye, or fails at it, is forgotten all the same", async () => {
    for (const closingRequests of [0, 1]) {
      const site = await readySite({ device: { connection: "kept", closingRequests }, fault: () => "leave-throws", farewell: true });
      await ask(site);
      await Promise.all([site.keeper?.letGo(literalCheck(plc).line), site.clock.advance(5000)]);
      assert.equal(site.keeper?.heldCount, 0);
      assert.equal(site.witness.packets.at(-1)?.kind, "fin");
    }
  });

  it("nothing held, nothing let go", async () => {
    const site = await readySite();
    await site.keeper?.letGo(literalCheck(plc).line);
    assert.equal(site.witness.packets.length, 0);
  });

  it("a frame sent long after the exchange trips the device and does not leave", async () => {
    let late: (() => void) | undefined;
    const inner = scriptedDriver();
    const site = await readySite({
      device: { connection: "kept" },
      driver: () => ({
        protocol: "modbus",
        prepare: () => Promise.resolve(),
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

  it("silence ends with RST at the deadline, connect time and answer time after the start", async () => {
    const site = await readySite({ script: () => ({ does: "silence" }) });
    const start = site.clock.monotonic();
    await ask(site);
    assert.deepEqual(
      site.witness.packets.map((packet) => [packet.kind, packet.at - start]),
      [
        ["connect", 0],
        ["frame", 0],
        ["rst", 5800],
      ],
    );
  });

  it("the line is let go only when the kernel has let go of the socket", async () => {
    const shared = [plc, { ...plc, name: "b", unitId: 2 }].map((device) => ({ ...device, line: "gateway:g" }));
    const site = new SimulatedSite({ plan: literalPlan(shared), script: () => ({ does: "late-close" }) });
    site.pulse.start();
    await site.clock.advance(120_000);
    const asked = site.gate.exchange(plcCheck, "schedule");
    let over = false;
    void asked.then(() => (over = true));
    await site.clock.advance(5900);
    assert.equal(site.witness.packets.at(-1)?.kind, "rst");
    assert.equal(over, false, "RST is sent, the socket is not gone");
    await site.clock.advance(2000);
    assert.equal(over, true);
  });

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
