/** Proves what a check costs on a kept connection, that SIGTERM ends it with a FIN, and that there is one poller only. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe as suite, test } from "node:test";
import { startPymodbus } from "./oracles/oracles.ts";
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
  type Packet,
} from "./support/capture.ts";
import { waitForKernelToLetGo } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { startPoller } from "./support/poller.ts";
import { checkout, keptProfile, productWithKeptProfile } from "./support/product.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";
import { runToEnd } from "./support/run-to-end.ts";
import { quickAnswers } from "./support/status.ts";

const plc = "192.0.2.10";
const intervalMs = 1000;

function pollerAndPlc(): Promise<Network> {
  return makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address: plc },
    ],
  });
}

suite("a poller", { concurrency: 3 }, () => {
  test("over a kept connection needs 3 packets a check, 2 of them ours, and SIGTERM ends it with FIN and exit code 0", async () => {
    await using network = await pollerAndPlc();
    const [site] = await Promise.all([
      makeSite(network, { devices: [{ id: "plc", address: plc, profile: keptProfile }], product: productWithKeptProfile(network) }),
      startPymodbus(network, "plc"),
    ]);
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    await quickAnswers(site, "plc");
    assert.equal(await poller.end(), 0, poller.said());
    await waitForKernelToLetGo(network, "poller", plc);
    const packets = onIp(await capture.stop());
    const table = describe(packets);
    assert.equal(connectionsOpened(packets), 1, table);
    const asked = requestsFromUs(packets).length;
    assert.ok(asked >= 4, table);
    assertEachCheckIsThreePackets(packets);
    assert.ok(
      gapsBetweenRequests(packets).every((gap) => gap >= intervalMs),
      table,
    );
    // SYN and ACK, for each check the request and an ACK, FIN and ACK; the last ACK of a reply may ride on the FIN.
    assert.ok(fromUs(packets).length <= 4 + 2 * asked, table);
    assert.deepEqual([withFlag(fromUs(packets), "FIN").length, withFlag(packets, "RST").length], [1, 0], table);
    assert.ok(fromUs(packets).findLastIndex(({ flags }) => flags.includes("FIN")) >= fromUs(packets).length - 2, table);
  });

  test("that finds another at the same site refuses and sends nothing", async () => {
    await using network = await pollerAndPlc();
    const [site] = await Promise.all([
      makeSite(network, { devices: [{ id: "plc", address: plc }] }),
      startSimulated(network, "plc", { [plc]: "healthy" }),
    ]);
    const capture = await startCapture(network, "poller");
    const first = await site.start();
    const second = site.launch();
    assert.equal(await second.ended, 1, second.said());
    assert.match(second.said(), /another process holds the socket @watchkeeper-lab:[0-9a-f]+ of this network namespace/u);
    await nextAnswers(site, { what: "two more answers", deadlineMs: 60_000, count: 2, devices: ["plc"] });
    assert.equal(await first.end(), 0, first.said());
    const packets = onIp(await capture.stop());
    assert.ok(requestsFromUs(packets).length >= 2, describe(packets));
    assert.ok(
      gapsBetweenRequests(packets).every((gap) => gap >= intervalMs),
      describe(packets),
    );
  });

  test("of another plant site in the same network namespace refuses too", async () => {
    await using network = await pollerAndPlc();
    const folders = ["one", "two"].map((name) => join(network.folder, name));
    const program = [process.execPath, join(checkout, "bin/watchkeeper.mjs")];
    for (const folder of folders)
      assert.equal((await runToEnd(network, "poller", [...program, "init", folder, "--site", "plant"])).code, 0, folder);
    const [first, second] = await startBoth(folders);
    assert.equal(await second.ended, 1, second.said());
    assert.match(second.said(), /another process holds the socket @watchkeeper of this network namespace/u);
    assert.equal(await first.end(), 0, first.said());

    async function startBoth([one = "", two = ""]: readonly string[]) {
      const run = (folder: string) =>
        startPoller(network, "poller", [...program, "run", "--config.file", join(folder, "watchkeeper.yaml")]);
      const running = run(one);
      await running.started();
      return [running, run(two)] as const;
    }
  });

  test("that is told to end while a device keeps it waiting lets the exchange end first", async () => {
    await using network = await pollerAndPlc();
    const [site, device] = await Promise.all([
      makeSite(network, { devices: [{ id: "plc", address: plc, interval: "4s" }] }),
      // Time enough for the signal to come in the middle of it.
      startSimulated(network, "plc", { [plc]: { kind: "slow", afterMs: 3000 } }),
    ]);
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    await device.next("asked", 60_000);
    assert.equal(await poller.end(), 0, poller.said());
    await waitForKernelToLetGo(network, "poller", plc);
    const packets = onIp(await capture.stop());
    const table = describe(packets);
    assert.equal(requestsFromUs(packets).length, 1, table);
    assert.deepEqual([withFlag(fromUs(packets), "FIN").length, withFlag(packets, "RST").length], [1, 0], table);
  });
});

/** Up to the last request: request, reply and ACK over and over. A device that answers slowly acknowledges by itself first: its kernel's packet, one more. */
function assertEachCheckIsThreePackets(packets: readonly Packet[]): void {
  const numbers = requestsFromUs(packets).map(({ number }) => number);
  const checks = numbers.slice(1).map((next, index) => packets.filter(({ number }) => number >= (numbers[index] ?? 0) && number < next));
  for (const check of checks) {
    const acknowledged = toUs(check).filter(({ payloadLength }) => payloadLength === 0);
    assert.deepEqual([fromUs(check).length, toUs(check).length - acknowledged.length], [2, 1], describe(check));
    assert.ok(acknowledged.length <= 1, describe(check));
  }
  assert.ok(
    checks.some(({ length }) => length === 3),
    describe(packets),
  );
}
