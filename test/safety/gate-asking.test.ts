/** One call asks once, gives everybody who waits the one answer, and keeps or returns the connection. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CheckId } from "../../src/domain/plan.ts";
import { settled } from "../support/fake-clock.ts";
import { wallMs } from "../../src/domain/units.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { ask, plc, plcCheck, readySite } from "../support/ready-site.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

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

  it("opens no second connection on a line while the first, let go by a reload, has not ended", async () => {
    const bus = [1, 2].map((unitId) => ({ ...plc, name: `u${unitId}`, unitId, connection: "kept" as const, line: "gateway:g" }));
    const site = new SimulatedSite({ plan: literalPlan(bus), script: () => ({ does: "late-close-after-answer" }) });
    site.pulse.start();
    await site.clock.advance(70_000);
    const exchange = async (name: string): Promise<void> => {
      const asked = site.gate.exchange(`${name}/modbus-fc43` as CheckId, "schedule");
      await site.clock.advance(5000);
      await asked;
    };
    await exchange("u1");
    await site.clock.advance(30_000);
    site.adopt(literalPlan(bus.slice(1)));
    await exchange("u2");
    const [first, second] = site.witness.connections;
    assert.ok(first && second && first.to <= second.from, JSON.stringify([first?.to, second?.from]));
  });

  it("keeps no connection past the end of the approval", async () => {
    const site = await readySite({ device: { connection: "kept", approvedUntil: wallMs(Date.parse("2026-11-21T12:02:00Z")) } });
    await ask(site);
    assert.equal(site.keeper?.heldCount, 1);
    await site.clock.advance(120_000);
    const outcome = await ask(site);
    assert.equal(outcome?.kind === "refused" && outcome.reason, "approval_expired");
    assert.equal(site.keeper?.heldCount, 0);
    assert.equal(site.witness.packets.at(-1)?.kind, "fin");
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
    // Also while the poller shuts down, which refuses everything else.
    await site.shutDown();
    assert.deepEqual(
      site.witness.packets.map((packet) => packet.kind),
      ["connect", "frame", "frame", "fin"],
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

  it("counts the interval from when the packet has left, not from the leave to send it", async () => {
    const site = await readySite({ device: { connection: "kept" } });
    await ask(site);
    await site.clock.advance(60_000);
    const asking = site.gate.exchange(plcCheck, "schedule");
    // The leave is given now; the machine is busy before the packet is gone.
    await settled();
    await site.clock.freeze(40);
    await site.clock.advance(1000);
    assert.equal((await asking)?.kind, "answered");
    await site.clock.advance(59_000 - 1);
    assert.equal((await ask(site))?.kind, "refused");
  });
});
