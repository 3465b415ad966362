/** Proves what S7 checks cost, as whom they connect, and what a hung and a dead CPU are sent. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Status } from "../../src/domain/control.ts";
import { describe, fromUs, onIp, requestsFromUs, startCapture, toUs, withFlag, withPeer, type Packet } from "./support/capture.ts";
import { waitForKernelToLetGo } from "./support/kernel.ts";
import { makeNetwork } from "./support/netns.ts";
import { keptProfile, productWithKeptProfile } from "./support/product.ts";
import { startS7Server, startSimulatedS7 } from "./support/simulated-s7.ts";
import { unapprovedSite, type DeviceSpec, type Site } from "./support/site.ts";
import { checkOf, misses, quickAnswers, untilStatus } from "./support/status.ts";

const [fresh, reading, kept, hung, dead, full] = [
  "192.0.2.10",
  "192.0.2.11",
  "192.0.2.12",
  "192.0.2.13",
  "192.0.2.14",
  "192.0.2.15",
] as const;
const family = "siemens-s7-300-400";
const connect = /^0300001611e00000000100c0010ac1020100c2020302$/u;
const setup = /^0300001902f08032010000[0-9a-f]{4}00080000f0000001000101e0$/u;
const readMode = /^0300002102f08032070000[0-9a-f]{4}000800080001120411440100ff09000404240000$/u;
const readCounter = /^0300001f02f08032010000[0-9a-f]{4}000e00000401120a10020002000184000000$/u;
const askedMin = 3;
/** S7-basic, rack 0, slot 2. */
const calledTsap = "0302";
/** TCP_DELACK_MIN. */
const delayedAckMs = 40;
/** SYN, SYN, three questions with their answers, FIN, FIN carry something; the other 4 only acknowledge. */
const freshPackets = { all: 14, ours: 8, carrying: 10 } as const;

function asked(method: string, more: Readonly<Record<string, unknown>> = {}): NonNullable<DeviceSpec["changes"]> {
  return { s7: { rack: 0, slot: 2 }, checks: [{ method, interval: "1s", ...more }] };
}

/** The person at the site names the bytes and agrees to their being read. */
function agreeToReads(site: Site): void {
  const agreed = [{ method: "s7-read", reason: "a counter of our own program", by: "eto-1", on: "2026-11-20" }];
  const liveness = [{ id: "counter", area: "DB", db: 1, byte: 0, type: "uint16", note: "counts in OB1" }];
  const file = { schema: "site-profile/v1", id: family, approval: { stage: "draft" }, agreed, liveness };
  writeFileSync(join(site.folder, "device-profiles", `${family}.yaml`), JSON.stringify(file, undefined, 2));
}

test("a fresh S7 check is 14 packets, a kept one 3, all as S7-basic; a hung CPU gets one RST, a dead one 1 SYN", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [fresh, reading, kept, hung, dead, full] },
    ],
  });
  const devices: readonly DeviceSpec[] = [
    { id: "fresh", address: fresh, profile: family, changes: asked("s7-cpu-status") },
    { id: "reading", address: reading, profile: family, changes: asked("s7-read", { register: "counter" }) },
    { id: "kept", address: kept, profile: keptProfile, changes: asked("s7-cpu-status") },
    { id: "hung", address: hung, profile: family, changes: asked("s7-cpu-status", { answerWithin: "700ms" }) },
    { id: "dead", address: dead, profile: family, changes: asked("s7-cpu-status") },
    { id: "full", address: full, profile: family, changes: asked("s7-cpu-status") },
  ];
  const site = await unapprovedSite(network, { devices, startsPerSecondMax: 20, product: productWithKeptProfile(network) });
  agreeToReads(site);
  await site.approve(family, keptProfile);
  await network.nft("plant", `table inet dead {\n  chain input { type filter hook input priority 0; ip daddr ${dead} drop; }\n}`);
  const server = await startS7Server(network, "plant", fresh);
  await startSimulatedS7(network, "plant", { [reading]: "healthy", [kept]: "healthy", [hung]: "hangs-once-set-up", [full]: "one-pg-slot" });
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  await quickAnswers(site, "kept");
  const running = await untilStatus(
    site,
    "each CPU to be asked often enough",
    (status) =>
      ["fresh", "reading"].every((id) => checkOf(status, id).answered >= askedMin) &&
      ["hung", "dead", "full"].every((id) => misses(checkOf(status, id)) >= askedMin) &&
      ["fresh", "reading", "kept"].every((id) => status.devices.find(({ device }) => device === id)?.liveness === "up"),
  );
  await server.tell("stop");
  const stopped = await untilStatus(site, "the CPU in STOP to be seen", ({ devices: all }) => all[0]?.liveness === "degraded");
  assert.equal(await poller.end(), 0, poller.said());
  await waitForKernelToLetGo(network, "poller", [fresh, reading, kept, hung, full]);
  const packets = onIp(await capture.stop());

  for (const check of checksOf(withPeer(packets, fresh))) assertFresh(check, readMode);
  for (const check of checksOf(withPeer(packets, reading))) assertFresh(check, readCounter);
  assertKept(withPeer(packets, kept));
  for (const check of checksOf(withPeer(packets, hung))) assertHung(check);
  for (const check of checksOf(withPeer(packets, dead)))
    assert.deepEqual(
      check.map(({ flags }) => flags),
      [["SYN"]],
      describe(check),
    );
  for (const check of checksOf(withPeer(packets, full))) {
    assert.equal(requestsFromUs(check).length, 1, describe(check));
    assert.equal(withFlag(fromUs(check), "RST").length, 1, describe(check));
  }
  const connects = requestsFromUs(packets).filter(({ cotpCalledTsap }) => cotpCalledTsap !== "");
  assert.ok(connects.length >= 4 * askedMin + 1, describe(connects));
  for (const packet of connects) {
    assert.match(packet.payloadHex, connect);
    assert.deepEqual([packet.cotpCalledTsap, packet.dissector], [calledTsap, "COTP"], describe([packet]));
  }
  // What is neither a COTP connection nor a job or user data that tshark can read left nobody.
  const others = requestsFromUs(packets).filter(({ cotpCalledTsap, s7Kinds }) => cotpCalledTsap === "" && s7Kinds.length !== 1);
  assert.deepEqual(others, [], describe(others));

  const said = (status: Status): Readonly<Record<string, string>> =>
    Object.fromEntries(status.devices.map((one) => [one.device, `${one.liveness} ${one.cause}`]));
  const [before, after] = [said(running), said(stopped)];
  assert.deepEqual([before["fresh"], before["reading"], before["kept"]], ["up answers", "up answers", "up answers"], poller.said());
  assert.equal(after["fresh"], "degraded cpu_not_running", poller.said());
  assert.match(before["hung"] ?? "", /^unknown/u);
  assert.match(before["dead"] ?? "", /^unknown/u);
});

