/** Proves that a deep query sends nothing without its window, and ends when it must: with its window by the clock, with Ctrl-C and with a stop, by capture; and that the record says so. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { DeepRecord } from "../../src/domain/deep-record.ts";
import type { Judgement } from "../../src/verify/judgement.ts";
import { startPymodbus } from "./oracles/oracles.ts";
import { describe, onIp, requestsFromUs, startCapture, withPeer, type Packet } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { startPoller } from "./support/poller.ts";
import { unapprovedSite, type Site } from "./support/site.ts";
import { nextAnswers } from "./support/next-answers.ts";
import { waitFor, watchTheWireFor } from "./support/wait.ts";

const plc = "192.0.2.10";
const deadlineMs = 60_000;
/** For safety, and of a family that is suspended: neither gets a packet. */
const [fire, adapter] = ["192.0.2.11", "192.0.2.12"] as const;
const family = "generic-modbus-tcp";
const who = { by: "eto-1", reason: "survey" };
const agreed = { by: "eto-1", on: "2026-11-20", reason: "survey" };
/** With the parts of long answers six questions: about 12 s, each between two heartbeats. */
const reads = ["modbus-identification-regular", "modbus-identification-extended", "modbus-server-id"];

interface Run {
  readonly id: string;
  /** Since when and until when a deep query may have sent anything. */
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

const nowNs = (): bigint => BigInt(Date.now()) * 1_000_000n;
/** FC 43/14 regular or extended, or FC 17. */
const isDeep = ({ payloadHex }: Packet): boolean => /^.{14}(?:2b0e0[23]|11$)/u.test(payloadHex);

async function open(site: Site, forMs: number): Promise<{ readonly id: string; readonly untilNs: bigint }> {
  const opened = await site.ask("window-open", { kind: "deep-query", scope: "device:plc", forMs, ...who });
  assert.ok(opened.ok, JSON.stringify(opened));
  const { id, until } = opened.result.window;
  return { id, untilNs: BigInt(Date.parse(until)) * 1_000_000n };
}

/** Runs are named by the second in which they begin, and the name of an earlier one is refused. */
async function begun(site: Site, earlier?: string): Promise<string> {
  const named = (): string => `dq-${new Date().toISOString().replaceAll(/[-:]|\.\d+/gu, "")}`;
  await waitFor(() => named() !== earlier, { what: "the next second", deadlineMs, everyMs: 50 });
  const reply = await site.ask("deep-query", { devices: ["plc"], ...who, differences: "none", acknowledged: true });
  assert.ok(reply.ok, JSON.stringify(reply));
  return reply.result.id;
}

async function refusalOf(site: Site, ...devices: readonly string[]): Promise<string> {
  const reply = await site.ask("deep-query", { devices, ...who, differences: "none", acknowledged: true });
  return reply.ok ? "it began" : reply.problems.join("\n");
}

/** Each reason by itself, and nothing sent for it. */
async function refusals(site: Site): Promise<void> {
  assert.match(await refusalOf(site, "plc"), /^plc: no_window: no deep-query window is open/u);
  const muted = await site.ask("window-open", { kind: "mute", scope: "site", forMs: 3_600_000, ...who });
  assert.ok(muted.ok);
  assert.match(await refusalOf(site, "plc"), /^plc: no_window: .*found w1 is a mute, which lets nothing more be asked/u);
  const elsewhere = await site.ask("window-open", { kind: "deep-query", scope: "device:fire", forMs: 3_600_000, ...who });
  assert.ok(elsewhere.ok);
  assert.match(await refusalOf(site, "plc"), /^plc: window_scope: .*found w2 covers device:fire/u);
  assert.match(await refusalOf(site, "fire"), /^fire: safety_function: /u);
  assert.match(await refusalOf(site, "adapter"), /^adapter: stage /u);
  const many = Array.from({ length: 17 }, (_, at) => `plc-${at}`);
  assert.match(await refusalOf(site, ...many), /^found 17 devices, expected at most 16 a run/u);
  const closed = await site.ask("window-close", { id: elsewhere.result.window.id, ...who });
  assert.ok(closed.ok);
  assert.match(await refusalOf(site, "plc"), /^plc: no_window/u);
}

/** What has been told so far; whoever looks watches. */
async function look(site: Site, id: string): Promise<{ readonly running: boolean; readonly answers: number }> {
  const looked = await site.ask("deep-query-look", { id, seen: 0 });
  assert.ok(looked.ok, JSON.stringify(looked));
  return { running: looked.result.running, answers: looked.result.news.filter(({ text }) => text.includes("answered")).length };
}

function recordOf(site: Site, id: string): DeepRecord {
  return JSON.parse(readFileSync(join(site.stateDir, "deep-queries", `${id}.json`), "utf8")) as DeepRecord;
}

test("a deep query sends nothing without a window that covers it, ends with its window by time, before its end; with Ctrl-C and with a stop within a second; heartbeats go on but for the stop", async () => {
  await using network = await makeNetwork({
    hosts: [
      { name: "poller", address: "192.0.2.1" },
      { name: "plc", address: [plc, fire, adapter] },
    ],
  });
  const checks = [{ method: "modbus-fc43", unitId: 1, interval: "1s", answerWithin: "1s" }];
  const enip = { checks: [{ method: "enip-list-identity", interval: "1s" }] };
  const devices = [
    { id: "plc", address: plc, changes: { checks } },
    { id: "fire", address: fire, changes: { checks, function: "safety" } },
    { id: "adapter", address: adapter, profile: "generic-ethernet-ip", changes: enip },
  ];
  const site = await unapprovedSite(network, { devices, startsPerSecondMax: 10 });
  mkdirSync(join(site.folder, "device-profiles"), { recursive: true });
  const agreement = {
    schema: "site-profile/v1",
    id: family,
    approval: { stage: "draft" },
    agreed: [{ method: "modbus-fc17", ...agreed }],
    deepQuery: reads.map((read) => ({ read, ...agreed })),
  };
  writeFileSync(join(site.folder, "device-profiles", `${family}.yaml`), JSON.stringify(agreement));
  const suspended = { schema: "site-profile/v1", id: "generic-ethernet-ip", approval: { stage: "suspended" } };
  writeFileSync(join(site.folder, "device-profiles", "generic-ethernet-ip.yaml"), JSON.stringify(suspended));
  await Promise.all([startPymodbus(network, "plc", { long: true }), site.approve(family)]);
  const capture = await startCapture(network, "poller");
  const poller = await site.start();
  // The poller trusts a clock that it has not known before only after a minute, unless a person says that it is right.
  await site.ask("clock", { by: "eto-1", reason: "compared with the bridge" });
  const isUp = async (): Promise<boolean> => {
    const status = await site.ask("status", {});
    return status.ok && status.result.devices[0]?.liveness === "up";
  };
  await waitFor(isUp, { what: "the first heartbeat", deadlineMs, everyMs: 100 });
  const over = (id: string): Promise<unknown> =>
    waitFor(async () => !(await look(site, id)).running, { what: "its end", deadlineMs, everyMs: 100 });

  await refusals(site);
  // Nobody closes the first: it ends by the clock, in the middle of the run. Questions begin in its first 7.2 s, at most one in 2 s: of six one to four.
  const short = await open(site, 12_000);
  const shortFrom = nowNs();
  const byTime = await begun(site);
  await over(byTime);
  const runs: Run[] = [{ id: byTime, fromNs: shortFrom, toNs: short.untilNs }];
  const gone = async (): Promise<boolean> => {
    const listed = await site.ask("window-list", {});
    return listed.ok && !listed.result.windows.some(({ id }) => id === short.id);
  };
  await waitFor(gone, { what: "the window to end", deadlineMs, everyMs: 100 });
  assert.match(await refusalOf(site, "plc"), /^plc: no_window/u);
  await nextAnswers(site, { what: "a heartbeat after the window's end", deadlineMs });

  // The second by Ctrl-C, at the command that a person has before them.
  await open(site, 3_600_000);
  const commandFrom = nowNs();
  const command = startPoller(
    network,
    "poller",
    site.command("deep-query", "plc", "--by", "eto-1", "--reason", "survey", "--differences", "none", "--acknowledge-risk"),
  );
  await waitFor(() => /answered/u.test(command.said()), {
    what: "the first answer",
    deadlineMs,
    everyMs: 20,
    context: command.said,
  });
  command.signal("SIGINT");
  runs.push({ id: /^(dq-\S+): /mu.exec(command.said())?.[1] ?? "", fromNs: commandFrom, toNs: nowNs() + 1_000_000_000n });
  assert.equal(await command.ended, 1, command.said());

  // The third by a stop.
  const stopFrom = nowNs();
  const stopped = await begun(site, runs.at(-1)!.id);
  await waitFor(async () => (await look(site, stopped)).answers > 0, { what: "an answer", deadlineMs, everyMs: 50 });
  await site.ask("stop", { by: "eto-2", reason: "smoke" });
  const stopNs = nowNs() + 1_000_000_000n;
  runs.push({ id: stopped, fromNs: stopFrom, toNs: stopNs });
  await over(stopped);
  await watchTheWireFor(2000);
  assert.equal(await poller.end(), 0, poller.said());

  const all = onIp(await capture.stop());
  for (const address of [fire, adapter]) assert.deepEqual(withPeer(all, address), [], describe(withPeer(all, address)));
  const packets = withPeer(all, plc);
  const table = describe(packets);
  const requests = requestsFromUs(packets);
  const asked = runs.map(({ fromNs, toNs }) => requests.filter((one) => isDeep(one) && one.epochNs >= fromNs && one.epochNs <= toNs));
  assert.equal(requests.filter(isDeep).length, asked.flat().length, table);
  const words = [/window_ending: .*ends too soon/u, /^ended by eto-1 \(interrupted\)$/u, /^the site was stopped$/u];
  for (const [at, { id }] of runs.entries()) {
    const record = recordOf(site, id);
    assert.match(record.cutShort ?? "", words[at]!);
    assert.equal(record.devices[0]?.ended, "partly", record.devices[0]?.why ?? "");
    // Some were asked and not all; as many as the record says.
    assert.ok(asked[at]!.length >= 1 && asked[at]!.length < 6, table);
    assert.equal(record.totals.asked, asked[at]!.length, table);
  }
  // Of the first the last packet of its last connection left before the window's end, to the millisecond of the capture.
  const ports = new Set(asked[0]!.map(({ sourcePort }) => sourcePort));
  const last = packets.filter(({ fromUs, sourcePort }) => fromUs && ports.has(sourcePort)).at(-1)!;
  assert.ok(last.epochNs < short.untilNs, table);
  assert.ok(
    requests.some((one) => !isDeep(one) && one.epochNs > short.untilNs && one.epochNs < stopFrom),
    "the heartbeat goes on",
  );
  assert.deepEqual(
    packets.filter(({ fromUs, epochNs }) => fromUs && epochNs > stopNs),
    [],
    table,
  );
  // Each packet is lawful by the plan and the records.
  const records = runs.map(({ id }) => join(site.stateDir, "deep-queries", `${id}.json`)).join(",");
  const { out } = await site.cli("conduits", "--verify", capture.file, "--json", "--deep-query", records);
  assert.deepEqual((JSON.parse(out) as Pick<Judgement, "violations">).violations, []);
});
