/** The one place where facts enter: folds each into the board, and writes transitions, trips and the audit to the journal. */
import type { AuditEntry, Recorder, Transition } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import { isScope, type Fact, type Outcome, type Scope } from "../domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice } from "../domain/plan.ts";
import { atOnce, type Preparing } from "../domain/taking-over.ts";
import type { MonotonicMs, WallMs } from "../domain/units.ts";
import { windowInWords } from "../domain/windows.ts";
import type { MemoryBoard } from "./board.ts";
import { FloodTally } from "./flood-tally.ts";
import type { StoreJournal } from "./journal.ts";
import { tidied } from "./tidy.ts";

export type Happening = Exclude<Fact, Outcome>;

/** Whoever writes for people what happens (the event log). Called after board and journal know. */
export interface Observer {
  /** Not told of devices that a stop or a trip makes unknown: the happening itself says so, once. */
  transition(transition: Transition, device: PlannedDevice): void;
  happened(fact: Happening): void;
}

export interface RecorderParts {
  readonly board: MemoryBoard;
  readonly journal: StoreJournal;
  readonly clock: Clock;
  readonly observer: Observer;
}

/** About 2 ms of work. */
const sweptAtOnceMax = 2500;

export class BoardRecorder implements Recorder {
  readonly #board: MemoryBoard;
  readonly #journal: StoreJournal;
  readonly #clock: Clock;
  readonly #observer: Observer;
  readonly #flood = new FloodTally();
  /** Where the last sweep stopped. */
  #sweeping: Iterator<DeviceId>;

  constructor({ board, journal, clock, observer }: RecorderParts) {
    this.#board = board;
    this.#journal = journal;
    this.#clock = clock;
    this.#observer = observer;
    this.#sweeping = board.plan.devices.keys();
  }

