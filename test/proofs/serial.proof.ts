/** Proves that units on a serial port of the poller's own are read as they are, by a server that nobody here wrote, and that the bus hears the plan's frames alone. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startPymodbus } from "./oracles/oracles.ts";
import { describe, onIp, startCapture } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { runToEnd } from "./support/run-to-end.ts";
import { startSerialLine } from "./support/serial-line.ts";
import { unapprovedSite, type DeviceSpec } from "./support/site.ts";
import { checkOf, untilStatus } from "./support/status.ts";

const profile = "generic-modbus-rtu";
/** pymodbus holds 1000 + n in holding register n. Unit 9 does not exist. */
const siteFile = {
  schema: "site-profile/v1",
  id: profile,
  approval: { stage: "draft" },
  liveness: [
    { id: "coil", modicon: 5, expect: { equals: 1 } },
    { id: "holding", modicon: 40_006, type: "uint16", expect: { equals: 1005 } },
    { id: "beyond", modicon: 40_500, type: "uint16" },
  ],
};
const reads = [
  { method: "modbus-fc1", unitId: 1, register: "coil" },
  { method: "modbus-fc3", unitId: 3, register: "holding" },
  { method: "modbus-fc3", unitId: 5, register: "beyond" },
  { method: "modbus-fc3", unitId: 9, register: "holding" },
] as const;
const units: readonly DeviceSpec[] = reads.map((check) => ({
  id: `unit-${check.unitId}`,
  address: "",
  profile,
  changes: {
    via: "bus-1",
    address: undefined,
    segment: undefined,
    checks: [{ ...check, interval: "3s", answerWithin: "500ms" }],
    statements: { watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" } },
  },
}));

test("a serial port: FC 1 and 3, an exception and silence of pymodbus, one frame at a time, the port for this process alone", async () => {
  await using network = await makeNetwork({ hosts: [{ name: "poller", address: "192.0.2.1" }] });
  // Over loopback, where no capture of the poller's network sees it.
  const { address, port } = await startPymodbus(network, "poller", { port: 4001, unitIds: [1, 3, 5], rtuOverTcp: true });
  const line = await startSerialLine(network, "poller", address, port);
  const serialPort = { device: line.device, baudRate: 19_200, parity: "even", stopBits: 1 };
  const gateways = [{ id: "bus-1", serialPort, segment: "lan", responseTimeout: "200ms", retries: 0, unitCount: 4, otherClients: [] }];
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
  // Whoever asks for the port as programs of serial ports do is turned away.
  const second = await runToEnd(network, "poller", ["flock", "--nonblock", line.device, "true"]);
  assert.equal(second.code, 1, second.err);
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  const packets = onIp(await capture.stop());

  assert.deepEqual(
    devices.map(({ device, liveness }) => [device, liveness]),
    [...[1, 3, 5].map((unit) => [`unit-${unit}`, "up"]), ["unit-9", "unknown"]],
    JSON.stringify(devices),
  );
  const approved = plan.checks.flatMap(({ asking }) => asking.frames.map(({ hex }) => hex));
  const passed = line.passed();
  const sent = passed.filter(({ from }) => from === "poller").map(({ hex }) => hex);
  assert.equal(approved.length, reads.length);
  assert.deepEqual(new Set(sent), new Set(approved), JSON.stringify(passed));
  assert.ok(sent.includes("03030005000195e9"));
  // Asked, answered, asked: never two requests together but after one that nobody answered.
  for (const [index, { from, hex }] of passed.entries())
    if (from === "poller" && passed[index + 1]?.from === "poller") assert.match(hex, /^09/u, JSON.stringify(passed));
  assert.deepEqual(packets, [], describe(packets));
});
