/** One size of a growing poller, measured in a process of its own and sent to whoever started it. */
import type { Check } from "../src/domain/plan.ts";
import { milliseconds } from "../src/domain/units.ts";
import { addPart, headOf, partsOf } from "../src/poller/plan-parts.ts";
import { takeOver } from "../src/poller/take-over.ts";
import { Scheduler } from "../src/scheduler/scheduler.ts";
import { yieldToLoop } from "../src/system-clock.ts";
import { memory, threadUs } from "./in-use.ts";
import { loopbackDial } from "./loopback-wire.ts";
import { MovedClock } from "./moved-clock.ts";
import { pageOf } from "./page.ts";
import { answered, awake, intervalMs, openSite, sitePlan } from "./site.ts";
import { median } from "./statistics.ts";

const devices = Number(process.argv[2]);
/** Further apart than the site's budget asks for: the clock is moved, so it costs nothing. */
const apartMs = Math.max(intervalMs / devices, 1.5);
const scrapes = 5;

const clock = new MovedClock();
const before = await memory();
const plan = sitePlan({
  devices,
  connection: "fresh",
  placeOf: (index) => ({ address: `127.1.${(index >> 8) & 0xff}.${index & 0xff}`, port: 502 }),
});
const site = openSite(plan, clock, () => loopbackDial);
clock.move(milliseconds(intervalMs));
await awake(site, plan, clock);
const ids = [...plan.checks.keys()];
// Every check once, so that each device has its outcome, history and identity; small sites again, until the compiler is done with it.
for (let round = 0; round < Math.max(1, 3000 / devices); round++) {
  if (round > 0) clock.move(milliseconds(intervalMs));
  for (const id of ids) await answered(site, id, clock, milliseconds(apartMs));
}
const after = await memory();
clock.move(milliseconds(intervalMs));
const sample = ids.slice(0, 2000);
const exchange = await cpuOf(async () => {
  for (const id of sample) await answered(site, id, clock, milliseconds(apartMs));
});
const page = pageOf(site, clock);
const [scrapeCost, longest]: [number[], number[]] = [[], []];
for (let look = 0; look < scrapes; look++) {
  const { cost, work } = await watched(async () => {
    for await (const piece of page.render(site.board, "text")) Buffer.from(piece);
  });
  scrapeCost.push(cost);
  longest.push(work);
}
// Every slot is another one, as after a device was added: nothing of the plan before can stay as it is.
const next = { ...plan, digest: "sha256:next", checks: new Map([...plan.checks].map(([id, check]) => [id, later(check)])) };
const scheduler = new Scheduler({ clock, gate: site.gate, onStart: () => {}, onSkip: () => {} }, plan);
scheduler.start();
const nobody = { adopt: () => {}, replace: () => {} };
const adopted = await watched(async () => {
  const received = structuredClone(headOf(next));
  for (const part of partsOf(next)) {
    addPart(received, structuredClone(part));
    await yieldToLoop();
  }
  await takeOver({ ...site, clock, scheduler, windows: nobody, vault: nobody }, { plan: received, credentials: new Map() });
});
scheduler.stop();
process.send?.(
  {
    memory: (after - before) / devices,
    exchange: exchange / sample.length,
    scrape: median(scrapeCost) / devices,
    work: median(longest) / 1000,
    plan: adopted.cost / devices,
    planWork: adopted.work / 1000,
  },
  () => process.exit(0),
);

async function cpuOf(run: () => Promise<void>): Promise<number> {
  const begin = threadUs();
  await run();
  return threadUs() - begin;
}

/** Microseconds in all, and of the longest work without a pause. */
async function watched(run: () => Promise<void>): Promise<{ readonly cost: number; readonly work: number }> {
  let [work, turn, done] = [0, threadUs(), false];
  const noted = (): void => {
    const now = threadUs();
    [work, turn] = [Math.max(work, now - turn), now];
  };
  // Whoever else waits for its turn: from one to the next is work without a pause.
  const watch = (): void => {
    noted();
    if (!done) setImmediate(watch);
  };
  const cost = await cpuOf(() => {
    turn = threadUs();
    setImmediate(watch);
    return run();
  });
  noted();
  done = true;
  return { cost, work };
}

function later(check: Check): Check {
  return { ...check, slot: milliseconds(check.slot + 1) };
}
