/** What is being asked is noted before the first packet and no longer than until the last. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plcCheck, readySite } from "../support/ready-site.ts";

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
    });
  }

  test("and not when nothing is sent", async () => {
    const site = await readySite();
    site.stoppedInMemory = true;
    await site.gate.exchange(plcCheck, "schedule");
    assert.deepEqual(site.inFlight, []);
    assert.deepEqual(site.witness.packets, []);
  });
});
