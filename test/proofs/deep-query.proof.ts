/** Proves that a deep query sends what it may, in its turn and inside its window, and that the last packet leaves before the window's end. */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe as suite, test } from "node:test";
import type { DeepRecord } from "../../src/domain/deep-record.ts";
import type { Judgement } from "../../src/verify/judgement.ts";
import { startPymodbus } from "./oracles/oracles.ts";
import { deepBlocksOf, framesOf } from "../support/vendor-sheet.ts";
import { describe, fromUs, gapsBetweenRequests, onIp, requestsFromUs, startCapture, withPeer, type Packet } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { unapprovedSite, type Site } from "./support/site.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { waitFor } from "./support/wait.ts";

const plc = "192.0.2.10";
const deadlineMs = 60_000;
const family = "generic-modbus-tcp";
const reads = ["modbus-identification-regular", "modbus-identification-extended", "modbus-server-id"];
const agreement = (names: readonly string[]): string =>
  JSON.stringify({
    schema: "site-profile/v1",
    id: family,
    approval: { stage: "draft" },
    agreed: [{ method: "modbus-fc17", by: "eto-1", on: "2026-11-20", reason: "survey" }],
    deepQuery: names.map((read) => ({ read, by: "eto-1", on: "2026-11-20", reason: "survey" })),
  });
const signed = ["--by", "eto-1", "--reason", "survey", "--differences", "none", "--acknowledge-risk"];

function recordsOf(site: Site): readonly string[] {
  const folder = join(site.stateDir, "deep-queries");
  const names = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return names.toSorted().map((name) => join(folder, name));
}

function recordOf(site: Site): DeepRecord {
  return JSON.parse(readFileSync(recordsOf(site)[0] ?? "", "utf8")) as DeepRecord;
}

/** How often each kind of violation is found in the capture, by the command that users have. */
async function violationsIn(site: Site, capture: string, ...more: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const { out, err } = await site.cli("conduits", "--verify", capture, "--json", ...more);
  assert.notEqual(out, "", err);
  const { violations } = JSON.parse(out) as Pick<Judgement, "violations">;
  return Object.fromEntries([...Map.groupBy(violations, ({ kind }) => kind)].map(([kind, found]) => [kind, found.length]));
}

