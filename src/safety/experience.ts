/** What past askings teach: common causes, back-off, what registers held, gateway holds, mass-loss holds, and the trips that a history brings about. */
import type { Notebook } from "../domain/gate.ts";
import { evidenceLasts } from "../domain/liveness.ts";
import type { Answer, Answered, Failed, Outcome, Refused, Scope, SharedCause, Trip } from "../domain/outcome.ts";
import { isPlanned, type Check, type CheckId, type DeviceId, type LineId, type Plan, type PlannedDevice } from "../domain/plan.ts";
import type { FailureKind } from "../domain/reasons.ts";
import { atOnce, sliced, type Preparing } from "../domain/taking-over.ts";
import { after, later, type MonotonicMs } from "../domain/units.ts";
import { Breakers } from "./breakers.ts";
import { CommonCause } from "./common-cause.ts";
import { Harm } from "./harm.ts";
import {
  backoffUntil,
  excused,
  isGrave,
  isNewLoss,
  isTelling,
  loadsBus,
  noHistory,
  recalled,
  refusedTooOften,
  remembered,
  toBeNoted,
  tryAgain,
  waitAfter,
  type CheckHistory,
} from "./history.ts";
import { missedKey, missesToBeNoted, recalledMisses, type Recalled } from "./missed.ts";
import { Readings } from "./readings.ts";
import { ResponseTimes } from "./response-times.ts";

export interface Lessons {
  /** Until when a mass-loss hold covers the device. */
  readonly heldUntil: MonotonicMs | undefined;
  readonly gatewayHoldUntil: MonotonicMs | undefined;
  readonly backoffUntil: MonotonicMs | undefined;
}

/** What an outcome brings about. */
export interface Consequences {
  /** The outcome as everybody is to read it: a silence that is not the device's own says nothing about it. */
  readonly outcome: Outcome;
  /** Of a mass-loss hold without a cause. */
  readonly holds: readonly { readonly scope: string; readonly cause?: SharedCause; readonly held: boolean; readonly detail: string }[];
  readonly trips: readonly Trip[];
}

/** A check whose misses an earlier run noted, with the same bytes and place: what its device was goes on. */
export interface MissedBefore {
  readonly check: Check;
  readonly missed: number;
  readonly failure: FailureKind;
  /** When it was last asked. */
  readonly at: MonotonicMs;
  /** Asked so lately that what its device was then it still is. */
  readonly stands: boolean;
}

/** What earlier runs left, as a new plan finds it. */
export interface LeftOver {
  readonly held: readonly Scope[];
  readonly missed: readonly MissedBefore[];
}

/** Noted by every run. */
const ran = "ran poller";

/** Failures that a cut or a dead switch would look like. Whoever refuses or breaks a connection is there. */
const silences: ReadonlySet<Failed["failure"]> = new Set<Failed["failure"]>(["timeout", "unreachable"]);

export class Experience {
  readonly #breakers: Breakers;
  readonly #causes = new CommonCause();
  readonly #harm: Harm;
  readonly #readings = new Readings();
  readonly #times: ResponseTimes;
  readonly #notes: Notebook;
  readonly #proven: ReadonlyMap<CheckId, string>;
  /** As the run before this one. */
  readonly #sameBoot: boolean;
  readonly #gatewayHolds = new Map<LineId, MonotonicMs>();
  readonly #histories = new Map<CheckId, CheckHistory>();
  #plan: Plan | undefined;

  /** `earlier`: trips of earlier runs; `notes`: what those learnt; `proven`: the digest of each check that worked in one. */
  constructor(earlier: Iterable<Trip>, notes: Notebook, proven: ReadonlyMap<CheckId, string>) {
    this.#sameBoot = notes.recall(ran)?.sameBoot === true;
    notes.note(ran, true);
    this.#proven = proven;
    this.#breakers = new Breakers(notes);
    this.#harm = new Harm(earlier, notes);
    this.#times = new ResponseTimes(notes);
    this.#notes = notes;
  }

  /** In one go, see `preparing`. */
  adopt(plan: Plan, now: MonotonicMs): LeftOver {
    return atOnce(this.preparing(plan))(now);
  }

