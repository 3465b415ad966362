/** What is known now, in memory: readers see views of it, and only the recorder changes it. */
import type { Board, CheckView, DeviceView, Evidence, Hold, ReloadView, Transition } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import { fold, missedInAnEarlierRun, overheard, type Cause, type Judgement } from "../domain/liveness.ts";
import { nothingSent, scopesOver, type Fact, type Outcome, type Scope, type Sent, type Trip } from "../domain/outcome.ts";
import type { Check, CheckId, DeviceId, Plan, PlannedDevice, SegmentId, StandingRefusal } from "../domain/plan.ts";
import type { CertificateEnd } from "../domain/security.ts";
import { atOnce, type Preparing } from "../domain/taking-over.ts";
import { wallMs, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { Causes } from "./causes.ts";
import type { CheckRecord } from "./check-record.ts";
import { comingBoard } from "./coming-board.ts";
import { evidence, judged, noEvidence, overruled, provenBefore, underNewPlan, type DeviceRecord, type Overruled } from "./device-record.ts";
import { askedScopes, scopesOf } from "./plan-scopes.ts";

/** What outlives the process and is read before anything is asked. */
export interface Memory {
  readonly stopped: boolean;
  readonly trips: readonly StandingTrip[];
  /** Digests of the checks that worked in an earlier run. */
  readonly proven: ReadonlyMap<CheckId, string>;
}
export type StandingTrip = Trip & { readonly since: WallMs };

/** Causes of a device of which nothing is known any more, or yet. */
const unheard: ReadonlySet<Cause> = new Set<Cause>(["not_asked_yet", "no_fresh_evidence", "no_free_connection"]);

export class MemoryBoard implements Board {
  /** Read from its file by the poller, with each plan. */
  ownCertificate: CertificateEnd | undefined = undefined;
  /** As the last reload that was in order found it. */
  restartFor: readonly string[] = [];
  /** Answered by whoever compares identities. */
  identitiesOf: Board["identitiesOf"] = () => [];
  /** Answered by whoever keeps the windows and runs the deep queries. */
  windows: Board["windows"] = () => [];
  deepQuery: Board["deepQuery"] = () => null;
  readonly causes: Causes = new Causes();
  readonly #clock: Clock;
  readonly #proven: ReadonlyMap<CheckId, string>;
  readonly #trips = new Map<Scope, StandingTrip>();
  readonly #holds = new Map<Scope, Hold>();
  readonly #sent = new Map<SegmentId, Sent>();
  #plan: Plan;
  #devices: Map<DeviceId, DeviceRecord> = new Map();
  #checks: Map<CheckId, CheckRecord> = new Map();
  /** Segments of devices that the last reload took out: bytes of their last exchange are still to be counted. */
  #departed: Map<DeviceId, SegmentId> = new Map();
  #stopped: boolean;
  #reload: ReloadView;
  #blocked = 0;
  #stalls = 0;

  constructor(clock: Clock, plan: Plan, memory: Memory) {
    this.#clock = clock;
    this.#proven = memory.proven;
    this.#stopped = memory.stopped;
    for (const trip of memory.trips) this.#trips.set(trip.scope, trip);
    this.#reload = { successful: true, lastSuccess: clock.wall(), problems: 0 };
    this.#plan = plan;
    this.adopt(plan);
    for (const record of this.#devices.values()) record.reported = this.#judged(record, clock.monotonic());
  }

  // What readers see.

  get plan(): Plan {
    return this.#plan;
  }

  *devices(): Generator<DeviceView> {
    for (const record of this.#devices.values()) yield this.#view(record);
  }

  device(id: DeviceId): DeviceView | undefined {
    const record = this.#devices.get(id);
    return record && this.#view(record);
  }

  evidenceOf(id: DeviceId): Evidence {
    const record = this.#devices.get(id);
    return record ? evidence(record, this.#plan, this.#clock.monotonic()) : noEvidence;
  }

  checks(): Iterable<CheckView> {
    return this.#checks.values();
  }

  checksOf(id: DeviceId): readonly CheckView[] {
    const checks = this.#devices.get(id)?.device.checks ?? [];
    return checks.flatMap((check) => this.#checks.get(check) ?? []);
  }

  refusals(): Iterable<StandingRefusal> {
    return this.#plan.refused.values();
  }

  trips(): readonly StandingTrip[] {
    return [...this.#trips.values()];
  }

  holds(): readonly Hold[] {
    return [...this.#holds.values()];
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  get reload(): ReloadView {
    return this.#reload;
  }

  sent(): ReadonlyMap<SegmentId, Sent> {
    return this.#sent;
  }

  get blocked(): number {
    return this.#blocked;
  }

  get stalls(): number {
    return this.#stalls;
  }

  // What the recorder does.

  /** In one go, see `preparing`. */
  adopt(plan: Plan): void {
    atOnce(this.preparing(plan))();
  }

  /** What is known of checks that stay the same is kept. */
  *preparing(plan: Plan): Preparing<() => void> {
    const coming = yield* comingBoard({ plan: this.#plan, devices: this.#devices, checks: this.#checks }, plan);
    return () => {
      const checks = this.#checks;
      const digestBefore = (id: CheckId): string | undefined => checks.get(id)?.check.digest;
      this.#plan = plan;
      this.causes.adopt(plan);
      for (const { record, device, refusal, anew } of coming.bound) {
        [record.device, record.refusal] = [device, refusal];
        if (anew) this.#anew(record, anew, digestBefore);
      }
      for (const [record, check] of coming.rebound) record.rebind(check);
      [this.#devices, this.#checks, this.#departed] = [coming.devices, coming.checks, coming.departed];
      const asked = this.#holds.size === 0 ? undefined : askedScopes(plan);
      for (const scope of this.#holds.keys()) if (!asked?.has(scope)) this.#holds.delete(scope);
      for (const segment of plan.segments.keys()) if (!this.#sent.has(segment)) this.#sent.set(segment, nothingSent);
    };
  }

  /** Folds one outcome; true when its check worked for the first time. One of a check that a reload changed or took out meanwhile only counts what left. */
  outcome(outcome: Outcome): boolean {
    this.#countSent(outcome);
    const check = this.#checks.get(outcome.check.id);
    const record = this.#devices.get(outcome.check.device);
    if (!check || !record || check.check.digest !== outcome.check.digest) return false;
    check.add(outcome, this.#wallAt(outcome.at));
    const workedBefore = record.state.checks.get(outcome.check.id)?.proven === true;
    const heardBefore = record.state.lastHeard;
    record.state = fold(record.state, outcome);
    if (record.state.lastHeard !== heardBefore) record.lastHeard = this.#wallAt(outcome.at);
    if (outcome.kind === "answered" && outcome.answer.said !== "gateway_only") record.identity = outcome.answer.identity ?? record.identity;
    const worksNow = record.state.checks.get(outcome.check.id)?.proven === true;
    // An answer that was already under way when the site was stopped says when the device lived, not that it is watched.
    const reason = this.#overruling(record.device);
    if (reason && outcome.kind !== "refused") record.state = overruled(record.state, reason);
    return worksNow && !workedBefore;
  }

  /** A check goes on as an earlier run left it. */
  missedBefore({ check, ...before }: Extract<Fact, { readonly kind: "missed_before" }>): void {
    const record = this.#devices.get(check.device);
    if (!record || this.#checks.get(check.id)?.check.digest !== check.digest) return;
    record.state = overruled(missedInAnEarlierRun(record.state, check.id, before), this.#overruling(record.device));
  }

  overheard(id: DeviceId, at: MonotonicMs): void {
    const record = this.#devices.get(id);
    if (!record) return;
    record.state = overruled(overheard(record.state, at), this.#overruling(record.device));
    record.lastHeard = record.lastOverheard = this.#wallAt(at);
  }

  stop(stopped: boolean): void {
    this.#stopped = stopped;
    for (const record of this.#devices.values()) this.#overrule(record);
  }

  /** True when this scope was not tripped before: the first cause is the one that a person must look into. */
  trip(trip: StandingTrip): boolean {
    if (this.#trips.has(trip.scope)) return false;
    this.#trips.set(trip.scope, trip);
    this.#overruleScope(trip.scope);
    return true;
  }

  /** True when there was something to reset. */
  reset(scope: Scope): boolean {
    if (!this.#trips.delete(scope)) return false;
    this.#overruleScope(scope);
    return true;
  }

  hold(hold: Hold): void {
    if (!this.#holds.has(hold.scope)) this.#holds.set(hold.scope, hold);
  }

  release(scope: Scope): void {
    this.#holds.delete(scope);
  }

  countBlocked(): void {
    this.#blocked += 1;
  }

  countStalled(): void {
    this.#stalls += 1;
  }

  reloaded(problems: number): void {
    const successful = problems === 0;
    this.#reload = { successful, problems, lastSuccess: successful ? this.#clock.wall() : this.#reload.lastSuccess };
  }

  /** Compares what may be believed at `now` with what was last reported; undefined when up, degraded, down or unknown is what it was. */
  review(id: DeviceId, now: MonotonicMs, detail: string): Transition | undefined {
    const record = this.#devices.get(id);
    if (!record) return undefined;
    const { liveness: from, cause: causeBefore } = record.reported;
    const { liveness, cause } = (record.reported = this.#judged(record, now));
    // A CPU that goes to STOP is news also of a device that was not well before.
    const stops = cause === "cpu_not_running" && causeBefore !== cause;
    return from === liveness && !stops ? undefined : { device: id, at: this.#wallAt(now), from, to: liveness, cause, detail };
  }

  segmentOf(id: DeviceId): SegmentId | undefined {
    return this.#devices.get(id)?.device.segment ?? this.#departed.get(id);
  }

  #view(record: DeviceRecord): DeviceView {
    const { device, lastHeard, lastOverheard, identity } = record;
    return { device, judgement: this.#judged(record, this.#clock.monotonic()), lastHeard, lastOverheard, identity };
  }

  /** A hold takes nothing back that is known; where nothing is known any more, it is why. */
  #judged(record: DeviceRecord, now: MonotonicMs): Judgement {
    const judgement = judged(record, now);
    if (this.#holds.size === 0 || !unheard.has(judgement.cause)) return judgement;
    const held = scopesOf(record.device).some((scope) => this.#holds.has(scope));
    return held ? { liveness: judgement.liveness, cause: "breaker_open" } : judgement;
  }

  #anew(record: DeviceRecord, checks: readonly Check[], digestBefore: (id: CheckId) => string | undefined): void {
    const state = underNewPlan(record.state, checks, digestBefore);
    record.state = overruled(provenBefore(state, checks, this.#proven), this.#overruling(record.device));
  }

  #overruleScope(scope: Scope): void {
    for (const record of this.#devices.values()) if (scopesOver(record.device).includes(scope)) this.#overrule(record);
  }

  #overrule(record: DeviceRecord): void {
    record.state = overruled(record.state, this.#overruling(record.device));
  }

  #overruling(device: PlannedDevice): Overruled | undefined {
    if (this.#stopped) return "stopped";
    if (this.#trips.size === 0) return undefined;
    return scopesOver(device).some((scope) => this.#trips.has(scope)) ? "tripped" : undefined;
  }

  #countSent({ check, sent }: Outcome): void {
    if (sent === nothingSent) return;
    const segment = this.segmentOf(check.device);
    if (segment === undefined) return;
    const { connections, requests, bytes } = this.#sent.get(segment) ?? nothingSent;
    this.#sent.set(segment, { connections: connections + sent.connections, requests: requests + sent.requests, bytes: bytes + sent.bytes });
  }

  #wallAt(at: MonotonicMs): WallMs {
    return wallMs(Math.max(0, this.#clock.wall() - (this.#clock.monotonic() - at)));
  }
}
