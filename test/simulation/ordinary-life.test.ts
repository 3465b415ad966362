/** Ordinary life is no harm: blackouts, switches, a drydock, downloads and the poller's own cable end in no trip, and everybody is asked again in time. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LongLife } from "../support/long-life.ts";
import type { LiteralDevice } from "../support/literal-plan.ts";
import { Random } from "../support/random.ts";
import { day, hour, minute, World } from "../support/world.ts";

const segments = ["hvac", "power", "deck"];

/** Three segments: a switch that is asked, nine PLCs of which six stand behind it, and in one of them a gateway with five units. */
function plant(random: Random, intervals: readonly number[]): readonly LiteralDevice[] {
  return segments.flatMap((segment, place) => {
    const address = (last: number): string => `192.0.2.${place * 60 + last}`;
    const common = () => ({ segment, intervalMs: random.pick(intervals), freeConnections: random.integer(1, 2) });
    const plcs = Array.from({ length: 9 }, (_, n): LiteralDevice => {
      const behind = n < 6 ? [`${segment}.switch`] : [];
      const profile = random.pick(["generic-modbus-tcp", "schneider-m221"]);
      // Only where an idle timeout is documented is a connection kept.
      const connection = random.pick(["fresh", "kept"] as const);
      const idle = connection === "kept" ? { idleTimeoutMs: 15 * minute } : {};
      return { ...common(), name: `${segment}.${n}`, address: address(n + 2), profile, behind, connection, ...idle };
    });
    const units = Array.from({ length: 5 }, (_, n): LiteralDevice => ({
      ...common(),
      name: `${segment}.unit-${n}`,
      address: address(30),
      line: "gateway:fw",
      unitId: n + 1,
      behind: ["fw", `${segment}.switch`],
      holdAfterTimeoutMs: 4500,
      freeConnections: 2,
    }));
    return [{ ...common(), name: `${segment}.switch`, address: address(1), profile: "switch" }, ...plcs, ...(place === 0 ? units : [])];
  });
}

function lifeOf(
  seed: number,
  { lossShare = 0, intervals = [minute] }: { lossShare?: number; intervals?: readonly number[] } = {},
): LongLife {
  const random = new Random(seed);
  const devices = plant(random, intervals);
  return new LongLife({ devices, world: (now) => new World({ devices, random, now, lossShare }) });
}

const answering = (life: LongLife): readonly string[] => [...life.answered].toSorted();
const all = (life: LongLife): readonly string[] => [...life.plan.devices.keys()].toSorted();

describe("a segment's switch that is off for 10 min", () => {
  it("lets everybody be asked again within 20 min after it, without a burst and without a trip", async () => {
    for (const seed of [1, 2, 3]) {
      const life = lifeOf(seed);
      await life.live(hour);
      life.world.away("segment power", 10 * minute);
      life.world.away("hvac.switch", 10 * minute);
      await life.live(10 * minute);
      life.answered.clear();
      await life.live(20 * minute);
      assert.deepEqual(answering(life), all(life), `seed ${seed}`);
      assert.deepEqual([life.trips, life.broken], [[], []]);
      await life.end();
      assert.deepEqual(life.broken, []);
    }
  });
});

describe("the poller's own cable", () => {
  it("out for an hour trips nothing, and takes nobody down", async () => {
    const life = lifeOf(4);
    await life.live(hour);
    life.site.cutOff = "its cable is out";
    life.last.clear();
    await life.live(hour);
    for (const outcome of life.last.values()) assert.equal(outcome.kind === "refused" && outcome.reason, "cut_off");
    life.site.cutOff = undefined;
    life.answered.clear();
    await life.live(3 * minute);
    assert.deepEqual(answering(life), all(life));
    assert.deepEqual([life.trips, life.broken], [[], []]);
    await life.end();
  });
  it("pulled at the switch that the poller hangs on trips nothing, holds nothing, and takes nobody down", async () => {
    const life = lifeOf(5);
    await life.live(hour);
    for (const segment of segments) life.world.away(`segment ${segment}`, hour);
    await life.live(5 * minute);
    life.last.clear();
    await life.live(50 * minute);
    for (const [id, outcome] of life.last) assert.equal(outcome.kind === "refused" && outcome.reason, "cut_off", id);
    await life.live(5 * minute);
    life.answered.clear();
    await life.live(2 * minute);
    assert.deepEqual(answering(life), all(life));
    assert.deepEqual(life.held.toSorted(), segments.flatMap((segment) => [`${segment} begins`, `${segment} ends`]).toSorted());
    assert.deepEqual([life.trips, life.broken], [[], []]);
    await life.end();
  });
});

describe("30 days with two blackouts, a drydock and 20 PLC reboots", () => {
  it("take a person to at most one reset", async () => {
    const random = new Random(30);
    const life = lifeOf(30, { lossShare: 0.0005, intervals: [10 * minute, 20 * minute, 30 * minute] });
    const plcs = [...life.plan.devices.keys()].filter((id) => /\.\d$/u.test(id));
    const events: (readonly [at: number, () => void])[] = [
      [3 * day, () => segments.forEach((segment) => life.world.blackout(segment, 40 * minute))],
      [9 * day, () => life.world.blackout("power", 3 * hour)],
      // A drydock: one after the other is switched off for days.
      ...plcs.map((id, index) => [14 * day + index * 7 * minute, () => life.world.away(id, 4 * day - index * minute)] as const),
      ...Array.from({ length: 20 }, () => [random.between(0, 30 * day), () => life.world.download(random.pick(plcs))] as const),
    ];
    let now = 0;
    for (const [at, happens] of events.toSorted(([a], [b]) => a - b)) {
      await life.live(at - now);
      now = at;
      happens();
    }
    await life.live(30 * day - now);
    assert.ok(life.trips.length <= 1, JSON.stringify(life.trips));
    assert.deepEqual(life.broken, []);
    life.resetAll();
    await life.live(hour);
    life.answered.clear();
    await life.live(2 * hour);
    assert.deepEqual(answering(life), all(life));
    await life.end();
    assert.deepEqual(life.broken, []);
  });
});
