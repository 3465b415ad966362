/** Proves what one check costs an answering device on a fresh connection: ten packets, six of them ours, and one request whatever it answers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { startLibmodbus, startPymodbus } from "./oracles/oracles.ts";
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
import { nextAnswers } from "./support/next-answers.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";

const [pymodbus, libmodbus, endless] = ["192.0.2.10", "192.0.2.11", "192.0.2.12"] as const;
const deadlineMs = 60_000;
/** FC 43/14, basic, unit 1; the first two bytes are the transaction's. */
const request = /^[0-9a-f]{4}00000005012b0e0100$/u;

test("a fresh check is at most 10 IP packets, 6 of them ours, and exactly one request, also where the device says that more follows", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "pymodbus", address: pymodbus },
      { name: "libmodbus", address: libmodbus },
      { name: "endless", address: endless },
    ],
  });
  const [site] = await Promise.all([
    makeSite(network, {
      devices: [
        { id: "pymodbus", address: pymodbus, interval: "2s" },
        { id: "libmodbus", address: libmodbus, interval: "2s" },
        { id: "endless", address: endless, interval: "2s" },
      ],
      startsPerSecondMax: 10,
    }),
    startPymodbus(network, "pymodbus"),
    startLibmodbus(network, "libmodbus"),
    startSimulated(network, "endless", { [endless]: "more-follows-forever" }),
  ]);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  // A loop of requests shows itself in less: the bare library sent thousands a second.
  await nextAnswers(site, { what: "three checks of each", deadlineMs, count: 3, devices: ["pymodbus", "libmodbus", "endless"] });
  const status = await site.ask("status", {});
  assert.equal(await poller.end(), 0, poller.said());
  for (const device of [pymodbus, libmodbus, endless]) await waitForKernelToLetGo(network, "poller", device, deadlineMs);
  const packets = onIp(await capture.stop());
  for (const device of [pymodbus, libmodbus, endless]) {
    const checks = [...Map.groupBy(withPeer(packets, device), ({ stream }) => stream).values()];
    assert.ok(checks.length >= 3, describe(withPeer(packets, device)));
    for (const check of checks) assertOneFreshCheck(check);
  }
  const peers = new Set(packets.flatMap(({ source, destination }) => [source, destination]));
  assert.deepEqual([...peers].toSorted(), ["192.0.2.1", pymodbus, libmodbus, endless], describe(packets));
  // An exception is an answer: something there is alive.
  assert.deepEqual(new Set(toUs(withPeer(packets, libmodbus)).flatMap(({ modbusExceptionCodes }) => modbusExceptionCodes)), new Set([1]));
  assert.ok(status.ok);
  for (const { device, liveness } of status.result.devices) assert.equal(liveness, "up", device);
});

function assertOneFreshCheck(check: readonly Packet[]): void {
  const table = describe(check);
  // A device that takes its time over the FIN acknowledges it before it sends its own: a packet more, and not ours.
  const tookMs = check.at(-1)!.atMs - check[0]!.atMs;
  const { ours, withAnswers } = copiesIn(check);
  assert.ok(check.length <= (tookMs < delayedAckMs ? 10 : 11) + withAnswers, table);
  assert.ok(fromUs(check).length <= 6 + ours, table);
  assert.equal(requestsFromUs(check).length, 1, table);
  assert.match(requestsFromUs(check)[0]?.payloadHex ?? "", request, table);
  const once = fromUs(check).filter(({ retransmission }) => !retransmission);
  assert.deepEqual([withFlag(once, "SYN").length, withFlag(once, "FIN").length, withFlag(check, "RST").length], [1, 1, 0], table);
}
