/** The one door for every trigger: waits for the line, decides, converses, lets the line go. */
import type { Clock } from "../domain/clock.ts";
import type { Gate, Verdict } from "../domain/gate.ts";
import { drainWithin, finishWithin, stopFinishWithin } from "../domain/limits.ts";
import type { Answer, Fact, Outcome, Refused, Scope, Trip } from "../domain/outcome.ts";
import type { Permit } from "../domain/permit.ts";
import { checkFor, type Check, type CheckId, type LineId, type Plan, type Trigger } from "../domain/plan.ts";
import { atOnce, type Preparing } from "../domain/taking-over.ts";
import { after, milliseconds, type MonotonicMs } from "../domain/units.ts";
import { Admission } from "./admission.ts";
import type { CountedUntil, GateParts } from "./gate-parts.ts";
import { isMiss } from "./history.ts";
import type { ConnectionKeeper } from "./keeper.ts";
import { Lanes } from "./lanes.ts";
import { outcomeOf, refused } from "./outcomes.ts";
import { giveWay } from "./pauses.ts";
import { MintedPermit, type PermitOffice } from "./permit.ts";

const endsKept: ReadonlySet<Refused["reason"]> = new Set<Refused["reason"]>([
  "approval_expired",
  "not_leader",
  "audit_unwritable",
  "window_pause",
]);

export class HeartbeatGate implements Gate, PermitOffice {
  readonly clock: Clock;
  readonly #parts: GateParts;
  readonly #keeper: ConnectionKeeper;
  readonly #admission: Admission;
  readonly #lanes = new Lanes();
  readonly #running = new Map<CheckId, Promise<Outcome | undefined>>();
  readonly #out = new Set<MintedPermit>();
  #plan: Plan;
  #draining = false;
  /** When a held scope lets its next trial go. */
  readonly trialAt = (scope: Scope): MonotonicMs | undefined => this.#admission.experience.trialAt(scope);

