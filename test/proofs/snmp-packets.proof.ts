/** Proves what an SNMP heartbeat costs against Debian's own agent: two packets with v2c, four with v3 and its discovery, GetRequests alone, and none for an excluded neighbour. */
import assert from "node:assert/strict";
import { appendFileSync, chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { describe, fromUs, onIp, startCapture, toUs, withPeer } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { unapprovedSite, type DeviceSpec } from "./support/site.ts";
import { community, keys, startSnmpAgent } from "./support/snmp-agent.ts";
import { checkOf, misses, untilStatus } from "./support/status.ts";

const profile = "generic-managed-switch";
/** The number of the request alone is free: sysUpTime, sysObjectID, sysDescr, sysName and one port are read, in one GetRequest (a0). */
const plain = new RegExp(
  `^3067020101040a${hexOf(community)}a0560204[0-9a-f]{8}0201000201003048` +
    ["3", "2", "1", "5"].map((object) => `300c06082b06010201010${object}000500`).join("") +
    "300e060a2b0601020102020108010500$",
  "u",
);
const discovery = /^303e020103301102040[0-9a-f]{7}020300ffe3040104020103041030/u;
const sealedRequest = /^3081[0-9a-f]{2}020103301102040[0-9a-f]{7}020300ffe304010702010304/u;
const asked = (credentials: string, more: Readonly<Record<string, unknown>> = {}): NonNullable<DeviceSpec["changes"]> => ({
  checks: [{ method: "snmp-get", credentials, interval: "2s", ...more }],
  function: "network",
});

test("SNMP v2c is 2 packets, v3 is 4, each a GetRequest; wrong credentials change nothing of that; a neighbour gets none", async () => {
  const [open, sealed, wrong, neighbour] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13"] as const;
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [open, sealed, wrong, neighbour] },
    ],
  });
  await startSnmpAgent(network, "plant", [open, sealed, wrong, neighbour]);
  const ports = { portsUp: [{ ifIndex: 1, name: "loopback" }] };
  const devices: readonly DeviceSpec[] = [
    { id: "open", address: open, profile, changes: asked("community", ports) },
    { id: "sealed", address: sealed, profile, changes: asked("user") },
    { id: "wrong", address: wrong, profile, changes: asked("other") },
    { id: "neighbour", address: neighbour, profile, changes: asked("community") },
  ];
  const credentials = [{ id: "community", kind: "snmp-v2c", community }, v3("user", keys.priv), v3("other", "another-password")];
  const site = await unapprovedSite(network, {
    devices,
    startsPerSecondMax: 10,
    watchlist: { excluded: [{ address: neighbour, reason: "maker forbids it" }] },
  });
  const file = join(site.folder, "credentials.yaml");
  writeFileSync(file, JSON.stringify({ schema: "credentials/v1", credentials }));
  chmodSync(file, 0o600);
  appendFileSync(site.settingsFile, "credentials: ./credentials.yaml\n");
  await site.approve(profile);
  const plan = JSON.stringify(await site.plan());
  for (const secret of [community, "lector", keys.auth, keys.priv, hexOf(community)]) assert.ok(!plan.includes(secret), secret);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const status = await untilStatus(
    site,
    "two answers of each, and two refusals of what is wrong",
    (found) => ["open", "sealed"].every((id) => checkOf(found, id).answered >= 2) && misses(checkOf(found, "wrong")) >= 2,
  );
  poller.signal("SIGTERM");
  assert.equal(await poller.ended, 0, poller.said());
  const all = await capture.stop();
  const packets = onIp(all);
  const of = (address: string) => withPeer(packets, address);

  assert.ok(fromUs(of(open)).length >= 2, describe(of(open)));
  assert.equal(fromUs(of(open)).length, toUs(of(open)).length, describe(of(open)));
  for (const { info, payloadHex } of fromUs(of(open))) {
    assert.match(info, /^get-request/u, describe(of(open)));
    assert.match(payloadHex, plain, describe(of(open)));
  }
  // Discovery and its report, the request and its answer, again and again: a fresh conversation each time.
  for (const some of [of(sealed), of(wrong)]) {
    const kinds = fromUs(some).map(({ payloadHex, info }) => {
      if (discovery.test(payloadHex) && info.includes("get-request")) return "D";
      return sealedRequest.test(payloadHex) ? "R" : "?";
    });
    // Never a request without a discovery right before it; a busy machine may have let the time pass between the two.
    assert.match(kinds.join(""), /^(?:DR?)+$/u, describe(some));
    assert.ok(kinds.filter((kind) => kind === "R").length >= 2, describe(some));
  }
  assert.equal(fromUs(of(sealed)).length, toUs(of(sealed)).length, describe(of(sealed)));
  assert.deepEqual(
    packets.filter(({ protocol }) => protocol !== "udp"),
    [],
    describe(packets),
  );
  assert.deepEqual(withPeer(all, neighbour), [], describe(withPeer(all, neighbour)));

  const said = Object.fromEntries(status.devices.map((one) => [one.device, `${one.liveness} ${one.cause} ${one.checks[0]?.last ?? ""}`]));
  assert.match(said["open"] ?? "", /^up answers .*sw-1, up for .*; 1 port up/u, poller.said());
  assert.match(said["sealed"] ?? "", /^up answers .*sw-1, up for/u, poller.said());
  assert.match(said["wrong"] ?? "", /^(degraded protocol_error .*refuses the credentials|unknown unproven)/u, poller.said());
});

function v3(id: string, privKey: string): object {
  return {
    id,
    kind: "snmp-v3",
    user: "lector",
    level: "authPriv",
    authProtocol: "sha256",
    authKey: keys.auth,
    privProtocol: "aes",
    privKey,
  };
}

function hexOf(text: string): string {
  return Buffer.from(text).toString("hex");
}
