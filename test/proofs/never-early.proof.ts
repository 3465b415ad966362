/** Proves that nothing makes a device be asked before its interval has passed: no scrape, no reload, no signal, no restart. */
import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import {
  connectionsAtOnce,
  describe,
  fromUs,
  onIp,
  requestsFromUs,
  startCapture,
  withFlag,
  withPeer,
  type Packet,
} from "./support/capture.ts";
import { waitForKernelToLetGo } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, type DeviceSpec, type Site } from "./support/site.ts";
import { checkOf, misses, untilStatus } from "./support/status.ts";
import { webOf } from "./support/web.ts";
import { waitFor } from "./support/wait.ts";

const [healthy, slow, silent, refusing, dark] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.20"] as const;
const all = [healthy, slow, silent, refusing, dark];

/** Devices that answer, answer late, stay silent, refuse, and are not there. */
async function unevenPlant(): Promise<Network> {
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [healthy, slow, silent, refusing] },
      { name: "dark", address: dark },
    ],
  });
  await network.vanish("dark");
  await startSimulated(network, "plant", { [healthy]: "healthy", [slow]: { kind: "slow", afterMs: 300 }, [silent]: "silent" });
  return network;
}

/** A poller that is killed leaves connections that a device may count for half an hour: here it has room for those of every kill. */
const statements = {
  otherClients: [],
  connectionPool: { size: 64, overflow: "rejects", source: "isolated test network" },
  watchdog: { mode: "none", closeCausesFault: false, by: "eto-1", on: "2026-11-20" },
};
const idOf = (address: string): string => `plc-${all.findIndex((one) => one === address)}`;
const devices = (interval: string): readonly DeviceSpec[] =>
  all.map((address) => ({ id: idOf(address), address, interval, changes: { statements } }));

/** Request to request and SYN to SYN, copies by the kernel apart, by the capture's own time. */
function assertNeverEarly(packets: readonly Packet[], intervalMs: number): void {
  for (const device of all) {
    const ours = fromUs(withPeer(packets, device));
    const syns = withFlag(ours, "SYN").filter(({ retransmission }) => !retransmission);
    for (const asked of [syns, requestsFromUs(ours)]) {
      const gaps = asked.slice(1).map(({ epochNs }, index) => Number(epochNs - (asked[index]?.epochNs ?? 0n)) / 1e6);
      assert.ok(
        gaps.every((gap) => gap >= intervalMs),
        `${device}: ${Math.min(...gaps)} ms\n${describe(ours)}`,
      );
    }
    assert.equal(connectionsAtOnce(withPeer(packets, device)), syns.length === 0 ? 0 : 1, device);
  }
}

suite("no device is asked before its interval has passed", { concurrency: 2 }, () => {
  test("through 1,000 scrapes, 1,000 reloads and 200 SIGHUPs", async () => {
    await using network = await unevenPlant();
    const site = await makeSite(network, { devices: devices("2s"), startsPerSecondMax: 10 });
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    const web = webOf(network, "poller");
    const scrapes = await web.visit("GET", "/metrics", 1000, 4);
    assert.equal(scrapes.statuses["200"], 1000, JSON.stringify(scrapes.statuses));
    const reloads = web.visit("POST", "/-/reload", 1000, 50);
    for (let count = 0; count < 200; count += 1) {
      poller.signal("SIGHUP");
      // Each by itself: signals that wait together become one.
      await capture.count();
    }
    assert.deepEqual((await reloads).statuses, { 200: 1000 });
    for (const device of ["plc-0", "plc-3"]) await site.ask("check", { device });
    await untilStatus(site, "some rounds of asking", (status) => {
      const [ofHealthy, ofDark] = [checkOf(status, idOf(healthy)), checkOf(status, idOf(dark))];
      return ofHealthy.answered >= 3 && misses(ofDark) >= 2;
    });
    assert.equal(await poller.end(), 0, poller.said());
    const packets = onIp(await capture.stop());
    assertNeverEarly(packets, 2000);
    assert.ok(requestsFromUs(withPeer(packets, healthy)).length >= 3, describe(packets));
    assert.ok(withFlag(fromUs(withPeer(packets, dark)), "SYN").length >= 2, describe(packets));
  });

  test("through 20 restarts after kill -9, each right after a packet left", async () => {
    await using network = await unevenPlant();
    const site = await makeSite(network, { devices: devices("2s"), startsPerSecondMax: 20 });
    const capture = await startCapture(network, "poller");
    let seen = 0;
    let reset = 0;
    for (let round = 0; round < 20; round += 1) {
      const poller = await site.start();
      reset += await looked(site);
      // One packet in the first rounds, a few more in later ones: killed while connecting, asking, waiting, closing.
      const wanted = seen + 1 + (round % 7) * 3;
      await waitFor(async () => (await capture.count()) >= wanted, { what: "a packet", deadlineMs: 60_000, everyMs: 1 });
      poller.signal("SIGKILL");
      assert.equal(await poller.ended, "SIGKILL");
      // What its end leaves to the kernels is no packet of the next round.
      await waitForKernelToLetGo(network, "poller", all);
      seen = await capture.count();
    }
    const packets = onIp(await capture.stop());
    assertNeverEarly(packets, 2000);
    assert.ok(withFlag(fromUs(packets), "SYN").length >= 20, describe(packets));
    assert.ok(reset >= 1, "no device was suspected of ending the poller");
  });
});

/** A device that was being asked at two such ends in a row is tripped, as one whose reply may kill. A person looks and resets; how many. */
async function looked(site: Site): Promise<number> {
  const status = await site.ask("status", {});
  const trips = status.ok ? status.result.trips : [];
  for (const { scope, cause } of trips) {
    assert.equal(cause, "poison_reply", scope);
    const reply = await site.ask("reset", { scope, by: "eto-1", reason: "the proof killed it" });
    assert.ok(reply.ok, JSON.stringify(reply));
  }
  return trips.length;
}
