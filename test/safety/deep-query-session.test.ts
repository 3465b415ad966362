/** A deep query of a device that gives few sessions: it asks in the one that the heartbeat keeps, and never opens a second. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outcome } from "../../src/domain/outcome.ts";
import type { CheckId, DeviceId } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { plc, plcCheck, readySite, type ReadySiteOptions } from "../support/ready-site.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import type { SimulatedSite } from "../support/simulated-site.ts";

const device: Partial<LiteralDevice> = { connection: "kept", closingRequests: 1, deep: true, deepWithin: true, freeConnections: 1 };
const question = "plc/deep-modbus-server-id" as CheckId;
const farewell = 0x2b;

async function sessionSite(options: ReadySiteOptions = {}): Promise<SimulatedSite> {
  const site = await readySite({ farewell: true, ...options, device: { ...device, ...options.device } });
  site.deepWindows.set("plc" as DeviceId, wallMs(site.clock.wall() + 3_600_000));
  return site;
}

async function heartbeat(site: SimulatedSite): Promise<Outcome | undefined> {
  const asked = site.gate.exchange(plcCheck, "schedule");
  await site.clock.advance(31_000);
  return asked;
}

async function deep(site: SimulatedSite): Promise<Outcome | undefined> {
  const asked = site.gate.exchange(question, "deep-query");
  await site.clock.advance(31_000);
  return asked;
}

/** Function codes that left, in order: 0x2b the heartbeat, and in its form a goodbye; 0x11 the question. */
const frames = (site: SimulatedSite): readonly (number | undefined)[] =>
  site.witness.packets.flatMap(({ kind, frame }) => (kind === "frame" ? [frame![7]] : []));

describe("a question of a deep query beside a session", () => {
  it("is asked within it, for one frame; the session goes on, and is given back at the end by its heartbeat", async () => {
    const site = await sessionSite();
    for (const outcome of [await heartbeat(site), await deep(site), await heartbeat(site)]) assert.equal(outcome?.kind, "answered");
    assert.deepEqual(frames(site), [0x2b, 0x11, 0x2b]);
    assert.equal(site.witness.connections.length, 1);
    assert.equal(site.keeper?.heldCount, 1);
    const asked = await deep(site);
    assert.deepEqual(asked?.sent, { connections: 0, requests: 1, bytes: 8 });
    // Neither the end of the run nor that of its window takes the goodbye from the session.
    site.deepQueryRuns = false;
    site.deepWindows.clear();
    await site.shutDown();
    assert.deepEqual(frames(site).slice(3), [0x11, farewell]);
  });

  it("has a session of its own where none stands, and gives it back before the heartbeat opens another", async () => {
    const site = await sessionSite();
    assert.equal((await deep(site))?.kind, "answered");
    assert.deepEqual([frames(site), site.keeper?.heldCount], [[0x11, farewell], 0]);
    assert.equal((await heartbeat(site))?.kind, "answered");
    assert.deepEqual([site.witness.connections.length, site.keeper?.heldCount], [2, 1]);
    await site.shutDown();
  });

  it("that is not answered costs the session, and the next heartbeat opens the only other one", async () => {
    const site = await sessionSite({
      live: true,
      script: ({ deep: more }) => (more ? { does: "silence" } : { does: "answer", afterMs: 5 }),
    });
    await heartbeat(site);
    const asked = await deep(site);
    assert.equal(asked?.kind === "failed" && asked.failure, "timeout");
    assert.equal(site.keeper?.heldCount, 0);
    await site.clock.advance(1_800_000);
    assert.equal((await heartbeat(site))?.kind, "answered");
    assert.equal(site.witness.connections.length, 2);
    await site.shutDown();
  });

  it("is not asked in a session of another heartbeat, which is given back first", async () => {
    const site = await sessionSite();
    await heartbeat(site);
    const plan = literalPlan([{ ...plc, ...device }]);
    const elsewhere = new Map([...plan.deep].map(([id, check]) => [id, { ...check, within: "other/modbus-fc43" as CheckId }]));
    site.gate.adopt({ ...plan, deep: elsewhere });
    // The goodbye is a packet as any other: the device has its rest from it before the question.
    for (const came of ["refused", "answered"]) assert.equal((await deep(site))?.kind, came);
    assert.deepEqual(frames(site), [0x2b, farewell, 0x11, farewell]);
    await site.shutDown();
  });
});
