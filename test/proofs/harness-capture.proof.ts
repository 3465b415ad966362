/** Proves that a capture is complete, sees single packets as a wire would, and says so when it is not complete. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startBareClient, startBareSender } from "./support/bare.ts";
import {
  connectionsAtOnce,
  connectionsOpened,
  describe,
  fromUs,
  gapsBetweenRequests,
  requestsFromUs,
  startCapture,
  toUs,
  withPeer,
} from "./support/capture.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { startLibmodbus } from "./oracles/oracles.ts";
import { waitFor } from "./support/wait.ts";

const discardPort = 9;
const deadlineMs = 60_000;

/** Their kernels know each other already: what waits for an answer by ARP has not been sent yet, and of many some would be thrown away. */
async function pollerAndTwoDevices(): Promise<Network> {
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address: "192.0.2.10" },
      { name: "fan", address: "192.0.2.11" },
    ],
  });
  for (const device of ["192.0.2.10", "192.0.2.11"]) await network.run("poller", ["ping", "-n", "-q", "-c", "1", "-w", "30", device]);
  return network;
}

for (const count of [1, 7, 2000]) {
  test(`exactly ${count} sent is exactly ${count} captured`, async () => {
    await using network = await pollerAndTwoDevices();
    const capture = await startCapture(network, "poller");
    const sender = startBareSender(network, "poller", "192.0.2.10", discardPort, count);
    await sender.next("sent", deadlineMs);
    // Of the device's kernel there is an answer too, in its own time.
    await waitFor(async () => (await capture.count()) > count, { what: "the device's answer", deadlineMs });
    const packets = await capture.stop();
    const datagrams = fromUs(packets).filter(({ protocol }) => protocol === "udp");
    assert.equal(datagrams.length, count, describe(packets.slice(0, 50)));
    assert.equal(Buffer.from(datagrams.at(-1)?.payloadHex ?? "", "hex").toString(), `datagram ${count}`);
    // The device's "port unreachable" quotes our datagram; the quotation is not a packet of ours.
    assert.ok(
      toUs(packets).some(({ protocol, payloadLength }) => protocol === "icmp" && payloadLength === 0),
      describe(packets.slice(0, 50)),
    );
  });
}

test("a tcpdump that lags behind still hands over everything that was sent before it was stopped", async () => {
  await using network = await pollerAndTwoDevices();
  const capture = await startCapture(network, "poller");
  // Frozen while 6000 packets pass, it has several milliseconds of work before it when it wakes to the request to stop.
  process.kill(capture.pid, "SIGSTOP");
  await startBareSender(network, "poller", "192.0.2.10", discardPort, 6000).next("sent", deadlineMs);
  const stopped = capture.stop();
  process.kill(capture.pid, "SIGCONT");
  const datagrams = fromUs(await stopped).filter(({ protocol }) => protocol === "udp");
  assert.equal(datagrams.length, 6000);
});

test("one large write is counted in the packets a wire would carry", async () => {
  await using network = await pollerAndTwoDevices();
  await startLibmodbus(network, "plc");
  const capture = await startCapture(network, "plc", { us: ["192.0.2.1"] });
  const client = startBareClient(network, "poller", { address: "192.0.2.10", requestHex: "00".repeat(20_000), replyTimeoutMs: 200 });
  await client.ended;
  const packets = await capture.stop();
  assert.ok(packets.length > 13, describe(packets));
  assert.ok(
    packets.every(({ ipLength }) => ipLength <= 1500),
    describe(packets),
  );
});

test("overlapping connections are two at once, and each device's requests have their own gaps", async () => {
  await using network = await pollerAndTwoDevices();
  await startLibmodbus(network, "plc");
  await startLibmodbus(network, "fan");
  const capture = await startCapture(network, "poller");
  const clients = ["192.0.2.10", "192.0.2.11"].map((address) => startBareClient(network, "poller", { address, waitToAsk: true }));
  for (const client of clients) await client.next("connected", deadlineMs);
  for (const client of clients) {
    client.tell({ event: "ask" });
    await client.next("closed", deadlineMs);
  }
  const packets = await capture.stop();
  assert.equal(connectionsOpened(packets), 2, describe(packets));
  assert.equal(connectionsAtOnce(packets), 2, describe(packets));
  const [first, second] = requestsFromUs(packets);
  assert.deepEqual(gapsBetweenRequests(packets), [(second?.atMs ?? 0) - (first?.atMs ?? 0)]);
  assert.deepEqual(gapsBetweenRequests(withPeer(packets, "192.0.2.10")), []);
});

test("connections one after the other are never two at once", async () => {
  await using network = await pollerAndTwoDevices();
  await startLibmodbus(network, "plc");
  const capture = await startCapture(network, "poller");
  for (let round = 0; round < 3; round += 1) await startBareClient(network, "poller", { address: "192.0.2.10" }).ended;
  const packets = await capture.stop();
  assert.equal(connectionsOpened(packets), 3, describe(packets));
  assert.equal(connectionsAtOnce(packets), 1, describe(packets));
  assert.equal(gapsBetweenRequests(packets).length, 2);
});

test("a capture that broke off is an error, not a short list", async () => {
  await using network = await pollerAndTwoDevices();
  const capture = await startCapture(network, "poller");
  process.kill(capture.pid, "SIGKILL");
  await assert.rejects(capture.stop(), /tcpdump ended/);
});

test("a deadline that passes says what was waited for and what the script said", async () => {
  await using network = await pollerAndTwoDevices();
  const client = startBareClient(network, "poller", { address: "192.0.2.10" }); // nobody listens there
  await assert.rejects(client.next("reply", deadlineMs), /ended \(0\) without "reply".*refused/s);
});
