/** Proves what EtherNet/IP checks cost: two packets for List Identity over UDP, thirteen for the Identity object, none for a neighbour or a late reply. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  copiesIn,
  delayedAckMs,
  describe,
  fromUs,
  onIp,
  requestsFromUs,
  startCapture,
  toUs,
  withFlag,
  withPeer,
  type Packet,
} from "./support/capture.ts";
import { waitForKernelToLetGo } from "./support/kernel.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers, nextMisses } from "./support/next-answers.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";
import { unapprovedSite, type DeviceSpec, type Site } from "./support/site.ts";
import { dayAfter, waitFor, watchTheWireFor } from "./support/wait.ts";
import { webOf } from "./support/web.ts";

const profile = "generic-ethernet-ip";
const deadlineMs = 60_000;
/** What `plan` says of three requests on a fresh connection, at most. */
const planned = { fromPoller: 10, fromDevice: 8 } as const;
const listIdentity = /^630000000000000000000000f4010000[0-9a-f]{8}00000000$/u;

function asked(method: string, more: Readonly<Record<string, unknown>> = {}): NonNullable<DeviceSpec["changes"]> {
  return { checks: [{ method, interval: "2s", answerWithin: "1s", ...more }] };
}

/** The person at the site agrees to the Identity object, which the shipped profile leaves to them, and approves what then is planned. */
async function agreedAndApproved(site: Site): Promise<void> {
  const agreed = [{ method: "enip-identity-object", reason: "isolated test network", by: "eto-1", on: "2026-11-20" }];
  const file = { schema: "site-profile/v1", id: profile, approval: { stage: "draft" }, agreed };
  writeFileSync(join(site.folder, "device-profiles", `${profile}.yaml`), JSON.stringify(file, undefined, 2));
  const covers = (await site.plan()).profiles.find(({ id }) => id === profile)?.covers ?? "";
  const basis = ["--basis", "risk", "--basis-text", "isolated test network", "--until", dayAfter(90), "--change", "MOC-1"];
  await site.done(
    "approve",
    profile,
    "--all-new",
    "--covers",
    covers,
    "--prepared-by",
    "eto-1",
    "--accepted-by",
    "chief engineer",
    ...basis,
  );
}

