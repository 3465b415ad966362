/** A reload that is worked out in slices, whatever happens between them, comes to what one in one go comes to at its end; until then all is as if there were none. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Fact } from "../../src/domain/outcome.ts";
import type { Check, Plan } from "../../src/domain/plan.ts";
import type { Preparing } from "../../src/domain/taking-over.ts";
import { milliseconds } from "../../src/domain/units.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { literalPlan, type LiteralDevice } from "../support/literal-plan.ts";
import type { Script } from "../support/scripted-wire.ts";
import { SimulatedSite } from "../support/simulated-site.ts";

const count = 70;
const limits = { segmentStartsPerSecondMax: 20, siteStartsPerSecondMax: 50 };

/** What may become of a device in the files. */
const changes = ["none", "gone", "slower", "elsewhere", "segment", "behind", "family", "floor", "deep", "gateway"] as const;
type Change = (typeof changes)[number];

function device(index: number, change: Change): readonly LiteralDevice[] {
  const one: LiteralDevice = {
    name: `d${index}`,
    address: `192.0.2.${index + 1}`,
    intervalMs: 30_000,
    segment: `s${index % 3}`,
    profile: `p${index % 2}`,
    connection: index % 4 === 0 ? "kept" : "fresh",
    ...(index % 10 === 1 && { behind: ["d0"] }),
    ...(index % 10 === 2 && { line: "gateway:g", behind: ["g"], unitId: index, intervalMs: 60_000, floorMs: 30_000 }),
  };
  switch (change) {
    case "none":
      return [one];
    case "gone":
      return [];
    case "slower":
      return [{ ...one, intervalMs: 90_000 }];
    case "elsewhere":
      return [{ ...one, address: `198.51.100.${index + 1}` }];
    case "segment":
      return [{ ...one, segment: "s9" }];
    case "behind":
      return [{ ...one, behind: ["d3", "d0"] }];
    case "family":
      return [{ ...one, profile: "p9" }];
    case "floor":
      return [{ ...one, floorMs: 40_000, intervalMs: 60_000 }];
    case "deep":
      return [{ ...one, deep: true }];
    case "gateway":
      return [{ ...one, line: "gateway:g", behind: ["g"], unitId: index + 1, intervalMs: 120_000, floorMs: 30_000 }];
  }
}

function planOf(fates: readonly Change[]): Plan {
  return {
    ...literalPlan(
      fates.flatMap((change, index) => device(index, change)),
      limits,
    ),
    digest: `sha256:${fates.join()}`,
  };
}

/** What may happen between two slices. */
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ is: fc.constant("time" as const), ms: fc.integer({ min: 1, max: 45_000 }) }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constantFrom("clock step", "cable", "reset", "restart", "nothing") }) },
  { weight: 3, arbitrary: fc.record({ is: fc.constantFrom("silent", "silent", "speaks", "trip"), who: fc.nat(count - 1) }) },
);
type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

class Life {
  readonly silent = new Set<string>();
  readonly site: SimulatedSite;
  readonly board: MemoryBoard;
  #told = 0;

  constructor(plan: Plan) {
    const script = ({ device: id }: Check): Script => (this.silent.has(id) ? { does: "silence" } : { does: "answer", afterMs: 10 });
    this.site = new SimulatedSite({ plan, script, live: true });
    this.board = new MemoryBoard(this.site.clock, plan, { stopped: false, trips: [], proven: new Map() });
    this.site.start();
  }

  async happens(event: Event): Promise<void> {
    const { gate, scheduler, clock } = this.site;
    switch (event.is) {
      case "time":
        await this.passes(event.ms);
        break;
      case "clock step":
        clock.stepWall(5000);
        break;
      case "cable":
        this.site.cutOff = this.site.cutOff === undefined ? "no carrier" : undefined;
        break;
      case "silent":
        this.silent.add(`d${event.who}`);
        break;
      case "speaks":
        this.silent.clear();
        break;
      case "trip":
        gate.trip({ scope: `device:d${event.who}` as "site", cause: "harm", detail: "a test" });
        break;
      case "reset":
        for (const { scope } of gate.trips()) gate.reset(scope, "a test", "a test");
        break;
      case "restart":
        gate.resumed();
        scheduler.restart();
        break;
      case "nothing":
    }
    this.#tellBoard();
  }

  async passes(ms: number): Promise<void> {
    await this.site.clock.advance(ms);
    this.#tellBoard();
  }

