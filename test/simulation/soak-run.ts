/** Seeded lives of whole pollers in simulated plants, with everything that a plant and a machine do by themselves: until so many device-hours have gone by. */
import { LongLife } from "../support/long-life.ts";
import type { LiteralDevice } from "../support/literal-plan.ts";
import { Random } from "../support/random.ts";
import { hour, minute, World } from "../support/world.ts";

export interface SoakResult {
  readonly deviceHours: number;
  readonly lives: number;
  readonly asked: number;
  readonly trips: number;
  /** Each with the seed that replays it. */
  readonly broken: readonly string[];
}

export interface SoakOptions {
  readonly deviceHours: number;
  readonly firstSeed?: number;
  readonly onLife?: (sofar: SoakResult) => void;
}

const hoursOfLife = 48;

/** Stops at the first life that breaks a promise or trips a device. */
export async function soak({ deviceHours, firstSeed = 1, onLife }: SoakOptions): Promise<SoakResult> {
  let sofar: SoakResult = { deviceHours: 0, lives: 0, asked: 0, trips: 0, broken: [] };
  for (let seed = firstSeed; sofar.deviceHours < deviceHours && sofar.broken.length === 0; seed++) {
    const life = await lived(seed);
    const broken = [...life.broken, ...life.trips.map(({ scope, cause, detail }) => `${scope} tripped (${cause}): ${detail}`)];
    sofar = {
      deviceHours: sofar.deviceHours + life.plan.devices.size * hoursOfLife,
      lives: sofar.lives + 1,
      asked: sofar.asked + life.asked,
      trips: sofar.trips + life.trips.length,
      broken: broken.slice(0, 5).map((line) => `seed ${seed}: ${line}`),
    };
    onLife?.(sofar);
  }
  return sofar;
}

async function lived(seed: number): Promise<LongLife> {
  const random = new Random(seed);
  const devices = plant(random);
  const lossShare = random.pick([0, 0.001, 0.005]);
  const life = new LongLife({ devices, world: (now) => new World({ devices, random, now, lossShare }) });
  const names = devices.map(({ name }) => name);
  const happenings: readonly (() => unknown)[] = [
    () => life.world.blackout("hvac", random.between(1, 120) * minute),
    () => life.world.blackout("power", random.between(1, 120) * minute),
    () => life.world.away("hvac.switch", random.between(0.2, 30) * minute),
    () => life.world.away("fw", random.between(0.2, 30) * minute),
    () => life.world.away(`segment ${random.pick(["hvac", "power"])}`, random.between(0.2, 60) * minute),
    () => {
      const name = random.pick(names);
      // Busy and then switched off for long is what harm looks like.
      if (!life.world.isAway(name)) life.world.away(name, random.between(0.2, 600) * minute);
    },
    () => life.world.download(random.pick(names)),
    () => life.world.download(random.pick(names)),
    () => (life.site.cutOff = "its cable is out"),
    () => (life.site.auditWritable = false),
    () => life.site.clock.freeze(random.between(11_000, 19_000)),
    () => life.site.clock.stepWall(random.between(-7_200_000, 7_200_000)),
    () => life.site.adopt(life.plan),
    () => life.crash(),
    () => life.restart(),
    () => life.stopFor(random.between(1, 30) * minute),
  ];
  let left = hoursOfLife * hour;
  while (left > 0) {
    const span = Math.min(left, random.between(1, 90) * minute);
    await life.live(span);
    left -= span;
    life.site.cutOff = undefined;
    life.site.auditWritable = true;
    await random.pick(happenings)();
  }
  await life.end();
  return life;
}

function plant(random: Random): readonly LiteralDevice[] {
  const intervals = [2, 5, 10].map((minutes) => minutes * minute);
  return ["hvac", "power"].flatMap((segment, place) => {
    const common = () => ({ segment, intervalMs: random.pick(intervals), freeConnections: random.integer(1, 3) });
    const address = (last: number): string => `192.0.2.${place * 100 + last}`;
    const hosts = Array.from({ length: random.integer(8, 40) }, (_, n): LiteralDevice => {
      const kept = random.chance(0.3) ? { connection: "kept" as const, idleTimeoutMs: 15 * minute } : {};
      const behind = random.chance(0.4) && place === 0 ? [`${segment}.switch`] : [];
      const profile = random.pick(["generic-modbus-tcp", "schneider-m221", "wago-750"]);
      return { ...common(), name: `${segment}.${n}`, address: address(n + 10), profile, behind, ...kept };
    });
    const units = Array.from({ length: random.integer(0, 8) }, (_, n): LiteralDevice => {
      const bus = { address: address(5), line: "gateway:fw", behind: ["fw"], unitId: n + 1, holdAfterTimeoutMs: 4500 };
      return { ...common(), ...bus, name: `${segment}.unit-${n}`, intervalMs: 10 * minute, freeConnections: 2 };
    });
    const first: LiteralDevice = { ...common(), name: `${segment}.switch`, address: address(1), profile: "switch" };
    return [first, ...hosts, ...(place === 0 ? units : [])];
  });
}
