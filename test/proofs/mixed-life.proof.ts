/** Proves by one capture of a whole rough life over six protocols, judged by `conduits --verify`, that no device got a packet too many; and that each kind of violation would have been found. */
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { violationKinds, type Judgement, type ViolationKind } from "../../src/verify/judgement.ts";
import { identificationRequestHex, startBareClient } from "./support/bare.ts";
import { startCapture, type Capture } from "./support/capture.ts";
import { makeNetwork, type Network } from "./support/netns.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { OwnClock } from "./support/own-clock.ts";
import { startPoller, type Poller } from "./support/poller.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";
import { startSimulatedOpcua } from "./support/simulated-opcua.ts";
import { startSimulatedS7 } from "./support/simulated-s7.ts";
import { startSimulated } from "./support/simulated.ts";
import { unapprovedSite, type DeviceSpec, type Site } from "./support/site.ts";
import { community, startSnmpAgent } from "./support/snmp-agent.ts";
import type { Attempt } from "./support/stranger.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const [healthy, slow, silent, refusing, half] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14"] as const;
const [adapter, cpu, server, dark] = ["192.0.2.15", "192.0.2.16", "192.0.2.17", "192.0.2.20"] as const;
/** A device that is given another address in the middle of it all, and goes back. */
const [before, moved] = ["192.0.2.30", "192.0.2.31"] as const;
/** The second segment, which is held back for a while. */
const [farPlc, farSwitch, farHost] = ["198.51.100.10", "198.51.100.11", "198.51.100.12"] as const;
const far = [farPlc, farSwitch, farHost] as const;
const deadlineMs = 60_000;
const signed = ["--by", "eto-1", "--reason", "the proof"] as const;

type Printed = Omit<Judgement, "fromNs" | "toNs">;

async function plant(): Promise<Network> {
  const network = await makeNetwork({
    hosts: [
      { name: "poller", address: ["192.0.2.1", "198.51.100.1"] },
      { name: "plant", address: [healthy, slow, silent, refusing, half, adapter, cpu, server, before, moved, ...far] },
      { name: "dark", address: dark },
    ],
  });
  await network.vanish("dark");
  await Promise.all([
    startSimulated(network, "plant", {
      [healthy]: "healthy",
      [slow]: { kind: "slow", afterMs: 300 },
      [silent]: "silent",
      [half]: "half-frame",
      [before]: "healthy",
      [moved]: "healthy",
      [farPlc]: "healthy",
    }),
    startSimulatedEnip(network, "plant", { [adapter]: "healthy" }),
    startSimulatedS7(network, "plant", { [cpu]: "healthy" }),
    startSimulatedOpcua(network, "plant", { [server]: "healthy" }),
    startSnmpAgent(network, "plant", [farSwitch]),
  ]);
  return network;
}

/** Room for more connections than are cut off in the middle of an exchange: by chance two are, and whoever has no third is left alone. */
const statements = {
  otherClients: [],
  watchdog: { mode: "none", closeCausesFault: false, by: "eto-1", on: "2026-11-20" },
  connectionPool: { size: 32, overflow: "rejects", source: "simulator" },
};

const asked = (profile: string, check: object, more: object = {}): Pick<DeviceSpec, "profile" | "changes"> => ({
  profile,
  changes: { checks: [{ interval: "1s", ...check }], statements, ...more },
});

function devices(mover: string): readonly DeviceSpec[] {
  const segment = "far";
  const echo = { method: "icmp-echo", interval: "2s", answerWithin: "1s" };
  const get = { method: "snmp-get", credentials: "community", interval: "2s", answerWithin: "1s" };
  return [
    ...[healthy, slow, silent, refusing, half, dark].map((address, index) => ({ id: `plc-${index}`, address, changes: { statements } })),
    { id: "mover", address: mover, changes: { statements } },
    { id: "adapter", address: adapter, ...asked("generic-ethernet-ip", { method: "enip-identity-object" }) },
    { id: "cpu", address: cpu, ...asked("siemens-s7-300-400", { method: "s7-cpu-status" }, { s7: { rack: 0, slot: 2 } }) },
    { id: "server", address: server, ...asked("generic-opcua", { method: "opcua-keepalive" }) },
    { id: "far-plc", address: farPlc, changes: { segment, statements } },
    { id: "far-switch", address: farSwitch, ...asked("generic-managed-switch", get, { segment, function: "network" }) },
    { id: "far-host", address: farHost, ...asked("generic-icmp-host", echo, { segment }) },
  ];
}

