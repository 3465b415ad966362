/** Every admissible check runs in every cycle; nothing is asked twice for one slot; nothing is caught up. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nothingSent, type Outcome } from "../../src/domain/outcome.ts";
import { periodOf } from "../../src/domain/slots.ts";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { Scheduler } from "../../src/scheduler/scheduler.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan, type LiteralDevice, type LiteralLimits } from "../support/literal-plan.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const many = (count: number, intervalMs: number, extra: Partial<LiteralDevice> = {}): readonly LiteralDevice[] =>
  Array.from({ length: count }, (_, n) => ({
    name: `d${n}`,
    address: `192.0.${2 + Math.floor(n / 250)}.${(n % 250) + 1}`,
    intervalMs,
    ...extra,
  }));

/** The longest wait of any device between two askings, the first cycle aside. */
async function longestGap(
  devices: readonly LiteralDevice[],
  limits: LiteralLimits,
  cycles: number,
): Promise<{ site: SimulatedSite; gapMs: number }> {
  const site = new SimulatedSite({ plan: literalPlan(devices, limits) });
  site.start();
  const interval = devices[0]!.intervalMs!;
  await site.clock.advance(interval * (cycles + 2));
  const gaps = devices.flatMap(({ name }) => {
    const times = site.frameTimes(name);
    assert.ok(times.length >= cycles, `${name} ran ${times.length} times in ${cycles} cycles`);
    return times.slice(1).map((time, index) => time - times[index]!);
  });
  await site.shutDown();
  return { site, gapMs: Math.max(...gaps) };
}

describe("every admissible check runs in every cycle", () => {
  it("30 devices at 60 s behind 2 starts/s", async () => {
    const { gapMs, site } = await longestGap(many(30, 60_000), {}, 10);
    assert.ok(gapMs <= 61_000, `longest gap ${gapMs} ms`);
    assert.deepEqual(site.skipped, []);
  });
  it("210 devices at 30 s at 70 % of 10 starts/s of a site", async () => {
    const { gapMs } = await longestGap(many(210, 30_000), { segmentStartsPerSecondMax: 10 }, 6);
    assert.ok(gapMs <= 31_000, `longest gap ${gapMs} ms`);
  });
  it("16 units behind one gateway", async () => {
    const { gapMs } = await longestGap(
      many(16, 60_000, { line: "gateway:g", address: "192.0.2.250" }).map((d, n) => ({ ...d, unitId: n + 1 })),
      {},
      10,
    );
    assert.ok(gapMs <= 90_500, `longest gap ${gapMs} ms`);
  });
});

