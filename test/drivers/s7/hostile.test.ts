/** The process of node-snap7 turned against the plant: whatever it calls, the CPU receives nothing of it, and the device trips. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type S7Device, startS7Device } from "../../../simulators/s7/device.ts";
import { s7DriverFrom } from "../../../src/drivers/s7/driver.ts";
import { ConnectionKeeper } from "../../../src/safety/keeper.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import type { S7Child } from "../../../src/wire/s7-child.ts";
import { tcpDialler } from "../../../src/wire/tcp.ts";
import { systemClock as clock } from "../../../src/system-clock.ts";
import { TestPermit } from "../../support/permits.ts";
import { s7Check } from "../../support/s7-checks.ts";
import { startedS7Child } from "../../support/s7-real.ts";
import { hostileCalls } from "../support/hostile-s7-calls.ts";

let child: S7Child;
let device: S7Device;
before(async () => {
  child = await startedS7Child({ program: fileURLToPath(new URL("../support/hostile-s7-child.ts", import.meta.url)) });
  device = await startS7Device({ host: "127.0.0.1", port: 0 });
});
after(async () => {
  await device.close();
  await child.close();
});

describe("the library, when the operating mode is wanted, calls", () => {
  hostileCalls.forEach(({ name, stopped = /^not on the read-only list/u }, index) => {
    test(`${name}: nothing of it leaves`, async () => {
      const check = s7Check({ method: "s7-cpu-status", port: device.port, answerWithinMs: 2000 });
      const permit = TestPermit.for(check, clock);
      const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: () => {} });
      const speaker = { driver: s7DriverFrom(child), policy: s7Policy };
      const { result, sent } = await new ConnectionKeeper({
        clock,
        dial,
        speakerOf: () => speaker,
        farewell: () => undefined,
        onClosed: () => undefined,
      }).converse(permit);
      assert.ok(!("said" in result) && result.failure === "guard_blocked", JSON.stringify(result));
      assert.match(result.detail, stopped);
      assert.equal(permit.violations.length, 1);
      assert.equal(sent.requests, 2);
      await device.waitUntil(({ openConnections }) => openConnections === 0);
      const { counts } = device;
      assert.deepEqual([counts.writes, counts.malformedRequests], [0, 0]);
      assert.equal(counts.requests, 2 * (index + 1));
      assert.deepEqual([...counts.requestsByKind.keys()].toSorted(), ["connect", "setup"]);
    });
  });
});
