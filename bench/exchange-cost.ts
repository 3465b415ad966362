/** CPU time of one heartbeat, fresh and kept, beside the same exchange by node:net alone. */
import type { CheckId } from "../src/domain/plan.ts";
import { milliseconds } from "../src/domain/units.ts";
import { tcpDialler } from "../src/wire/tcp.ts";
import { armTripwire } from "../src/wire/tripwire.ts";
import { bareFresh, bareKept } from "./bare.ts";
import { startDevices } from "./device-process.ts";
import type { Figure } from "./figure.ts";
import { MovedClock } from "./moved-clock.ts";
import { answered, awake, intervalMs, openSite, sitePlan, type Site } from "./site.ts";
import type { Sizes } from "./sizes.ts";
import { median, spreadOf } from "./statistics.ts";

export async function run({ rounds, warming, freshPerRound, keptPerRound }: Sizes): Promise<readonly Figure[]> {
  const devices = await startDevices(1);
  const [place] = devices.places;
  const clock = new MovedClock();
  const sites = { fresh: open("fresh"), kept: open("kept") };
  const connection = await bareKept(place!);
  for (const { site, plan } of Object.values(sites)) await awake(site, plan, clock);
  const sides = {
    bareFresh: { count: freshPerRound, ask: () => bareFresh(place!), cost: [] as number[] },
    fresh: { count: freshPerRound, ask: () => ask(sites.fresh), cost: [] as number[] },
    bareKept: { count: keptPerRound, ask: () => connection.ask(), cost: [] as number[] },
    kept: { count: keptPerRound, ask: () => ask(sites.kept), cost: [] as number[] },
  };
  for (let round = -1; round < rounds; round++) {
    for (const [name, { count, ask, cost }] of Object.entries(sides)) {
      // The tripwire is part of the product, and would stop the bare sockets.
      const disarm = name.startsWith("bare") ? undefined : armTripwire({ onBlocked: (detail) => impossible(detail) });
      // A poller of 10,000 devices has asked as often after two minutes; until then the compiler is still busy with it.
      const spent = await cpuOf(ask, round < 0 ? count * warming : count);
      disarm?.();
      if (round >= 0) cost.push(spent);
    }
  }
  await connection.close();
  for (const { site } of Object.values(sites)) await site.end();
  await devices.end();
  return [
    figure("CPU a check, fresh connection", sides.fresh.cost, sides.bareFresh.cost, 1.5),
    figure("CPU a check, kept connection", sides.kept.cost, sides.bareKept.cost, 3),
  ];

  function ask({ site, check }: Opened): Promise<void> {
    return answered(site, check, clock, milliseconds(intervalMs));
  }

  function open(kind: "fresh" | "kept"): Opened {
    const plan = sitePlan({ devices: 1, connection: kind, placeOf: () => place! });
    clock.move(milliseconds(1));
    const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => impossible(detail) });
    const site = openSite(plan, clock, () => dial);
    clock.move(milliseconds(intervalMs));
    const [check] = plan.checks.keys();
    return { site, plan, check: check! };
  }
}

interface Opened {
  readonly site: Site;
  readonly plan: ReturnType<typeof sitePlan>;
  readonly check: CheckId;
}

/** Microseconds of the processor a call, all threads of this process. No forced collection: it throws compiled code away too (measured: twice the cost). */
async function cpuOf(ask: () => Promise<void>, count: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) await ask();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function figure(name: string, cost: readonly number[], bare: readonly number[], atMost: number): Figure {
  return {
    name,
    value: median(cost),
    unit: "µs",
    beside: { what: "bare node:net", value: median(bare) },
    aim: { atMost, of: "beside" },
    noise: `${spreadOf(cost)}, bare ${spreadOf(bare)}; best ${Math.min(...cost).toFixed(1)} to ${Math.min(...bare).toFixed(1)}`,
  };
}

function impossible(detail: string): never {
  throw new Error(`bench: the guard stopped a frame: ${detail}`);
}