suite("a deep query", () => {
  test("of a device whose identification is long: nothing without a window; then each part by itself, in its turn; cut before the window's end", async () => {
    await using network = await makeNetwork({
      hosts: [
        { name: "poller", address: "192.0.2.1" },
        { name: "plc", address: plc },
      ],
    });
    const site = await unapprovedSite(network, { devices: [{ id: "plc", address: plc, interval: "1s" }], startsPerSecondMax: 10 });
    mkdirSync(join(site.folder, "device-profiles"), { recursive: true });
    writeFileSync(join(site.folder, "device-profiles", `${family}.yaml`), agreement(reads));
    const [device] = await Promise.all([startPymodbus(network, "plc", { long: true }), site.approve(family)]);
    assert.ok(device.pid > 0);
    const capture = await startCapture(network, "poller");
    const poller = await site.start();
    const refused = await site.cli("deep-query", "plc", ...signed);
    assert.deepEqual([refused.code, refused.err.includes("plc: no_window")], [1, true], refused.err);
    const open = async (forMs: number): Promise<string> => {
      const opened = await site.ask("window-open", { kind: "deep-query", scope: "device:plc", forMs, by: "eto-1", reason: "survey" });
      assert.ok(opened.ok, JSON.stringify(opened));
      return opened.result.window.id;
    };
    const isOpen = async (id: string): Promise<boolean> => {
      const listed = await site.ask("window-list", {});
      return listed.ok && listed.result.windows.some((one) => one.id === id && one.open);
    };
    // The poller trusts a clock that it has not known before only after a minute, unless a person says that it is right.
    await site.ask("clock", { by: "eto-1", reason: "compared with the bridge" });
    const first = await open(3_600_000);
    await waitFor(() => isOpen(first), { what: "the window to open", deadlineMs, everyMs: 200 });
    const isUp = async (): Promise<boolean> => {
      const status = await site.ask("status", {});
      return status.ok && status.result.devices[0]?.liveness === "up";
    };
    await waitFor(isUp, { what: "the first heartbeat", deadlineMs, everyMs: 200 });
    const begun = BigInt(Date.now()) * 1_000_000n;
    const ran = await site.cli("deep-query", "plc", ...signed);
    const ended = BigInt(Date.now()) * 1_000_000n;
    assert.equal(ran.code, 0, ran.out + ran.err);
    const record = recordOf(site);
    await site.ask("window-close", { id: first, by: "eto-1", reason: "done" });
    // The second is closed as soon as it has asked something.
    const second = await open(3_600_000);
    const order = { by: "eto-1", reason: "survey", differences: "none", acknowledged: true };
    const again = await site.ask("deep-query", { devices: ["plc"], ...order });
    assert.ok(again.ok, JSON.stringify(again));
    const look = async () => {
      const looked = await site.ask("deep-query-look", { id: again.result.id, seen: 0 });
      assert.ok(looked.ok);
      return looked.result;
    };
    const asked = async (): Promise<boolean> => (await look()).news.some(({ text }) => text.includes("answered"));
    await waitFor(asked, { what: "the first answer", deadlineMs, everyMs: 100 });
    const answeredBefore = BigInt(Date.now() + 1) * 1_000_000n;
    await site.ask("window-close", { id: second, by: "eto-1", reason: "enough" });
    const closed = BigInt(Date.now()) * 1_000_000n;
    await waitFor(async () => !(await look()).running, { what: "its end", deadlineMs, everyMs: 100 });
    assert.match((await look()).cutShort ?? "", /no_window|ended or was closed/u);
    // A question would come between two heartbeats.
    await nextAnswers(site, { what: "two heartbeats after it", deadlineMs, count: 2 });
    assert.equal(await poller.end(), 0, poller.said());
    const packets = withPeer(onIp(await capture.stop()), plc);
    const table = describe(packets);
    const requests = requestsFromUs(packets);
    const deep = requests.filter((packet) => isDeep(packet));
    const inside = deep.filter(({ epochNs }) => epochNs >= begun && epochNs <= ended);
    // Regular in three parts, extended in two, FC 17; the record says the same, and the facts are whole.
    assert.equal(inside.length, 6, table);
    // Each is one that the sheet for makers prints.
    const sheet = deepBlocksOf(readFileSync(new URL(`../../docs/for-vendors/${family}.md`, import.meta.url), "utf8"));
    const printed = reads.flatMap((read) => framesOf(sheet.get(read) ?? ""));
    for (const { payloadHex } of inside)
      assert.ok(
        printed.some(({ pattern }) => pattern.test(payloadHex)),
        payloadHex,
      );
    assert.deepEqual([record.totals.asked, record.totals.answered, record.totals.bytes], [6, 6, 63]);
    assert.equal(record.totals.packets, fromUs(packets).filter((one) => near(one, inside) && !one.retransmission).length, table);
    const facts = record.devices[0]!.questions.flatMap((question) => question.facts.map(([name]) => name));
    assert.equal(facts.filter((name) => name.startsWith("object 0x0")).length, 7);
    assert.equal(facts.filter((name) => name.startsWith("object 0x8")).length, 2);
    assert.ok(record.devices[0]!.responseMsAfter !== null);
    // Once between two heartbeats, and never below the floor of the lab.
    assert.ok(
      requests.every((packet, at) => !isDeep(packet) || at + 1 === requests.length || !isDeep(requests[at + 1]!)),
      table,
    );
    assert.ok(
      gapsBetweenRequests(packets).every((gap) => gap >= 1000),
      table,
    );
    const late = deep.filter(({ epochNs }) => epochNs > closed);
    assert.deepEqual(late, [], table);
    assert.ok(
      deep.some(({ epochNs }) => epochNs > ended && epochNs < answeredBefore),
      table,
    );
    assert.ok(
      requests.some((packet) => packet.epochNs > closed && !isDeep(packet)),
      "the heartbeat goes on",
    );
    // With the records every packet is lawful; without them, each question of the deep queries is one that nobody approved.
    const records = recordsOf(site);
    assert.equal(records.length, 2);
    assert.deepEqual(await violationsIn(site, capture.file, "--deep-query", records.join(",")), {});
    const { "payload-not-approved": unapproved, ...others } = await violationsIn(site, capture.file);
    assert.deepEqual([unapproved, Object.keys(others).filter((kind) => kind !== "too-early")], [deep.length, []]);
  });
});

/** FC 43/14 regular or extended, or FC 17. */
function isDeep(packet: Packet): boolean {
  return /^.{14}(?:2b0e0[23]|11$)/u.test(packet.payloadHex);
}

/** Of the same connection. */
function near(packet: Packet, deep: readonly Packet[]): boolean {
  return deep.some((one) => one.sourcePort === packet.sourcePort);
}
