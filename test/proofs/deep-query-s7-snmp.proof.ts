/** Proves a deep query against servers that nobody here wrote, snap7's S7 server and Debian's SNMP agent: what it asks of them, in their turn, and the table of a bridge followed to its end and no further. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { Judgement } from "../../src/verify/judgement.ts";
import { deepBlocksOf, framesOf } from "../support/vendor-sheet.ts";
import { describe, fromUs, onIp, requestsFromUs, startCapture, withFlag, withPeer, type Packet } from "./support/capture.ts";
import { runDeepQuery } from "./support/deep-query.ts";
import { makeNetwork } from "./support/netns.ts";
import { startS7Server } from "./support/simulated-s7.ts";
import { unapprovedSite, type DeviceSpec, type Site } from "./support/site.ts";
import { community, startSnmpAgent } from "./support/snmp-agent.ts";

const [cpu, bridge] = ["192.0.2.10", "192.0.2.11"] as const;
const [s7, managed] = ["generic-s7", "generic-managed-switch"] as const;
const signed = { by: "eto-1", on: "2026-11-20", reason: "survey" };
const reads: Readonly<Record<string, readonly object[]>> = {
  [s7]: [{ read: "s7-module" }, { read: "s7-components" }, { read: "s7-protection" }],
  [managed]: [
    { read: "snmp-system" },
    { read: "snmp-interfaces", interfaces: 2 },
    { read: "snmp-bridge-ports" },
    { read: "snmp-bridge-table" },
  ],
};
/** Behind its second port; bytes below and above 0x80, which take one byte and two in the request that goes on behind them. */
const behind = [0, 0x80, 0xf4, 0x0a, 0x0b, 0xff];
const bridgeMib = "1.3.6.1.2.1.17";
const objects: readonly string[] = [
  "sysContact eto-1",
  "sysLocation deck 2",
  `override ${bridgeMib}.1.1.0 octet_str 0x0200000000aa`,
  `override ${bridgeMib}.1.2.0 integer 2`,
  ...[1, 2].map((port) => `override ${bridgeMib}.1.4.1.2.${port} integer ${port}`),
  `override ${bridgeMib}.4.3.1.2.${behind.join(".")} integer 2`,
  `override ${bridgeMib}.4.3.1.3.${behind.join(".")} integer 3`,
];
/** Of the lab, in milliseconds: between two packets to a device, and between any two questions of the run. */
const [deviceFloorMs, runGapMs] = [1000, 500];

