/** Proves that no OPC UA server sets our pace: whatever it answers, revises, breaks or withholds, it is asked once a slot and connected to once a slot. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PlanJson } from "../../src/config/plan-json.ts";
import type { OpcuaBehaviour } from "../../simulators/opcua/device.ts";
import { describe, fromUs, onIp, startCapture, withFlag, withPeer, type Packet } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { closing, conversations, messagesFromUs, messagesIn, opening } from "./support/opcua-messages.ts";
import { livenessOf, opcuaDevice, opcuaSite } from "./support/opcua-site.ts";
import { startSimulatedOpcua } from "./support/simulated-opcua.ts";
import { checkOf, misses, untilStatus } from "./support/status.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const intervalMs = 1000;
const watchMs = 8000;
const busyMs = 300;
const elsewhere = "192.0.2.99";

const servers: readonly (readonly [id: string, behaviour: OpcuaBehaviour])[] = [
  ["publish-error", "publish-error"],
  ["impatient", { kind: "impatient", publishingIntervalMs: 50 }],
  ["short-token", { kind: "short-token", lifetimeMs: 20 }],
  ["unasked-publish", "unasked-publish"],
  ["silent", "silent"],
  ["silent-publish", "silent-publish"],
  ["busy", "busy"],
  ["closes-at-once", "closes-at-once"],
  ["garbage-after-ack", "garbage-after-ack"],
  ["huge-chunk", "huge-chunk"],
  ["wrong-request-id", "wrong-request-id"],
  ["wrong-channel", "wrong-channel"],
  ["too-many-sessions", "too-many-sessions"],
  ["reset", "reset"],
  ["redirecting", { kind: "redirecting", endpointUrl: `opc.tcp://${elsewhere}:4840` }],
  ["gone", "healthy"],
];
const addressOf = (id: string): string => `192.0.2.${10 + servers.findIndex(([name]) => name === id)}`;

test("hostile OPC UA servers get one connection and one Publish a slot, and a server that redirects changes nothing", async (t) => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: servers.map(([id]) => addressOf(id)) },
      { name: "elsewhere", address: elsewhere },
    ],
  });
  const site = await opcuaSite(network, {
    devices: servers.map(([id]) => opcuaDevice(id, addressOf(id), "opcua-keepalive")),
    startsPerSecondMax: 50,
  });
  const plan = await site.plan();
  const present = servers.filter(([id]) => id !== "gone");
  const plant = await startSimulatedOpcua(
    network,
    "plant",
    Object.fromEntries(present.map(([id, behaviour]) => [addressOf(id), behaviour])),
  );
  const gone = await startSimulatedOpcua(network, "plant", { [addressOf("gone")]: "healthy" });
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  await untilStatus(site, "the one that will be gone to answer twice", (status) => checkOf(status, "gone").answered >= 2);
  gone.script.signal("SIGKILL");
  await gone.script.ended;
  await watchTheWireFor(watchMs);
  const published = async (): Promise<boolean> => ((await plant.counted(addressOf("publish-error"))).services["publish"] ?? 0) >= 2;
  await waitFor(published, { what: "a second Publish to one that answers each with an error", deadlineMs: 60_000, everyMs: 50 });
  await untilStatus(
    site,
    "three misses of those that hang, and what each server comes to",
    (status) =>
      ["silent", "silent-publish"].every((id) => misses(checkOf(status, id)) >= 3) &&
      status.devices.every(({ device, liveness: is }) => comesTo(device).test(is)),
  );
  const liveness = await livenessOf(site);
  assert.equal(await poller.end(), 0, poller.said());
  const all = onIp(await capture.stop());

  assert.deepEqual(withPeer(all, elsewhere), [], describe(withPeer(all, elsewhere)));
  for (const [id] of servers) {
    const packets = withPeer(all, addressOf(id));
    const table = `${id}: ${liveness[id] ?? ""}\n${describe(packets)}`;
    assert.ok(conversations(packets).length >= 1, table);
    // A connection is opened once a slot at most, and so is the question asked.
    assert.ok(apart(withFlag(fromUs(packets), "SYN")) >= intervalMs, table);
    assert.ok(apart(asking(packets, "PublishRequest")) >= intervalMs, table);
    for (const conversation of conversations(packets)) assertBounded(conversation, id);
    assert.match(liveness[id] ?? "", comesTo(id), table);
  }
  assert.ok(asking(withPeer(all, addressOf("publish-error")), "PublishRequest").length >= 2);
  // Whoever hangs is noticed when the time for an answer is over, and one RST ends it.
  for (const id of ["silent", "silent-publish"]) {
    const hung = conversations(withPeer(all, addressOf(id))).slice(0, -1);
    assert.ok(hung.length >= 2, describe(withPeer(all, addressOf(id))));
    for (const conversation of hung)
      t.diagnostic(`${id}: cut off ${assertCutOff(conversation, id, plan).toFixed(0)} ms before the plan's time was over`);
  }
  const counts = await Promise.all(present.map(async ([id]) => [id, (await plant.counted(addressOf(id))).mostSessionsAtOnce] as const));
  // A server that gives a session and then breaks the protocol hears no goodbye: what it holds of ours ends by its timeout, four intervals.
  const breaks = new Set(["silent-publish", "unasked-publish", "wrong-request-id", "wrong-channel", "reset"]);
  for (const [id, most] of counts) {
    // Nor does one to which this machine was too slow to open a session in time.
    const tooSlow = conversations(withPeer(all, addressOf(id))).some(
      (one) => withFlag(fromUs(one), "RST").length > 0 && asking(one, "PublishRequest").length === 0,
    );
    assert.ok(most <= (breaks.has(id) || tooSlow ? 4 : 1), `${id}: ${JSON.stringify(counts)}`);
  }
  const counted = await plant.counted(addressOf("redirecting"));
  assert.deepEqual([counted["connections"], counted["endpointUrl"]], [1, `opc.tcp://${addressOf("redirecting")}:4840`]);
});

const comesTo = (id: string): RegExp => (id === "redirecting" ? /^up/u : /^(unknown|down|degraded)/u);

/** In its order, each question once but Publish, and a renewed channel at most once a Publish. */
function assertBounded(conversation: readonly Packet[], id: string): void {
  const said = messagesFromUs(conversation);
  const table = `${id}\n${describe(conversation)}`;
  const count = (name: string): number => said.filter((one) => one === name).length;
  for (const name of [...opening, ...closing].filter((one) => one !== "OpenSecureChannelRequest")) assert.ok(count(name) <= 1, table);
  assert.ok(count("OpenSecureChannelRequest") <= 1 + count("PublishRequest"), table);
  const begun = [...new Set(said)].filter((name) => opening.includes(name));
  assert.deepEqual(begun, opening.slice(0, begun.length), table);
}