  constructor(parts: GateParts, plan: Plan) {
    this.clock = parts.clock;
    this.#parts = parts;
    this.#admission = new Admission(parts, plan);
    this.#keeper = parts.keeper(
      (check) => this.#farewell(check),
      (check, closed) => {
        parts.inFlight.kept(check.line, false);
        this.#admission.connections.closed(check, closed, this.clock.monotonic());
        this.#usedUp(check.line);
      },
    );
    this.#plan = plan;
    this.adopt(plan);
  }

  exchange(id: CheckId, trigger: Trigger, from?: number): Promise<Outcome | undefined> {
    // Somebody who asks while the same question is out gets its answer: never a second one.
    const running = this.#running.get(id);
    if (running) return running;
    const check = checkFor(this.#plan, id, trigger);
    if (!check) return Promise.resolve(undefined);
    const turn = this.#lanes.take(check.line, () => this.#turn(id, trigger, from)).finally(() => this.#running.delete(id));
    this.#running.set(id, turn);
    return turn;
  }

  preview(check: Check): Verdict {
    const objection = this.#decide(check, check.deep ? "deep-query" : "schedule", this.clock.monotonic());
    return objection ? { admitted: false, ...objection } : { admitted: true };
  }

  /** In one go, see `preparing`. */
  adopt(plan: Plan): void {
    for (const fact of atOnce(this.preparing(plan))()) this.#parts.record(fact);
  }

  /** Throws, where it must, before the new plan is in force, which it is when the returned function is called: what that returns is to be recorded when everybody has the plan. */
  *preparing(plan: Plan): Preparing<() => readonly Fact[]> {
    const before = this.#plan;
    const takeOver = yield* this.#admission.preparing(plan);
    return () => {
      if (this.#plan !== before) throw new RangeError("gate: this plan was prepared beside another one than is in force");
      const now = this.clock.monotonic();
      const { held, missed, moved } = takeOver(now);
      this.#plan = plan;
      for (const permit of this.#out) if (!this.#admission.planned(permit.check)) permit.revoke("plan_changed");
      void this.#keeper.letGoUnless((check) => this.#admission.planned(check));
      const found = before === plan ? "start" : "reload";
      const fell = { held: true, detail: `several fell silent together before this ${found}` } as const;
      return [
        ...moved.flatMap((trip) => this.#tripped(trip, undefined)),
        ...held.map((scope) => ({ kind: "held", at: now, scope, ...fell }) as const),
        ...missed.map((one) => ({ kind: "missed_before", found, ...one }) as const),
      ];
    };
  }

  /** The site was stopped: what is in flight ends now, what is kept is closed, and within `stopWithin` nothing leaves any more. */
  async stop(): Promise<void> {
    for (const permit of this.#out) permit.revoke("stopped");
    this.clock.at(after(this.clock.monotonic(), stopFinishWithin), () => this.#keeper.cutEnding("the site was stopped"));
    await this.#keeper.letGoUnless(() => false);
  }

  /** The stop was lifted: as after a start, everybody waits a full interval. */
  resumed(): void {
    this.#admission.budgets.empty(this.clock.monotonic());
  }

  /** No more starts; resolves when everything in flight has ended and every connection is closed. An answer that is long in coming is not waited for. */
  async drain(): Promise<void> {
    this.#draining = true;
    const cut = (): void => {
      for (const permit of this.#out) permit.revoke("draining");
    };
    const cancel = this.clock.at(after(this.clock.monotonic(), drainWithin), cut);
    await Promise.all(this.#running.values());
    cancel();
    await this.#keeper.letGoUnless(() => false);
  }

  /** Time jumped or stood still: nothing of before counts. */
  disturbed(detail: string): void {
    const now = this.clock.monotonic();
    for (const permit of this.#out) permit.revoke("clock_suspect");
    this.#keeper.abortAll(detail);
    this.#admission.budgets.empty(now);
    this.#parts.record({ kind: "stalled", at: now, detail });
  }

  /** The ways out have changed: what is out on one that leads elsewhere ends now. A kept connection stays and says nothing: its FIN would go astray too. */
  rerouted(): void {
    for (const permit of this.#out) if (this.#parts.circumstances.cutOff(permit.check.target) !== undefined) permit.revoke("cut_off");
  }

  /** A person's deep query is over: what of it is out ends now. */
  endDeepQuery(): void {
    this.#admission.budgets.freeTurns();
    for (const permit of this.#out) if (permit.check.deep) permit.revoke("run_over");
  }

  /** To be called with every pulse while a pause is near or a deep-query window open. */
  pausing(): void {
    giveWay(this.#plan, this.#parts.circumstances, this.#out, this.#keeper);
  }

  /** The guard stopped something that no permit was lent for; every device at that address trips. */
  blocked(address: string, detail: string): void {
    this.#parts.record({ kind: "blocked", at: this.clock.monotonic(), address, detail });
    const there = [...this.#plan.checks.values()].filter((check) => check.target.address === address);
    for (const check of there) this.trip({ scope: `device:${check.device}`, cause: "guard_violation", detail });
  }

  trip(trip: Trip): void {
    this.tripAt(trip, undefined);
  }

  /** `place`: where the tripped device stood, which the plan may not know; what will stand there is tripped too. */
  tripAt(trip: Trip, place: string | undefined): void {
    for (const fact of this.#tripped(trip, place)) this.#parts.record(fact);
  }

  /** From here on nothing is sent there; nothing is news where it was tripped before. */
  #tripped(trip: Trip, place: string | undefined): readonly Fact[] {
    if (!this.#admission.trip(trip, place)) return [];
    for (const permit of this.#out) if (this.#admission.isTripped(permit.check)) permit.revoke("tripped");
    void this.#keeper.letGoUnless((check) => !this.#admission.isTripped(check));
    return [{ kind: "tripped", at: this.clock.monotonic(), trip }];
  }

  /** True when there was something to reset. */
  reset(scope: Scope, by: string, reason: string): boolean {
    if (!this.#admission.reset(scope)) return false;
    this.#parts.record({ kind: "reset", at: this.clock.monotonic(), scope, by, reason });
    return true;
  }

  trips(): readonly Trip[] {
    return this.#admission.trips.all();
  }

  /** What an earlier run left behind at devices: until when each connection is counted, lines whose connection nobody has ended, checks that were being asked, and those that were asked in vain without anybody noting it. */
  inherit(counted: CountedUntil, left: Iterable<LineId>, asked: Iterable<Check>, unnoted?: Iterable<Check>): void {
    const now = this.clock.monotonic();
    const { connections, experience } = this.#admission;
    for (const [line, until] of counted) connections.restore(line, until);
    for (const line of left) connections.lost(line, now);
    for (const line of this.#plan.lines.keys()) this.#usedUp(line);
    for (const check of asked) experience.interrupted(check, this.#admission.deviceOf(check), now);
    for (const check of unnoted ?? [])
      for (const hold of experience.unnoted(check, this.#admission.deviceOf(check), now))
        this.#parts.record({ kind: "held", at: now, ...hold });
  }

  /** Nothing but a restart of the device gives its connections back, so a person is to know. */
  #usedUp(line: LineId): void {
    if (!this.#admission.connections.usedUp(line, this.clock.monotonic())) return;
    const detail =
      "it closes no connection by itself, and as many of ours were lost as it has for us: restart it, or its communication module, then reset";
    const there = [...this.#plan.checks.values()].filter((check) => check.line === line);
    for (const { device } of there) this.trip({ scope: `device:${device}`, cause: "connections_lost", detail });
  }

  get inFlight(): number {
    return this.#running.size;
  }

  // What a permit asks of its office, at every frame.

  objection(check: Check): Refused["reason"] | undefined {
    return this.#admission.objects(check, this.#draining);
  }

  spent(check: Check, at: MonotonicMs): void {
    this.#admission.budgets.sent(check, at);
  }

  violated(check: Check, detail: string): void {
    this.#parts.record({ kind: "blocked", at: this.clock.monotonic(), address: check.target.address, check, detail });
    this.trip({ scope: `device:${check.device}`, cause: "guard_violation", detail });
  }

  async #turn(id: CheckId, trigger: Trigger, from: number | undefined): Promise<Outcome | undefined> {
    // The plan may have changed while the line was waited for.
    const planned = checkFor(this.#plan, id, trigger);
    if (!planned) return undefined;
    const check: Check = from === undefined ? planned : { ...planned, from };
    let now = this.clock.monotonic();
    let objection = this.#decide(check, trigger, now);
    if (!objection && this.#keeper.occupied(check)) {
      // One connection an address: another check's kept connection goes first, FIN confirmed. Then the decision is made anew,
      // so that between a token and its packet nothing is waited for.
      await this.#keeper.letGo(check.line);
      now = this.clock.monotonic();
      objection = this.#admission.planned(check) ? this.#decide(check, trigger, now) : { reason: "plan_changed", retryAt: undefined };
    }
    this.#admission.waits(check, objection, now);
    // What may not be asked for long keeps no connection either.
    if (objection && endsKept.has(objection.reason) && this.#keeper.holds(check)) await this.#keeper.letGo(check.line);
    const came = objection ? refused(check, now, objection) : await this.#ask(check, now);
    const outcome = this.#learn(check, came);
    this.#parts.record(outcome);
    // Last of all, and not where anything before it threw: what ends the poller while its answer is worked on was still being asked.
    if (!objection) this.#parts.inFlight.end(check, isMiss(came));
    return outcome;
  }

  async #ask(check: Check, now: MonotonicMs): Promise<Outcome> {
    const { budgets, experience } = this.#admission;
    const device = this.#admission.deviceOf(check);
    budgets.take(check, device.segment, now);
    experience.tried(device, now);
    const permit = this.#mint(check, now);
    this.#parts.inFlight.begin(check);
    const { result, sent, answeredAt } = await this.#keeper.converse(permit);
    this.#out.delete(permit);
    permit.end();
    if (this.#keeper.holds(check)) this.#parts.inFlight.kept(check.line, true);
    const at = this.clock.monotonic();
    const weigh = (answer: Answer): Answer => experience.weigh(check, answer, at);
    const { stranger } = this.#parts;
    return outcomeOf({ check, startedAt: now, answeredAt, at, result, sent, takenBack: permit.takenBack, weigh, stranger });
  }

  #mint(check: Check, now: MonotonicMs): MintedPermit & Permit {
    const opens = !this.#keeper.holds(check);
    // Where nothing is opened for it, it says no goodbye either: the connection is kept.
    const phases = [...(opens ? [check.opening] : []), check.asking, ...(opens && check.connection === "fresh" ? [check.closing] : [])];
    const within = milliseconds((opens ? check.connectWithin : 0) + check.answerWithin);
    const permit = MintedPermit.mint(this, check, phases, after(now, within));
    this.#out.add(permit);
    return permit;
  }

  /** Also while the poller shuts down: a session that is not given back stays with its server after us. */
  #farewell(check: Check): Permit | undefined {
    const office: PermitOffice = {
      clock: this.clock,
      objection: () => this.#admission.objects(check, false),
      spent: (_check, at) => this.spent(check, at),
      violated: (_check, detail) => this.violated(check, detail),
    };
    if (check.closing.requestsMax === 0 || office.objection(check)) return undefined;
    return MintedPermit.mint(office, check, [check.closing], after(this.clock.monotonic(), finishWithin));
  }

  /** What the outcome means for the next asking; and the outcome itself, where the silence was not the device's own. */
  #learn(check: Check, came: Outcome): Outcome {
    const { experience } = this.#admission;
    experience.leftUnanswered(came);
    if (came.kind === "refused" || !this.#admission.planned(check)) return came;
    const { outcome, holds, trips } = experience.learn(check, this.#admission.deviceOf(check), came);
    for (const hold of holds) this.#parts.record({ kind: "held", at: this.clock.monotonic(), ...hold });
    for (const trip of trips) this.trip(trip);
    return outcome;
  }

  #decide(check: Check, trigger: Trigger, now: MonotonicMs): ReturnType<Admission["decide"]> {
    return this.#admission.decide({ check, trigger, draining: this.#draining, opens: !this.#keeper.holds(check) }, now);
  }
}
