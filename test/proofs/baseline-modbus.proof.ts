/** The baselines: what a bare client on node:net alone puts on the wire. The product may not put more there. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { pymodbusIdentity, startLibmodbus, startPymodbus } from "./oracles/oracles.ts";
import { identificationRequestHex, startBareClient } from "./support/bare.ts";
import {
  delayedAckMs,
  connectionsAtOnce,
  connectionsOpened,
  describe,
  fromUs,
  onIp,
  payloadBytesFromUs,
  requestsFromUs,
  startCapture,
  toUs,
  withFlag,
  type Packet,
} from "./support/capture.ts";
import { tcpSockets, waitForKernelToLetGo, type KernelSocket } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { waitFor } from "./support/wait.ts";

const plc = "192.0.2.10";
const deadlineMs = 60_000;
const requestBytes = identificationRequestHex.length / 2;

function pollerAndPlc(): Promise<Network> {
  return makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address: plc },
    ],
  });
}

test("one fresh identification exchange with pymodbus is at most 10 packets, 6 of them ours", async () => {
  await using network = await pollerAndPlc();
  await startPymodbus(network, "plc");
  const capture = await startCapture(network, "poller");
  const client = startBareClient(network, "poller", { address: plc });
  const { hex } = await client.next("reply", deadlineMs);
  await client.ended;
  await waitForKernelToLetGo(network, "poller", plc, deadlineMs);
  const packets = onIp(await capture.stop());
  // Each SYN, FIN, question and answer once; the others only acknowledge.
  const carrying = packets.filter(({ payloadLength, flags }) => payloadLength > 0 || flags.includes("SYN") || flags.includes("FIN"));
  assert.equal(carrying.length, 6, describe(packets));
  // On a busy machine the device's kernel does not wait for the answer to acknowledge the question: a packet more, and not ours.
  const tookMs = packets.at(-1)!.atMs - packets[0]!.atMs;
  assert.ok(packets.length <= (tookMs < delayedAckMs ? 10 : 11), describe(packets));
  assert.equal(fromUs(packets).length, 6, describe(packets));
  assert.equal(payloadBytesFromUs(packets), requestBytes, describe(packets));
  assert.deepEqual(
    requestsFromUs(packets).map(({ payloadHex }) => payloadHex),
    [identificationRequestHex],
    describe(packets),
  );
  assert.deepEqual(
    packets.flatMap(({ modbusFunctionCodes }) => modbusFunctionCodes),
    [43, 43],
    describe(packets),
  );
  const reply = Buffer.from(String(hex), "hex").toString("latin1");
  for (const value of Object.values(pymodbusIdentity)) assert.ok(reply.includes(value), reply);
});

test("libmodbus answers the same request with exception 1", async () => {
  await using network = await pollerAndPlc();
  await startLibmodbus(network, "plc");
  const capture = await startCapture(network, "poller");
  const client = startBareClient(network, "poller", { address: plc });
  assert.equal((await client.next("reply", deadlineMs))["hex"], "00010000000301ab01");
  await client.ended;
  const packets = onIp(await capture.stop());
  assert.deepEqual(
    toUs(packets).flatMap(({ modbusExceptionCodes }) => modbusExceptionCodes),
    [1],
    describe(packets),
  );
});

test("libmodbus names itself in function code 17", async () => {
  await using network = await pollerAndPlc();
  const device = await startLibmodbus(network, "plc");
  const client = startBareClient(network, "poller", { address: plc, requestHex: "0001000000020111" });
  assert.match(Buffer.from(String((await client.next("reply", deadlineMs))["hex"]), "hex").toString("latin1"), /LMB3\.1\.6$/);
  assert.match(device.output(), /"hex":"0001000000020111"/);
});

test("of a pymodbus device behind a bus only the listed unit answers", async () => {
  await using network = await pollerAndPlc();
  await startPymodbus(network, "plc", { unitIds: [7] });
  const readRegister = (unit: string): string => `000100000006${unit}0300050001`;
  const listed = startBareClient(network, "poller", { address: plc, requestHex: readRegister("07") });
  assert.equal((await listed.next("reply", deadlineMs))["hex"], "0001000000050703" + "02" + "03ed");
  const absent = startBareClient(network, "poller", { address: plc, requestHex: readRegister("08"), replyTimeoutMs: 300 });
  await absent.next("reply-timeout", deadlineMs);
});

// The kernel repeats a SYN after 1 s and after 2 s: half a second from either, so that a timer that is late on a busy machine meets none.
for (const [connectTimeoutMs, syns] of [
  [500, 1],
  [1500, 2],
] as const) {
  test(`connecting to a dead peer for ${connectTimeoutMs} ms is ${syns} SYN and nothing else`, async () => {
    await using network = await pollerAndPlc();
    await network.vanish("plc");
    const capture = await startCapture(network, "poller");
    const client = startBareClient(network, "poller", { address: plc, connectTimeoutMs });
    await client.next("connect-timeout", deadlineMs);
    // Once the kernel has no socket left there is nothing that could send another: no need to watch the wire any longer.
    await waitForKernelToLetGo(network, "poller", plc, deadlineMs);
    const packets = onIp(await capture.stop());
    assert.equal(packets.length, syns, describe(packets));
    assert.equal(withFlag(fromUs(packets), "SYN").length, syns, describe(packets));
    assert.equal(packets.filter(({ retransmission }) => retransmission).length, syns - 1, describe(packets));
    assert.deepEqual([connectionsOpened(packets), connectionsAtOnce(packets)], [1, 1], describe(packets));
  });
}

test("a peer that vanishes before the request: the kernel sends copies until the reset at 500 ms, then nothing", async () => {
  await using network = await pollerAndPlc();
  const packets = await askVanishedPeer(network, "reset");
  assert.equal(requestsFromUs(packets).length, 1, describe(packets));
  const copies = fromUs(packets).filter(({ payloadLength }) => payloadLength > 0);
  assert.ok(copies.length >= 2 && copies.length <= 4, describe(packets)); // at 0 ms and about 200 and 400 ms
  assert.equal(payloadBytesFromUs(packets), copies.length * requestBytes, describe(packets));
  assert.deepEqual(packets.at(-1)?.flags, ["RST", "ACK"], describe(packets));
  assert.equal(withFlag(packets, "RST").length, 1, describe(packets));
});

test("destroyed without a reset, the kernel of a process that has ended still sends copies, and the harness sees them", async () => {
  await using network = await pollerAndPlc();
  const packets = await askVanishedPeer(network, "destroy");
  assert.equal(requestsFromUs(packets).length, 1, describe(packets));
  assert.ok(packets.filter(({ retransmission }) => retransmission).length >= 3, describe(packets));
});

/** One request to a device that hangs once connected, given up after 500 ms; the packets since it hung. */
async function askVanishedPeer(network: Network, onSilence: "reset" | "destroy"): Promise<readonly Packet[]> {
  await startPymodbus(network, "plc");
  const client = startBareClient(network, "poller", { address: plc, replyTimeoutMs: 500, waitToAsk: true, onSilence });
  await client.next("connected", deadlineMs);
  await network.vanish("plc");
  const capture = await startCapture(network, "poller");
  client.tell({ event: "ask" });
  await client.next("reply-timeout", deadlineMs);
  await client.ended;
  if (onSilence === "reset") await waitForKernelToLetGo(network, "poller", plc, deadlineMs);
  else {
    const [socket] = await socketsTo(network);
    assert.deepEqual([socket?.state, socket?.orphan, (socket?.unacknowledgedBytes ?? 0) >= requestBytes], ["FIN_WAIT1", true, true]);
    const copies = async (): Promise<boolean> => (await socketsTo(network)).some(({ copiesSent }) => copiesSent >= 3);
    await waitFor(copies, { what: "copies of the request", deadlineMs, everyMs: 50 });
  }
  const packets = onIp(await capture.stop());
  assert.equal(toUs(packets).length, 0, describe(packets));
  return packets;
}

async function socketsTo(network: Network): Promise<readonly KernelSocket[]> {
  return (await tcpSockets(network, "poller")).filter(({ remoteAddress }) => remoteAddress === plc);
}