test("List Identity over UDP is 2 packets, the Identity object 13, an excluded neighbour gets none, and a late reply draws no ICMP error", async () => {
  const [adapter, controller, tardy, overTcp, neighbour] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14"] as const;
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [adapter, controller, tardy, overTcp, neighbour] },
    ],
  });
  const devices: readonly DeviceSpec[] = [
    { id: "adapter", address: adapter, profile, changes: asked("enip-list-identity") },
    { id: "controller", address: controller, profile, changes: asked("enip-identity-object") },
    // Its answers come a second after its exchanges are over, and a second before the next.
    { id: "tardy", address: tardy, profile, changes: asked("enip-list-identity", { interval: "3s" }) },
    { id: "over-tcp", address: overTcp, profile, changes: asked("enip-list-identity", { transport: "tcp" }) },
    { id: "neighbour", address: neighbour, profile, changes: asked("enip-list-identity") },
  ];
  const site = await unapprovedSite(network, {
    devices,
    startsPerSecondMax: 20,
    watchlist: { excluded: [{ address: neighbour, reason: "maker forbids it" }] },
  });
  await agreedAndApproved(site);
  const plant = await startSimulatedEnip(network, "plant", {
    [adapter]: "healthy",
    [controller]: "healthy",
    [tardy]: { kind: "late", afterMs: 2000 },
    [overTcp]: "healthy",
    [neighbour]: "healthy",
  });
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const web = webOf(network, "poller");
  const pageWith = async (late: number): Promise<string | undefined> => {
    const { body } = await web.visit("GET", "/metrics");
    return new RegExp(`^watchkeeper_udp_datagrams_dropped_total\\{reason="late"\\} ${late}$`, "mu").test(body) ? body : undefined;
  };
  const rounds = { what: "several rounds", deadlineMs };
  await Promise.all([
    nextAnswers(site, { ...rounds, count: 3, devices: ["adapter", "controller", "over-tcp"] }),
    nextMisses(site, "timeout", { ...rounds, count: 2, devices: ["tardy"] }),
  ]);
  const status = await site.ask("status", {});
  // Its last reply is to come while the poller still runs: after its end the kernel answers for any program that is gone.
  site.write(site.watchlist(devices.filter(({ id }) => id !== "tardy")));
  const reloaded = await site.ask("reload", { by: "eto-1" });
  assert.ok(reloaded.ok, JSON.stringify(reloaded));
  // Nobody asks it any more; what it was asked by now it answers.
  await watchTheWireFor(500);
  const questions = plant.messages.filter(({ event, address }) => event === "asked" && address === tardy).length;
  const metrics = await waitFor(() => pageWith(questions), { what: "the last late reply", deadlineMs, everyMs: 100 });
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  for (const address of [controller, overTcp]) await waitForKernelToLetGo(network, "poller", address, deadlineMs);
  const all = await capture.stop();
  const packets = onIp(all);

  assertPairs(withPeer(packets, adapter));
  const late = withPeer(packets, tardy);
  assert.ok(toUs(late).length >= 2, describe(late));
  for (const { payloadHex } of fromUs(late)) assert.match(payloadHex, listIdentity);
  assert.equal(new Set(fromUs(late).map(({ sourcePort }) => sourcePort)).size, 1, describe(late));
  const answered = toUs(late).filter(({ payloadLength }) => payloadLength > 0);
  assert.ok(answered.length >= 2, describe(late));
  // Every one of them came after its time, and the page says so.
  assert.deepEqual([answered.length, fromUs(late).length], [questions, questions], describe(late));
  assert.match(metrics, /^watchkeeper_udp_datagrams_dropped_total\{reason="foreign"\} 0$/mu);
  assert.deepEqual(
    packets.filter(({ protocol }) => protocol === "icmp"),
    [],
    describe(packets.filter(({ protocol }) => protocol === "icmp")),
  );
  const read = checksOf(withPeer(packets, controller));
  for (const check of read) assertIdentityObject(check);
  // A device that takes its time acknowledges before it answers, or has the kernel ask again: packets more, within the plan. Otherwise it is thirteen.
  const [shortest] = read.toSorted((a, b) => a.length - b.length);
  assert.deepEqual([shortest?.length, fromUs(shortest ?? []).length <= 8], [13, true], describe(packets));
  for (const check of checksOf(withPeer(packets, overTcp))) {
    // Where an answer is not there yet, a busy device acknowledges the question by itself: a packet more, and not ours.
    const tookMs = check.at(-1)!.atMs - check[0]!.atMs;
    const { ours, withAnswers } = copiesIn(check);
    const most = (tookMs < delayedAckMs ? 10 : 11) + withAnswers;
    assert.ok(check.length <= most && fromUs(check).length <= 6 + ours, describe(check));
    assert.equal(requestsFromUs(check).length, 1, describe(check));
    assert.match(requestsFromUs(check)[0]!.payloadHex, listIdentity, describe(check));
    assert.equal(withFlag(check, "RST").length, 0, describe(check));
  }
  assert.deepEqual(withPeer(all, neighbour), [], describe(withPeer(all, neighbour)));

  assert.ok(status.ok);
  const liveness = Object.fromEntries(status.result.devices.map((one) => [one.device, `${one.liveness} ${one.cause}`]));
  assert.equal(liveness["adapter"], "up answers", poller.said());
  assert.equal(liveness["controller"], "up answers", poller.said());
  assert.equal(liveness["over-tcp"], "up answers", poller.said());
  assert.match(liveness["tardy"] ?? "", /^unknown/u);
});

/** One datagram each way, again and again. */
function assertPairs(packets: readonly Packet[]): void {
  assert.ok(packets.length >= 6, describe(packets));
  assert.equal(packets.length % 2, 0, describe(packets));
  for (let index = 0; index < packets.length; index += 2) {
    const [request, reply] = packets.slice(index, index + 2) as [Packet, Packet];
    assert.deepEqual([request.fromUs, reply.fromUs, request.protocol, reply.protocol], [true, false, "udp", "udp"], describe(packets));
    assert.match(request.payloadHex, listIdentity, describe(packets));
  }
}

function checksOf(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  const checks = [...Map.groupBy(packets, ({ stream }) => stream).values()];
  assert.ok(checks.length >= 3, describe(packets));
  return checks;
}

function assertIdentityObject(check: readonly Packet[]): void {
  const table = describe(check);
  // On a busy machine the kernel may take an answer that is late for lost: its copies are within the plan's bound.
  const once = check.filter(({ retransmission }) => !retransmission);
  const carrying = once.filter(({ payloadLength, flags }) => payloadLength > 0 || flags.includes("SYN") || flags.includes("FIN"));
  assert.equal(carrying.length, 9, table);
  // The others only acknowledge.
  assert.ok(fromUs(check).length <= planned.fromPoller && toUs(check).length <= planned.fromDevice, table);
  const requests = requestsFromUs(check).map(({ payloadHex }) => payloadHex);
  assert.equal(requests.length, 3, table);
  const [register, read, unregister] = requests as [string, string, string];
  const session = read.slice(8, 16);
  assert.match(register, /^650004000000000000000000f4010000[0-9a-f]{8}0000000001000000$/u, table);
  assert.match(read, /^6f001600[0-9a-f]{8}00000000f4010000[0-9a-f]{8}00000000000000000500020000000000b2000600010220012401$/u, table);
  assert.match(unregister, new RegExp(`^66000000${session}00000000f4010000[0-9a-f]{8}00000000$`, "u"), table);
  const flags = [withFlag(fromUs(once), "SYN").length, withFlag(fromUs(once), "FIN").length, withFlag(check, "RST").length];
  assert.deepEqual(flags, [1, 1, 0], table);
}
