/** How late checks start at 10,000 devices, beside plain timers that make the same exchanges at the same pace. */
import type { Milliseconds } from "../src/domain/units.ts";
import { systemClock } from "../src/system-clock.ts";
import { bareFresh, type Place } from "./bare.ts";
import { startDevices } from "./device-process.ts";
import type { Figure } from "./figure.ts";
import { openScheduled, pause } from "./scheduled.ts";
import type { Sizes } from "./sizes.ts";
import { median, percentile, spreadOf } from "./statistics.ts";

/** Each port sees a share of the connections: one alone would run out of the client's port numbers. */
const ports = 8;
const settingMs = 300;
/** More often than the poller does, so that every window has some. */
const sweepEveryMs = 1500;

/** In turns, so that what else the machine does falls on both. */
export async function run({ devices, windows, windowMs }: Sizes): Promise<readonly Figure[]> {
  const simulated = await startDevices(ports);
  const placeOf = (index: number): Place => simulated.places[index % ports]!;
  const poller = await openScheduled(devices, placeOf);
  const product: (readonly number[])[] = [];
  const bare: number[][] = [];
  for (let window = 0; window < windows; window++) {
    product.push((await poller.window(windowMs, sweepEveryMs)).late);
    bare.push(await bareWindow(poller.slots, windowMs, placeOf));
  }
  const unanswered = await poller.end();
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

function figure(name: string, share: number, product: readonly (readonly number[])[], bare: readonly (readonly number[])[]): Figure {
  const of = (windows: readonly (readonly number[])[]): number[] =>
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
