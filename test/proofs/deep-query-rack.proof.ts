/** Proves that a deep query of a rack asks each slot by itself, over one hop of the backplane, in its turn, and opens no CIP connection; tshark reads every frame. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { DeepRecord } from "../../src/domain/deep-record.ts";
import type { Judgement } from "../../src/verify/judgement.ts";
import { deepBlocksOf, framesOf } from "../support/vendor-sheet.ts";
import { describe, fromUs, onIp, startCapture, withPeer, type Packet } from "./support/capture.ts";
import { runDeepQuery } from "./support/deep-query.ts";
import { makeNetwork } from "./support/netns.ts";
import { startSimulatedEnip } from "./support/simulated-enip.ts";
import { unapprovedSite } from "./support/site.ts";

const rack = "192.0.2.10";
const family = "rockwell-controllogix";
const signed = { by: "eto-1", on: "2026-11-20", reason: "survey" };
const siteFile = JSON.stringify({
  schema: "site-profile/v1",
  id: family,
  approval: { stage: "draft" },
  agreed: [{ method: "enip-identity-object", ...signed }],
  deepQuery: [
    { read: "enip-identity", ...signed },
    { read: "enip-slots", slots: [0, 1, 2, 3], noSafetyIn: ["rack"], ...signed },
  ],
});
/** A controller, a module of another maker, an empty slot; the fourth is not there. */
const slots = [{ vendorId: 1, productName: "1756-L83E" }, { vendorId: 309, productName: "MVI56E" }, null];

test("each slot is one request over one hop, a heartbeat apart from the next; an empty one is an answer; no CIP connection is opened", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plant", address: rack },
    ],
  });
  const checks = [{ method: "enip-list-identity", interval: "1s", answerWithin: "1s" }];
  const devices = [{ id: "rack", address: rack, profile: family, changes: { checks } }];
  const site = await unapprovedSite(network, { devices, startsPerSecondMax: 20 });
  writeFileSync(join(site.folder, "device-profiles", `${family}.yaml`), siteFile);
  const identity = { vendorId: 1, productName: "1756-EN2T", further: [0x34, 0x12, 0] };
  await Promise.all([site.approve(family), startSimulatedEnip(network, "plant", { [rack]: { identity, slots } })]);
  const dryRun = await site.done("deep-query", "rack", "--dry-run");
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  const { file, record } = await runDeepQuery(site, "rack");
  assert.equal(await poller.end(), 0, poller.said());
  const packets = withPeer(onIp(await capture.stop()), rack);
  const table = describe(packets);

  const [of] = record.devices;
  assert.deepEqual([of?.ended, record.totals.asked, record.totals.answered, record.totals.connections], ["complete", 5, 5, 5]);
  const said = of!.questions.map(({ read, facts, detail }) => [read, factOf(facts, "product name"), factOf(facts, "module"), detail]);
  assert.deepEqual(
    said.map(([read, product, module]) => [read, product, module]),
    [
      ["enip-identity", "1756-EN2T", undefined],
      ["enip-slots slot 0", "1756-L83E", undefined],
      ["enip-slots slot 1", "MVI56E", undefined],
      ["enip-slots slot 2", undefined, "none"],
      ["enip-slots slot 3", undefined, "none"],
    ],
  );
  assert.equal(factOf(of!.questions[0]!.facts, "configuration consistency value"), "0x1234");
  assert.match(String(said[3]![3]), /no module in slot 2/u);

  // What a dissector that nobody here wrote makes of it: Get_Attributes_All of class 1, once of the device itself and once of each slot, around
  // which stands Unconnected_Send (0x52) to class 6; neither a Forward_Open nor a write.
  const passedOn = (slot: number): CipRequest => ({
    services: "0x52,0x01",
    classes: "0x06,0x01",
    route: `port 1, slot ${slot}`,
    malformed: "",
  });
  const own: CipRequest = { services: "0x01", classes: "0x01", route: "", malformed: "" };
  assert.deepEqual(cipRequestsIn(capture.file), [own, passedOn(0), passedOn(1), passedOn(2), passedOn(3)]);
  const asked = fromUs(packets).filter((packet) => isDeep(packet) || isBeat(packet));
  // Once between two heartbeats, and a second, the floor of the lab, from either.
  assert.equal(asked.filter(isDeep).length, 5, table);
  for (const [at, packet] of asked.entries()) {
    const next = asked[at + 1];
    if (next === undefined) continue;
    assert.ok(!isDeep(packet) || isBeat(next), table);
    assert.ok(next.atMs - packet.atMs >= 1000, `${packet.atMs} ${next.atMs}\n${table}`);
  }
  assert.equal(fromUs(packets).filter(({ flags }) => flags.includes("RST")).length, 0, table);
  // The frames that --dry-run printed are those that left, and those of the sheet for the maker.
  const sheet = deepBlocksOf(readFileSync(new URL(`../../docs/for-vendors/${family}.md`, import.meta.url), "utf8"));
  const printed = ["enip-identity", "enip-slots"].flatMap((read) => framesOf(sheet.get(read) ?? ""));
  const ofFirstSlot = asked.filter(isDeep).slice(0, 2);
  assert.deepEqual(
    ofFirstSlot.map(({ payloadHex }) => printed.find(({ pattern }) => pattern.test(payloadHex))?.operation),
    ["enip-read-identity", "enip-read-slot-identity"],
  );
  for (const packet of asked.filter(isDeep)) assert.ok(dryRun.includes(shown(packet)), shown(packet));
  const judged = await site.cli("conduits", "--verify", capture.file, "--json", "--deep-query", file);
  assert.deepEqual((JSON.parse(judged.out) as Pick<Judgement, "violations">).violations, []);
});

function factOf(facts: DeepRecord["devices"][number]["questions"][number]["facts"], name: string): string | undefined {
  return facts.find(([one]) => one === name)?.[1];
}

/** SendRRData. */
function isDeep({ payloadHex }: Packet): boolean {
  return payloadHex.startsWith("6f00");
}

function isBeat({ payloadHex }: Packet): boolean {
  return payloadHex.startsWith("6300");
}

/** As `--dry-run` prints it: session handle and counter are the device's and ours. */
function shown({ payloadHex }: Packet): string {
  const bytes = payloadHex.match(/../gu) ?? [];
  return bytes.map((byte, at) => ((at >= 4 && at < 8) || (at >= 16 && at < 20) ? ".." : byte)).join(" ");
}

interface CipRequest {
  /** Of the whole message, and of the one within it. */
  readonly services: string;
  readonly classes: string;
  /** Port and address on it; empty where nothing is passed on. */
  readonly route: string;
  readonly malformed: string;
}

/** Of the poller, in order. */
function cipRequestsIn(file: string): readonly CipRequest[] {
  const fields = ["cip.sc", "cip.class", "cip.port", "cip.linkaddress.byte", "_ws.malformed"];
  const asked = ["-n", "-r", file, "-Y", "cip && tcp.dstport == 44818", "-T", "fields", ...fields.flatMap((field) => ["-e", field])];
  // Somebody's Wireshark preferences must not change what is seen; that it runs as root it need not say.
  const env = { ...process.env, WIRESHARK_CONFIG_DIR: dirname(file) };
  const out = execFileSync("tshark", asked, { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] });
  return out
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [services = "", classes = "", port = "", address = "", malformed = ""] = line.split("\t");
      return { services, classes, route: port === "" ? "" : `port ${port}, slot ${address}`, malformed };
    });
}
