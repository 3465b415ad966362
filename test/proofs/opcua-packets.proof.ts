/** Proves what OPC UA checks cost: one Publish or Read each time on a session that is opened once, and a hello without a channel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  connectionsOpened,
  describe,
  fromUs,
  gapsBetweenRequests,
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
import { closing, conversations, messagesFromUs, messagesIn, opening } from "./support/opcua-messages.ts";
import { livenessOf, opcuaDevice, opcuaSite } from "./support/opcua-site.ts";
import { startSimulatedOpcua } from "./support/simulated-opcua.ts";
import { checkOf, quickAnswers, untilStatus } from "./support/status.ts";
import { waitFor } from "./support/wait.ts";

/** The first session of a process costs it a moment's work: on a busy machine a second is too short for that. */
const intervalMs = 1500;
const [kept, hello, renewing, reading] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13"] as const;
/** At least five intervals. Renewed after three quarters of it, with the next asking; a timer may round by a millisecond. */
const channelLifetimeMs = 7600;
const renewedAfterMs = 0.75 * channelLifetimeMs - 5;
const askedMin = 4;

test("a keep-alive and a read are 3 packets, one Publish or Read of ours; their session is opened once, in 5 messages, and given back; a channel is renewed with an asking; a hello is one message", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [kept, hello, renewing, reading] },
    ],
  });
  const interval = `${intervalMs}ms`;
  const devices = [
    opcuaDevice("kept", kept, "opcua-keepalive", { interval }),
    opcuaDevice("hello", hello, "opcua-hello", { interval }),
    opcuaDevice("renewing", renewing, "opcua-keepalive", { interval }),
    opcuaDevice("reading", reading, "opcua-read", { interval }),
  ];
  const site = await opcuaSite(network, { devices });
  const plan = await site.plan();
  const plant = await startSimulatedOpcua(network, "plant", {
    [kept]: "healthy",
    [hello]: "healthy",
    [reading]: "healthy",
    [renewing]: { kind: "short-token", lifetimeMs: channelLifetimeMs },
  });
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  await quickAnswers(site, "kept", "reading");
  const renewals = async (): Promise<boolean> => Number((await plant.counted(renewing))["renewals"]) >= 1;
  await waitFor(renewals, { what: "a channel to be renewed", deadlineMs: 60_000, everyMs: 50 });
  await untilStatus(site, "the hellos to be answered", (status) => checkOf(status, "hello").answered >= askedMin);
  const liveness = await livenessOf(site);
  assert.equal(await poller.end(), 0, poller.said());
  await waitForKernelToLetGo(network, "poller", [kept, hello, renewing, reading]);
  const packets = onIp(await capture.stop());

  assert.deepEqual(liveness, { kept: "up answers", hello: "up answers", renewing: "up answers", reading: "up answers" }, poller.said());
  const session = withPeer(packets, kept);
  const asked = assertKept(session, "PublishRequest", [...opening, "CreateSubscriptionRequest"]);
  const counted = await plant.counted(kept);
  assert.deepEqual([counted["sessions"], counted.openSessions, counted.mostSessionsAtOnce, counted["sessionsClosed"]], [1, 0, 1, 1]);
  assert.deepEqual([counted.services["publish"], counted["writes"], counted["malformedRequests"]], [asked, 0, 0]);
  assert.equal(counted["pipelinedRequests"], 0);

  assertKept(withPeer(packets, reading), "ReadRequest", opening);
  const read = await plant.counted(reading);
  assert.deepEqual([read["sessions"], read.openSessions, read.mostSessionsAtOnce, read["writes"]], [1, 0, 1, 0]);

  const renewed = messagesFromUs(withPeer(packets, renewing));
  const table = describe(withPeer(packets, renewing));
  assert.equal(connectionsOpened(withPeer(packets, renewing)), 1, table);
  const again = renewed.flatMap((name, index) => (index > opening.length && name === "OpenSecureChannelRequest" ? [index] : []));
  // Not before three quarters of its life, and each time with the Publish of a slot right behind it.
  const openings = requestsFromUs(withPeer(packets, renewing)).filter((packet) => messagesIn(packet).includes(opening[1]!));
  const apart = openings.slice(1).map(({ atMs }, index) => atMs - openings[index]!.atMs);
  assert.ok(again.length >= 1 && apart.every((ms) => ms >= renewedAfterMs), `${apart.join()} ms\n${table}`);
  for (const index of again) assert.equal(renewed[index + 1], "PublishRequest", table);

  const checks = conversations(withPeer(packets, hello));
  assert.ok(checks.length >= askedMin, describe(packets));
  const packetsMax = plan.checks.find(({ device }) => device === "hello")?.worstCase.packetsMax ?? 0;
  for (const check of checks) {
    assert.deepEqual(messagesFromUs(check), ["Hello"], describe(check));
    assert.deepEqual([withFlag(fromUs(check), "FIN").length, withFlag(check, "RST").length], [1, 0], describe(check));
    assert.ok(fromUs(check).length <= packetsMax, describe(check));
  }
  assert.ok(gapsBetweenRequests(withPeer(packets, hello)).every((gap) => gap >= intervalMs));
});

/** @returns how often it was asked */
function assertKept(packets: readonly Packet[], question: string, begins: readonly string[]): number {
  const table = describe(packets);
  assert.equal(connectionsOpened(packets), 1, table);
  const said = messagesFromUs(packets);
  const asked = said.filter((name) => name === question).length;
  assert.ok(asked >= askedMin, table);
  assert.deepEqual(said, [...begins, ...Array.from({ length: asked }, () => question), ...closing], table);
  // Each message in a packet of its own.
  assert.equal(requestsFromUs(packets).length, said.length, table);
  assert.deepEqual([withFlag(fromUs(packets), "FIN").length, withFlag(packets, "RST").length], [1, 0], table);
  const questions = requestsFromUs(packets).filter((packet) => messagesIn(packet).includes(question));
  assert.ok(
    gapsBetweenRequests(questions).every((gap) => gap >= intervalMs),
    table,
  );
  for (const check of between(packets, questions)) {
    // Request, reply and our ACK; where the reply takes longer than the server's kernel waits, its ACK too.
    const acknowledged = toUs(check).filter(({ payloadLength }) => payloadLength === 0).length;
    assert.deepEqual([fromUs(check).length, toUs(check).length - acknowledged], [2, 1], describe(check));
    assert.ok(acknowledged <= 1, describe(check));
  }
  assert.ok(
    between(packets, questions).some(({ length }) => length === 3),
    table,
  );
  return asked;
}

/** The packets from each question up to the next, without those of the last. */
function between(packets: readonly Packet[], questions: readonly Packet[]): readonly (readonly Packet[])[] {
  return questions
    .slice(1)
    .map((next, index) => packets.filter(({ number }) => number >= (questions[index]?.number ?? 0) && number < next.number));
}