test("a CPU's lists and a switch's tables: each question once, in its turn, by GET and by GETNEXT inside one column; the record has what they said", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [cpu, bridge] },
    ],
  });
  const devices: readonly DeviceSpec[] = [
    { id: "cpu", address: cpu, profile: s7, changes: { s7: { rack: 0, slot: 2 }, checks: [{ method: "s7-cpu-status", interval: "1s" }] } },
    {
      id: "bridge",
      address: bridge,
      profile: managed,
      changes: { checks: [{ method: "snmp-get", credentials: "community", interval: "1s" }], function: "network" },
    },
  ];
  const site = await unapprovedSite(network, { devices, startsPerSecondMax: 20 });
  writeSite(site);
  await Promise.all([site.approve(s7, managed), startS7Server(network, "plant", cpu), startSnmpAgent(network, "plant", [bridge], objects)]);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const { file, record } = await runDeepQuery(site, "cpu", "bridge");
  assert.equal(await poller.end(), 0, poller.said());
  const packets = onIp(await capture.stop());

  assert.deepEqual(
    record.devices.map(({ device, ended }) => [device, ended]),
    [
      ["cpu", "complete"],
      ["bridge", "complete"],
    ],
  );
  assert.deepEqual([record.totals.asked, record.totals.answered, record.totals.connections], [9, 9, 3]);
  const facts = new Map(record.devices.flatMap(({ questions }) => questions.flatMap((one) => one.facts)));
  const expected: Readonly<Record<string, string>> = {
    module: "6ES7 315-2EH14-0AB0, release 4",
    "basic firmware": "V3.2.6",
    "serial number": "S C-C2UR28922012",
    copyright: "Original Siemens Equipment",
    "manufacturer and profile": "manufacturer 0x002a (Siemens), profile 0xf600, type 0x0001",
    "protection in force": "1 (no protection)",
    "position of the mode selector": "2 (RUN-P)",
    sysDescr: "Managed switch of the wire proof",
    sysContact: "eto-1",
    sysLocation: "deck 2",
    sysServices: "2 (layer 2)",
    ifType: "6 (ethernetCsmacd)",
    ifOperStatus: "1 (up)",
    dot1dBaseBridgeAddress: "02:00:00:00:00:aa",
    "bridge port 2": "interface 2",
    "00:80:f4:0a:0b:ff": "port 2, learned",
  };
  for (const [name, value] of Object.entries(expected)) assert.equal(facts.get(name), value, JSON.stringify([...facts], undefined, 1));
  const addresses = record.devices[1]!.questions.flatMap(({ identity }) => identity?.hardwareAddress ?? []);
  assert.match(addresses.join(" "), /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2} 02:00:00:00:00:aa$/u);

  // What dissectors that nobody here wrote make of it: each list once beside the heartbeat's, and nothing but GET and GETNEXT.
  const lists = askedIn(capture.file, "s7comm && tcp.dstport == 102", ["s7comm.data.userdata.szl_id", "s7comm.data.userdata.szl_index"]);
  const named = lists.filter((line) => line !== "\t" && !line.startsWith("0x0424"));
  assert.deepEqual(named, ["0x0011\t0x0000", "0x001c\t0x0000", "0x0232\t0x0004"]);
  // Each is one that the sheet for makers prints; it has rack 0, slot 1 for an example, and a community of another length.
  const sheet = deepBlocksOf(readFileSync(new URL(`../../docs/for-vendors/${s7}.md`, import.meta.url), "utf8"));
  const printed = [...sheet.values()].flatMap((block) => framesOf(block)).filter(({ operation }) => operation === "s7-read-szl");
  const sent = requestsFromUs(withPeer(packets, cpu)).map(({ payloadHex }) => payloadHex);
  const onSheet = sent.filter((payload) => printed.some(({ pattern }) => pattern.test(payload)));
  assert.deepEqual(
    onSheet.map((payload) => payload.slice(-8)),
    ["00110000", "001c0000", "02320004"],
  );
  const column = `${bridgeMib}.4.3.1`;
  const row = (address: readonly number[]): string => [2, 3].map((at) => [`${column}.${at}`, ...address].join(".")).join(",");
  const messages = askedIn(capture.file, "snmp && udp.dstport == 161", ["snmp.data", "snmp.name"]);
  const nexts = messages.filter((line) => !line.startsWith("0\t"));
  assert.deepEqual(
    nexts,
    [[], behind].map((address) => `1\t${row(address)}`),
  );
  const beat = messages[0]!;
  const gets = messages.filter((line) => line !== beat && !nexts.includes(line));
  assert.deepEqual(
    gets.map((line) => line.split(",").length),
    [7, 9, 9, 18],
  );

  const inTurn = [withPeer(packets, cpu), withPeer(packets, bridge)].map((own) => questionsOf(own));
  for (const own of inTurn) {
    const times = own.map(({ atMs }) => atMs);
    for (const [at, atMs] of times.slice(1).entries()) assert.ok(atMs - times[at]! >= deviceFloorMs, `${times.join(" ")}`);
    for (const [at, { deep }] of own.entries()) assert.ok(!deep || own[at + 1]?.deep !== true, "a heartbeat between two questions");
  }
  const deep = inTurn
    .flat()
    .filter((one) => one.deep)
    .toSorted((a, b) => a.atMs - b.atMs);
  assert.equal(deep.length, 9, describe(requestsFromUs(packets)));
  for (const [at, { atMs }] of deep.slice(1).entries()) assert.ok(atMs - deep[at]!.atMs >= runGapMs, `${atMs}`);
  assert.deepEqual(withFlag(fromUs(packets), "RST"), [], describe(packets));
  const judged = await site.cli("conduits", "--verify", capture.file, "--json", "--deep-query", file);
  assert.deepEqual((JSON.parse(judged.out) as Pick<Judgement, "violations">).violations, [], judged.err);
});

function writeSite(site: Site): void {
  for (const [id, list] of Object.entries(reads)) {
    const deepQuery = list.map((read) => ({ ...read, ...signed }));
    const profile = {
      schema: "site-profile/v1",
      id,
      approval: { stage: "draft" },
      deepQuery,
      ...(id === s7 && { agreed: [{ method: "s7-cpu-status", ...signed }] }),
    };
    writeFileSync(join(site.folder, "device-profiles", `${id}.yaml`), JSON.stringify(profile));
  }
  const file = join(site.folder, "credentials.yaml");
  writeFileSync(file, JSON.stringify({ schema: "credentials/v1", credentials: [{ id: "community", kind: "snmp-v2c", community }] }));
  chmodSync(file, 0o600);
  appendFileSync(site.settingsFile, "credentials: ./credentials.yaml\n");
}

/** When something of its own began to be asked: a datagram, or a connection for a list; and whether a heartbeat asks so. */
function questionsOf(packets: readonly Packet[]): readonly { readonly atMs: number; readonly deep: boolean }[] {
  const requests = requestsFromUs(packets);
  if (requests[0]?.protocol === "udp") {
    const beat = withoutNumber(requests[0].payloadHex);
    return requests.map(({ atMs, payloadHex }) => ({ atMs, deep: withoutNumber(payloadHex) !== beat }));
  }
  return withFlag(fromUs(packets), "SYN").map(({ atMs, sourcePort }) => {
    const list = requests.filter((one) => one.sourcePort === sourcePort).at(-1)?.payloadHex ?? "";
    return { atMs, deep: !list.endsWith("04240000") };
  });
}

/** An SNMP message without the number of its request. */
function withoutNumber(payloadHex: string): string {
  return payloadHex.replace(/(a[01](?:81)?..0204)[0-9a-f]{8}/u, "$1");
}

/** Of each message that we sent, the fields as tshark has them. */
function askedIn(file: string, which: string, fields: readonly string[]): readonly string[] {
  const argv = ["-n", "-r", file, "-Y", which, "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  // Somebody's Wireshark preferences must not change what is seen; that it runs as root it need not say.
  const env = { ...process.env, WIRESHARK_CONFIG_DIR: dirname(file) };
  const out = execFileSync("tshark", argv, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
  return out.split("\n").slice(0, -1);
}