async function rough(network: Network): Promise<Site> {
  const raised = { startsPerSecondMax: 50, approvedBy: "eto-1", reason: "isolated test network" };
  const segments = [
    { id: "lan", zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.1", ...raised },
    { id: "far", zone: "OT-1", subnet: "198.51.100.0/24", localAddress: "198.51.100.1", ...raised },
  ];
  const site = await unapprovedSite(network, { devices: devices(before), startsPerSecondMax: 50, watchlist: { segments } });
  const credentials = join(site.folder, "credentials.yaml");
  const known = [{ id: "community", kind: "snmp-v2c", community }];
  writeFileSync(credentials, JSON.stringify({ schema: "credentials/v1", credentials: known }));
  chmodSync(credentials, 0o600);
  appendFileSync(site.settingsFile, "credentials: ./credentials.yaml\n");
  for (const [id, method] of [
    ["generic-icmp-host", "icmp-echo"],
    ["generic-opcua", "opcua-keepalive"],
    ["generic-ethernet-ip", "enip-identity-object"],
  ] as const) {
    const agreed = [{ method, reason: "isolated test network", by: "eto-1", on: "2026-11-20" }];
    const file = { schema: "site-profile/v1", id, approval: { stage: "draft" }, agreed };
    writeFileSync(join(site.folder, "device-profiles", `${id}.yaml`), JSON.stringify(file));
  }
  await site.approve(...new Set(devices(before).map(({ profile = "generic-modbus-tcp" }) => profile)));
  return site;
}

interface Quiet {
  readonly why: string;
  readonly from: string;
  readonly to: string;
  readonly graceMs?: number;
  readonly addresses?: readonly string[];
}

/** What the product's own command says of the capture, as a user would ask it. */
async function verified(site: Site, capture: Capture, ...more: readonly string[]): Promise<Printed & { readonly code: number }> {
  await capture.stop();
  const { code, out, err } = await site.cli("conduits", "--verify", capture.file, "--json", ...more);
  assert.notEqual(out, "", err);
  return { ...(JSON.parse(out) as Printed), code: typeof code === "number" ? code : -1 };
}

function inFile(network: Network, name: string, value: unknown): string {
  const file = join(network.folder, name);
  writeFileSync(file, JSON.stringify(value));
  return file;
}

const now = (): string => new Date().toISOString();

test("a rough life over six protocols accuses nobody, and what is planted in it is found", async () => {
  await using network = await plant();
  const site = await rough(network);
  const planned = await site.plan();
  assert.deepEqual(planned.refused, []);
  const plan = inFile(network, "plan.json", planned);
  const clock = new OwnClock(network.folder);
  const quiet: Quiet[] = [];
  const capture = await startCapture(network, "poller");
  const begun = now();
  const packets = (more: number): Promise<unknown> => {
    let from: number | undefined;
    const probe = async (): Promise<boolean> => (await capture.count()) >= (from ??= await capture.count()) + more;
    return waitFor(probe, { what: `${more} more packets`, deadlineMs, everyMs: 50 });
  };
  const start = async (): Promise<Poller> => {
    const poller = startPoller(network, "poller", ["env", ...clock.environment, ...site.command("run")]);
    await poller.started();
    return poller;
  };
  const reload = async (): Promise<void> => {
    const reply = await site.ask("reload", { by: "eto-1" });
    assert.ok(reply.ok, JSON.stringify(reply));
  };
  const says = (poller: Poller, what: RegExp): Promise<unknown> =>
    waitFor(() => poller.log.some((line) => what.test(line)), { what: `the log to say ${what}`, deadlineMs, context: poller.said });

  const first = await start();
  // Whoever is cut off twice while its session is being opened would never be asked at all.
  const answering = ["plc-0", "plc-1", "mover", "adapter", "cpu", "server", "far-plc", "far-switch", "far-host"];
  await nextAnswers(site, { what: "an answer of each", deadlineMs, devices: answering });
  await packets(120);

  clock.step("+3600");
  await says(first, /wall clock jumped by 3\d{6} ms/u);
  await packets(60);
  clock.step("-3600");
  await says(first, /wall clock jumped by -7\d{6} ms/u);
  await packets(60);
  clock.step("+0");
  await packets(30);

  // Elsewhere by a reload, and back by a rollback.
  site.write({ ...site.watchlist(devices(moved)) });
  await site.approve("generic-modbus-tcp");
  const planMoved = inFile(network, "plan-moved.json", await site.plan());
  const leaving = now();
  await reload();
  const left = now();
  await packets(120);
  await site.done("rollback", "--yes", ...signed);
  const returning = now();
  await reload();
  const returned = now();
  quiet.push({ why: "not there yet", from: begun, to: leaving, graceMs: 0, addresses: [moved] });
  quiet.push({ why: "moved away", from: left, to: returning, addresses: [before] });
  await nextAnswers(site, { what: "two answers of each", deadlineMs, devices: answering, count: 2 });

  first.signal("SIGSTOP");
  await watchTheWireFor(2000);
  first.signal("SIGCONT");
  await packets(60);

  await site.done("dry-run", "--segment", "far", ...signed);
  await reload();
  const held = now();
  await packets(120);
  await site.done("dry-run", "--segment", "far", "--end", ...signed);
  quiet.push({ why: "segment far is held back", from: held, to: now(), addresses: far });
  await reload();
  await packets(120);

  first.signal("SIGKILL");
  await first.ended;
  const second = await start();
  quiet.push({ why: "moved back", from: returned, to: now(), addresses: [moved] });
  await packets(120);
  const stopped = now();
  assert.ok((await site.ask("stop", { by: "eto-1", reason: "the proof" })).ok);
  await watchTheWireFor(2500);
  quiet.push({ why: "stopped by eto-1", from: stopped, to: now() });
  assert.ok((await site.ask("resume", { by: "eto-1", reason: "the proof goes on" })).ok);
  await packets(60);
  assert.equal(await second.end(), 0, second.said());

  const judged = await verified(site, capture, "--plan", `${plan},${planMoved}`, "--quiet", inFile(network, "quiet.json", quiet));
  assert.deepEqual(judged.violations, []);
  assert.equal(judged.code, 0);
  // The checker saw the traffic: everybody was asked, those who answer again and again, over one connection at a time.
  const requests = (id: string): number =>
    judged.checks.filter(({ check }) => check.startsWith(`${id}/`)).reduce((sum, one) => sum + one.requests, 0);
  for (const id of ["plc-0", "mover", "adapter", "cpu", "far-plc", "far-switch", "far-host"])
    assert.ok(requests(id) >= 3, `${id}: ${requests(id)}`);
  // Whoever never answers is asked more and more rarely.
  for (const id of ["plc-1", "plc-2", "plc-4", "server"]) assert.ok(requests(id) >= 1, id);
  assert.equal(Math.max(...judged.lines.map(({ connectionsAtOnceMost }) => connectionsAtOnceMost)), 1);

  const [session] = planned.checks.find(({ device }) => device === "adapter")?.opening.frames ?? [];
  await planted(network, site, plan, session?.hex ?? "");
});

/** FC 6 write single register. */
const writeHex = "0001000000060106000100ff";
/** FC 16 write 120 registers. Byte by byte it is more packets than any exchange. */
const longHex = `0001000000f70110000000 78f0${"00".repeat(240)}`.replaceAll(" ", "");
/** SetRequest of sysName. */
const setHex = `302a020101040a${Buffer.from(community).toString("hex")}a319020101020100020100300e300c06082b06010201010500040178`;

/** The other half of the proof: a misdeed of each kind from the poller's address, each to a device of its own. `sessionHex` opens a session of EtherNet/IP. */
async function planted(network: Network, site: Site, plan: string, sessionHex: string): Promise<void> {
  const capture = await startCapture(network, "poller");
  const begun = now();
  const read = identificationRequestHex;
  const two = [0, 1].map(() => startBareClient(network, "poller", { address: healthy, waitToAsk: true }));
  const slowly = startBareClient(network, "poller", { address: half, replyTimeoutMs: 2500, requestHex: longHex, byteByByte: true });
  for (const client of two) await client.next("connected", deadlineMs);
  for (const client of two) client.tell({});
  for (const client of [...two, slowly]) await client.next("closed", deadlineMs);
  await network.run("poller", ["ping", "-q", "-c", "1", farHost]);
  // For an answer on a busy machine; each of them gives one.
  const patienceMs = 30_000;
  const attempts: readonly Attempt[] = [
    { over: "tcp", address: adapter, port: 44_818, hex: `${sessionHex}${sessionHex}`, patienceMs },
    { over: "tcp", address: before, port: 502, hex: writeHex, patienceMs },
    { over: "tcp", address: moved, port: 502, hex: read, patienceMs },
    { over: "tcp", address: farPlc, port: 502, hex: read, patienceMs },
    { over: "udp", address: farSwitch, port: 161, hex: setHex },
    { over: "udp", address: "192.0.2.99", port: 44_818, hex: "6300" },
  ];
  const stranger = fileURLToPath(new URL("support/stranger.ts", import.meta.url));
  await network.run("poller", [process.execPath, stranger, JSON.stringify(attempts)]);
  const stop = { why: "stopped", from: begun, to: "2100-01-01T00:00:00Z", graceMs: 0, addresses: [farPlc] };
  const { violations, code } = await verified(site, capture, "--plan", plan, "--quiet", inFile(network, "planted.json", [stop]));
  assert.equal(code, 1);
  const expected: readonly (readonly [ViolationKind, string])[] = [
    ["two-connections", healthy],
    ["too-early", healthy],
    ["too-many-packets", half],
    ["payload-not-approved", farHost],
    ["too-many-requests", adapter],
    ["payload-not-approved", before],
    ["destination-not-listed", moved],
    ["not-quiet", farPlc],
    ["payload-not-approved", farSwitch],
    ["arp-beyond-bound", "192.0.2.99"],
  ];
  for (const [kind, destination] of expected)
    assert.ok(
      violations.some((found) => found.kind === kind && found.destination === destination),
      `${kind} to ${destination}: ${JSON.stringify(violations, undefined, 1)}`,
    );
  assert.deepEqual(new Set(expected.map(([kind]) => kind)), new Set(Object.keys(violationKinds)));
}