function checksOf(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  const checks = [...Map.groupBy(packets, ({ stream }) => stream).values()];
  assert.ok(checks.length >= askedMin, describe(packets));
  return checks;
}

function carries({ payloadLength, flags }: Packet): boolean {
  return payloadLength > 0 || flags.includes("SYN") || flags.includes("FIN");
}

function assertFresh(check: readonly Packet[], question: RegExp): void {
  const table = describe(check);
  const [first, second, third, ...others] = requestsFromUs(check).map(({ payloadHex }) => payloadHex);
  assert.match(first ?? "", connect, table);
  assert.match(second ?? "", setup, table);
  assert.match(third ?? "", question, table);
  assert.deepEqual(others, [], table);
  // What the kernel sends again, such as a FIN that is not acknowledged within milliseconds, is within the plan.
  const once = check.filter(({ retransmission }) => !retransmission);
  assert.equal(once.filter(carries).length, freshPackets.carrying, table);
  const tookMs = check.at(-1)!.atMs - check[0]!.atMs;
  // Where an answer takes longer than Linux waits for one to ride on, it sends another acknowledgement, within the plan.
  if (tookMs < delayedAckMs && once.length === check.length)
    assert.deepEqual([check.length, fromUs(check).length], [freshPackets.all, freshPackets.ours], table);
  assert.deepEqual(
    [withFlag(fromUs(once), "SYN").length, withFlag(fromUs(once), "FIN").length, withFlag(check, "RST").length],
    [1, 1, 0],
    table,
  );
}

/** One connection for all of them; once it is open, a question, an answer and an acknowledgement each, two of them ours. */
function assertKept(packets: readonly Packet[]): void {
  const table = describe(packets);
  assert.equal(withFlag(fromUs(packets), "SYN").length, 1, table);
  const asks = requestsFromUs(packets);
  assert.match(asks[0]?.payloadHex ?? "", connect, table);
  assert.match(asks[1]?.payloadHex ?? "", setup, table);
  assert.ok(asks.length >= 5, table);
  for (const { payloadHex } of asks.slice(2)) assert.match(payloadHex, readMode, table);
  // From the second question to the last: a CPU that answers slowly acknowledges by itself first, its kernel's packet, one more.
  const questions = asks.slice(3).map(({ number }) => number);
  const steady = questions.slice(1).map((next, index) => packets.filter(({ number }) => number >= questions[index]! && number < next));
  for (const check of steady) {
    const acknowledged = toUs(check).filter(({ payloadLength }) => payloadLength === 0).length;
    assert.deepEqual([fromUs(check).length, toUs(check).length - acknowledged], [2, 1], table);
    assert.ok(acknowledged <= 1, table);
  }
  assert.ok(
    steady.some(({ length }) => length === 3),
    table,
  );
  assert.deepEqual([withFlag(fromUs(packets), "FIN").length, withFlag(packets, "RST").length], [1, 0], table);
}

/** The question is asked once; at the deadline one RST ends it. */
function assertHung(check: readonly Packet[]): void {
  const table = describe(check);
  assert.equal(requestsFromUs(check).length, 3, table);
  assert.equal(withFlag(fromUs(check), "RST").length, 1, table);
  assert.equal(withFlag(check, "FIN").length, 0, table);
  assert.equal(toUs(check).filter(({ payloadLength }) => payloadLength > 0).length, 2, table);
}
