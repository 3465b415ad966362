/** A pause at the gate: connections are given back before it begins, nothing begins that would have to be cut, and nothing leaves in it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { giveWay } from "../../src/safety/pauses.ts";
import type { Circumstances } from "../../src/domain/gate.ts";
import { deepQueryCutsBefore, pauseCutsBefore, pauseLead } from "../../src/domain/limits.ts";
import type { Check, DeviceId } from "../../src/domain/plan.ts";
import { milliseconds, wallMs } from "../../src/domain/units.ts";
import type { MintedPermit } from "../../src/safety/permit.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { ask, plc, readySite } from "../support/ready-site.ts";
import type { SimulatedSite } from "../support/simulated-site.ts";

const id = "plc" as DeviceId;

function paused(site: SimulatedSite, inMs: number, forMs: number): { readonly from: number; readonly until: number } {
  const from = wallMs(site.clock.wall() + inMs);
  const pause = { from, until: wallMs(from + forMs) };
  site.paused.set(id, pause);
  return pause;
}

/** As the pulse does while a pause is near. */
async function goOn(site: SimulatedSite, spanMs: number): Promise<void> {
  for (let at = 0; at < spanMs; at += 200) {
    site.gate.pausing();
    await site.clock.advance(200);
  }
}

describe("a pause", () => {
  it("has the kept connection back, with the goodbye where there is one, before it begins, and nothing leaves until its end", async () => {
    for (const farewell of [false, true]) {
      const site = await readySite({ device: { connection: "kept", closingRequests: farewell ? 1 : 0 }, farewell });
      await ask(site);
      assert.equal(site.keeper?.heldCount, 1);
      const pause = paused(site, 8000, 600_000);
      await goOn(site, 2000);
      assert.equal(site.keeper?.heldCount, 1);
      await goOn(site, 5800);
      assert.equal(site.keeper?.heldCount, 0);
      const packets = site.witness.packets.length;
      await goOn(site, 200);
      for (let count = 0; count < 9; count++) {
        const outcome = await ask(site, "ask-now");
        assert.deepEqual([outcome?.kind, outcome?.kind === "refused" && outcome.reason], ["refused", "window_pause"]);
        await site.clock.advance(40_000);
      }
      assert.equal(site.witness.packets.length, packets);
      await site.clock.advance(pause.until - site.clock.wall());
      assert.equal((await ask(site))?.kind, "answered");
      await site.shutDown();
    }
  });

  it("lets nothing begin that could still be out when it begins", async () => {
    const site = await readySite();
    paused(site, 10_700, 60_000);
    const outcome = await ask(site, "ask-now");
    assert.equal(outcome?.kind === "refused" && outcome.reason, "window_pause");
    await site.clock.advance(80_000);
    paused(site, 10_900, 60_000);
    assert.equal((await ask(site, "ask-now"))?.kind, "answered");
  });

  it("that is opened while a device takes its time cuts the exchange before it begins: no miss of the device's", async () => {
    const site = await readySite({ script: () => ({ does: "answer", afterMs: 25_000 }), device: { answerWithinMs: 30_000 } });
    const asked = site.gate.exchange("plc/modbus-fc43" as never, "schedule");
    await site.clock.advance(1000);
    paused(site, 5000, 60_000);
    await goOn(site, 3800);
    assert.equal(site.inFlight.length, 1);
    await goOn(site, 1000);
    assert.equal(site.inFlight.length, 0);
    const outcome = await asked;
    assert.equal(outcome?.kind === "refused" && outcome.reason, "window_pause");
  });

  describe("at one moment", () => {
    const plan = literalPlan([plc]);
    const [check] = [...plan.checks.values()] as [Check];
    const ms = milliseconds;
    /** What became of an exchange that is out, and of a connection that is kept. */
    const gaveWay = (asked: Check | undefined, circumstances: Partial<Pick<Circumstances, "pause" | "deepQuery">>) => {
      const revoked: string[] = [];
      const out = asked ? [{ check: asked, revoke: (why: string) => revoked.push(why) } as unknown as MintedPermit] : [];
      let kept: boolean | undefined;
      const letGoUnless = (keep: (check: Check) => boolean): Promise<void> => {
        kept = keep(check);
        return Promise.resolve();
      };
      giveWay(plan, { pause: () => undefined, deepQuery: () => ({ leave: "none" }), ...circumstances }, out, { letGoUnless });
      return { revoked, kept };
    };
    const pauseIn = (beginsIn: number) => ({ pause: () => ({ beginsIn: ms(beginsIn), endsIn: ms(600_000) }) });

    it("cuts what is out from its last moment on, and leaves a line that is being asked its connection until then", () => {
      assert.deepEqual(gaveWay(check, pauseIn(pauseCutsBefore)), { revoked: ["window_pause"], kept: false });
      assert.deepEqual(gaveWay(check, pauseIn(pauseCutsBefore + 1)), { revoked: [], kept: true });
      assert.deepEqual(gaveWay(undefined, pauseIn(pauseLead)), { revoked: [], kept: false });
      assert.deepEqual(gaveWay(undefined, pauseIn(pauseLead + 1)), { revoked: [], kept: true });
    });

    it("cuts a deep query's question from the last moment of its window on, and no heartbeat", () => {
      const deep: Check = { ...check, deep: { read: "modbus-server-id" } };
      const endsIn = (span: number) => ({ deepQuery: () => ({ leave: "open" as const, endsIn: ms(span) }) });
      assert.deepEqual(gaveWay(deep, endsIn(deepQueryCutsBefore)).revoked, ["no_window"]);
      assert.deepEqual(gaveWay(deep, endsIn(deepQueryCutsBefore + 1)).revoked, []);
      assert.deepEqual(gaveWay(deep, { deepQuery: () => ({ leave: "elsewhere" }) }).revoked, ["no_window"]);
      assert.deepEqual(gaveWay(check, endsIn(0)).revoked, []);
    });
  });

  it("concerns nobody who is no longer in the plan", () => {
    let kept: boolean | undefined;
    const nobody = (): never => assert.fail("asked of a device that is gone");
    const plan = literalPlan([plc]);
    const check = { ...[...plan.checks.values()][0]!, device: "gone" as DeviceId };
    giveWay(plan, { pause: nobody, deepQuery: nobody }, [], {
      letGoUnless: (keep) => {
        kept = keep(check);
        return Promise.resolve();
      },
    });
    assert.equal(kept, true);
  });
});
