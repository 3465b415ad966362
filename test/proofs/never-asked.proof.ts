/** Proves that what is not allowed gets no packet, not even an ARP request for it, and that `explain` says why in its first line. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describe, passedBetween, requestsFromUs, startCapture, withPeer, type Packet } from "./support/capture.ts";
import { waitForKernelToLetGo } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, type DeviceSpec, type Entry, type Site } from "./support/site.ts";
import { dayAfter, waitFor } from "./support/wait.ts";

const good: DeviceSpec = { id: "good", address: "192.0.2.10" };
const generic = "generic-modbus-tcp";
const m221 = "schneider-m221";

/** Admitted by an approval, and then changed. */
const admitted: readonly DeviceSpec[] = [
  { id: "moved", address: "192.0.2.21" },
  { id: "restated", address: "192.0.2.26" },
  { id: "excluded", address: "192.0.2.66" },
  { id: "in-range", address: "192.0.2.82" },
  { id: "burner", address: "192.0.2.23" },
  { id: "relay", address: "192.0.2.24" },
  { id: "gyro", address: "192.0.2.25" },
];

/** Refused in the plan; each stands beside the good device, which is asked all the while. */
const refused: readonly (DeviceSpec & { readonly why: string })[] = [
  { id: "moved", address: "192.0.2.20", why: "not_admitted" },
  { id: "restated", address: "192.0.2.26", changes: { statements: {} }, why: "not_admitted" },
  { id: "excluded", address: "192.0.2.66", why: "excluded" },
  { id: "in-range", address: "192.0.2.82", why: "excluded" },
  { id: "burner", address: "192.0.2.23", changes: { function: "safety" }, why: "safety_function" },
  { id: "relay", address: "192.0.2.24", changes: { function: "protection" }, why: "safety_function" },
  { id: "gyro", address: "192.0.2.25", changes: { function: "navigation" }, why: "safety_function" },
  { id: "new", address: "192.0.2.22", why: "not_admitted" },
  { id: "unapproved", address: "192.0.2.27", profile: m221, why: "not_approved" },
];

/** A mistake in the file: nothing of such a file is ever taken over. `address` is where a packet would go. */
const mistakes: readonly { readonly id: string; readonly address: string; readonly changes: Entry; readonly why: RegExp }[] = [
  { id: "outside", address: "198.51.100.7", changes: { address: "198.51.100.7" }, why: /outside.*198\.51\.100\.7.*192\.0\.2\.0\/24/su },
  { id: "broadcast", address: "192.0.2.255", changes: { address: "192.0.2.255" }, why: /192\.0\.2\.255.*broadcast/su },
  { id: "everybody", address: "255.255.255.255", changes: { address: "255.255.255.255" }, why: /255\.255\.255\.255.*broadcast/su },
  { id: "multicast", address: "224.0.0.1", changes: { address: "224.0.0.1" }, why: /224\.0\.0\.1.*multicast/su },
  { id: "mapped", address: "192.0.2.30", changes: { address: "::ffff:192.0.2.30" }, why: /::ffff:192\.0\.2\.30|::ffff:c000:21e/u },
  { id: "range", address: "192.0.2.32", changes: { address: "192.0.2.32/30" }, why: /192\.0\.2\.32\/30.*range/su },
  { id: "name", address: "192.0.2.33", changes: { address: "plc.example" }, why: /plc\.example.*name/su },
  {
    id: "unit-zero",
    address: "192.0.2.34",
    changes: { checks: [{ method: "modbus-fc43", unitId: 0, interval: "1s" }] },
    why: /unitId.*found 0/su,
  },
  { id: "plant", address: "10.20.1.11", changes: { address: "10.20.1.11" }, why: /10\.20\.1\.11/u },
];

