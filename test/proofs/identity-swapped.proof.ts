/** Proves that a swapped device is reported at its next reply: another firmware, serial number or certificate as an alarm, another vendor with no packet more; and that a redundant pair changes over without one. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeviceStatus, Status } from "../../src/domain/control.ts";
import { describe, onIp, startCapture, withPeer } from "./support/capture.ts";
import type { Devices } from "./support/identified-devices.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { opcuaDevice, opcuaSite } from "./support/opcua-site.ts";
import { runUnder, type Script } from "./support/run-under.ts";
import type { Site } from "./support/site.ts";
import { waitFor } from "./support/wait.ts";
import { webOf } from "./support/web.ts";

const [plc, stranger, adapter, server] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13"] as const;
const halves = ["192.0.2.14", "192.0.2.15"] as const;
const deadlineMs = 60_000;
const maker = { vendorName: "Maker", productCode: "P-1", revision: "1.0" };

interface Plates {
  readonly firmware: string;
  readonly vendor: string;
  readonly serial: number;
  /** DER of something; only its fingerprint is looked at. */
  readonly certificate: string;
  /** Of the redundant pair, by address. */
  readonly pair: readonly [number, number];
}

const before: Plates = { firmware: "1.0", vendor: "Maker", serial: 7, certificate: "30820003020107", pair: [21, 22] };
const after: Plates = { firmware: "1.1", vendor: "Somebody", serial: 8, certificate: "30820003020108", pair: [22, 21] };

function devicesWith({ firmware, vendor, serial, certificate, pair }: Plates): Devices {
  const modbus = [
    { host: plc, port: 502, identity: { ...maker, revision: firmware } },
    { host: stranger, port: 502, identity: { ...maker, vendorName: vendor } },
  ];
  const numbered = [[adapter, serial] as const, ...halves.map((host, half) => [host, pair[half]!] as const)];
  const enip = numbered.map(([host, serialNumber]) => ({ host, port: 44_818, identity: { serialNumber } }));
  return { modbus, enip, opcua: [{ host: server, port: 4840, certificate: Buffer.from(certificate, "hex").toString("base64") }] };
}

/** The devices, and others that are ready to take their places at once: three askings in vain would be a loss of the whole plant. */
async function plant(network: Network): Promise<Script> {
  const args = [JSON.stringify({ first: devicesWith(before), others: devicesWith(after) })];
  const script = runUnder(network, "plant", new URL("support/identified-devices.ts", import.meta.url), { args });
  await script.next("listening", deadlineMs);
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
  return waitFor(probe, { what, deadlineMs, everyMs: 50 });
}

/** In the order of the watchlist. */
const ids = ["plc", "stranger", "adapter", "server", "half-a", "half-b"] as const;

const states = (of: (id: string) => DeviceStatus): string =>
  ids
    .map((id) =>
      of(id)
        .identities.map(({ state }) => state)
        .join(),
    )
    .join(" ");

const each = (...said: readonly (readonly [number, string])[]): string =>
  said.flatMap(([count, state]) => Array.from({ length: count }, () => state)).join(" ");

