/** A kept connection serves every unit behind its gateway, each under a permit of its own. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CheckId } from "../../src/domain/plan.ts";
import { brokenPromises } from "../support/invariants.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { SimulatedSite, type SimulatedSiteOptions } from "../support/simulated-site.ts";

const unit = (unitId: number, changes: Partial<LiteralDevice> = {}): LiteralDevice => ({
  name: `hvac.${unitId}`,
  address: "192.0.2.30",
  line: "gateway:fw",
  unitId,
  connection: "kept",
  holdAfterTimeoutMs: 4500,
  ...changes,
});

/** Ten minutes of what the schedule makes of it. */
async function after10min(devices: readonly LiteralDevice[], options: Partial<SimulatedSiteOptions> = {}): Promise<SimulatedSite> {
  const plan = literalPlan(devices);
  const site = new SimulatedSite({ plan, ...options });
  site.start();
  await site.clock.advance(600_000);
  assert.deepEqual(brokenPromises(site.witness, [plan], []), []);
  return site;
}

describe("units of one gateway that keeps connections", () => {
  test("are asked over one of them", async () => {
    const site = await after10min([unit(1), unit(2), unit(3)]);
    assert.equal(site.witness.connections.length, 1);
    for (const name of ["hvac.1", "hvac.2", "hvac.3"]) assert.ok(site.frameTimes(name).length >= 8, name);
    await site.shutDown();
    assert.equal(site.keeper?.heldCount, 0);
  });

  test("do not share it with one that is elsewhere, asked afresh, or has a goodbye to say", async () => {
    for (const changes of [{ port: 503 }, { connection: "fresh" }, { closingRequests: 1 }] as const) {
      const site = await after10min([unit(1), unit(2, changes)]);
      assert.ok(site.witness.connections.length >= 16, JSON.stringify(changes));
      await site.shutDown();
    }
  });

  test("lose it with the one that falls silent, and get a new one after the hold", async () => {
    const site = await after10min([unit(1), unit(2)], {
      script: ({ device }) => (device === "hvac.2" ? { does: "silence" } : { does: "answer", afterMs: 5 }),
    });
    assert.ok(site.witness.connections.length >= 2);
    assert.ok(site.frameTimes("hvac.1").length >= 8);
    await site.shutDown();
  });

  test("keep it when one of them is tripped, and lose it when that one held it last", async () => {
    const plan = literalPlan([unit(1), unit(2)]);
    const site = new SimulatedSite({ plan });
    site.pulse.start();
    await site.clock.advance(60_000);
    const asked = site.gate.exchange("hvac.1/modbus-fc43" as CheckId, "schedule");
    await site.clock.advance(1000);
    assert.equal((await asked)?.kind, "answered");
    site.gate.trip({ scope: "device:hvac.2", cause: "identity_mismatch", detail: "the test" });
    await site.clock.advance(1000);
    assert.equal(site.keeper?.heldCount, 1);
    site.gate.trip({ scope: "device:hvac.1", cause: "identity_mismatch", detail: "the test" });
    await site.clock.advance(1000);
    assert.equal(site.keeper.heldCount, 0);
    await site.shutDown();
  });
});
