/** Proves that a deep query asks OPC UA servers in the session that their heartbeat keeps: servers with one session to give, secured and not, one message a question. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import type { Judgement } from "../../src/verify/judgement.ts";
import { deepBlocksOf, framesOf } from "../support/vendor-sheet.ts";
import { connectionsOpened, describe, fromUs, onIp, requestsFromUs, startCapture, withFlag, withPeer } from "./support/capture.ts";
import { runDeepQuery } from "./support/deep-query.ts";
import { makeNetwork } from "./support/netns.ts";
import { chunksFromUs, closing, messagesFromUs, opening } from "./support/opcua-messages.ts";
import { opcuaDevice, opcuaSite } from "./support/opcua-site.ts";
import { startSimulatedOpcua } from "./support/simulated-opcua.ts";

const [plain, secured] = ["192.0.2.10", "192.0.2.11"] as const;
const security = { mode: "SignAndEncrypt", policy: "Basic256Sha256" } as const;
const markup = "<script>alert(1)</script>";
const message = "UA Secure Conversation";

test("a server with one session to give is asked who it is in the session of its heartbeat, and keeps it; an encrypted one too", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: [plain, secured] },
    ],
  });
  const facts = { manufacturer: markup, namespaces: Array.from({ length: 100 }, (_, at) => `urn:plant:${at}`) };
  const plant = await startSimulatedOpcua(
    network,
    "plant",
    { [plain]: { sessionsMax: 1, facts } },
    { [secured]: { security: [{ mode: "None" }, security], sessionsMax: 1 } },
  );
  const devices = [opcuaDevice("plain", plain, "opcua-read"), opcuaDevice("secured", secured, "opcua-read", { security, interval: "2s" })];
  const site = await opcuaSite(network, { devices }, { secured: plant.certificates[secured]! }, ["opcua-server", "opcua-endpoints"]);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const { file, record, html } = await runDeepQuery(site, "plain", "secured");
  assert.equal(await poller.end(), 0, poller.said());
  const all = onIp(await capture.stop());
  const [inClear, encrypted] = [withPeer(all, plain), withPeer(all, secured)];

  assert.deepEqual([record.totals.asked, record.totals.answered, record.totals.connections, record.totals.requests], [4, 4, 0, 4]);
  const said = (device: string, read: string): ReadonlyMap<string, string> => {
    const questions = record.devices.find((one) => one.device === device)!.questions;
    return new Map(questions.find((one) => one.read === read)!.facts);
  };
  assert.equal(said("plain", "opcua-server").get("BuildInfo.ManufacturerName"), markup);
  assert.equal(said("plain", "opcua-server").get("NamespaceArray"), "and 36 more");
  assert.match(said("secured", "opcua-server").get("BuildInfo.ProductName") ?? "", /NodeOPCUA/iu);
  assert.equal(said("secured", "opcua-server").get("MaxSessions"), "1");
  assert.match(
    said("secured", "opcua-endpoints").get("endpoint 2") ?? "",
    /SignAndEncrypt Basic256Sha256; certificate SHA-256 [0-9a-f]{64}, thumbprint [0-9a-f]{40}; users: [^;]*Anonymous/u,
  );
  assert.ok(!html.includes(markup) && html.includes("&lt;script&gt;alert(1)&lt;/script&gt;"));

  // One connection and one session from the first heartbeat to the last goodbye.
  for (const packets of [inClear, encrypted]) assert.equal(connectionsOpened(packets), 1, describe(packets));
  for (const address of [plain, secured]) {
    const counted = await plant.counted(address);
    assert.deepEqual([counted.channels, counted.openSessions, counted.mostSessionsAtOnce], [1, 0, 1], JSON.stringify(counted));
  }
  const asked = messagesFromUs(inClear);
  assert.deepEqual([asked.slice(0, 4), asked.slice(-2)], [opening, closing]);
  const within = requestsFromUs(inClear).slice(4, -2);
  // One of the heartbeat's Reads is as long as the other; the deep query's is longer by what it has more nodes.
  const beat = within[0]!.payloadLength;
  const isBeat = within.map(({ payloadLength }) => payloadLength === beat);
  const questions = asked.slice(4, -2).filter((_, at) => !isBeat[at]);
  assert.deepEqual(questions.toSorted(), ["GetEndpointsRequest", "ReadRequest"], describe(inClear));
  // Each is one that the sheet for makers prints.
  const sheet = deepBlocksOf(readFileSync(new URL("../../docs/for-vendors/generic-opcua.md", import.meta.url), "utf8"));
  const printed = [...sheet.values()].flatMap((block) => framesOf(block, plain));
  const named = within.flatMap(({ payloadHex }, at) =>
    isBeat[at] ? [] : [printed.find(({ pattern }) => pattern.test(payloadHex))?.operation ?? payloadHex],
  );
  assert.deepEqual(named.toSorted(), ["opcua-get-endpoints", "opcua-read-server"]);
  // Once between two heartbeats, and the floor of the lab from either.
  for (const [at, own] of isBeat.entries()) assert.ok(own || (isBeat[at - 1] && isBeat[at + 1]), describe(inClear));
  for (const [at, { atMs }] of within.slice(1).entries()) assert.ok(atMs - within[at]!.atMs >= 1000, describe(inClear));
  assert.deepEqual([...new Set(chunksFromUs(encrypted).slice(2, -1))], [message], describe(encrypted));
  assert.deepEqual(withFlag(fromUs(all), "RST"), [], describe(all));

  const judged = await site.cli("conduits", "--verify", capture.file, "--json", "--deep-query", file);
  assert.deepEqual((JSON.parse(judged.out) as Pick<Judgement, "violations">).violations, []);
  const unrecorded = await site.cli("conduits", "--verify", capture.file, "--json");
  const { violations } = JSON.parse(unrecorded.out) as Pick<Judgement, "violations">;
  const found = new Set(violations.map(({ kind, destination }) => `${destination} ${kind}`));
  for (const one of [`${plain} payload-not-approved`, `${secured} too-many-requests`]) assert.ok(found.has(one), [...found].join(", "));
});
