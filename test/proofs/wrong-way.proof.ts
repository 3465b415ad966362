/** Proves that no packet to a device leaves by another interface than its segment's, whatever happens to that one, and what status says meanwhile. */
import assert from "node:assert/strict";
import { describe as suite, test } from "node:test";
import type { DeviceStatus, Status } from "../../src/domain/control.ts";
import { startBareClient } from "./support/bare.ts";
import { describe, fromUs, startCapture, withPeer } from "./support/capture.ts";
import { tcpSockets } from "./support/kernel.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import type { Script } from "./support/run-under.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, type Site } from "./support/site.ts";
import { untilStatus } from "./support/status.ts";
import { waitFor } from "./support/wait.ts";

const plc = "192.0.2.11";
const router = "198.51.100.1";
const interval = "2s";

/** A poller with two legs. Behind the router of the other one there is the same address again, as private networks have it, and it answers. */
async function twoLegs(): Promise<Network> {
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.5", segment: "ot" },
      { name: "plc", address: plc, segment: "ot" },
      { name: "poller", address: "198.51.100.5", segment: "office" },
      { name: "router", address: router, segment: "office" },
    ],
  });
  await network.run("poller", ["ip", "route", "add", "default", "via", router]);
  await network.run("router", ["ip", "address", "add", `${plc}/32`, "dev", "lo"]);
  await network.run("router", ["ip", "route", "add", "192.0.2.5/32", "via", "198.51.100.5"]);
  return network;
}

const ip = (line: string) => async (network: Network) => void (await network.run("poller", ["ip", ...line.split(" ")]));

interface Trouble {
  readonly what: string;
  readonly begin: (network: Network) => Promise<void>;
  readonly end: (network: Network) => Promise<void>;
  /** Whether the kernel would then send to the device's address by the other leg. */
  readonly astray: boolean;
}

const troubles: readonly Trouble[] = [
  { what: "the interface is down", begin: ip("link set eth0 down"), end: ip("link set eth0 up"), astray: true },
  {
    what: "a more specific route leads elsewhere",
    begin: ip(`route add ${plc}/32 via ${router}`),
    end: ip(`route del ${plc}/32 via ${router}`),
    astray: true,
  },
  {
    what: "the poller's address is gone",
    begin: ip("address del 192.0.2.5/24 dev eth0"),
    end: ip("address add 192.0.2.5/24 dev eth0"),
    astray: true,
  },
  {
    what: "the poller's cable is out",
    begin: (network) => network.linkDown("poller", "eth0"),
    end: (network) => network.linkUp("poller", "eth0"),
    astray: false,
  },
];

async function untilItSays(site: Site, words: string): Promise<DeviceStatus> {
  const says = ({ devices: [device] }: Status): boolean => `${device!.liveness}: ${device!.cause}` === words;
  return (await untilStatus(site, `status to say ${words}`, says)).devices[0]!;
}

/** Once two more have gone by unasked: longer than an interval. */
async function twoSlotsLater(site: Site, since: DeviceStatus): Promise<DeviceStatus> {
  const cutOff = (device: DeviceStatus): number => device.checks[0]?.refused.cut_off ?? 0;
  const gone = ({ devices: [device] }: Status): boolean => cutOff(device!) >= cutOff(since) + 2;
  return (await untilStatus(site, "two more slots to go by unasked", gone)).devices[0]!;
}

/** Just asked, and every connection over: the next packet is an interval away. */
async function betweenExchanges(network: Network, device: Script): Promise<void> {
  const seen = device.messages.length;
  await waitFor(() => device.messages.length > seen, { what: "the device to be asked", deadlineMs: 60_000 });
  const over = async (): Promise<boolean> =>
    (await tcpSockets(network, "poller")).every(({ remoteAddress, state }) => remoteAddress !== plc || state === "TIME_WAIT");
  await waitFor(over, { what: "the exchange to end", deadlineMs: 60_000 });
}

suite("a poller with a second leg", { concurrency: 2 }, () => {
  test("says unknown and sends nothing by it, and asks again once the way is back", async () => {
    await using network = await twoLegs();
    const device = await startSimulated(network, "plc", { [plc]: "healthy" });
    const stranger = await startSimulated(network, "router", { [plc]: "healthy" });
    const site = await makeSite(network, { devices: [{ id: "plc", address: plc, interval }] });
    const otherLeg = await startCapture(network, "poller", { interfaceName: "eth1" });
    const poller = await site.start();
    for (const { what, begin, end, astray } of troubles) {
      await untilItSays(site, "up: answers");
      await betweenExchanges(network, device);
      await begin(network);
      const way = await network.run("poller", ["ip", "route", "get", plc]);
      assert.equal(way.includes("dev eth1"), astray, `${what}: ${way}`);
      const cut = await untilItSays(site, "unknown: cut_off");
      const later = await twoSlotsLater(site, cut);
      assert.equal(`${later.liveness}: ${later.cause}`, "unknown: cut_off", what);
      assert.deepEqual(later.checks[0]?.failed, {}, `${what}: no miss`);
      await end(network);
    }
    await untilItSays(site, "up: answers");
    const reply = await site.ask("status", {});
    assert.ok(reply.ok && reply.result.trips.length === 0);
    assert.equal(await poller.end(), 0, poller.said());
    assert.match(poller.said(), /cut off/u);
    assert.equal(stranger.messages.filter(({ event }) => event === "asked").length, 0);
    // The trap works: a client that only connects does reach the stranger, and the capture sees it.
    const before = await otherLeg.count();
    await troubles[0]!.begin(network);
    const client = startBareClient(network, "poller", { address: plc });
    await client.next("reply", 60_000);
    await stranger.next("asked", 60_000);
    assert.ok((await otherLeg.count()) > before);
    const packets = (await otherLeg.stop()).filter(({ number }) => number <= before);
    assert.deepEqual(withPeer(packets, plc), [], describe(packets));
  });

  test("that is in the middle of an exchange sends one RST without a byte at most", async () => {
    await using network = await twoLegs();
    const device = await startSimulated(network, "plc", { [plc]: "silent" });
    const site = await makeSite(network, { devices: [{ id: "plc", address: plc, interval }] });
    const otherLeg = await startCapture(network, "poller", { interfaceName: "eth1" });
    const poller = await site.start();
    await device.next("asked", 60_000);
    await ip(`route add ${plc}/32 via ${router}`)(network);
    const cut = await untilItSays(site, "unknown: cut_off");
    await twoSlotsLater(site, cut);
    assert.equal(await poller.end(), 0, poller.said());
    const astray = fromUs(withPeer(await otherLeg.stop(), plc));
    assert.ok(astray.length <= 1, describe(astray));
    assert.ok(
      astray.every(({ flags, payloadLength }) => flags.includes("RST") && payloadLength === 0),
      describe(astray),
    );
  });
});
