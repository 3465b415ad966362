/** Deep queries of devices that are asked as often as their floor allows: every question has its turn however late it comes, and no heartbeat starves. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Clock } from "../../src/domain/clock.ts";
import type { Beat, DeepRun } from "../../src/domain/deep-query.ts";
import type { DeviceId, Plan } from "../../src/domain/plan.ts";
import { after, milliseconds, wallMs } from "../../src/domain/units.ts";
import { DeepQuery } from "../../src/scheduler/deep-query.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import { Random } from "../support/random.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const floorMs = 30_000;
/** Of evidence, until a device that is asked every 60 s is no longer known to be well; of one with turns of 120 s 1.2 times as long. */
const staleAfterMs = 300_000;

interface Ran {
  readonly run: DeepRun | undefined;
  /** Askings that came nearer than the floor. */
  readonly near: readonly string[];
  /** The longest time without a heartbeat of any one check. */
  readonly longestMs: number;
}

/** Each question over a connection of its own, so that one which is kept must go first. */
function planOf(devices: readonly LiteralDevice[], lab: boolean): Plan {
  const bare = literalPlan(devices);
  return { ...bare, lab, deep: new Map([...bare.deep].map(([id, check]) => [id, { ...check, connection: "fresh" as const }])) };
}

/** @param lateMs by how much whoever asks may come late; heartbeats never do */
async function ran(seed: number, plan: Plan, lateMs: number, answerMs: number): Promise<Ran> {
  const random = new Random(seed);
  const site = new SimulatedSite({
    plan,
    farewell: [...plan.checks.values()].some(({ closing }) => closing.requestsMax > 0),
    pulseEveryMs: 1000,
    script: () => ({ does: "answer", afterMs: random.between(1, answerMs), connectMs: random.between(1, answerMs) }),
  });
  const { clock } = site;
  const late: Clock = {
    monotonic: () => clock.monotonic(),
    wall: () => clock.wall(),
    at: (when, then) => clock.at(after(when, milliseconds(random.between(0, lateMs))), then),
  };
  site.start();
  for (const id of plan.devices.keys()) site.deepWindows.set(id, wallMs(clock.wall() + 86_400_000));
  await clock.advance(400_000 + random.between(0, 60_000));
  const beat = (device: DeviceId): Beat | undefined => {
    const latest = site.facts.findLast((fact) => fact.kind === "answered" && fact.check.device === device && !fact.check.deep);
    return latest && { at: wallMs(clock.wall() - (clock.monotonic() - latest.at)), took: milliseconds(1) };
  };
  const own = [...plan.devices.values()].filter(({ id }) => [...plan.deep.values()].some(({ device }) => device === id));
  let run: DeepRun | undefined;
  void new DeepQuery({ clock: late, gate: site.gate, plan: () => plan, beat, tell: () => {} }, own).run().then((end) => (run = end));
  const began = clock.monotonic();
  for (let step = 0; step < 720 && run === undefined; step++) await clock.advance(10_000);
  const ended = clock.monotonic();
  const near = nearer(site);
  await site.shutDown();
  const gaps = [...plan.checks.keys()].flatMap((id) => {
    const asked = site.facts.flatMap((fact) => (fact.kind === "answered" && fact.check.id === id && fact.at < ended ? [fact.at] : []));
    const times = [...asked.filter((at) => at > began - 120_000), ended];
    return times.slice(1).map((at, index) => at - times[index]!);
  });
  return { run, near, longestMs: Math.max(...gaps) };
}

function assertAllAsked({ run, near, longestMs }: Ran, most: number, words: string): void {
  assert.deepEqual(
    run?.devices.map(({ ended, why }) => why ?? ended),
    run?.devices.map(() => "complete"),
    words,
  );
  assert.ok(run !== undefined, words);
  assert.deepEqual(near, [], words);
  assert.ok(longestMs < most, `${words}: ${longestMs} ms without a heartbeat`);
}

/** Packets of two askings of one device that are nearer than its floor; what one asking sends stands within 2 s. */
function nearer({ witness }: SimulatedSite): readonly string[] {
  const sent = witness.packets.filter(({ kind }) => kind === "connect" || kind === "frame");
  return [...Map.groupBy(sent, ({ check }) => check.floor?.device ?? check.id).values()].flatMap((ours) =>
    ours.flatMap(({ at, check }, index) => {
      const before = ours[index - 1];
      if (before === undefined || at - before.at >= floorMs - 1e-6 || (before.check.id === check.id && at - before.at < 2000)) return [];
      return [`${check.id} ${at - before.at} ms after ${before.check.id}`];
    }),
  );
}

describe("a question of a deep query", () => {
  for (const intervalMs of [30_000, 30_500, 35_000, 45_000, 60_000])
    test(`has its turn at a device that is asked every ${intervalMs / 1000} s`, async () => {
      for (const [seed, lateMs] of [0, 150, 400, 2000, 6000].entries())
        for (const [connection, closingRequests] of [
          ["fresh", 0],
          ["kept", 0],
          ["kept", 1],
        ] as const) {
          const plan = planOf([{ name: "plc", address: "192.0.2.11", intervalMs, floorMs, deep: true, connection, closingRequests }], true);
          const words = `${connection}, ${closingRequests} goodbyes, ${lateMs} ms late`;
          assertAllAsked(await ran(seed, plan, lateMs, 400), 5 * floorMs + 2 * lateMs, words);
        }
    });

  test("has its turn at each of a dozen devices that share the pace of the site", async () => {
    const devices = Array.from({ length: 12 }, (_, index): LiteralDevice => ({
      name: `plc-${index}`,
      address: `192.0.2.${11 + index}`,
      intervalMs: floorMs,
      floorMs,
      deep: true,
      profile: `family-${index}`,
      connection: index % 2 ? "kept" : "fresh",
      closingRequests: 1,
    }));
    const plan = planOf(devices, false);
    assertAllAsked(await ran(7, plan, 400, 300), staleAfterMs, "a dozen");
  });

  test("has its turn at a device whose checks take turns without a pause, and behind a gateway whose line is busy", async () => {
    const check = (name: string, line: string, unitId: number): LiteralDevice => ({
      name,
      address: "192.0.2.30",
      line,
      unitId,
      floorMs,
      intervalMs: 60_000,
    });
    const four = [1, 2, 3, 4].map((unit): LiteralDevice => ({
      ...check(`four-${unit}`, "address:192.0.2.30", unit),
      ...(unit === 1 && { deep: true }),
    }));
    const bus = Array.from({ length: 40 }, (_, unit): LiteralDevice => ({
      ...check(`unit-${unit}`, "gateway:fw", unit + 1),
      ...(unit === 7 && { deep: true }),
    }));
    for (const [seed, devices] of [four, bus].entries()) {
      const plan = planOf(devices, true);
      assertAllAsked(await ran(seed, plan, 400, 60), 1.2 * staleAfterMs, devices === four ? "four checks" : "a bus");
    }
  });
});