test("nothing goes to a device that is not allowed, and explain says why", async () => {
  await using network = await plant();
  await startSimulated(network, "plant", Object.fromEntries(network.addresses("plant").map((one) => [one, "healthy"] as const)));
  const excluded = [
    { address: "192.0.2.66", reason: "maker forbids it" },
    { range: "192.0.2.80/28", reason: "burner management" },
  ];
  const site = await makeSite(network, { devices: [good, ...admitted], startsPerSecondMax: 10 });
  const watchlist = { ...site.watchlist([good, ...refused]), excluded };
  site.write(watchlist);
  for (const id of ["burner", "relay", "gyro"]) await admitByHand(site, id);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  for (const { id, why } of refused) {
    const line = await firstLine(site, id);
    assert.ok(line.startsWith(`${id} is not asked: ${why}: `), line);
  }
  const from = await capture.count();
  for (const mistake of mistakes) await assertMistake(site, watchlist, mistake);
  await afterMoreAsking(capture, from);
  site.write(watchlist);

  const silences: { readonly how: string; readonly after: number; readonly upTo: number }[] = [];
  for (const { how, change, why } of voided) {
    const file = join(site.folder, "device-profiles", `${generic}.yaml`);
    const before = readFileSync(file, "utf8");
    const at = await capture.count();
    await afterMoreAsking(capture, at);
    writeFileSync(file, change(before));
    const reloaded = await site.ask("reload", { by: "eto-1" });
    assert.ok(reloaded.ok, `${how}: ${JSON.stringify(reloaded)}`);
    assert.equal(reloaded.result.checks, 0, how);
    // What was under way as the new plan came is ended by then, the device's own FIN and its acknowledgement too.
    await waitForKernelToLetGo(network, "poller", good.address);
    const silent = await capture.count();
    assert.match(await firstLine(site, "good"), why, how);
    await site.cli("check", "good");
    silences.push({ how, after: silent, upTo: await capture.count() });
    writeFileSync(file, before);
    assert.ok((await site.ask("reload", { by: "eto-1" })).ok, how);
  }

  site.write(withEntry(watchlist, mistakes[0]!));
  assert.equal(await poller.end(), 0, poller.said());
  await waitForKernelToLetGo(network, "poller", good.address);
  const last = await capture.count();
  // A file with a mistake polls nothing at all at a start.
  const second = site.launch();
  assert.equal(await second.ended, 1, second.said());
  silences.push({ how: "a start with a mistake in the file", after: last, upTo: await capture.count() });
  const packets = await capture.stop();
  for (const { how, after, upTo } of silences) {
    const passed = passedBetween(packets, after, upTo);
    assert.deepEqual(passed, [], `${how}: ${describe(passed)}`);
  }
  assert.ok(requestsFromUs(withPeer(packets, good.address)).length >= 3, describe(packets));
  const strangers = packets.filter(({ source, destination }: Packet) => ![source, destination].includes(good.address));
  assert.deepEqual(strangers, [], describe(strangers));
});

/** Changes of the approval by hand, each of which voids it for the good device too. */
const voided: readonly { readonly how: string; readonly change: (text: string) => string; readonly why: RegExp }[] = [
  {
    how: "an approval that expired, its grace included",
    change: (text) =>
      text.replace(/approvedOn: .*/u, `approvedOn: ${dayAfter(-200)}`).replace(/(expiresOn|until): .*/gu, `$1: ${dayAfter(-100)}`),
    why: /^good is not asked: approval_expired: /u,
  },
  {
    how: "a digest that somebody edited",
    change: (text) => text.replace(/covers: sha256:.{8}/u, "covers: sha256:00000000"),
    why: /^good is not asked: approval_stale: /u,
  },
  {
    how: "a family that is suspended",
    change: (text) => text.replace(/stage: approved/u, "stage: suspended"),
    why: /^good is not asked: stage: /u,
  },
];

/** Whatever the poller would send to an address here or beyond would be seen: every address answers ARP, and there is a way out. */
async function plant(): Promise<Network> {
  const outside = new Set(["198.51.100.7", "192.0.2.255", "255.255.255.255", "224.0.0.1", "10.20.1.11"]);
  const addresses = [good, ...refused, ...mistakes].map(({ address }) => address).filter((address) => !outside.has(address));
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [...addresses, "192.0.2.21"] },
    ],
  });
  await network.run("poller", ["ip", "neigh", "add", "192.0.2.254", "lladdr", "02:00:00:00:00:fe", "dev", "eth0", "nud", "permanent"]);
  await network.run("poller", ["ip", "route", "add", "default", "via", "192.0.2.254"]);
  return network;
}

/** The running plan stays, a start would ask nothing, and the device's own problem is the first line. */
async function assertMistake(site: Site, watchlist: Entry, mistake: (typeof mistakes)[number]): Promise<void> {
  site.write(withEntry(watchlist, mistake));
  assert.match(await firstLine(site, mistake.id), mistake.why, mistake.id);
  const reloaded = await site.ask("reload", { by: "eto-1" });
  assert.ok(!reloaded.ok && reloaded.problems.length > 0, mistake.id);
}

/** As somebody would who edits the approval until it names the device as it is now: not even that lets it be asked. */
async function admitByHand(site: Site, device: string): Promise<void> {
  const { out } = await site.cli("explain", device);
  const digest = /would admit it as (sha256:[0-9a-f]{64})/u.exec(out)?.[1];
  assert.ok(digest, out);
  const file = join(site.folder, "device-profiles", `${generic}.yaml`);
  const text = readFileSync(file, "utf8");
  const edited = text.replace(new RegExp(`${device}: sha256:[0-9a-f]{64}`, "u"), `${device}: ${digest}`);
  assert.notEqual(edited, text);
  writeFileSync(file, edited);
}

function withEntry(watchlist: Entry, { id, address, changes }: (typeof mistakes)[number]): Entry {
  const devices = watchlist["devices"] as readonly Entry[];
  return { ...watchlist, devices: [...devices, { ...devices[0], id, address, ...changes }] };
}

async function firstLine(site: Site, device: string): Promise<string> {
  const { out, err } = await site.cli("explain", device);
  return `${out}${err}`.split("\n")[0] ?? "";
}

/** The poller is alive and asks the good device. */
async function afterMoreAsking(capture: { count(): Promise<number> }, from: number): Promise<void> {
  await waitFor(async () => (await capture.count()) - from >= 20, { what: "more asking", deadlineMs: 60_000, everyMs: 50 });
}
