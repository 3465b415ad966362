/** Proves what a peer costs that falls silent, and what is still sent when the poller is frozen or killed in the middle: no more than the plan printed. */
import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import type { CheckJson } from "../../src/config/plan-json.ts";
import {
  describe,
  fromUs,
  onIp,
  passedBetween,
  requestsFromUs,
  startCapture,
  toUs,
  withFlag,
  withPeer,
  type Packet,
} from "./support/capture.ts";
import { tcpSockets } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, type Site } from "./support/site.ts";
import { checkOf, misses, untilStatus } from "./support/status.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const plc = "192.0.2.10";
const sysctls = { tcp_retries2: 3, tcp_orphan_retries: 1, tcp_syn_retries: 1 };

/** It shakes hands, and then nothing reaches it and nothing leaves it any more: the request is out and nobody acknowledges it. */
const vanishesOnceConnected = `table inet once_connected {
  chain input { type filter hook input priority -300; tcp flags & (psh | fin | rst) != 0 drop; }
}`;

interface Vanishing extends AsyncDisposable {
  readonly network: Network;
  readonly site: Site;
  readonly check: CheckJson;
}

async function pollerAndVanishingPlc(interval: string): Promise<Vanishing> {
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address: plc },
    ],
  });
  for (const [key, value] of Object.entries(sysctls)) await network.sysctl("poller", `net.ipv4.${key}`, value);
  await startSimulated(network, "plc", { [plc]: "healthy" });
  const site = await makeSite(network, { devices: [{ id: "plc", address: plc, interval }] });
  const plan = await site.plan();
  // What the plan prints was worked out for this very namespace.
  assert.deepEqual(plan.sysctls, sysctls);
  const [check] = plan.checks;
  assert.ok(check?.worstCase.kernel);
  return { network, site, check, [Symbol.asyncDispose]: () => network.dispose() };
}

function streamsOf(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  return [...Map.groupBy(packets, ({ stream }) => stream).values()];
}

/** Until a request is out that the kernel has no acknowledgement for. */
async function requestOut(network: Network): Promise<void> {
  const out = async (): Promise<boolean> =>
    (await tcpSockets(network, "poller")).some(
      ({ remoteAddress, unacknowledgedBytes }) => remoteAddress === plc && unacknowledgedBytes > 0,
    );
  await waitFor(out, { what: "a request to be out", deadlineMs: 60_000 });
}

async function kernelGaveUp(network: Network): Promise<void> {
  const gone = async (): Promise<boolean> =>
    (await tcpSockets(network, "poller")).every(
      ({ remoteAddress, state }) => remoteAddress !== plc || state === "TIME_WAIT" || state === "CLOSE",
    );
  await waitFor(gone, { what: "the kernel to give up", deadlineMs: 60_000, everyMs: 50 });
}

