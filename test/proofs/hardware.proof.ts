/** Proves that a hardware group with two addresses is one line on the wire: never two connections at once, and never closer than the line's gap. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionsAtOnce, describe, fromUs, onIp, requestsFromUs, startCapture, withPeer } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite } from "./support/site.ts";

const [a, b] = ["192.0.2.10", "192.0.2.11"] as const;
const intervalMs = 2000;

test("the two addresses of one piece of hardware are asked in turn, over one connection at a time", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [a, b] },
    ],
  });
  // Slow enough that two conversations would lie across each other.
  await startSimulated(network, "plant", { [a]: { kind: "slow", afterMs: 600 }, [b]: { kind: "slow", afterMs: 600 } });
  const site = await makeSite(network, {
    devices: [
      { id: "plc-a", address: a, interval: `${intervalMs}ms` },
      { id: "plc-b", address: b, interval: `${intervalMs}ms` },
    ],
    startsPerSecondMax: 10,
    watchlist: { hardware: [{ id: "main-plc", devices: ["plc-a", "plc-b"] }] },
  });
  const { lines } = await site.plan();
  assert.deepEqual(
    lines.map(({ id, gapMs }) => [id, gapMs]),
    [["hardware:main-plc", 1000]],
  );
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  await nextAnswers(site, { what: "four turns each", deadlineMs: 120_000, count: 4, devices: ["plc-a", "plc-b"] });
  const status = await site.ask("status", {});
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  const packets = onIp(await capture.stop());
  assert.equal(connectionsAtOnce(packets), 1, describe(packets));
  for (const address of [a, b]) assert.ok(requestsFromUs(withPeer(packets, address)).length >= 4, describe(packets));
  const asked = requestsFromUs(fromUs(packets));
  const gaps = asked.slice(1).map(({ atMs }, index) => atMs - asked[index]!.atMs);
  assert.ok(Math.min(...gaps) >= 700, `${Math.min(...gaps)} ms\n${describe(packets)}`);
  assert.ok(status.ok);
  for (const { device, liveness } of status.result.devices) assert.equal(liveness, "up", device);
});