  #tellBoard(): void {
    for (const fact of this.site.facts.slice(this.#told)) tell(this.board, fact);
    this.#told = this.site.facts.length;
  }

  *preparing(plan: Plan): Preparing<() => void> {
    const intoGate = yield* this.site.gate.preparing(plan);
    const all: (() => void)[] = [];
    for (const part of [this.site.scheduler, this.board]) all.push(yield* part.preparing(plan));
    return () => {
      const facts = intoGate();
      for (const takeOver of all) takeOver();
      this.site.facts.push(...facts);
    };
  }

  adopt(plan: Plan): void {
    for (const part of [this.site.gate, this.site.scheduler, this.board]) part.adopt(plan);
  }

  /** Everything that anybody can see. */
  seen(plan: Plan): unknown {
    const { gate, scheduler, witness, lateness, skipped, kept, counted, facts } = this.site;
    const now = this.site.clock.monotonic();
    return {
      packets: witness.packets.map(({ at, kind, check }) => `${at} ${kind} ${check.id} ${check.digest}`),
      facts: facts.map((fact) => JSON.stringify(fact, (key, value: unknown) => (key === "check" ? undefined : value))),
      verdicts: [...plan.checks.values(), ...plan.deep.values()].map((check) => [check.id, gate.preview(check)]),
      due: [...plan.checks.keys()].map((id) => [id, scheduler.dueAt(id)]),
      devices: [...this.board.devices()].map(({ device: { id, profile, segment }, ...view }) => ({ id, profile, segment, ...view })),
      checks: [...this.board.checks()].map(({ check, last, ...view }) => ({
        id: check.id,
        digest: check.digest,
        last: last?.kind,
        ...view,
      })),
      sent: [...this.board.sent()],
      overdue: scheduler.overdue,
      lateness,
      skipped,
      kept: [...kept],
      counted: [...counted],
      now,
    };
  }
}

function tell(board: MemoryBoard, fact: Fact): void {
  if (fact.kind === "answered" || fact.kind === "failed" || fact.kind === "refused") board.outcome(fact);
  else if (fact.kind === "tripped") board.trip({ ...fact.trip, since: 0 as never });
  else if (fact.kind === "reset") board.reset(fact.scope);
}

const fates = fc.array(fc.constantFrom(...changes, "none", "none"), { minLength: count, maxLength: count });

describe("a reload in slices", () => {
  it("comes to what one in one go comes to, whatever happens meanwhile", { timeout: 120_000 }, () =>
    fc.assert(
      fc.asyncProperty(
        fates,
        fates,
        fates,
        fc.array(event, { maxLength: 6 }),
        fc.array(event, { minLength: 10, maxLength: 20 }),
        fc.array(event, { minLength: 10, maxLength: 20 }),
        async (first, second, third, before, during, again) => {
          const [sliced, whole] = [new Life(planOf(first)), new Life(planOf(first))];
          for (const life of [sliced, whole]) {
            await life.passes(65_000);
            for (const one of before) await life.happens(one);
          }
          for (const [fate, events, old] of [
            [second, during, first],
            [third, again, second],
          ] as const) {
            const plan = planOf(fate);
            const work = sliced.preparing(plan);
            let step = work.next();
            for (const one of events) {
              for (const life of [sliced, whole]) await life.happens(one);
              for (let slices = 0; slices < 2 && !step.done; slices++) step = work.next();
              assert.equal(sliced.board.plan.digest, planOf(old).digest);
            }
            assert.deepEqual(sliced.seen(planOf(old)), whole.seen(planOf(old)), "nothing is to be seen of it before its end");
            while (!step.done) step = work.next();
            step.value();
            whole.adopt(plan);
            assert.deepEqual(sliced.seen(plan), whole.seen(plan), "in the tick in which it is taken over");
          }
          for (const life of [sliced, whole]) await life.passes(milliseconds(200_000));
          assert.deepEqual(sliced.seen(planOf(third)), whole.seen(planOf(third)), "and for ever after");
          assert.ok(sliced.site.witness.packets.length > 0);
          for (const life of [sliced, whole]) await life.site.shutDown();
        },
      ),
      {
        numRuns: Number(process.env["SIMULATION_RUNS"] ?? 8),
        ...(process.env["SIMULATION_SEED"] && { seed: Number(process.env["SIMULATION_SEED"]) }),
      },
    ),
  );

  it("that another plan has overtaken is refused, and changes nothing", () => {
    const [first, second, third] = [planOf([]), planOf(["none"]), planOf(["none", "none"])];
    const { site } = new Life(first);
    const work = site.gate.preparing(second);
    let step = work.next();
    while (!step.done) step = work.next();
    site.gate.adopt(third);
    assert.throws(step.value, /prepared beside another one/u);
    assert.deepEqual(
      [...third.checks.values()].map((check) => site.gate.preview(check).admitted),
      [false, false],
    );
  });
});