  record(untidied: Fact): void {
    const fact = tidied(untidied);
    switch (fact.kind) {
      case "answered":
      case "failed":
      case "refused":
        if (this.#board.outcome(fact)) this.#journal.proved(fact.check.id, fact.check.digest);
        this.#review(fact.check.device, said(fact));
        return;
      case "missed_before":
        this.#board.missedBefore(fact);
        this.#review(fact.check.device, `it was down before this ${fact.found}`);
        break;
      case "presence":
        this.#board.overheard(fact.device, fact.at);
        this.#review(fact.device, `heard by ${fact.source}`);
        break;
      case "link":
        break;
      case "tripped":
        if (!this.#board.trip({ ...fact.trip, since: this.#clock.wall() })) return;
        this.#journal.tripped(fact.trip, this.#clock.wall());
        this.#audit("trip", fact.trip.cause, `${fact.trip.scope}: ${fact.trip.detail}`);
        this.#reviewScope(fact.trip.scope, `${fact.trip.scope} tripped (${fact.trip.cause})`);
        break;
      case "reset":
        if (!this.#board.reset(fact.scope)) return;
        this.#journal.reset(fact.scope, this.#clock.wall());
        this.#audit("trip", "reset", `${fact.scope}: ${fact.reason}`, fact.by);
        this.#reviewScope(fact.scope, `${fact.scope} reset by ${fact.by}`);
        break;
      case "stopped":
        this.#board.stop(fact.stopped);
        this.#audit("stop", fact.stopped ? "stopped" : "resumed", `the site is ${fact.stopped ? "stopped" : "polled again"}`, fact.by);
        this.#reviewAll(fact.stopped ? `stopped by ${fact.by}` : `resumed by ${fact.by}`);
        break;
      case "held":
        this.#hold(fact);
        this.#auditOften(`held ${fact.scope} ${fact.held}`, "guard", fact.held ? "hold" : "hold_ended", `${fact.scope}: ${fact.detail}`);
        break;
      case "blocked":
        this.#board.countBlocked();
        this.#auditOften(`blocked ${fact.check?.device ?? ""}`, "guard", "blocked", `${fact.check?.id ?? fact.address}: ${fact.detail}`);
        break;
      case "identity":
        this.#identity(fact);
        break;
      case "window":
        this.#audit("command", `window_${fact.change}`, windowInWords(fact.window), fact.by);
        break;
      case "stalled":
        this.#board.countStalled();
        this.#auditOften("stalled", "lifecycle", "stalled", fact.detail);
    }
    this.#observer.happened(fact);
  }

  /**
   * Finds devices whose evidence has grown old, and writes what was counted of repeated records. To be called every few seconds.
   * Looks at a share of a large site each time; what readers see does not wait for it, they judge by the clock.
   */
  sweep(now: MonotonicMs): void {
    for (let count = Math.min(sweptAtOnceMax, this.#board.plan.devices.size); count > 0; count--) {
      let next = this.#sweeping.next();
      if (next.done) {
        this.#sweeping = this.#board.plan.devices.keys();
        next = this.#sweeping.next();
      }
      if (next.done) break;
      this.#review(next.value, "no fresh evidence", now);
    }
    for (const entry of this.#flood.due(now, this.#clock.wall())) this.#journal.audit(entry);
  }

  /** An audit record of what comes as often as somebody outside likes: one a minute of each key, with a count of the others. */
  repeated(key: string, entry: Omit<AuditEntry, "at">): void {
    const at: WallMs = this.#clock.wall();
    const admitted = this.#flood.admit(key, { ...entry, at }, this.#clock.monotonic());
    if (admitted) this.#journal.audit(admitted);
  }

  /** The last act: what is still counted is written, so that an end hides nothing. */
  finish(): void {
    for (const entry of this.#flood.all(this.#clock.wall())) this.#journal.audit(entry);
  }

  /** In one go, see `preparing`. */
  adopt(plan: Plan): void {
    atOnce(this.preparing(plan))();
  }

  *preparing(plan: Plan): Preparing<() => void> {
    const takeOver = yield* this.#board.preparing(plan);
    return () => {
      takeOver();
      this.#sweeping = plan.devices.keys();
      this.#reviewAll("the plan changed");
    };
  }

  /** The record first: an acceptance that nobody can find in the audit is none. */
  #identity({ change, identity, detail, by }: Extract<Fact, { readonly kind: "identity" }>): void {
    if (change === "accepted") this.#audit("approval", "identity_accepted", detail, by);
    else this.#auditOften(`identity ${identity.device} ${identity.source} ${change}`, "configuration", `identity_${change}`, detail);
    this.#journal.identity(identity);
  }

  #hold({ scope, cause, held, detail }: Extract<Fact, { readonly kind: "held" }>): void {
    const { causes } = this.#board;
    if (cause !== undefined) return held ? causes.begin({ cause, scope, detail, since: this.#clock.wall() }) : causes.end(cause, scope);
    if (!isScope(scope)) return;
    if (held) this.#board.hold({ scope, detail, since: this.#clock.wall() });
    else this.#board.release(scope);
  }

  #reviewAll(detail: string): void {
    const now = this.#clock.monotonic();
    for (const id of this.#board.plan.devices.keys()) this.#review(id, detail, now);
  }

  #reviewScope(scope: Scope, detail: string): void {
    if (!scope.startsWith("device:")) return this.#reviewAll(detail);
    const id = scope.slice("device:".length) as DeviceId;
    for (const each of [id, ...(this.#board.plan.devices.get(id)?.hardware ?? [])]) this.#review(each, detail);
  }

  #review(id: DeviceId, detail: string, now: MonotonicMs = this.#clock.monotonic()): void {
    const transition = this.#board.review(id, now, detail);
    if (!transition) return;
    this.#journal.transition(transition);
    const device = this.#board.plan.devices.get(id);
    if (device && transition.cause !== "stopped" && transition.cause !== "tripped") this.#observer.transition(transition, device);
  }

  #audit(category: AuditEntry["category"], type: string, detail: string, source = "poller"): void {
    this.#journal.audit({ at: this.#clock.wall(), source, category, type, result: "success", detail });
  }

  #auditOften(key: string, category: AuditEntry["category"], type: string, detail: string): void {
    this.repeated(key, { source: "poller", category, type, result: type === "blocked" ? "refused" : "success", detail });
  }
}

/** What an outcome says of the device, in one line. */
function said(outcome: Outcome): string {
  switch (outcome.kind) {
    case "answered":
      return outcome.answer.said === "alive" ? (outcome.answer.note ?? "") : outcome.answer.detail;
    case "failed":
      return outcome.detail;
    case "refused":
      return outcome.behind === undefined ? "" : `behind ${outcome.behind}`;
  }
}
