/** Proves on the wire that a gateway with dead units is not kept busy by our asking: its own account of its line, and the live units' turns. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe as suite, test } from "node:test";
import { connectionsAtOnce, describe, fromUs, onIp, requestsFromUs, startCapture, withPeer } from "./support/capture.ts";
import { makeNetwork } from "./support/netns.ts";
import { nextAnswers, nextMisses } from "./support/next-answers.ts";
import { runUnder } from "./support/run-under.ts";
import { unapprovedSite, type DeviceSpec } from "./support/site.ts";
import { wallNs } from "./support/wait.ts";

const gatewayAddress = "192.0.2.30";
const profile = "generic-modbus-rtu";
/** Slots lie 1.3 s apart: a dead unit has the line for 0.4 s, and its hold for 0.7 s, as it would at 60 s with a gateway ten times as slow. */
const intervalMs = 8000;
const [live, dead] = [
  [1, 3, 4, 6],
  [2, 5],
];
/** 100 ms, asked twice. */
const deadUnitTakesMs = 200;
/** Of each live unit, and of each dead one until it would be down. */
const [answersAwaited, missesAwaited] = [4, 3];
/** By then they have come on the busiest machine; by itself it takes 40 s. */
const deadlineMs = 180_000;

interface Counts {
  readonly deadBusyMs: number;
  readonly queued: number;
  readonly malformedRequests: number;
  readonly requestsByUnit: Readonly<Record<string, number>>;
  readonly timesByUnit: Readonly<Record<string, readonly number[]>>;
}

/** Whoever answers is given time for a busy machine; silence is cut off before the gateway's hold is over. */
const unitsOf = (answerWithin: (unitId: number) => string): readonly DeviceSpec[] =>
  [...live, ...dead].map((unitId) => ({
    id: `unit-${unitId}`,
    address: gatewayAddress,
    profile,
    changes: {
      via: "fw-serial",
      address: undefined,
      segment: undefined,
      checks: [{ method: "modbus-fc3", unitId, register: "level", interval: `${intervalMs}ms`, answerWithin: answerWithin(unitId) }],
      statements: { watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" } },
    },
  }));
const gateways = [
  {
    id: "fw-serial",
    address: gatewayAddress,
    segment: "lan",
    responseTimeout: "100ms",
    retries: 1,
    unitCount: 6,
    otherClients: [],
  },
];
const siteFile = {
  schema: "site-profile/v1",
  id: profile,
  approval: { stage: "draft" },
  liveness: [{ id: "level", modicon: 40_006, type: "uint16", expect: { equals: 5 } }],
};

suite("a gateway", { concurrency: 2 }, () => {
  for (const deadUnits of ["silence", "exception"] as const) {
    const expected = deadUnits === "silence" ? "timeout" : "gateway_target_silent";
    test(`six units behind a gateway, two of them dead (${deadUnits}): its line stays free, and the live units have their turns`, async () => {
      await using network = await makeNetwork({
        hosts: [
          { name: "poller", address: "192.0.2.1" },
          { name: "gateway", address: gatewayAddress },
        ],
      });
      const options = { host: gatewayAddress, port: 502, live, dead, answerMs: 40, responseTimeoutMs: 100, retries: 1, deadUnits };
      const gateway = runUnder(network, "gateway", new URL("support/simulated-gateway.ts", import.meta.url), {
        args: [JSON.stringify(options)],
      });
      await gateway.next("listening", deadlineMs);
      const units = unitsOf((unitId) => (deadUnits === "silence" && dead.includes(unitId) ? "400ms" : "1s"));
      const site = await unapprovedSite(network, { devices: units, startsPerSecondMax: 10, watchlist: { gateways } });
      mkdirSync(join(site.folder, "device-profiles"), { recursive: true });
      writeFileSync(join(site.folder, "device-profiles", `${profile}.yaml`), JSON.stringify(siteFile));
      await site.approve(profile);
      const [line] = (await site.plan()).lines;
      assert.deepEqual(line?.bus, { deadUnitTakesMs, shareOfOneDead: 0.025, shareOfAllDead: 0.001 });

      const capture = await startCapture(network, "poller");
      const begunNs = wallNs();
      const poller = await site.start();
      const named = (some: readonly number[]): readonly string[] => some.map((unitId) => `unit-${unitId}`);
      await Promise.all([
        nextAnswers(site, { what: "the live units' turns", deadlineMs, count: answersAwaited, devices: named(live) }),
        nextMisses(site, expected, { what: "the dead units' turns", deadlineMs, count: missesAwaited, devices: named(dead) }),
      ]);
      gateway.tell({ say: "counts" });
      const counts = (await gateway.next("counts", deadlineMs)) as unknown as Counts;
      const watchedMs = Number((wallNs() - begunNs) / 1_000_000n);
      const status = await site.ask("status", {});
      poller.signal("SIGTERM");
      assert.equal(await poller.ended, 0, poller.said());
      const packets = withPeer(onIp(await capture.stop()), gatewayAddress);

      // Where the machine lets the poller stand still, everybody waits a full interval anew.
      const stalls = poller.log.filter((line) => line.includes('"event":"stalled"')).length;
      const gapMsMax = intervalMs * 1.5 * (1 + stalls);
      // What it was given, and what that cost the line.
      assert.deepEqual([counts.queued, counts.malformedRequests], [0, 0], JSON.stringify(counts));
      assert.ok(counts.deadBusyMs > 0 && counts.deadBusyMs <= 0.1 * watchedMs, `${counts.deadBusyMs} ms of ${watchedMs} ms`);
      for (const unit of dead) assert.ok((counts.requestsByUnit[unit] ?? 0) <= 6, `unit ${unit}: ${JSON.stringify(counts.requestsByUnit)}`);
      for (const unit of live) {
        const times = counts.timesByUnit[unit] ?? [];
        assert.ok(times.length >= answersAwaited, `unit ${unit} was asked ${times.length} times`);
        const gaps = times.slice(1).map((at, index) => at - times[index]!);
        assert.ok(Math.max(...gaps) <= gapMsMax, `unit ${unit}: ${Math.max(...gaps)} ms between two askings`);
      }
      // The wire says the same: one connection at a time, and nothing but the four bytes of address and count that were approved.
      assert.equal(connectionsAtOnce(packets), 1, describe(packets));
      for (const { payloadHex } of requestsFromUs(fromUs(packets))) assert.match(payloadHex, /^....00000006(0[1-6])0300050001$/u);

      assert.ok(status.ok);
      for (const { device, liveness, cause, checks } of status.result.devices) {
        const unit = Number(device.slice("unit-".length));
        assert.deepEqual([liveness, cause], live.includes(unit) ? ["up", "answers"] : ["unknown", "unproven"], device);
        if (live.includes(unit)) continue;
        assert.ok((checks[0]?.failed[expected] ?? 0) >= missesAwaited, JSON.stringify(checks));
      }
    });
  }
});