suite("a peer that falls silent", { concurrency: 4 }, () => {
  test("once connected costs the request, its copies until the deadline and one RST, then nothing", async () => {
    await using vanishing = await pollerAndVanishingPlc("1s");
    const { network, site, check } = vanishing;
    await network.nft("plc", vanishesOnceConnected);
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    await requestOut(network);
    await kernelGaveUp(network);
    assert.equal(await poller.end(), 0, poller.said());
    await kernelGaveUp(network);
    const silentFrom = await capture.count();
    await watchTheWireFor(1500);
    const silentTo = await capture.count();
    const captured = await capture.stop();
    const packets = onIp(captured);
    const late = passedBetween(captured, silentFrom, silentTo);
    assert.deepEqual(late, [], describe(late));
    const asked = streamsOf(packets).filter((stream) => requestsFromUs(stream).length > 0);
    assert.ok(asked.length >= 1, describe(packets));
    for (const stream of asked) {
      const ours = fromUs(stream);
      const table = describe(stream);
      assert.equal(requestsFromUs(stream).length, 1, table);
      assert.equal(withFlag(ours, "SYN").length, 1, table);
      const since = ours.slice(ours.findIndex(({ payloadLength }) => payloadLength > 0));
      assert.ok(since.length <= (check.worstCase.kernel?.peerVanished ?? 0), table);
      assert.ok(ours.length <= check.worstCase.packetsMax, table);
      assert.deepEqual([withFlag(ours, "RST").length, ours.at(-1)?.flags, withFlag(ours, "FIN").length], [1, ["RST", "ACK"], 0], table);
      const span = (ours.at(-1)?.atMs ?? 0) - (since[0]?.atMs ?? 0);
      assert.ok(span <= check.answerWithinMs + 1000, table);
    }
  });

  test("from the first SYN on costs one SYN a check", async () => {
    await using vanishing = await pollerAndVanishingPlc("2s");
    const { network, site } = vanishing;
    await network.vanish("plc");
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    await untilStatus(site, "four misses", (status) => misses(checkOf(status, "plc")) >= 4);
    assert.equal(await poller.end(), 0, poller.said());
    await kernelGaveUp(network);
    const packets = onIp(await capture.stop());
    const checks = streamsOf(packets);
    assert.ok(checks.length >= 3, describe(packets));
    for (const check of checks) assert.deepEqual([check.length, check[0]?.fromUs, check[0]?.flags], [1, true, ["SYN"]], describe(packets));
  });

  test("from the first SYN on while the poller is frozen costs at most the SYNs that the plan printed", async () => {
    await using vanishing = await pollerAndVanishingPlc("5s");
    const { network, site, check } = vanishing;
    await network.vanish("plc");
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    const connecting = async (): Promise<boolean> =>
      (await tcpSockets(network, "poller")).some(({ remoteAddress, state }) => remoteAddress === plc && state === "SYN_SENT");
    await waitFor(connecting, { what: "a connection to be begun", deadlineMs: 60_000 });
    poller.signal("SIGSTOP");
    await kernelGaveUp(network);
    poller.signal("SIGCONT");
    poller.signal("SIGTERM");
    await poller.ended;
    const packets = onIp(await capture.stop());
    assert.ok(packets.filter(({ retransmission }) => retransmission).length >= 1, describe(packets));
    assert.ok(packets.length <= (check.worstCase.kernel?.synUnansweredFrozen ?? 0), describe(packets));
    assert.ok(
      packets.every(({ flags, fromUs: ours }) => ours && flags.length === 1 && flags[0] === "SYN"),
      describe(packets),
    );
  });

  for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
    test(`while the poller is given ${signal} with a request out costs at most what the plan printed`, async () => {
      await using vanishing = await pollerAndVanishingPlc("5s");
      const { network, site, check } = vanishing;
      await network.nft("plc", vanishesOnceConnected);
      const capture = await startCapture(network, "poller");
      const poller = await site.start();
      await requestOut(network);
      poller.signal(signal);
      await kernelGaveUp(network);
      const frozenOver = await capture.count();
      if (signal === "SIGSTOP") {
        poller.signal("SIGCONT");
        poller.signal("SIGTERM");
      }
      await poller.ended;
      await watchTheWireFor(2000);
      const watchedTo = await capture.count();
      const captured = await capture.stop();
      const late = passedBetween(captured, frozenOver, watchedTo);
      assert.ok(late.length <= (signal === "SIGSTOP" ? 1 : 0), describe(late));
      const packets = withPeer(onIp(captured), plc);
      const table = describe(packets);
      const ours = fromUs(packets);
      assert.equal(requestsFromUs(packets).length, 1, table);
      // It is the kernel that repeats: a proof without a repetition would prove nothing.
      assert.ok(ours.filter(({ retransmission }) => retransmission).length >= 2, table);
      const { packetsMaxFrozen, packetsMaxKilled } = check.worstCase;
      assert.ok(ours.length <= (signal === "SIGSTOP" ? packetsMaxFrozen : packetsMaxKilled), table);
      assert.ok(
        toUs(packets).every(({ payloadLength }) => payloadLength === 0),
        table,
      );
    });
  }
});
