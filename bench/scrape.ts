/** What one scrape of 10,000 devices costs, beside prom-client's page of the same series, and for how long it holds up everything else. */
import { Gauge, Registry } from "prom-client";
import { milliseconds } from "../src/domain/units.ts";
import { systemClock, yieldToLoop } from "../src/system-clock.ts";
import type { Figure } from "./figure.ts";
import { threadUs } from "./in-use.ts";
import { loopbackDial } from "./loopback-wire.ts";
import { MovedClock } from "./moved-clock.ts";
import { pageOf } from "./page.ts";
import { answered, awake, intervalMs, openSite, sitePlan } from "./site.ts";
import type { Sizes } from "./sizes.ts";
import { median, spreadOf } from "./statistics.ts";

const looks = 9;
const naiveLooks = 3;
const workAimMs = 20;

interface Scrape {
  readonly ms: number;
  readonly bytes: number;
  /** From one turn of the loop to the next, on the clock: other programs on the machine are in it. */
  readonly longestBlockMs: number;
  /** The same in processor time of this thread. */
  readonly longestWorkMs: number;
}

export async function run({ devices }: Sizes): Promise<readonly Figure[]> {
  const clock = new MovedClock();
  const plan = sitePlan({ devices, connection: "fresh", placeOf: () => ({ address: "127.1.0.1", port: 502 }) });
  const site = openSite(plan, clock, () => loopbackDial);
  clock.move(milliseconds(intervalMs));
  await awake(site, plan, clock);
  for (const id of plan.checks.keys()) await answered(site, id, clock, milliseconds(intervalMs / devices));
  const page = pageOf(site, clock);
  const streamed = (): AsyncIterable<string> => page.render(site.board, "text");
  const ours: Scrape[] = [];
  const theirs: Scrape[] = [];
  const idle: Scrape[] = [];
  for (let look = 0; look < looks; look++) {
    ours.push(await scraped(streamed));
    idle.push(await scraped(() => quiet(ours.at(-1)!.ms)));
  }
  let text = "";
  for await (const piece of streamed()) text += piece;
  // Only now: its series in memory would weigh on every collection.
  const naive = naivePage(text);
  for (let look = 0; look < naiveLooks; look++) theirs.push(await scraped(() => whole(naive)));
  await site.end();
  return [
    figure("One scrape takes", "ms", ({ ms }) => ms, ours, { what: "prom-client", scrapes: theirs, atMost: 1 }),
    figure("One scrape is", "MB", ({ bytes }) => bytes / 1e6, ours, { what: "prom-client", scrapes: theirs }),
    {
      ...figure("Longest work without a pause in it", "ms", ({ longestWorkMs }) => longestWorkMs, ours, {
        what: "prom-client",
        scrapes: theirs,
      }),
      aim: { atMost: workAimMs, of: "unit" },
    },
    figure("Longest block of the loop in it", "ms", ({ longestBlockMs }) => longestBlockMs, ours, {
      what: "idle loop",
      scrapes: idle,
    }),
  ];
}

interface Beside {
  readonly what: string;
  readonly scrapes: readonly Scrape[];
  readonly atMost?: number;
}

function figure(
  name: string,
  unit: Figure["unit"],
  value: (scrape: Scrape) => number,
  ours: readonly Scrape[],
  { what, scrapes, atMost }: Beside,
): Figure {
  const [product, other] = [ours.map(value), scrapes.map(value)];
  return {
    name,
    value: median(product),
    unit,
    beside: { what, value: median(other) },
    ...(atMost !== undefined && { aim: { atMost, of: "beside" } }),
    noise: `${spreadOf(product)}, ${what} ${spreadOf(other)}`,
  };
}

/** While the page is written, something else asks for its turn again and again: the longest it waited is the longest block. */
async function scraped(write: () => AsyncIterable<string>): Promise<Scrape> {
  let [longestBlockMs, longestWorkMs] = [0, 0];
  let [turn, worked] = [systemClock.monotonic() as number, workedMs()];
  let done = false;
  const watch = (): void => {
    const [now, nowWorked] = [systemClock.monotonic(), workedMs()];
    longestBlockMs = Math.max(longestBlockMs, now - turn);
    longestWorkMs = Math.max(longestWorkMs, nowWorked - worked);
    [turn, worked] = [now, nowWorked];
    if (!done) setImmediate(watch);
  };
  watch();
  const start = systemClock.monotonic();
  let bytes = 0;
  // Encoded and let go, as the web server does.
  for await (const piece of write()) bytes += Buffer.from(piece).length;
  const ms = systemClock.monotonic() - start;
  done = true;
  await yieldToLoop();
  return { ms, bytes, longestBlockMs, longestWorkMs };
}

function workedMs(): number {
  return threadUs() / 1000;
}

/** The same loop with nothing to write: what the machine's other work makes of it. */
async function* quiet(ms: number): AsyncGenerator<string> {
  const until = systemClock.monotonic() + ms;
  while (systemClock.monotonic() < until) await yieldToLoop();
  yield "";
}

async function* whole(naive: Registry): AsyncGenerator<string> {
  yield await naive.metrics();
}

/** Every series of a page kept in prom-client; filling it is not counted, writing it is. */
function naivePage(text: string): Registry {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const [, name = "", pairs = "", value = ""] of text.matchAll(/^(\w+)(?:\{(.*)\})? (\S+)$/gmu)) {
    const labels = Object.fromEntries(Array.from(pairs.matchAll(/(\w+)="([^"]*)"/gu), ([, label = "", is = ""]) => [label, is]));
    const gauge = gauges.get(name) ?? new Gauge({ name, help: name, labelNames: Object.keys(labels), registers: [registry] });
    gauges.set(name, gauge);
    gauge.set(labels, Number(value));
  }
  return registry;
}
