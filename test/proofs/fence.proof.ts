/** Proves that the printed nftables fence lets the approved polling out and nothing else of the poller's user, nor what the kernel repeats for it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeFileSync } from "node:fs";
import { describe as suite, test } from "node:test";
import { differences, listed } from "../../src/fence/installed.ts";
import { rulesetText } from "../../src/fence/ruleset.ts";
import { smallRuleset } from "../fence/support/small-plan.ts";
import { describe, fromUs, onIp, startCapture, withFlag, withPeer, type Packet } from "./support/capture.ts";
import { tcpSockets, type KernelSocket } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { runToEnd, type Ran } from "./support/run-to-end.ts";
import { startSimulated } from "./support/simulated.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";
import { makeSite, type Site } from "./support/site.ts";
import type { Attempt } from "./support/stranger.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const [plc, neighbour, adapter] = ["192.0.2.10", "192.0.2.11", "192.0.2.12"] as const;
const deadlineMs = 60_000;
const fc43 = "000100000005012b0e0100";
const writeRegister = "000100000006010600050001";
const unlawful = "more than the plan needs, or no frame of it";
const listIdentity = "630000000000000000000000f40100000000000000000000";

/** As a person does: print, load, check. */
async function fence(network: Network, site: Site, ...options: readonly string[]): Promise<void> {
  const file = join(site.folder, "fence.nft");
  writeFileSync(file, await site.done("fence", "print", ...options));
  await network.run("poller", ["nft", "-c", "-f", file]);
  await network.run("poller", ["nft", "-f", file]);
}

/** By the comment of the rule that dropped them. */
async function dropped(network: Network): Promise<ReadonlyMap<string, number>> {
  const listing = JSON.parse(await network.run("poller", ["nft", "-j", "list", "table", "inet", "watchkeeper"])) as {
    nftables: readonly { rule?: { comment: string; expr: readonly { counter?: { packets: number } }[] } }[];
  };
  const counts = listing.nftables.flatMap(({ rule }): [string, number][] => {
    const counter = rule?.expr.find((part) => part.counter)?.counter;
    return rule && counter ? [[rule.comment, counter.packets]] : [];
  });
  return new Map(
    [...Map.groupBy(counts, ([comment]) => comment)].map(([comment, all]) => [comment, all.reduce((sum, [, n]) => sum + n, 0)]),
  );
}

/** Until the rule with this comment has dropped so many. */
async function droppedBy(network: Network, comment: string, packets: number): Promise<void> {
  const probe = async (): Promise<boolean> => ((await dropped(network)).get(comment) ?? 0) >= packets;
  await waitFor(probe, { what: `the fence to drop ${packets}: ${comment}`, deadlineMs, everyMs: 50 });
}

async function tried(network: Network, attempts: readonly Attempt[], as: readonly string[] = []): Promise<readonly string[]> {
  const script = fileURLToPath(new URL("support/stranger.ts", import.meta.url));
  const { code, out, err }: Ran = await runToEnd(network, "poller", [...as, process.execPath, script, JSON.stringify(attempts)]);
  assert.equal(code, 0, err);
  return JSON.parse(out) as readonly string[];
}

async function answeredTimes(site: Site, device: string, times: number): Promise<void> {
  const probe = async (): Promise<boolean> => {
    const status = await site.ask("status", {});
    if (!status.ok) throw new Error(JSON.stringify(status));
    const checks = status.result.devices.find((one) => one.device === device)?.checks ?? [];
    return checks.some(({ answered }) => answered >= times);
  };
  await waitFor(probe, { what: `${device} to answer ${times} times`, deadlineMs, everyMs: 100 });
}

/** Of a connection that is being opened the kernel counts the SYN as a byte. */
function isAsking({ state, unacknowledgedBytes }: KernelSocket): boolean {
  return state === "ESTABLISHED" && unacknowledgedBytes > 0;
}