test("swapped devices are reported at the next reply, before and after; another vendor gets no packet more; a changeover is none; a restart forgets nothing", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [plc, stranger, adapter, server, ...halves] },
    ],
  });
  const modbus = { profile: "generic-modbus-tcp" };
  const enip = {
    profile: "generic-ethernet-ip",
    changes: { checks: [{ method: "enip-list-identity", interval: "2s", answerWithin: "1s" }] },
  };
  const site = await opcuaSite(network, {
    devices: [
      { id: "plc", address: plc, ...modbus },
      { id: "stranger", address: stranger, ...modbus },
      { id: "adapter", address: adapter, ...enip },
      opcuaDevice("server", server, "opcua-read"),
      ...halves.map((address, half) => ({ id: `half-${half === 0 ? "a" : "b"}`, address, ...enip })),
    ],
    watchlist: { hardware: [{ id: "pair", devices: ["half-a", "half-b"] }] },
  });
  const swap = await plant(network);
  const poller = await site.start();
  await waitUntil(site, "everybody to have said who they are", (of) => states(of) === each([6, "not_accepted"]));
  const [, markOfAll = ""] = /--all-new --seen (\S+) --by/u.exec(await site.done("baseline", "list")) ?? [];
  const accepted = await site.done("baseline", "accept", "--all-new", "--seen", markOfAll, "--by", "eto-1", "--reason", "type plates read");
  assert.match(accepted, /^Accepted 6 devices as listed\.$/mu);
  await waitUntil(site, "all to be accepted", (of) => states(of) === each([6, "as_accepted"]));

  const capture = await startCapture(network, "poller");
  swap.tell({ do: "unplug" });
  await swap.next("unplugged", deadlineMs);
  const until = await capture.count();
  swap.tell({ do: "plug in" });
  await swap.next("listening", deadlineMs);
  const swapped = await waitUntil(site, "the change to be reported", (of) => states(of) === each([4, "changed"], [2, "as_accepted"]));
  const differences = swapped.devices.map(({ identities }) => identities.flatMap((one) => one.differences));
  const [old, now] = [differences[3]?.[0]?.before ?? "", differences[3]?.[0]?.after ?? ""];
  assert.deepEqual(differences, [
    [{ field: "firmware", before: "1.0", after: "1.1" }],
    [{ field: "vendor", before: "Maker", after: "Somebody" }],
    [{ field: "serial", before: "00000007", after: "00000008" }],
    [{ field: "certificate", before: old, after: now }],
    [],
    [],
  ]);
  assert.deepEqual([/^[0-9a-f]{64}$/u.test(old), /^[0-9a-f]{64}$/u.test(now), old === now], [true, true, false]);
  const serialOf = (device: DeviceStatus): string | undefined => device.identities[0]?.said.serial;
  await waitUntil(
    site,
    "the halves to have changed over",
    (of) => serialOf(of("half-a")) === "00000016" && serialOf(of("half-b")) === "00000015",
  );
  assert.deepEqual(
    swapped.trips.map(({ scope, cause }) => [scope, cause]),
    [["device:stranger", "identity_mismatch"]],
  );
  // While the others are asked again and again, the one of another vendor gets nothing.
  await nextAnswers(site, { what: "two rounds more", deadlineMs, count: 2, devices: ["plc", "adapter", "server"] });
  const { body: metrics } = await webOf(network, "poller").visit("GET", "/metrics");
  const changed = [...metrics.matchAll(/^watchkeeper_device_identity_changed\{device="(.*?)",field="(.*?)"\} 1$/gmu)];
  assert.deepEqual(changed.map(([, device, field]) => [device, field].join(" ")).toSorted(), [
    "adapter serial",
    "plc firmware",
    "server certificate",
    "stranger vendor",
  ]);
  assert.match(metrics, /^watchkeeper_device_state\{device="plc",state="up"\} 1$/mu);
  assert.equal(poller.log.filter((line) => line.includes('"event":"identity_changed"')).length, 4, poller.said());
  assert.equal(await poller.end(), 0, poller.said());
  const packets = onIp(await capture.stop()).filter(({ number }) => number > until);
  // It was known by its first reply.
  assert.equal(answeredOf(packets, stranger), 1, describe(withPeer(packets, stranger)));
  for (const address of [plc, adapter, server]) assert.ok(answeredOf(packets, address) >= 2, describe(withPeer(packets, address)));

  const second = await site.start();
  const again = await statusOf(site);
  const still = states((id) => again.devices.find(({ device }) => device === id)!);
  assert.equal(still, each([4, "changed"], [2, "as_accepted"]), "before anybody was asked");
  // A mark that was seen before the swap accepts nothing; the one that is shown now does.
  const because = ["--by", "eto-1", "--reason", "update 1.1, MOC-7"];
  const stale = /^plc +(\S+) +modbus-fc43/mu.exec(accepted)?.[1] ?? "";
  const refused = await site.cli("baseline", "accept", "plc", "--seen", stale, ...because);
  assert.deepEqual(
    [refused.code, /firmware "1\.1"\. Look at the device again; nothing was accepted/u.test(refused.err)],
    [1, true],
    refused.err,
  );
  const shown = await site.cli("baseline", "show", "plc");
  const mark = /--seen (\S+) /u.exec(shown.out)?.[1] ?? "";
  await site.done("baseline", "accept", "plc", "--seen", mark, ...because);
  await waitUntil(site, "the update to be accepted", (of) => of("plc").identities[0]?.state === "as_accepted");
  assert.equal(await second.end(), 0, second.said());
});

/** Replies with data that the device sent. */
function answeredOf(packets: Parameters<typeof withPeer>[0], address: string): number {
  return withPeer(packets, address).filter(({ fromUs, payloadLength }) => !fromUs && payloadLength > 0).length;
}