/** @returns by how many ms its RST came before the plan's time was over */
function assertCutOff(conversation: readonly Packet[], id: string, { checks }: PlanJson): number {
  const check = checks.find(({ device }) => device === id);
  const table = describe(conversation);
  assert.deepEqual([withFlag(fromUs(conversation), "RST").length, withFlag(fromUs(conversation), "FIN").length], [1, 0], table);
  assert.ok(conversation.at(-1)?.flags.includes("RST"), table);
  const lastedMs = (conversation.at(-1)?.atMs ?? 0) - (conversation[0]?.atMs ?? 0);
  const withinMs = (check?.connectWithinMs ?? 0) + (check?.answerWithinMs ?? 0);
  // The deadline is the poller's; this is what a busy machine may add until the RST is on the wire.
  assert.ok(lastedMs <= withinMs + busyMs, `${lastedMs} ms of ${withinMs}\n${table}`);
  return withinMs - lastedMs;
}

function asking(packets: readonly Packet[], name: string): readonly Packet[] {
  return fromUs(packets).filter((packet) => !packet.retransmission && messagesIn(packet).includes(name));
}

/** The shortest time between two, ms; Infinity where there are not two. */
function apart(packets: readonly Packet[]): number {
  const times = packets.filter(({ retransmission }) => !retransmission).map(({ atMs }) => atMs);
  return Math.min(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0)), Infinity);
}