describe("the scheduler", () => {
  it("starts within a moment of each slot", async () => {
    const { site } = await longestGap(many(10, 60_000), {}, 3);
    assert.ok(site.lateness.every((ms) => ms < 1));
    assert.ok(site.lateness.length >= 30);
  });

  it("starts together what falls due within 10 ms of a start: never early, and never later than that", async () => {
    const plan = literalPlan(many(7, 60_000));
    const slots = [0, 3, 6, 9, 12, 40, 50.5].map(milliseconds);
    const checks = [...plan.checks.values()].map((check, index) => [check.id, { ...check, slot: slots[index]! }] as const);
    const clock = new FakeClock();
    const began = clock.monotonic();
    const starts: number[] = [];
    const exchange = (): Promise<undefined> => (starts.push(clock.monotonic() - began - 60_100), Promise.resolve(undefined));
    const late: number[] = [];
    const parts = { clock, gate: { exchange }, onStart: (by: number) => late.push(by), onSkip: () => undefined };
    const scheduler = new Scheduler(parts, { ...plan, checks: new Map(checks) });
    scheduler.start();
    await clock.advance(60_200);
    assert.deepEqual(starts, [0, 10, 10, 10, 20, 40, 50.5]);
    assert.deepEqual(late, [0, 7, 4, 1, 8, 0, 0]);
    scheduler.stop();
  });

  it("does not catch up what was missed while stopped", async () => {
    const site = new SimulatedSite({ plan: literalPlan(many(5, 30_000)) });
    site.start();
    site.stopFile = true;
    await site.clock.advance(600_000);
    assert.equal(site.witness.packets.length, 0);
    site.stopFile = false;
    await site.clock.advance(31_000);
    for (const { name } of many(5, 30_000)) assert.equal(site.frameTimes(name).length, 1);
    await site.shutDown();
  });

  it("waits for a shared budget up to half an interval, says nothing of it, and goes on with its own slots", async () => {
    const plan = literalPlan(many(1, 60_000));
    const [check] = [...plan.checks.values()].map((one) => ({ ...one, slot: milliseconds(0) }));
    const clock = new FakeClock();
    const starts: number[] = [];
    const skipped: string[] = [];
    const waits = [30_000, undefined, 30_001, undefined];
    const exchange = (): Promise<Outcome> => {
      const at = clock.monotonic();
      starts.push(at);
      const wait = waits.shift();
      const retryAt = wait === undefined ? undefined : monotonicMs(at + wait);
      return Promise.resolve({ kind: "refused", check: check!, at, reason: "segment_budget", retryAt, sent: nothingSent });
    };
    const parts = { clock, gate: { exchange }, onStart: () => undefined, onSkip: (id: string) => void skipped.push(id) };
    const scheduler = new Scheduler(parts, { ...plan, checks: new Map([[check!.id, check!]]) });
    scheduler.start();
    await clock.advance(190_000);
    assert.deepEqual(
      starts.map((at) => at - starts[0]!),
      [0, 30_000, periodOf(check!), 2 * periodOf(check!)],
    );
    assert.deepEqual(skipped, [check!.id], "the one that was to wait for longer");
    scheduler.stop();
  });

  it("skips and says so when a shared budget has nothing left in half an interval", async () => {
    const site = new SimulatedSite({ plan: literalPlan(many(4, 30_000), { segmentStartsPerSecondMax: 0.05 }) });
    site.start();
    await site.clock.advance(300_000);
    assert.ok(site.skipped.length > 0);
    await site.shutDown();
  });

  it("a thousand reloads move nobody's slot and lose nobody's place", async () => {
    const devices = many(20, 60_000);
    const site = new SimulatedSite({ plan: literalPlan(devices) });
    site.start();
    for (let i = 0; i < 1000; i++) {
      await site.clock.advance(310);
      site.adopt(literalPlan(devices));
    }
    for (const { name } of devices) {
      const times = site.frameTimes(name);
      assert.ok(times.length >= 4, `${name}: ${times.length}`);
      assert.ok(times.slice(1).every((time, index) => time - times[index]! >= 60_000));
    }
    await site.shutDown();
  });

  it("asks each once a slot also after many reloads that move every slot", async () => {
    const devices = (interval: number): readonly LiteralDevice[] => many(60, interval);
    const clock = new FakeClock();
    const asked: string[] = [];
    const exchange = (id: string): Promise<undefined> => (asked.push(id), Promise.resolve(undefined));
    const scheduler = new Scheduler(
      { clock, gate: { exchange }, onStart: () => undefined, onSkip: () => undefined },
      literalPlan(devices(30_000)),
    );
    scheduler.start();
    for (let i = 0; i < 50; i++) scheduler.adopt(literalPlan(devices(i % 2 === 0 ? 90_000 : 60_000)));
    await clock.advance(120_000);
    assert.equal(asked.length, 60);
    assert.equal(new Set(asked).size, 60);
    scheduler.adopt(literalPlan([]));
    await clock.advance(600_000);
    assert.equal(asked.length, 60);
    assert.equal(scheduler.overdue, 0);
    scheduler.stop();
  });

  it("begins anew when a stop is lifted: a full interval later, one evenly after the other", async () => {
    const site = new SimulatedSite({ plan: literalPlan(many(30, 60_000)) });
    site.start();
    await site.clock.advance(150_000);
    site.gate.resumed();
    site.scheduler.restart();
    const from = site.clock.monotonic();
    await site.clock.advance(119_500);
    const times = many(30, 60_000).map(({ name }) => site.frameTimes(name).filter((at) => at > from));
    assert.ok(times.every(({ length }) => length === 1));
    const starts = times.flat().toSorted((a, b) => a - b);
    assert.ok(starts[0]! - from >= 60_000, `the first after ${starts[0]! - from} ms`);
    assert.ok(starts.slice(1).every((at, index) => at - starts[index]! >= 1900));
    await site.shutDown();
  });
  it("drops a check that a reload took out, and takes one in at its next slot", async () => {
    const [a, b] = many(2, 60_000);
    const site = new SimulatedSite({ plan: literalPlan([a!]), script: () => ({ does: "answer", afterMs: 2000 }) });
    site.start();
    const due = site.scheduler.dueAt(literalPlan([a!]).checks.keys().next().value!)!;
    await site.clock.advance(due - site.clock.monotonic() + 1000);
    assert.equal(site.gate.inFlight, 1);
    site.adopt(literalPlan([b!]));
    await site.clock.advance(200_000);
    assert.equal(site.frameTimes("d0").length, 1);
    assert.ok(site.frameTimes("d1").length >= 1);
    site.adopt(literalPlan([{ ...b!, intervalMs: 30_000 }]));
    await site.clock.advance(100_000);
    assert.ok(site.frameTimes("d1").length >= 3, "a changed interval has its own slots");
    await site.shutDown();
  });

  it("a reload while a check is out does not ask it again", async () => {
    const [a] = many(1, 60_000);
    const site = new SimulatedSite({ plan: literalPlan([a!]), script: () => ({ does: "answer", afterMs: 2000 }) });
    site.start();
    await site.clock.advance(61_000);
    site.adopt(literalPlan([a!]));
    site.adopt(literalPlan([a!]));
    await site.clock.advance(30_000);
    assert.equal(site.frameTimes("d0").length, 1);
    await site.shutDown();
  });

  it("a reload that moves its slot while it is out does not ask it again either, and the new slot holds after it", async () => {
    const [a] = many(1, 60_000);
    const site = new SimulatedSite({ plan: literalPlan([a!]), script: () => ({ does: "answer", afterMs: 2000 }) });
    site.start();
    await site.clock.advance(61_000);
    assert.equal(site.gate.inFlight, 1);
    const next = literalPlan([{ ...a!, intervalMs: 90_000 }]);
    site.adopt(next);
    assert.equal(site.scheduler.dueAt([...next.checks.keys()][0]!), undefined);
    await site.clock.advance(80_000);
    assert.equal(site.frameTimes("d0").length, 1);
    await site.clock.advance(200_000);
    assert.ok(site.frameTimes("d0").length >= 2);
    await site.shutDown();
  });

  it("arms no timer once stopped, also when an exchange comes back later", async () => {
    const clock = new FakeClock();
    const back = Promise.withResolvers<undefined>();
    const scheduler = new Scheduler(
      { clock, gate: { exchange: () => back.promise }, onStart: () => undefined, onSkip: () => undefined },
      literalPlan(many(1, 60_000)),
    );
    scheduler.start();
    await clock.advance(61_000);
    scheduler.stop();
    scheduler.stop();
    back.resolve(undefined);
    await clock.advance(milliseconds(0));
    assert.equal(clock.waiting, 0);
    await clock.advance(600_000);
  });

  it("an earlier slot of a new plan comes before the timer that was armed", async () => {
    const site = new SimulatedSite({ plan: literalPlan(many(1, 3_600_000)) });
    site.start();
    await site.clock.advance(1000);
    site.adopt(literalPlan(many(1, 30_000)));
    await site.clock.advance(100_000);
    assert.ok(site.frameTimes("d0").length >= 2);
    await site.shutDown();
  });

  it("says by how much it stands still, and 0 while it does not", async () => {
    const clock = new FakeClock();
    const parts = { clock, gate: { exchange: () => Promise.resolve(undefined) }, onStart: () => undefined, onSkip: () => undefined };
    const scheduler = new Scheduler(parts, literalPlan(many(1, 60_000)));
    assert.equal(scheduler.overdue, 0, "nothing in the queue");
    scheduler.start();
    await clock.advance(300_000);
    assert.equal(scheduler.overdue, 0);
    scheduler.stop();
    await clock.advance(300_000);
    assert.ok(scheduler.overdue > 230_000, `${scheduler.overdue} ms`);
  });
});
