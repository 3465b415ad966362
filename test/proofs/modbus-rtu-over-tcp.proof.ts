/** Proves that units behind a gateway that takes raw RTU frames are read as they are, by a server that nobody here wrote, in the frames approved. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startPymodbus } from "./oracles/oracles.ts";
import { connectionsAtOnce, describe, fromUs, onIp, requestsFromUs, startCapture, toUs } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { unapprovedSite, type DeviceSpec } from "./support/site.ts";
import { checkOf, untilStatus } from "./support/status.ts";

const gatewayAddress = "192.0.2.30";
const port = 4001;
const profile = "generic-modbus-rtu";
/** pymodbus holds 1000 + n in holding register n, 2000 + n in input register n, even coils on, odd inputs on. Unit 9 does not exist. */
const reads = [
  { method: "modbus-fc1", unitId: 1, register: "coil" },
  { method: "modbus-fc2", unitId: 2, register: "input" },
  { method: "modbus-fc3", unitId: 3, register: "holding" },
  { method: "modbus-fc4", unitId: 4, register: "input-register" },
  { method: "modbus-fc3", unitId: 5, register: "beyond" },
  { method: "modbus-fc3", unitId: 9, register: "holding" },
] as const;
const siteFile = {
  schema: "site-profile/v1",
  id: profile,
  approval: { stage: "draft" },
  liveness: [
    { id: "coil", modicon: 5, expect: { equals: 1 } },
    { id: "input", space: "discrete-inputs", protocolAddress: 5, type: "bit", expect: { inSet: [1] } },
    { id: "holding", modicon: 40_006, type: "uint16", expect: { equals: 1005 } },
    { id: "input-register", modicon: 30_008, type: "uint16", expect: { equals: 2007 } },
    // Outside of what the server holds: it answers with exception 2.
    { id: "beyond", modicon: 40_500, type: "uint16" },
  ],
};
const units: readonly DeviceSpec[] = reads.map((check) => ({
  id: `unit-${check.unitId}`,
  address: gatewayAddress,
  profile,
  changes: {
    via: "fw-serial",
    address: undefined,
    segment: undefined,
    checks: [{ ...check, interval: "4s", answerWithin: "300ms" }],
    statements: { watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" } },
  },
}));
const gateways = [
  {
    id: "fw-serial",
    address: gatewayAddress,
    port,
    framing: "rtu-over-tcp",
    segment: "lan",
    responseTimeout: "100ms",
    retries: 1,
    unitCount: 6,
    otherClients: [],
  },
];

test("raw RTU frames over TCP: FC 1 to 4, an exception and silence of pymodbus, each taken for what it is", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "gateway", address: gatewayAddress },
    ],
  });
  await startPymodbus(network, "gateway", { port, unitIds: [1, 2, 3, 4, 5], rtuOverTcp: true });
  const site = await unapprovedSite(network, { devices: units, startsPerSecondMax: 10, watchlist: { gateways } });
  mkdirSync(join(site.folder, "device-profiles"), { recursive: true });
  writeFileSync(join(site.folder, "device-profiles", `${profile}.yaml`), JSON.stringify(siteFile));
  await site.approve(profile);
  const plan = await site.plan();
  assert.deepEqual(plan.refused, []);

  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const { devices } = await untilStatus(site, "each unit to answer twice, and the one that is not there to miss twice", (status) =>
    units.every(({ id }) => {
      const { answered, failed } = checkOf(status, id);
      return id === "unit-9" ? (failed.timeout ?? 0) > 1 : answered > 1;
    }),
  );
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  const packets = onIp(await capture.stop());

  assert.deepEqual(
    devices.map(({ device, liveness }) => [device, liveness]),
    [...[1, 2, 3, 4, 5].map((unit) => [`unit-${unit}`, "up"]), ["unit-9", "unknown"]],
    JSON.stringify(devices),
  );
  // Each request is one whole frame of the plan, CRC included and no byte masked; and the check sums are of another's making than ours.
  const approved = plan.checks.flatMap(({ asking }) => asking.frames.map(({ hex }) => hex));
  const sent = requestsFromUs(fromUs(packets)).map(({ payloadHex }) => payloadHex);
  assert.equal(approved.length, reads.length);
  assert.deepEqual(new Set(sent), new Set(approved), describe(packets));
  assert.ok(sent.includes("03030005000195e9"), describe(packets));
  const said = toUs(packets).map(({ payloadHex }) => payloadHex);
  assert.ok(said.some((hex) => hex.startsWith("03030203ed")) && said.some((hex) => hex.startsWith("058302")), describe(packets));
  assert.equal(connectionsAtOnce(packets), 1, describe(packets));
});
