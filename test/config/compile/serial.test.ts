/** Units on a serial port of the poller's own: what the plan says of them, and what has nothing to do with them. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { conduitsOf } from "../../../src/config/conduits.ts";
import { checkWorstCase, usualSysctls } from "../../../src/config/compile/worst-case.ts";
import type { Compiled } from "../../../src/config/compile/compile.ts";
import { loaded, rawApproval, rawSite, rawUnit, today, type Raw } from "./support/site.ts";
import { compile } from "../../../src/config/compile/compile.ts";
import { methods } from "../../../src/drivers/registry.ts";
import { destinationsOf } from "../../../src/fence/destinations.ts";

const bus: Raw = {
  id: "fw-serial",
  serialPort: { device: "/dev/ttyS0", baudRate: 9600, parity: "even", stopBits: 1 },
  segment: "hvac",
  responseTimeout: "1s",
  retries: 0,
  unitCount: 6,
  otherClients: [],
};
const unit: Raw = rawUnit(7, { checks: [{ method: "modbus-fc3", unitId: 7, register: "alive" }] });

/** Spoken by the real methods; approved as it is. */
function compiled(changes: Raw = {}, watchlist: Raw = {}, device: Raw = unit): Compiled {
  const raw = rawSite([device], {}, { gateways: [{ ...bus, ...changes }], ...watchlist });
  const first = compile(loaded(raw), { methods, wallNow: today, lab: false });
  const siteProfiles = { "test-plc": { approval: rawApproval(first, "test-plc") } };
  return compile(loaded({ ...raw, siteProfiles }), { methods, wallNow: today, lab: false });
}

describe("a unit on a serial port", () => {
  test("is asked there in RTU frames, without a connection, on the gateway's line with its rest", () => {
    const { plan, problems } = compiled();
    assert.deepEqual([problems, [...plan.refused.values()]], [[], []]);
    const [check] = plan.checks.values();
    const serial = { baudRate: 9600, parity: "even", stopBits: 1 };
    assert.deepEqual(check?.target, { address: "/dev/ttyS0", port: 0, transport: "serial", serial });
    assert.deepEqual([check.framing, check.line, check.opening.connectionsMax, check.connectWithin], ["rtu", "gateway:fw-serial", 0, 0]);
    assert.equal(Buffer.from(check.asking.templates[0]!.bytes).toString("hex"), "07030010000" + "2c5a8");
    assert.equal(plan.lines.get(check.line)?.holdAfterTimeout, 1500);
  });

  test("sends no packet and asks nobody for an address; a fence has nothing to hold, and the conduit leads to the port", () => {
    const { plan } = compiled();
    const [check] = plan.checks.values();
    const { packetsMaxKilled, arpBroadcastsMax, arpProbesMax } = checkWorstCase(usualSysctls, check!);
    assert.deepEqual([packetsMaxKilled, arpBroadcastsMax, arpProbesMax], [1, 0, 0]);
    assert.deepEqual(destinationsOf(plan), []);
    const [conduit] = conduitsOf(plan, methods, []);
    assert.deepEqual([conduit?.destination, conduit?.transport, conduit?.port], ["/dev/ttyS0", "serial", null]);
  });

  test("is excluded by its unit, and by no address", () => {
    const reasons = (exclusion: Raw): string[] =>
      [...compiled({}, { excluded: [{ reason: "r", ...exclusion }] }).plan.refused.values()].map(({ reason }) => reason);
    assert.deepEqual(reasons({ gateway: "fw-serial", unitId: 7 }), ["excluded"]);
    assert.deepEqual(reasons({ gateway: "fw-serial", unitId: 8 }), []);
    assert.deepEqual(reasons({ range: "10.20.0.0/16" }), []);
    assert.deepEqual(reasons({ address: "10.20.1.30" }), []);
  });

  test("is admitted for this port and these settings: another voids it", () => {
    const digest = (changes: Raw): string | undefined => [...compiled(changes).deviceDigests.values()][0];
    const port = bus["serialPort"] as Raw;
    const others = [
      digest({}),
      digest({ serialPort: { ...port, device: "/dev/ttyS1" } }),
      digest({ serialPort: { ...port, baudRate: 19_200 } }),
      digest({ serialPort: { ...port, parity: "none" } }),
      digest({ serialPort: { ...port, stopBits: 2 } }),
    ];
    assert.equal(new Set(others).size, others.length);
  });

  test("is not asked for what RTU cannot tell the end of", () => {
    const { problems } = compiled({}, {}, rawUnit(7));
    assert.match(problems.map(({ found }) => found).join(), /found FC 43\/14 on a serial port, where the end of its reply cannot be told/u);
  });
});
