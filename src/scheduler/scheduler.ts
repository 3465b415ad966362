/** Asks the gate for each check in its slot, waits a little where a shared budget is spent, and never catches up. */
import type { Cancel, Clock } from "../domain/clock.ts";
import type { Gate } from "../domain/gate.ts";
import { startsGatheredWithin } from "../domain/limits.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { Check, CheckId, Plan } from "../domain/plan.ts";
import type { PassingReason, RefusalReason } from "../domain/reasons.ts";
import { atOnce, sliced, type Preparing } from "../domain/taking-over.ts";
import { after, between, later, milliseconds, monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { DueQueue, type Due } from "./due-queue.ts";
import { periodOf } from "../domain/slots.ts";
import { nextSlot } from "./slot-times.ts";

export interface SchedulerParts {
  readonly clock: Clock;
  readonly gate: Pick<Gate, "exchange">;
  /** How late a start was, for the lateness metric. */
  readonly onStart: (lateness: Milliseconds) => void;
  /** A slot went by because a shared budget had nothing left in half an interval. */
  readonly onSkip: (check: CheckId) => void;
}

interface Entry extends Due {
  readonly check: CheckId;
}

/** Budgets that others share: a start waits for them, up to half its interval. */
const shared: ReadonlySet<RefusalReason> = new Set<PassingReason>([
  "line_budget",
  "gateway_hold",
  "segment_budget",
  "site_budget",
  "no_free_connection",
]);

/** Entries of earlier plans that may wait in the queue on top of as many as are in force. */
const leftBehindMax = 1000;

export class Scheduler {
  readonly #parts: SchedulerParts;
  #queue = new DueQueue<Entry>();
  /** The entry of each check that waits in the queue. */
  readonly #entries = new Map<CheckId, Entry>();
  /** Checks that are with the gate now; they return to the queue when they come back. */
  readonly #asking = new Set<CheckId>();
  #epoch: MonotonicMs;
  #plan: Plan;
  #timer: { readonly at: MonotonicMs; readonly cancel: Cancel } | undefined;
  /** Nothing starts before it. */
  #gatheredUntil: MonotonicMs = monotonicMs(0);
  #running = false;

  constructor(parts: SchedulerParts, plan: Plan) {
    this.#parts = parts;
    this.#plan = plan;
    this.#epoch = parts.clock.monotonic();
  }

  start(): void {
    this.#running = true;
    this.#placeAll(this.#plan.checks.values());
  }

  /** No further starts. What is out ends by itself. */
  stop(): void {
    this.#running = false;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** As after a start: each check's first slot comes a full interval from now, one evenly after the other. */
  restart(): void {
    this.#epoch = this.#parts.clock.monotonic();
    this.#placeAll(this.#plan.checks.values());
  }

  /** In one go, see `preparing`. */
  adopt(plan: Plan): void {
    atOnce(this.preparing(plan))();
  }

  /** Checks that stay keep their place, a wait for a budget included; new ones get their next slot. */
  *preparing(plan: Plan): Preparing<() => void> {
    const before = this.#plan;
    const gone: CheckId[] = [];
    const moved: Check[] = [];
    yield* sliced(before.checks.keys(), (id) => {
      if (!plan.checks.has(id)) gone.push(id);
    });
    yield* sliced(plan.checks.values(), (check) => {
      const old = before.checks.get(check.id);
      const same = old && old.interval === check.interval && old.slot === check.slot && periodOf(old) === periodOf(check);
      if (!same) moved.push(check);
    });
    return () => {
      this.#plan = plan;
      for (const id of gone) this.#entries.delete(id);
      this.#placeAll(moved);
    };
  }

  /** When a check is due next; undefined when it is not in the plan. */
  dueAt(check: CheckId): MonotonicMs | undefined {
    return this.#entries.get(check)?.at;
  }

  /** By how much the start that is due first is late; zero while nothing is due. It grows only when the schedule stands still. */
  get overdue(): Milliseconds {
    const next = this.#next();
    return next ? between(next.at, this.#parts.clock.monotonic()) : milliseconds(0);
  }

  #placeAll(checks: Iterable<Check>): void {
    const now = this.#parts.clock.monotonic();
    for (const check of checks) {
      if (this.#asking.has(check.id)) continue;
      const slotAt = nextSlot(check, this.#epoch, now);
      this.#place({ check: check.id, at: slotAt, slotAt });
    }
    // What reloads have left behind: looked at one by one when its time comes, but not kept without end.
    if (this.#queue.size > leftBehindMax + 2 * this.#entries.size) this.#queue = new DueQueue(this.#entries.values());
    this.#arm();
  }

  #place(entry: Entry): void {
    this.#entries.set(entry.check, entry);
    this.#queue.push(entry);
  }

  /** What is due next. Entries that a reload has replaced or taken out stay in the queue until they come up. */
  #next(): Entry | undefined {
    for (;;) {
      const next = this.#queue.peek();
      if (!next || this.#entries.get(next.check) === next) return next;
      this.#queue.pop();
    }
  }

  #arm(): void {
    const next = this.#next();
    if (!this.#running || !next) return;
    const at = later(next.at, this.#gatheredUntil);
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: this.#parts.clock.at(at, () => this.#tick()) };
  }

  /**
   * What falls due soon after a start waits for the rest of a moment and starts together with what else does by then: started one by one, each
   * finds the processor's caches full of something else, a third of what it costs. A start that is alone is never late for it.
   * Worked example, 10 ms: slots at 0, 3, 6, 9 and 40 ms start at 0, 10, 10, 10 and 40 ms.
   */
  #tick(): void {
    this.#timer = undefined;
    const now = this.#parts.clock.monotonic();
    this.#gatheredUntil = after(now, startsGatheredWithin);
    for (let next = this.#next(); next && next.at <= now; next = this.#next()) {
      this.#queue.pop();
      this.#entries.delete(next.check);
      void this.#ask(next, now);
    }
    this.#arm();
  }

  async #ask(entry: Entry, now: MonotonicMs): Promise<void> {
    if (entry.at === entry.slotAt) this.#parts.onStart(between(entry.at, now));
    this.#asking.add(entry.check);
    const outcome = await this.#parts.gate.exchange(entry.check, "schedule");
    this.#asking.delete(entry.check);
    this.#again(entry, outcome);
    this.#arm();
  }

  #again(entry: Entry, outcome: Outcome | undefined): void {
    const check = this.#plan.checks.get(entry.check);
    if (!check) return; // gone by a reload meanwhile
    const now = this.#parts.clock.monotonic();
    const retryAt = outcome?.kind === "refused" && shared.has(outcome.reason) ? outcome.retryAt : undefined;
    const patience = after(entry.slotAt, milliseconds(check.interval / 2));
    if (retryAt !== undefined && retryAt <= patience) {
      this.#place({ ...entry, at: retryAt > now ? retryAt : now });
      return;
    }
    if (retryAt !== undefined) this.#parts.onSkip(check.id);
    const slotAt = nextSlot(check, this.#epoch, now);
    this.#place({ ...entry, at: slotAt, slotAt });
  }
}
