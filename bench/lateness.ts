/** How late checks start at 10,000 devices, beside plain timers that make the same exchanges at the same pace. */
import { slotPeriod } from "../src/domain/slots.ts";
import type { Outcome } from "../src/domain/outcome.ts";
import { milliseconds, type Milliseconds } from "../src/domain/units.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { systemClock } from "../src/system-clock.ts";
import { tcpDialler } from "../src/wire/tcp.ts";
import { armTripwire } from "../src/wire/tripwire.ts";
import { bareFresh, type Place } from "./bare.ts";
import { startDevices } from "./device-process.ts";
import type { Figure } from "./figure.ts";
import { MovedClock } from "./moved-clock.ts";
import { awake, intervalMs, openSite, sitePlan } from "./site.ts";
import type { Sizes } from "./sizes.ts";
import { median, percentile, spreadOf } from "./statistics.ts";

/** Each port sees a share of the connections: one alone would run out of the client's port numbers. */
const ports = 8;
/** More often than the poller does, so that every window has some. */
const sweepEveryMs = 1500;
const settingMs = 300;

/** Fresh connections over real sockets, one interval of 30 s for all; the run is some windows of it rather than a shorter interval, so that the load is the real one. */
export async function run({ devices, windows, windowMs }: Sizes): Promise<readonly Figure[]> {
  const simulated = await startDevices(ports);
  const clock = new MovedClock();
  const placeOf = (index: number): Place => simulated.places[index % ports]!;
  const plan = sitePlan({ devices, connection: "fresh", placeOf });
  const dial = tcpDialler({ clock, cutOff: () => undefined, onViolation: ({ detail }) => fail(detail) });
  const site = openSite(plan, clock, () => dial);
  clock.move(milliseconds(intervalMs));
  await awake(site, plan, clock);
  const slots = [...plan.checks.values()].map(({ slot }) => slot);
  const product: number[][] = [];
  const bare: number[][] = [];
  for (let window = 0; window < windows; window++) {
    const late: number[] = [];
    const scheduler = new Scheduler({ clock, gate: site.gate, onStart: (span) => late.push(span), onSkip: () => {} }, plan);
    // The first interval, in which nothing is asked, goes by at once.
    clock.move(slotPeriod(milliseconds(intervalMs)));
    const disarm = armTripwire({ onBlocked: (detail) => fail(detail) });
    scheduler.start();
    const sweeping = setInterval(() => site.sweep(), sweepEveryMs);
    await pause(windowMs);
    clearInterval(sweeping);
    scheduler.stop();
    while (site.gate.inFlight > 0) await pause(10);
    disarm();
    product.push(late);
    bare.push(await bareWindow(slots, windowMs, placeOf));
  }
  const unanswered = [...site.board.checks()].flatMap(({ last }) => (last && last.kind !== "answered" ? [reasonOf(last)] : []));
  await site.end();
  await simulated.end();
  if (unanswered.length > 0) process.stderr.write(`lateness: ${unanswered.length} not answered: ${[...new Set(unanswered)].join(", ")}\n`);
  const starts = product.reduce((sum, window) => sum + window.length, 0);
  process.stderr.write(`lateness: ${starts} starts of ${devices} devices in ${windows} windows of ${windowMs / 1000} s\n`);
  return [
    figure("Start of a check late by, median", 0.5, product, bare),
    { ...figure("Start of a check late by, 99 %", 0.99, product, bare), aim: { atMost: 3, of: "beside" } },
    figure("Start of a check late by, worst", 1, product, bare),
  ];
}

/** One timer a device, as a poller without a scheduler has it; each makes its exchange when it fires. */
async function bareWindow(slots: readonly Milliseconds[], windowMs: number, placeOf: (index: number) => Place): Promise<number[]> {
  const late: number[] = [];
  const asked: Promise<void>[] = [];
  // Setting 10,000 timers takes a while; none is due before all are set.
  const start = systemClock.monotonic() + settingMs;
  const timers = slots.map((slot, index) =>
    setTimeout(
      () => {
        late.push(Math.max(0, systemClock.monotonic() - start - slot));
        asked.push(bareFresh(placeOf(index)));
      },
      Math.ceil(start + slot - systemClock.monotonic()),
    ),
  );
  await pause(settingMs + windowMs);
  for (const timer of timers) clearTimeout(timer);
  await Promise.all(asked);
  return late;
}

function figure(name: string, share: number, product: readonly number[][], bare: readonly number[][]): Figure {
  const of = (windows: readonly number[][]): number[] =>
    windows.filter((window) => window.length > 0).map((late) => percentile(late, share));
  const [ours, theirs] = [of(product), of(bare)];
  return {
    name,
    value: median(ours),
    unit: "ms",
    beside: { what: "bare timers", value: median(theirs) },
    noise: `${spreadOf(ours)}, bare ${spreadOf(theirs)}`,
  };
}

function reasonOf(outcome: Exclude<Outcome, { kind: "answered" }>): string {
  return outcome.kind === "refused" ? outcome.reason : outcome.failure;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function fail(detail: string): never {
  throw new Error(`bench: the guard stopped a frame: ${detail}`);
}
