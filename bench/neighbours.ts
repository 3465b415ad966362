/** How late healthy devices are asked beside fifty dead OPC UA servers, and the same without them: real library, real sockets, one run. */
import type { Check, CheckId, DeviceId, LineId, Plan } from "../src/domain/plan.ts";
import { slotPeriod } from "../src/domain/slots.ts";
import { milliseconds } from "../src/domain/units.ts";
import { opcuaDriver } from "../src/drivers/opcua/driver.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { tcpDialler } from "../src/wire/tcp.ts";
import { literalPlan } from "../test/support/literal-plan.ts";
import { opcuaCheck } from "../test/support/opcua-checks.ts";
import { startDeadServers, startDevices } from "./device-process.ts";
import type { Figure } from "./figure.ts";
import { MovedClock } from "./moved-clock.ts";
import { awake, openSite, speaking, withChecks } from "./site.ts";
import type { Sizes } from "./sizes.ts";
import { median, percentile, spreadOf } from "./statistics.ts";

const each = 50;
/** Much shorter than in a plant, so that dying is done fifty times over in each window. */
const intervalMs = 2000;
const names = (kind: string): readonly string[] => Array.from({ length: each }, (_, index) => `${kind}-${String(index).padStart(2, "0")}`);

export async function run({ windows, windowMs }: Sizes): Promise<readonly Figure[]> {
  const [devices, servers] = [await startDevices(each), await startDeadServers(each)];
  await opcuaDriver.prepare();
  const healthy = names("plc").map((name, index) => ({ ...devices.places[index]!, name, line: `address:${name}`, intervalMs }));
  const dead = names("server").map((name, index) => ({ ...servers.places[index]!, name, line: `address:${name}`, intervalMs }));
  const bare = literalPlan([...healthy, ...dead], { segmentStartsPerSecondMax: 200, siteStartsPerSecondMax: 1000 });
  const checks = [...bare.checks.values()].map((check) => (check.device.startsWith("plc") ? speaking(check) : keepAlive(check)));
  const plan = withChecks(
    { ...bare, devices: new Map([...bare.devices].map(([id, device]) => [id, { ...device, checks: idsOf(checks, id) }])) },
    checks,
  );
  const late: Record<"alone" | "beside", number[][]> = { alone: [], beside: [] };
  // In turns, so that what else the machine does falls on both.
  for (let window = 0; window < windows; window++) {
    late.alone.push(await lateness(plan, false, windowMs));
    late.beside.push(await lateness(plan, true, windowMs));
  }
  await Promise.all([devices.end(), servers.end()]);
  return [figure("median", 0.5, late), { ...figure("99 %", 0.99, late), aim: { atMost: 2, of: "beside" } }];
}

/** A poller of its own for each window: what it learns of the dead in one must not spare them in the next. */
async function lateness(plan: Plan, beside: boolean, windowMs: number): Promise<number[]> {
  const clock = new MovedClock();
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => fail(detail) });
  // Holds and stalls are to be expected here.
  const site = openSite(
    plan,
    clock,
    () => dial,
    () => {},
  );
  clock.move(milliseconds(intervalMs));
  await awake(site, plan, clock);
  const late: number[] = [];
  const scheduled = (kind: string, onStart: (span: number) => void): Scheduler =>
    new Scheduler({ clock, gate: site.gate, onStart, onSkip: () => {} }, only(plan, kind));
  const schedulers = [scheduled("plc", (span) => late.push(span)), ...(beside ? [scheduled("server", () => {})] : [])];
  clock.move(slotPeriod(milliseconds(intervalMs)));
  for (const scheduler of schedulers) scheduler.start();
  await pause(windowMs);
  for (const scheduler of schedulers) scheduler.stop();
  await site.end();
  return late;
}

function only(plan: Plan, kind: string): Plan {
  return { ...plan, checks: new Map([...plan.checks].filter(([, { device }]) => device.startsWith(kind))) };
}

function keepAlive({ device, target, slot }: Check): Check {
  const made = opcuaCheck({ method: "opcua-keepalive", address: target.address, port: target.port, intervalMs });
  return {
    ...made,
    id: `${device}/opcua-keepalive` as CheckId,
    device,
    line: `address:${device}` as LineId,
    slot,
    digest: `sha256:${device}`,
  };
}

function idsOf(checks: readonly Check[], device: DeviceId): readonly CheckId[] {
  return checks.filter((check) => check.device === device).map(({ id }) => id);
}

function figure(words: string, share: number, { alone, beside }: Readonly<Record<"alone" | "beside", readonly number[][]>>): Figure {
  const of = (all: readonly number[][]): number[] => all.filter((one) => one.length > 0).map((one) => percentile(one, share));
  const [ours, theirs] = [of(beside), of(alone)];
  return {
    name: `Start beside ${each} dead OPC UA servers late by, ${words}`,
    value: median(ours),
    unit: "ms",
    beside: { what: "without them", value: median(theirs) },
    noise: `${spreadOf(ours)}, without ${spreadOf(theirs)}`,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(detail: string): never {
  throw new Error(`bench: the guard stopped a frame: ${detail}`);
}