suite("the kernel fence", { concurrency: 3 }, () => {
  test("lets out what is approved, and of the poller's user nothing else: no other port, host, frame, group, broadcast or ping", async () => {
    await using network = await makeNetwork({
      hosts: [
        { name: "poller", address: "192.0.2.1" },
        { name: "plant", address: [plc, neighbour, adapter] },
      ],
    });
    await startSimulated(network, "plant", { [plc]: "healthy", [neighbour]: "healthy" });
    await startSimulatedEnip(network, "plant", { [adapter]: "healthy" });
    const list = { checks: [{ method: "enip-list-identity", interval: "1s", answerWithin: "1s" }] };
    const site = await makeSite(network, {
      devices: [
        { id: "plc", address: plc, interval: "1s" },
        { id: "adapter", address: adapter, profile: "generic-ethernet-ip", changes: list },
      ],
      startsPerSecondMax: 10,
    });
    assert.equal((await site.cli("fence", "check")).out.trim().split("\n")[0], "The fence is absent.");
    await fence(network, site, "--user", "root");
    assert.deepEqual(await site.cli("fence", "check"), { code: 0, out: "The fence is present.\n", err: "" });

    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    await answeredTimes(site, "plc", 3);
    await answeredTimes(site, "adapter", 3);
    assert.equal(await poller.end(), 0, poller.said());
    const polled = onIp(await capture.stop());
    assert.deepEqual(
      [...(await dropped(network)).values()].filter((packets) => packets > 0),
      [],
      JSON.stringify([...(await dropped(network))]),
    );
    assert.ok(withFlag(fromUs(polled), "FIN").length >= 3, describe(polled));

    // Another program of the same user. The connection itself is one that the plan has; what it writes is not.
    await watchTheWireFor(1200);
    const after = await startCapture(network, "poller");
    const attempts: readonly Attempt[] = [
      { over: "tcp", address: plc, port: 502, hex: writeRegister, patienceMs: 3000 },
      { over: "tcp", address: plc, port: 503, hex: fc43 },
      { over: "tcp", address: neighbour, port: 502, hex: fc43 },
      { over: "udp", address: plc, port: 502, hex: fc43 },
      { over: "udp", address: adapter, port: 44_818, hex: `6f${listIdentity.slice(2)}` },
      { over: "udp", address: "224.0.0.251", port: 5353, hex: "00" },
      { over: "udp", address: "192.0.2.255", port: 44_818, hex: listIdentity },
      { over: "udp", address: "255.255.255.255", port: 44_818, hex: listIdentity },
    ];
    const outcomes = await tried(network, attempts);
    const ping = await runToEnd(network, "poller", ["ping", "-n", "-q", "-c", "1", "-W", "1", plc]);
    assert.equal(outcomes[0], "connected, no answer");
    for (const outcome of outcomes.slice(1)) assert.match(outcome, /^(no connection|no answer|EPERM|ENETUNREACH)$/u, outcomes.join());
    assert.notEqual(ping.code, 0, ping.out);
    const strange = onIp(await after.stop());
    assert.ok(
      fromUs(strange).every(
        ({ destination, destinationPort, payloadLength }) => destination === plc && destinationPort === 502 && payloadLength === 0,
      ),
      describe(strange),
    );
    const drops = await dropped(network);
    assert.ok((drops.get("not in the plan") ?? 0) >= 5, JSON.stringify([...drops]));
    assert.ok((drops.get(unlawful) ?? 0) >= 2, JSON.stringify([...drops]));

    // Another user's program is no business of this fence; that of the whole machine holds it too.
    const nobody = ["setpriv", "--reuid=65534", "--clear-groups"];
    const [read] = await tried(network, [{ over: "tcp", address: neighbour, port: 502, hex: fc43, patienceMs: 30_000 }], nobody);
    assert.match(read ?? "", /^00010000/u);
    await fence(network, site, "--host");
    assert.equal((await site.cli("fence", "check")).code, 0);
    assert.deepEqual(await tried(network, [{ over: "tcp", address: neighbour, port: 502, hex: fc43 }], nobody), ["no connection"]);

    // What somebody has changed by hand, or a plan that has changed since, shows.
    await network.run("poller", ["nft", "insert", "rule", "inet", "watchkeeper", "output", "accept"]);
    const stale = await site.cli("fence", "check");
    assert.deepEqual([stale.code, stale.out.split("\n")[0]], [1, "The fence is stale."]);
    assert.match(stale.out, /chain output, rule 1: found "a rule without a comment"/u);
  });

  test("of a plan with everything in it is taken by nft, and listed as what was printed", async () => {
    await using network = await makeNetwork({ hosts: [{ name: "poller", address: "192.0.2.1" }] });
    await network.nft("poller", rulesetText(smallRuleset()));
    const listing = await network.run("poller", ["nft", "-j", "list", "table", "inet", "watchkeeper"]);
    assert.deepEqual(differences(listed(listing), smallRuleset()), []);
  });

  const intervalMs = 6000;
  for (const signal of ["SIGSTOP", "SIGKILL"] as const) {
    test(`holds what the kernel repeats after a ${signal} of the poller to one copy of the request`, async () => {
      await using network = await makeNetwork({
        hosts: [
          { name: "poller", address: "192.0.2.1" },
          { name: "plc", address: plc },
        ],
      });
      await startSimulated(network, "plc", { [plc]: "healthy" });
      const site = await makeSite(network, { devices: [{ id: "plc", address: plc, interval: `${intervalMs}ms` }] });
      await fence(network, site, "--user", "root");
      await network.nft(
        "plc",
        `table inet once_connected {
        chain input { type filter hook input priority -300; tcp flags & (psh | fin | rst) != 0 drop; }
      }`,
      );
      // At the device's side: what reaches it, whatever the poller's kernel tried.
      const capture = await startCapture(network, "plc", { us: ["192.0.2.1"] });
      const poller = await site.start();
      const out = async (): Promise<boolean> =>
        (await tcpSockets(network, "poller")).some((one) => one.remoteAddress === plc && isAsking(one));
      await waitFor(out, { what: "a request to be out", deadlineMs, everyMs: 2 });
      poller.signal(signal);
      // The kernel does try: after 0.2 s, which is let out, and then after 0.4 and 0.8 s and so on; after 6 s one more is as lawful as the next heartbeat.
      await droppedBy(network, unlawful, 3);
      const packets = withPeer(onIp(await capture.stop()), plc);
      poller.signal("SIGKILL");
      // Of the last connection: a machine that let the poller stand still may have made it give up one before.
      const last = packets.findLast(({ payloadLength }) => payloadLength > 0)!.stream;
      const asking = packets.find(({ payloadLength, stream }) => stream === last && payloadLength > 0)!;
      const ours = fromUs(packets).filter(({ stream, atMs }) => stream === last && atMs < asking.atMs + intervalMs);
      const carrying = (list: readonly Packet[]): readonly Packet[] => list.filter(({ payloadLength }) => payloadLength > 0);
      const table = describe(packets);
      assert.deepEqual([withFlag(ours, "SYN").length, carrying(ours).length], [1, 2], table);
      assert.ok(ours.length <= 7, table);
    });
  }

  test("keeps the kernel from an ICMP error to a device that answers after the poller was killed", async () => {
    await using network = await makeNetwork({
      hosts: [
        { name: "poller", address: "192.0.2.1" },
        { name: "plant", address: adapter },
      ],
    });
    await startSimulatedEnip(network, "plant", { [adapter]: { kind: "late", afterMs: 3000 } });
    const list = { checks: [{ method: "enip-list-identity", interval: "3s", answerWithin: "2s" }] };
    const site = await makeSite(network, { devices: [{ id: "adapter", address: adapter, profile: "generic-ethernet-ip", changes: list }] });
    await fence(network, site, "--user", "root");
    const capture = await startCapture(network, "plant", { us: ["192.0.2.1"] });
    const poller = await site.start();
    await waitFor(async () => (await capture.count()) >= 1, { what: "the first datagram", deadlineMs, everyMs: 5 });
    poller.signal("SIGKILL");
    await poller.ended;
    await droppedBy(network, "no ICMP errors to devices", 1);
    const packets = onIp(await capture.stop());
    assert.ok(
      packets.some(({ fromUs: ours, protocol }) => !ours && protocol === "udp"),
      describe(packets),
    );
    assert.deepEqual(
      packets.filter(({ protocol }) => protocol === "icmp"),
      [],
      describe(packets),
    );
    assert.equal((await dropped(network)).get("no ICMP errors to devices"), 1);
  });
});
