/** What is being asked is noted before the first packet and no longer than until the last. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plcCheck, readySite, type ReadySiteOptions } from "../support/ready-site.ts";
import { scriptedDriver } from "../support/scripted-driver.ts";
import type { SimulatedSite } from "../support/simulated-site.ts";

describe("a check is noted as being asked", () => {
  const devices = [{ does: "answer", afterMs: 10 }, { does: "silence" }, { does: "refuse" }, { does: "malformed" }] as const;
  for (const device of devices) {
    test(`from before its first packet to its end, with a device that does this: ${device.does}`, async () => {
      const notedAtDial: string[][] = [];
      const site = await readySite({
        script: () => {
          notedAtDial.push([...site.inFlight]);
          return device;
        },
      });
      const asked = site.gate.exchange(plcCheck, "schedule");
      await site.clock.advance(1);
      assert.deepEqual(notedAtDial[0], [plcCheck]);
      await site.clock.advance(20_000);
      await asked;
      assert.deepEqual(site.inFlight, []);
      assert.equal(site.missed.length, device.does === "answer" ? 0 : 1, "in vain");
    });
  }

  test("as asked in vain too where a gateway alone answered, but not where leave was taken back or nothing could be asked", async () => {
    const gatewayAlone = scriptedDriver({ answer: () => ({ said: "gateway_only", detail: "0x0B" }) });
    const missedBy = async (options: ReadySiteOptions, meanwhile?: (site: SimulatedSite) => void): Promise<number> => {
      const site = await readySite(options);
      const asked = site.gate.exchange(plcCheck, "schedule");
      await site.clock.advance(100);
      meanwhile?.(site);
      await site.clock.advance(20_000);
      await asked;
      return site.missed.length;
    };
    assert.equal(await missedBy({ driver: () => gatewayAlone }), 1);
    assert.equal(await missedBy({ driver: () => ({ unavailable: "no such library" }) }), 0);
    assert.equal(await missedBy({ script: () => ({ does: "silence" }) }, (site) => (site.stopFile = true)), 0);
  });

  for (const [does, kind] of [
    ["answer", "answered"],
    ["refuse", "failed"],
  ] as const) {
    test(`until everybody was told what came of it: whoever ends the poller over it left it noted (${kind})`, async () => {
      const site = await readySite({ script: () => ({ does, afterMs: 10 }) });
      const notedWhenTold: string[][] = [];
      site.facts.push = () => {
        notedWhenTold.push([...site.inFlight]);
        throw new TypeError("a fact that nobody can write down");
      };
      const asked = site.gate.exchange(plcCheck, "schedule");
      const ended = assert.rejects(asked, /nobody can write down/u);
      await site.clock.advance(1000);
      await ended;
      assert.deepEqual([notedWhenTold, site.inFlight], [[[plcCheck]], [plcCheck]]);
    });
  }

  test("until its identity was compared, where that ends the poller", async () => {
    const stranger = () => {
      throw new TypeError("a name that nobody can compare");
    };
    const site = await readySite({ stranger });
    const ended = assert.rejects(site.gate.exchange(plcCheck, "schedule"), /nobody can compare/u);
    await site.clock.advance(1000);
    await ended;
    assert.deepEqual(site.inFlight, [plcCheck]);
  });

  test("and not when nothing is sent", async () => {
    const site = await readySite();
    site.stoppedInMemory = true;
    await site.gate.exchange(plcCheck, "schedule");
    assert.deepEqual(site.inFlight, []);
    assert.deepEqual(site.witness.packets, []);
  });
});
