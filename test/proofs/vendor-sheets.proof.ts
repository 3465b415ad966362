/** Proves that the sheets for vendors say the truth: for every method there is, what is printed is what leaves, byte for byte but for what the sheet says differs. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { CheckStatus } from "../../src/domain/control.ts";
import { methodIds, type MethodId } from "../../src/domain/operations.ts";
import { blocksOf, framesOf } from "../support/vendor-sheet.ts";
import { describe, requestsFromUs, startCapture, withPeer, type Packet } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { startSimulated } from "./support/simulated.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";
import { startSimulatedOpcua } from "./support/simulated-opcua.ts";
import { startSimulatedS7 } from "./support/simulated-s7.ts";
import { unapprovedSite, type DeviceSpec, type Entry, type Site } from "./support/site.ts";
import { checkOf, misses, untilStatus } from "./support/status.ts";

const familyOf = {
  modbus: "generic-modbus-tcp",
  enip: "generic-ethernet-ip",
  opcua: "generic-opcua",
  s7: "generic-s7",
  icmp: "generic-icmp-host",
  snmp: "generic-managed-switch",
} as const;
type Protocol = keyof typeof familyOf;
const protocolOf = (method: MethodId): Protocol => method.slice(0, method.indexOf("-")) as Protocol;
const addressOf = (method: MethodId): string => `192.0.2.${10 + methodIds.indexOf(method)}`;

/** As the sheets have them for examples: register 100 of each table, two bytes of a data block. */
const spaces = ["coils", "discrete-inputs", "holding-registers", "input-registers"] as const;
const liveness: Readonly<Partial<Record<Protocol, readonly Entry[]>>> = {
  modbus: spaces.map((space) => ({ id: space, space, protocolAddress: 100, count: 1 })),
  s7: [{ id: "bytes", area: "DB", db: 10, byte: 4, count: 2 }],
};
const inputs: Readonly<Partial<Record<MethodId, Entry>>> = {
  "modbus-fc1": { register: "coils" },
  "modbus-fc2": { register: "discrete-inputs" },
  "modbus-fc3": { register: "holding-registers" },
  "modbus-fc4": { register: "input-registers" },
  "s7-read": { register: "bytes" },
  "snmp-get": { credentials: "community" },
};

const devices: readonly DeviceSpec[] = methodIds.map((method): DeviceSpec => {
  const protocol = protocolOf(method);
  const check = { method, interval: "2s", answerWithin: "1s", ...(protocol === "modbus" && { unitId: 1 }), ...inputs[method] };
  // A keep-alive takes as long as its interval makes it.
  const { answerWithin: _given, ...own } = check;
  const checks = [method === "opcua-keepalive" ? own : check];
  const place = protocol === "s7" ? { s7: { rack: 0, slot: 1 } } : {};
  return { id: method, address: addressOf(method), profile: familyOf[protocol], changes: { checks, ...place } };
});

/** The site agrees to what the shipped profiles leave to it, and names the registers. */
function agree(site: Site): void {
  for (const [protocol, id] of Object.entries(familyOf)) {
    const agreed = methodIds
      .filter((method) => protocolOf(method) === protocol && sheetOf(method).includes(`## \`${method}\`\n\nOnly where the owner agrees`))
      .map((method) => ({ method, reason: "isolated test network", by: "eto-1", on: "2026-11-20" }));
    const file = { schema: "site-profile/v1", id, approval: { stage: "draft" }, agreed, liveness: liveness[protocol as Protocol] ?? [] };
    writeFileSync(join(site.folder, "device-profiles", `${id}.yaml`), JSON.stringify(file, undefined, 2));
  }
  const file = join(site.folder, "credentials.yaml");
  const credentials = [{ id: "community", kind: "snmp-v2c", community: "readonly" }];
  writeFileSync(file, JSON.stringify({ schema: "credentials/v1", credentials }));
  chmodSync(file, 0o600);
  appendFileSync(site.settingsFile, "credentials: ./credentials.yaml\n");
}

const all = (protocol: Protocol) =>
  Object.fromEntries(
    methodIds.filter((method) => protocolOf(method) === protocol).map((method) => [addressOf(method), "healthy" as const]),
  );

test("the bytes of every method in the sheets for vendors are those of a capture", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: methodIds.map(addressOf) },
    ],
  });
  const site = await unapprovedSite(network, { devices, startsPerSecondMax: 20 });
  agree(site);
  await site.approve(...Object.values(familyOf));
  await Promise.all([
    startSimulated(network, "plant", all("modbus")),
    startSimulatedEnip(network, "plant", all("enip")),
    startSimulatedOpcua(network, "plant", all("opcua")),
    startSimulatedS7(network, "plant", all("s7")),
  ]);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  // No agent listens for SNMP here: one request is all there is.
  const asked = (check: CheckStatus): boolean => (check.method === "snmp-get" ? misses(check) : check.answered) >= 1;
  await untilStatus(site, "an answer by each method", (status) => methodIds.every((method) => asked(checkOf(status, method))));
  assert.equal(await poller.end(), 0, poller.said());
  const packets = await capture.stop();
  const echoes = echoesIn(capture.file);

  for (const method of methodIds) {
    const address = addressOf(method);
    const seen = withPeer(packets, address);
    const sent = method === "icmp-echo" ? echoes : requestsFromUs(seen).map(({ payloadHex }) => payloadHex);
    assertPrinted(method, sent, seen);
  }
});

function sheetOf(method: MethodId): string {
  return readFileSync(new URL(`../../docs/for-vendors/${familyOf[protocolOf(method)]}.md`, import.meta.url), "utf8");
}

/** Every frame that left is printed, every frame that is printed left, in the printed order. */
function assertPrinted(method: MethodId, sent: readonly string[], seen: readonly Packet[]): void {
  const block = blocksOf(sheetOf(method)).get(method);
  assert.ok(block !== undefined, `the sheet has no ${method}`);
  const printed = framesOf(block, addressOf(method));
  const names = sent.map((hex) => {
    const frame = printed.find(({ pattern }) => pattern.test(hex));
    assert.ok(frame, `${method}: not in the sheet: ${hex}`);
    return frame.operation;
  });
  assert.ok(names.length > 0, `${method}: nothing left\n${describe(seen)}`);
  // A channel that is renewed is printed once more where it may be; nothing lives so long here.
  const order = [...new Set(printed.map(({ operation }) => operation))];
  assert.deepEqual([...new Set(names)], order, method);
}

/** The ICMP messages of the poller, which have no payload of TCP or UDP. */
function echoesIn(file: string): readonly string[] {
  const asked = ["-n", "-r", file, "-Y", "icmp.type == 8", "-T", "jsonraw"];
  // Somebody's Wireshark preferences must not change what is seen; that it runs as root it need not say.
  const env = { ...process.env, WIRESHARK_CONFIG_DIR: dirname(file) };
  const said = execFileSync("tshark", asked, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
  const read = JSON.parse(said) as readonly { readonly _source: { readonly layers: { readonly icmp_raw: readonly [string] } } }[];
  return read.map(({ _source }) => _source.layers.icmp_raw[0]);
}
