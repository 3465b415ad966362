/** Proves with `conduits --verify` that a poller in a rough life sends nothing that its plan does not allow, and that the checker would find it if it did. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TripStatus } from "../../src/domain/control.ts";
import type { Judgement, ViolationKind } from "../../src/verify/judgement.ts";
import { startBareClient, startBareSender } from "./support/bare.ts";
import { startCapture, type Capture } from "./support/capture.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import type { Message } from "./support/run-under.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";
import { startSimulated } from "./support/simulated.ts";
import { makeSite, type DeviceSpec, type Site } from "./support/site.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const healthy = "192.0.2.10";
const slow = "192.0.2.11";
const silent = "192.0.2.12";
const refusing = "192.0.2.13";
const half = "192.0.2.14";
const adapter = "192.0.2.15";
const neighbour = "192.0.2.16";
const dark = "192.0.2.20";
const deadlineMs = 60_000;
/** FC 6 write single register. */
const writeHex = "0001000000060106000100ff";

type Printed = Omit<Judgement, "fromNs" | "toNs">;

interface Plant {
  readonly network: Network;
  /** How many requests have reached the device. */
  reached(address: string): number;
}

async function plant(): Promise<Plant> {
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [healthy, slow, silent, refusing, half, adapter, neighbour] },
      { name: "dark", address: dark },
    ],
  });
  await network.vanish("dark");
  const modbus = await startSimulated(network, "plant", {
    [healthy]: "healthy",
    [slow]: { kind: "slow", afterMs: 300 },
    [silent]: "silent",
    [half]: "half-frame",
    [neighbour]: "healthy",
  });
  const enip = await startSimulatedEnip(network, "plant", { [adapter]: "healthy" });
  const isAsked = (one: Message, address: string): boolean => one["event"] === "asked" && one["address"] === address;
  return { network, reached: (at) => [...modbus.messages, ...enip.messages].filter((one) => isAsked(one, at)).length };
}

const devices: readonly DeviceSpec[] = [
  ...[healthy, slow, silent, refusing, half, dark].map((address, index) => ({ id: `plc-${index}`, address, interval: "1s" })),
  {
    id: "adapter",
    address: adapter,
    profile: "generic-ethernet-ip",
    changes: { checks: [{ method: "enip-list-identity", interval: "1s" }] },
  },
];

/** What the product's own command says of the capture, as a user would ask it. */
async function verified(site: Site, capture: Capture, ...more: readonly string[]): Promise<Printed & { readonly code: number }> {
  await capture.stop();
  const { code, out, err } = await site.cli("conduits", "--verify", capture.file, "--json", ...more);
  assert.notEqual(out, "", err);
  return { ...(JSON.parse(out) as Printed), code: typeof code === "number" ? code : -1 };
}

test("faults, reloads, a freeze, a kill, a restart and a stop: nothing leaves that the plan does not allow", async () => {
  const { network, reached } = await plant();
  await using _ = network;
  const site = await makeSite(network, { devices, startsPerSecondMax: 50 });
  const capture = await startCapture(network, "poller");
  const packets = (more: number): Promise<unknown> => {
    let from: number | undefined;
    const probe = async (): Promise<boolean> => (await capture.count()) >= (from ??= await capture.count()) + more;
    return waitFor(probe, { what: `${more} more packets`, deadlineMs, everyMs: 50 });
  };

  const first = await site.start();
  await packets(60);
  for (let count = 0; count < 10; count += 1) await site.ask("reload", { by: "eto-1" });
  first.signal("SIGHUP");
  first.signal("SIGSTOP");
  await watchTheWireFor(2500);
  first.signal("SIGCONT");
  await packets(60);
  first.signal("SIGKILL");
  await first.ended;

  const second = await site.start();
  await packets(40);
  assert.ok((await site.ask("stop", { by: "eto-1", reason: "the proof" })).ok);
  await watchTheWireFor(3000);
  for (const { scope } of await trips(site)) await site.ask("reset", { scope, by: "eto-1", reason: "the proof killed it" });
  assert.ok((await site.ask("resume", { by: "eto-1", reason: "the proof goes on" })).ok);
  await packets(20);
  // Before the freeze, before the kill, and in the second run; whoever was being asked at the kill only after its reset.
  const again = { what: "everybody to be asked the third time", deadlineMs, context: second.said };
  await waitFor(() => [healthy, slow, silent, adapter].every((address) => reached(address) >= 3), again);
  assert.equal(await second.end(), 0, second.said());

  // The checker knows of the stop from the state folder.
  const { violations, checks, lines, quiet, code } = await verified(site, capture);
  assert.deepEqual(violations, []);
  assert.equal(quiet.length, 1);
  assert.match(quiet[0] ?? "", /^stop by eto-1 at /u);
  assert.equal(code, 0);
  // The checker saw the traffic: every device that lets itself be asked was, and more than once.
  const asked = new Map(checks.map(({ check, requests }) => [check, requests]));
  for (const check of ["plc-0/modbus-fc43", "plc-1/modbus-fc43", "plc-2/modbus-fc43", "adapter/enip-list-identity"])
    assert.ok((asked.get(check) ?? 0) >= 3, `${check}: ${asked.get(check) ?? 0}`);
  assert.equal(Math.max(...lines.map(({ connectionsAtOnceMost }) => connectionsAtOnceMost)), 1);
});

test("what somebody else sends from the poller's address is found, each for what it is", async () => {
  const { network } = await plant();
  await using _ = network;
  const site = await makeSite(network, { devices: [devices[0]!, devices[6]!], startsPerSecondMax: 50 });
  const planted: readonly (readonly [ViolationKind, (at: Capture) => Promise<unknown>])[] = [
    ["destination-not-listed", () => bare(network, neighbour)],
    ["destination-not-listed", () => startBareSender(network, "poller", healthy, 1, 1).next("sent", deadlineMs)],
    ["payload-not-approved", () => bare(network, healthy, writeHex)],
    ["too-early", async () => [await bare(network, healthy), await bare(network, healthy)]],
    ["arp-beyond-bound", () => startBareSender(network, "poller", "192.0.2.99", 1, 1).next("sent", deadlineMs)],
  ];
  for (const [kind, misdeed] of planted) {
    await network.run("poller", ["ip", "neigh", "flush", "all"]);
    const capture = await startCapture(network, "poller");
    await misdeed(capture);
    const { violations, code } = await verified(site, capture);
    assert.ok(
      violations.some((violation) => violation.kind === kind),
      `${kind}: ${JSON.stringify(violations)}`,
    );
    assert.equal(code, 1);
  }
});

/** One request over a connection of its own. */
async function bare(network: Network, address: string, requestHex?: string): Promise<void> {
  const client = startBareClient(network, "poller", { address, replyTimeoutMs: 500, ...(requestHex !== undefined && { requestHex }) });
  await client.next("closed", deadlineMs);
}

async function trips(site: Site): Promise<readonly TripStatus[]> {
  const status = await site.ask("status", {});
  return status.ok ? status.result.trips : [];
}
