/** Proves that a swapped device is reported at its next reply: another firmware or serial number as an alarm, another vendor with no packet more. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceStatus, Status } from "../../src/domain/control.ts";
import { describe, onIp, startCapture, withPeer } from "./support/capture.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { runUnder, type Script } from "./support/run-under.ts";
import { makeSite, type Site } from "./support/site.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";
import { webOf } from "./support/web.ts";

const [plc, stranger, adapter] = ["192.0.2.10", "192.0.2.11", "192.0.2.12"] as const;
const maker = { vendorName: "Maker", productCode: "P-1", revision: "1.0" };

/** Devices with these identities. */
async function plant(network: Network, plcFirmware: string, vendor: string, serial: number): Promise<Script> {
  const modbus = [
    { host: plc, port: 502, identity: { ...maker, revision: plcFirmware } },
    { host: stranger, port: 502, identity: { ...maker, vendorName: vendor } },
  ];
  const enip = [{ host: adapter, port: 44_818, identity: { serialNumber: serial } }];
  const script = runUnder(network, "plant", new URL("support/identified-devices.ts", import.meta.url), {
    args: [JSON.stringify({ modbus, enip })],
  });
  await script.next("listening", 20_000);
  return script;
}

async function statusOf(site: Site): Promise<Status> {
  const reply = await site.ask("status", {});
  assert.ok(reply.ok, JSON.stringify(reply));
  return reply.result;
}

function waitUntil(site: Site, what: string, holds: (of: (id: string) => DeviceStatus, status: Status) => boolean): Promise<Status> {
  const probe = async (): Promise<Status | undefined> => {
    const status = await statusOf(site);
    const of = (id: string): DeviceStatus => status.devices.find(({ device }) => device === id)!;
    return holds(of, status) ? status : undefined;
  };
  return waitFor(probe, { what, deadlineMs: 20_000, everyMs: 50 });
}

const states = (of: (id: string) => DeviceStatus): string =>
  ["plc", "stranger", "adapter"]
    .map((id) =>
      of(id)
        .identities.map(({ state }) => state)
        .join(),
    )
    .join(" ");

test("swapped devices are reported at the next reply, before and after; another vendor gets no packet more; a restart forgets nothing", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [plc, stranger, adapter] },
    ],
  });
  const profile = "generic-ethernet-ip";
  const site = await makeSite(network, {
    devices: [
      { id: "plc", address: plc },
      { id: "stranger", address: stranger },
      {
        id: "adapter",
        address: adapter,
        profile,
        changes: { checks: [{ method: "enip-list-identity", interval: "1s", answerWithin: "1s" }] },
      },
    ],
    startsPerSecondMax: 20,
  });
  const before = await plant(network, "1.0", "Maker", 7);
  const first = await site.start();
  await waitUntil(site, "everybody to have said who they are", (of) => states(of) === "not_accepted not_accepted not_accepted");
  await site.done("baseline", "accept", "--all-new", "--by", "eto-1", "--reason", "type plates read");
  await waitUntil(site, "all to be accepted", (of) => states(of) === "as_accepted as_accepted as_accepted");

  before.signal("SIGKILL");
  await before.ended;
  const capture = await startCapture(network, "poller");
  await plant(network, "1.1", "Somebody", 8);
  const swapped = await waitUntil(site, "the change to be reported", (of) => states(of) === "changed changed changed");
  const differences = swapped.devices.map(({ identities }) => identities.flatMap((one) => one.differences));
  assert.deepEqual(differences, [
    [{ field: "firmware", before: "1.0", after: "1.1" }],
    [{ field: "vendor", before: "Maker", after: "Somebody" }],
    [{ field: "serial", before: "00000007", after: "00000008" }],
  ]);
  assert.deepEqual(
    swapped.trips.map(({ scope, cause }) => [scope, cause]),
    [["device:stranger", "identity_mismatch"]],
  );
  await watchTheWireFor(2000);
  const { body: metrics } = await webOf(network, "poller").visit("GET", "/metrics");
  assert.match(metrics, /^watchkeeper_device_identity_changed\{device="plc",field="firmware"\} 1$/mu);
  assert.match(metrics, /^watchkeeper_device_identity_changed\{device="adapter",field="serial"\} 1$/mu);
  assert.match(metrics, /^watchkeeper_device_state\{device="plc",state="up"\} 1$/mu);
  assert.equal(first.log.filter((line) => line.includes('"event":"identity_changed"')).length, 3, first.said());
  assert.equal(await first.end(), 0, first.said());
  const packets = onIp(await capture.stop());
  // It was known by its first reply.
  assert.equal(answeredOf(packets, stranger), 1, describe(withPeer(packets, stranger)));
  for (const address of [plc, adapter]) assert.ok(answeredOf(packets, address) >= 2, describe(withPeer(packets, address)));

  const second = await site.start();
  const again = await statusOf(site);
  assert.equal(
    states((id) => again.devices.find(({ device }) => device === id)!),
    "changed changed changed",
    "before anybody was asked",
  );
  const update = await site.ask("baseline-accept", { devices: ["plc"], by: "eto-1", reason: "update 1.1, MOC-7" });
  assert.ok(update.ok, JSON.stringify(update));
  await waitUntil(site, "the update to be accepted", (of) => states(of) === "as_accepted changed changed");
  assert.equal(await second.end(), 0, second.said());
});

/** Replies with data that the device sent. */
function answeredOf(packets: Parameters<typeof withPeer>[0], address: string): number {
  return withPeer(packets, address).filter(({ fromUs, payloadLength }) => !fromUs && payloadLength > 0).length;
}
