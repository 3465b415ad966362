/** Proves what an encrypted OPC UA check puts on the wire: one connection to a server whose certificate is pinned, nothing to one that nobody has pinned. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  connectionsOpened,
  describe,
  fromUs,
  onIp,
  requestsFromUs,
  startCapture,
  withFlag,
  withPeer,
  type Packet,
} from "./support/capture.ts";
import { waitForKernelToLetGo } from "./support/kernel.ts";
import { makeNetwork } from "./support/netns.ts";
import { chunksFromUs, conversations } from "./support/opcua-messages.ts";
import { livenessOf, opcuaDevice, opcuaSite } from "./support/opcua-site.ts";
import { startSimulatedOpcua } from "./support/simulated-opcua.ts";
import { checkOf, misses, untilStatus } from "./support/status.ts";

/** A session begins with four private-key operations on each side; on a busy machine a second is too short for them. */
const intervalMs = 3000;
const [pinned, unpinned, mistaken, expired] = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "192.0.2.13"] as const;
const security = { mode: "SignAndEncrypt", policy: "Basic256Sha256" } as const;
const message = "UA Secure Conversation";

test("an encrypted keep-alive is one connection and one message a slot; without the right certificate pinned there is no session, without a valid one no packet", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [pinned, unpinned, mistaken, expired] },
    ],
  });
  const valid = { security: [{ mode: "None" }, security] } as const;
  const stacks = { [pinned]: valid, [mistaken]: valid, [expired]: { ...valid, certificate: "expired" } } as const;
  const plant = await startSimulatedOpcua(network, "plant", {}, stacks);
  const stranger = await startSimulatedOpcua(network, "plant", {}, { [unpinned]: valid }, "other-stack");
  const secured = (id: string, address: string) => opcuaDevice(id, address, "opcua-keepalive", { security, interval: `${intervalMs}ms` });
  const site = await opcuaSite(
    network,
    { devices: [secured("pinned", pinned), secured("unpinned", unpinned), secured("mistaken", mistaken), secured("expired", expired)] },
    { pinned: plant.certificates[pinned]!, mistaken: stranger.certificates[unpinned]!, expired: plant.certificates[expired]! },
  );
  const plan = await site.plan();
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  await untilStatus(
    site,
    "four keep-alives, and the server with the wrong certificate to be refused",
    (status) => checkOf(status, "pinned").answered >= 4 && misses(checkOf(status, "mistaken")) >= 1,
  );
  const liveness = await livenessOf(site);
  assert.equal(await poller.end(), 0, poller.said());
  await waitForKernelToLetGo(network, "poller", pinned);
  const all = await capture.stop();

  assert.equal(liveness["pinned"], "up answers", poller.said());
  assertEncrypted(withPeer(onIp(all), pinned));
  const counted = await plant.counted(pinned);
  assert.deepEqual([counted.channels, counted.openSessions, counted.mostSessionsAtOnce], [1, 0, 1], JSON.stringify(counted));
  assert.deepEqual(
    [counted.services["GetEndpointsRequest"], counted.services["CreateSessionRequest"]],
    [undefined, 1],
    JSON.stringify(counted),
  );

  for (const address of [unpinned, expired]) assert.deepEqual(withPeer(all, address), [], describe(withPeer(all, address)));
  for (const id of ["unpinned", "expired"]) assert.match(liveness[id] ?? "", /^unknown (not_admitted|statement_missing)/u);
  assert.match(JSON.stringify(plan), /no certificate of the server is pinned/u);
  assert.match(JSON.stringify(plan), /the pinned certificate of the server ended on/u);

  const refused = withPeer(onIp(all), mistaken);
  assert.match(liveness["mistaken"] ?? "", /^(unknown|degraded|down)/u);
  assert.ok(conversations(refused).length >= 1, poller.said());
  for (const conversation of conversations(refused)) {
    assert.deepEqual(
      chunksFromUs(conversation).filter((type) => type === message),
      [],
      describe(conversation),
    );
    assert.equal(withFlag(fromUs(conversation), "SYN").length, 1, describe(conversation));
  }
  assert.equal((await plant.counted(mistaken)).mostSessionsAtOnce, 0);
});

function assertEncrypted(packets: readonly Packet[]): void {
  const table = describe(packets);
  assert.equal(connectionsOpened(packets), 1, table);
  const chunks = chunksFromUs(packets);
  const messages = chunks.filter((type) => type === message).length;
  // CreateSession, ActivateSession, CreateSubscription; one Publish a slot; CloseSession.
  assert.ok(messages >= 3 + 3 + 1, table);
  assert.deepEqual(chunks, ["Hello", "OpenSecureChannel", ...Array.from({ length: messages }, () => message), "CloseSecureChannel"], table);
  const clear = Buffer.from("Watchkeeper").toString("hex");
  const said = requestsFromUs(packets);
  for (const { payloadHex, info } of said) if (info.startsWith(message)) assert.ok(!payloadHex.includes(clear), table);
  const asked = said.filter(({ info }) => info.startsWith(message)).slice(3, -1);
  const gaps = asked.slice(1).map(({ atMs }, index) => atMs - asked[index]!.atMs);
  assert.ok(
    gaps.every((gap) => gap >= intervalMs),
    table,
  );
}
