/** Ten thousand devices at 30 s: every check runs in every cycle, or the plan says beforehand that it cannot. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { overBudget, type Demand } from "../../src/config/compile/budgets.ts";
import type { SegmentEntry } from "../../src/config/schema/watchlist.ts";
import type { CheckId, DeviceId, SegmentId } from "../../src/domain/plan.ts";
import { seconds } from "../../src/domain/units.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const count = 10_000;
const segments = ["north", "east", "south", "west"];
/** Four segments of 2500 devices: 83.3 starts per second each, 333.3 in all. */
const [segmentStartsPerSecondMax, siteStartsPerSecondMax] = [120, 480];
const segmentOf = (index: number): string => segments[index % segments.length]!;

describe("10,000 devices at 30 s", () => {
  const demands = Array.from({ length: count }, (_, index): Demand => {
    const segment: SegmentEntry = { id: segmentOf(index) as SegmentId, zone: "OT", subnet: "", localAddress: "", startsPerSecondMax: 1 };
    const [check, device] = [`d-${index}/modbus-fc43` as CheckId, `d-${index}` as DeviceId];
    return { check, device, interval: seconds(30), segment, gateway: undefined };
  });

  test("that the budgets can carry are all in the plan", () => {
    const budgets = { siteStartsPerSecondMax, segmentStartsPerSecondMax: () => segmentStartsPerSecondMax };
    assert.equal(overBudget(demands, budgets).size, 0);
  });

  test("that they cannot carry are refused beforehand, each with the interval that fits", () => {
    const budgets = { siteStartsPerSecondMax: 400, segmentStartsPerSecondMax: () => segmentStartsPerSecondMax };
    const refused = overBudget(demands, budgets);
    // 70 % of 400 starts per second carry 8400 of them.
    assert.equal(refused.size, count - 8400);
    for (const detail of refused.values()) assert.match(detail, /all 10000 checks fit at an interval of 36 s/);
  });

  test("run in every cycle", async () => {
    const devices = Array.from({ length: count }, (_, index) => {
      const name = `${segmentOf(index)}.${index}`;
      return { name, address: `198.18.${index >> 8}.${index & 0xff}`, segment: segmentOf(index), intervalMs: 30_000 };
    });
    const site = new SimulatedSite({ plan: literalPlan(devices, { segmentStartsPerSecondMax, siteStartsPerSecondMax }) });
    site.start();
    // A full interval passes first; then two cycles, and what the buckets may delay.
    await site.clock.advance(30_000 + 2 * 30_100 + 15_000);
    const asked = new Map<string, number[]>();
    for (const { kind, at, check } of site.witness.packets)
      if (kind === "frame") asked.set(check.device, [...(asked.get(check.device) ?? []), at]);
    assert.equal(asked.size, count);
    let longest = 0;
    for (const times of asked.values()) {
      assert.ok(times.length >= 2, `${times.length} askings`);
      for (let n = 1; n < times.length; n++) longest = Math.max(longest, times[n]! - times[n - 1]!);
    }
    assert.ok(longest <= 30_100 + 1000, `longest gap ${longest} ms`);
    assert.deepEqual(site.skipped, []);
    await site.shutDown();
  });
});
