/** A poller that lives for days in a simulated plant: it crashes, is restarted and reloaded, and its witness is judged hour by hour so that months fit into memory. */
import type { Outcome, Scope, Trip } from "../../src/domain/outcome.ts";
import type { Check, LineId, Plan } from "../../src/domain/plan.ts";
import type { MonotonicMs } from "../../src/domain/units.ts";
import { aboveConnections, brokenPromises, whileTripped } from "./invariants.ts";
import { literalPlan, type LiteralDevice, type LiteralLimits } from "./literal-plan.ts";
import { MemoryNotebook } from "./memory-notebook.ts";
import { SimulatedSite } from "./simulated-site.ts";
import type { World } from "./world.ts";

export interface LongLifeOptions {
  readonly devices: readonly LiteralDevice[];
  readonly limits?: LiteralLimits;
  readonly world: (now: () => number) => World;
}

/** Longer than any interval, so that two askings that are too close are always seen together. */
const overlapMs = 31 * 60_000;
/** Rarer than in life, where it is a fifth of a second: so long may a stop be unseen. */
const pulseEveryMs = 10_000;
const countedAtMostMs = 1_800_000;

export class LongLife {
  readonly plan: Plan;
  readonly world: World;
  readonly trips: Trip[] = [];
  readonly broken: string[] = [];
  /** Liveness words of the latest outcome, by device. */
  readonly last: Map<string, Outcome> = new Map();
  /** Who has answered since it was last cleared. */
  readonly answered: Set<string> = new Set();
  readonly held: string[] = [];
  asked = 0;
  site: SimulatedSite;
  readonly #stops: { from: number; to: number }[] = [];

  constructor({ devices, limits, world }: LongLifeOptions) {
    this.plan = literalPlan(devices, limits);
    this.world = world(() => this.site.clock.monotonic());
    this.site = this.#born();
    this.site.start();
  }

  async live(spanMs: number): Promise<void> {
    const end = this.site.clock.monotonic() + spanMs;
    while (this.site.clock.monotonic() < end) {
      await this.site.clock.advance(Math.min(60 * 60_000, end - this.site.clock.monotonic()));
      this.judge();
    }
  }

  /** SIGKILL: what was open is left to the devices, and the next run begins at once. */
  crash(): void {
    this.judge();
    const { clock, witness } = this.site;
    const before = this.site;
    clock.forgetTimers();
    const now = clock.monotonic();
    for (const connection of witness.connections) {
      if (Number.isFinite(connection.to)) continue;
      connection.to = now;
      connection.unclean = "unseen";
    }
    const asking = before.inFlight.flatMap((id) => this.plan.checks.get(id as never) ?? []);
    this.#bornAfter(before, [...asking.map(({ line }) => line), ...before.kept], asking);
  }

  /** SIGTERM, and a start. */
  async restart(): Promise<void> {
    const before = this.site;
    await before.shutDown();
    this.judge();
    this.#bornAfter(before, [], []);
  }

  /** The STOP file for a while. */
  async stopFor(spanMs: number): Promise<void> {
    this.site.stopFile = true;
    const stop = { from: this.site.clock.monotonic() + pulseEveryMs, to: Number.POSITIVE_INFINITY };
    this.#stops.push(stop);
    await this.live(spanMs);
    this.site.stopFile = false;
    stop.to = this.site.clock.monotonic();
  }

  async end(): Promise<void> {
    await this.site.shutDown();
    this.judge();
    const { clock, witness, gate } = this.site;
    if (gate.inFlight > 0) this.broken.push("an exchange never ended");
    if (clock.waiting > 0) this.broken.push("a timer was forgotten");
    if (witness.connections.some(({ to }) => !Number.isFinite(to))) this.broken.push("a socket was never let go");
  }

  /** Reads what has happened since the last time, and forgets what is too old to matter. */
  judge(): void {
    const { facts, clock, skipped, lateness } = this.site;
    const { packets, connections } = this.site.witness;
    const now = clock.monotonic();
    // What is open now has lasted until now.
    const witness = { packets, connections: connections.map((one) => ({ ...one, to: Math.min(one.to, now) })) };
    this.broken.push(
      ...brokenPromises(witness, [this.plan], this.#stops),
      ...whileTripped(witness, facts),
      ...aboveConnections(witness, this.plan),
    );
    for (const fact of facts) {
      if (fact.kind === "tripped") this.trips.push(fact.trip);
      else if (fact.kind === "held") this.held.push(`${fact.scope} ${fact.held ? "begins" : "ends"}`);
      else if (fact.kind === "answered" || fact.kind === "failed" || fact.kind === "refused") this.last.set(fact.check.device, fact);
      if (fact.kind === "answered") this.answered.add(fact.check.device);
    }
    facts.length = 0;
    skipped.length = 0;
    lateness.length = 0;
    const old = now - overlapMs;
    const firstYoung = packets.findIndex(({ at }) => at >= old);
    const gone = packets.splice(0, firstYoung === -1 ? packets.length : firstYoung);
    this.asked += gone.filter(({ kind }) => kind === "connect" || kind === "frame").length;
    const needed = connections.filter(({ to, unclean }) => to >= old || (unclean !== undefined && to > now - countedAtMostMs));
    connections.splice(0, connections.length, ...needed);
  }

  #born(before?: SimulatedSite): SimulatedSite {
    return new SimulatedSite({
      plan: this.plan,
      script: (check) => this.world.script(check),
      trips: before?.gate.trips() ?? [],
      live: true,
      pulseEveryMs,
      ...(before && { before, notes: new MemoryNotebook({ pages: before.notes.pages }) }),
    });
  }

  #bornAfter(before: SimulatedSite, left: readonly LineId[], asked: readonly Check[]): void {
    this.site = this.#born(before);
    const counted = [...before.counted].flatMap(([line, all]) => all.map((until): [LineId, MonotonicMs] => [line, until]));
    this.site.gate.inherit(counted, new Set(left), asked);
    this.site.start();
  }

  /** Resets what has tripped, as a person does who has looked. */
  resetAll(): number {
    const trips = this.site.gate.trips();
    for (const { scope } of trips) this.site.gate.reset(scope as Scope, "eto-1", "looked");
    return trips.length;
  }
}
