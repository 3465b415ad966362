/** Proves that no OPC UA server is left with sessions of ours: after a kill it is gone within four periods, a poller that ends gives it back. */
import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import { describe, fromUs, onIp, startCapture, withFlag } from "./support/capture.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { messagesFromUs } from "./support/opcua-messages.ts";
import { opcuaDevice, opcuaSite } from "./support/opcua-site.ts";
import { startSimulatedOpcua, type SimulatedOpcua } from "./support/simulated-opcua.ts";
import { waitFor, wallNs, watchTheWireFor } from "./support/wait.ts";

const server = "192.0.2.10";
const periodMs = 1000;

function pollerAndServer(): Promise<Network> {
  return makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: server },
    ],
  });
}

async function published(plant: SimulatedOpcua, times: number): Promise<void> {
  const enough = async (): Promise<boolean> => ((await plant.counted(server)).services["publish"] ?? 0) >= times;
  await waitFor(enough, { what: `${times} Publish requests`, deadlineMs: 60_000, everyMs: 50 });
}

suite("a server", { concurrency: 2 }, () => {
  test("whose poller is killed has no session of ours left four periods later, and gets nothing more", async () => {
    await using network = await pollerAndServer();
    const plant = await startSimulatedOpcua(network, "plant", { [server]: "healthy" });
    const site = await opcuaSite(network, { devices: [opcuaDevice("plc", server, "opcua-keepalive")] });
    const poller = await site.start();
    await published(plant, 2);
    const capture = await startCapture(network, "plant");
    poller.signal("SIGKILL");
    await poller.ended;
    const killedAt = performance.now();
    const gone = async (): Promise<boolean> => (await plant.counted(server)).openSessions === 0;
    await waitFor(gone, { what: "the session to be dropped", deadlineMs: 60_000, everyMs: 50 });
    const goneMs = performance.now() - killedAt;
    const counted = await plant.counted(server);
    // Four periods are what the server was asked for and keeps to; the rest is for it and this test to notice.
    assert.equal(counted["sessionTimeoutMs"], 4 * periodMs);
    assert.ok(goneMs <= 4 * periodMs + 500, `${goneMs} ms`);
    assert.deepEqual([counted["sessions"], counted["sessionsTimedOut"], counted["sessionsClosed"]], [1, 1, 0]);
    const packets = onIp(await capture.stop());
    assert.deepEqual(messagesFromUs(packets.map((packet) => ({ ...packet, fromUs: !packet.fromUs }))), [], describe(packets));
  });

  test("whose poller is restarted gets its session back each time, and never holds two", async () => {
    await using network = await pollerAndServer();
    const plant = await startSimulatedOpcua(network, "plant", { [server]: "healthy" });
    const site = await opcuaSite(network, { devices: [opcuaDevice("plc", server, "opcua-keepalive")] });
    const rounds = 2;
    for (let round = 1; round <= rounds; round += 1) {
      const poller = await site.start();
      await published(plant, 2 * round);
      assert.equal(await poller.end(), 0, poller.said());
    }
    const counted = await plant.counted(server);
    assert.deepEqual(
      [counted["sessions"], counted["sessionsClosed"], counted.openSessions, counted.mostSessionsAtOnce],
      [rounds, rounds, 0, 1],
    );
  });

  test("that keeps a Publish waiting is let go within a second of a stop", async () => {
    await using network = await pollerAndServer();
    const plant = await startSimulatedOpcua(network, "plant", { [server]: "silent-publish" });
    const site = await opcuaSite(network, { devices: [opcuaDevice("plc", server, "opcua-keepalive", { interval: "8s" })] });
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    const waits = async (): Promise<boolean> => ((await plant.counted(server)).services["publish"] ?? 0) >= 1;
    await waitFor(waits, { what: "a Publish to wait", deadlineMs: 60_000, everyMs: 50 });
    await watchTheWireFor(500);
    const stoppedNs = wallNs();
    const stopped = await site.ask("stop", { by: "eto-1", reason: "smoke" });
    assert.ok(stopped.ok, JSON.stringify(stopped));
    await watchTheWireFor(3000);
    const packets = onIp(await capture.stop());
    assert.equal(await poller.end(), 0, poller.said());
    const last = packets.at(-1);
    assert.ok(Number((last?.epochNs ?? 0n) - stoppedNs) / 1e6 <= 1000, describe(packets));
    assert.ok(
      fromUs(packets).some(({ flags, epochNs }) => epochNs > stoppedNs && (flags.includes("RST") || flags.includes("FIN"))),
      describe(packets),
    );
    assert.equal(withFlag(fromUs(packets), "SYN").length, 1, describe(packets));
  });
});