  *preparing(plan: Plan): Preparing<(now: MonotonicMs) => LeftOver> {
    const before = this.#plan;
    const added: Check[] = [];
    yield* sliced(plan.checks.values(), (check) => {
      if (before === undefined || !isPlanned(before, check)) added.push(check);
    });
    const breakers = yield* this.#breakers.preparing(plan);
    const causes = yield* this.#causes.preparing(plan);
    return (now) => {
      this.#plan = plan;
      const known = this.#histories;
      const fresh = [...plan.checks.values()].filter(({ id }) => !known.has(id));
      for (const id of known.keys()) if (!plan.checks.has(id)) this.#setAside(id, before?.checks.get(id));
      const held = breakers(now);
      causes();
      const missed = fresh.flatMap((check) => this.#recall(check, now) ?? []);
      this.#harm.adopt(plan, now);
      this.#readings.adopt(plan);
      this.#times.adopt(plan, added);
      for (const line of this.#gatewayHolds.keys()) if (!plan.lines.has(line)) this.#gatewayHolds.delete(line);
      return { held, missed };
    };
  }

  /** What leaves the plan and comes back in a later reload finds in the notes what it left. */
  #setAside(id: CheckId, check: Check | undefined): void {
    const history = this.#historyOf(id);
    this.#histories.delete(id);
    if (check) this.#remember(check, history);
    this.#histories.delete(id);
  }

  /** What earlier runs noted of the check; undefined where none of it is for others to know. */
  #recall(check: Check, now: MonotonicMs): MissedBefore | undefined {
    const episodes = recalled(this.#notes.recall(turnedAway(check.id)), now);
    const found = recalledMisses(this.#notes.recall(missedKey(check.id)), check, now);
    const history: CheckHistory = found ? { ...episodes, ...found.history } : episodes;
    if (history === noHistory) return undefined;
    this.#histories.set(check.id, history);
    return found && this.#takeOver(check, found, history, now);
  }

  #takeOver(check: Check, { lostAgo, same }: Recalled, history: CheckHistory, now: MonotonicMs): MissedBefore | undefined {
    const device = this.#plan!.devices.get(check.device)!;
    this.#causes.missedBefore(device, now);
    if (lostAgo !== undefined) this.#breakers.recallLost(device, lostAgo, now);
    const { missed, failure } = history;
    const at = history.lastAsked!;
    // What is down stays down while back-off keeps it from being asked, and then for as long as any evidence counts.
    const stands = now < at + waitAfter(check, missed) + evidenceLasts(check.interval);
    return same && failure ? { check, missed, failure, at, stands } : undefined;
  }

  /** An earlier run was ended while it asked this: it counts as asked now and missed, and where it was the trial of a hold as that. */
  interrupted(check: Check, device: PlannedDevice, now: MonotonicMs): void {
    const { missed, missedBefore, ...history } = this.#historyOf(check.id);
    this.#remember(check, { ...history, missed: missed + 1, missedBefore: missedBefore + 1, lastAsked: now });
    this.#breakers.tried(device, now);
  }

  /** An earlier run asked this in vain and was ended before that was noted: a miss as above, and where it is a loss together with others, their hold begins. */
  unnoted(check: Check, device: PlannedDevice, now: MonotonicMs): Consequences["holds"] {
    this.interrupted(check, device, now);
    return this.#holds(check, device, now, this.#historyOf(check.id));
  }

  of(check: Check, device: PlannedDevice): Lessons {
    return {
      heldUntil: this.#breakers.heldUntil(device),
      gatewayHoldUntil: this.#gatewayHolds.get(check.line),
      backoffUntil: check.deep ? this.#backedOffUntil(device) : backoffUntil(check, this.#historyOf(check.id)),
    };
  }

  /** A device of which any check is backed off is down: a deep query waits until it answers again. */
  #backedOffUntil({ checks }: PlannedDevice): MonotonicMs | undefined {
    const moments = checks.flatMap((id) => backoffUntil(this.#plan!.checks.get(id)!, this.#historyOf(id)) ?? []);
    return moments.length > 0 ? moments.reduce(later) : undefined;
  }

  /** The asking before was answered. What a deep query finds is judged by the device's heartbeats: its own question may never have been asked before. */
  #wasWell(check: Check, { checks }: PlannedDevice, before: CheckHistory): boolean {
    const histories = check.deep ? checks.map((id) => this.#historyOf(id)) : [before];
    return histories.every(({ proven, missed }) => proven && missed === 0);
  }

  /** When a held scope lets its next trial go at the earliest; undefined while it is not held. */
  trialAt(scope: Scope): MonotonicMs | undefined {
    return this.#plan && this.#breakers.trialAt(scope, this.#plan.devices.values());
  }

  /** A start was taken: where a scope is held, it is the trial. */
  tried(device: PlannedDevice, now: MonotonicMs): void {
    this.#breakers.tried(device, now);
  }

  /** A person has looked at the device: what it did before no longer counts. */
  forget(check: Check): void {
    this.#remember(check, noHistory);
    this.#readings.forget(check.id);
    this.#times.forget(check.id);
    this.#harm.excused(check.device);
  }

  /** The answer in the light of what the register is to hold and held before. */
  weigh(check: Check, answer: Answer, at: MonotonicMs): Answer {
    return this.#readings.weigh(check, answer, at);
  }

  /** A request that nobody answered may still wait in a gateway, whoever ended the exchange; how long, the line says. */
  leftUnanswered(outcome: Outcome): void {
    if (outcome.kind === "answered" || (outcome.sent.requests === 0 && !(outcome.kind === "failed" && outcome.failure === "timeout")))
      return;
    const hold = this.#plan?.lines.get(outcome.check.line)?.holdAfterTimeout;
    if (hold) this.#gatewayHolds.set(outcome.check.line, after(outcome.at, hold));
  }

  learn(check: Check, device: PlannedDevice, outcome: Exclude<Outcome, Refused>): Consequences {
    if (!isTelling(outcome)) return { outcome, holds: [], trips: [] };
    const over = this.#causes.note(device, outcome);
    const before = this.#historyOf(check.id);
    const history = remembered(before, outcome);
    const { excuse, begun } = this.#excuseFor(device, outcome, isGrave(history, check.missesToDown));
    if (excuse) {
      this.#remember(check, loadsBus(outcome) ? { ...history, failure: undefined } : excused(before));
      this.#harm.excused(device.id);
      const { at, sent } = outcome;
      return { outcome: { kind: "refused", check, at, retryAt: undefined, sent, ...excuse }, holds: [...over, ...begun], trips: [] };
    }
    this.#remember(check, history);
    return {
      outcome,
      holds: [...over, ...this.#holds(check, device, outcome.at, history)],
      trips: this.#trips(device, outcome, before, history),
    };
  }

  #excuseFor(device: PlannedDevice, outcome: Answered | Failed, grave: boolean): ReturnType<CommonCause["excuse"]> {
    const silent = outcome.kind === "failed" && silences.has(outcome.failure);
    return silent ? this.#causes.excuse(device, outcome.at, grave) : { begun: [] };
  }

  #holds(check: Check, device: PlannedDevice, at: MonotonicMs, history: CheckHistory): Consequences["holds"] {
    if (history.missed > 0) {
      if (!isNewLoss(history, check.missesToDown, this.#workedBefore(check))) return [];
      this.#remember(check, { ...history, lostAt: at });
      const begun = this.#breakers.lost(device, at);
      return begun.map((scope) => ({ scope, held: true, detail: `${device.id} fell silent, several others with it` }));
    }
    const { scopes, recovered } = this.#breakers.answered(device, at);
    this.#tryAgain(recovered);
    return scopes.map((scope) => ({ scope, held: false, detail: `${device.id} answered` }));
  }

  /** In an earlier run of this boot: of a machine that has just started many may have started with it. */
  #workedBefore({ id, digest }: Check): boolean {
    return this.#sameBoot && this.#proven.get(id) === digest;
  }

  /** What fell silent together and comes back together is not left to back-off. */
  #tryAgain(devices: ReadonlySet<DeviceId>): void {
    if (devices.size === 0) return;
    for (const [id, history] of this.#histories) {
      const check = this.#plan?.checks.get(id);
      if (check && devices.has(check.device)) this.#remember(check, tryAgain(history, check.missesToDown));
    }
  }

  #trips(device: PlannedDevice, outcome: Answered | Failed, before: CheckHistory, history: CheckHistory): readonly Trip[] {
    const scope: Scope = `device:${device.id}`;
    const witnessed = (since: MonotonicMs): boolean => this.#causes.neighbourLivesSince(device, outcome.check, since);
    const harm = this.#harm.learn(device, outcome, this.#wasWell(outcome.check, device, before), witnessed);
    if (outcome.kind === "answered") {
      const slower = outcome.answer.said === "gateway_only" ? undefined : this.#times.answered(outcome.check, outcome.took);
      return slower ? [{ scope, cause: "slower", ...slower }] : [];
    }
    if (outcome.failure === "identity_mismatch") return [{ scope, cause: "identity_mismatch", detail: outcome.detail }];
    if (!refusedTooOften(history, outcome.at)) return harm;
    return [...harm, { scope, cause: "refusal_episodes", detail: `turned us away in ${history.episodes.length} episodes within 24 h` }];
  }

  #remember(check: Check, history: CheckHistory): void {
    const before = this.#historyOf(check.id);
    const noted = toBeNoted(before, history);
    if (noted) this.#notes.note(turnedAway(check.id), noted.value);
    // A deep query's own misses are nothing to its device's back-off.
    const misses = check.deep ? undefined : missesToBeNoted(before, history, check);
    if (misses) this.#notes.note(missedKey(check.id), misses.value);
    this.#histories.set(check.id, history);
  }

  #historyOf(check: CheckId): CheckHistory {
    return this.#histories.get(check) ?? noHistory;
  }
}

function turnedAway(id: CheckId): string {
  return `turned-away ${id}`;
}
