/** Asks the gate for each check in its slot, waits a little where a shared budget is spent, and never catches up. */
import type { Cancel, Clock } from "../domain/clock.ts";
import type { Gate } from "../domain/gate.ts";
import { startsGatheredWithin } from "../domain/limits.ts";
import type { Outcome } from "../domain/outcome.ts";
import type { CheckId, Plan } from "../domain/plan.ts";
import type { PassingReason, RefusalReason } from "../domain/reasons.ts";
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
    this.adopt(this.#plan);
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
    this.#entries.clear();
    this.adopt(this.#plan);
  }

  /** Checks that stay keep their place, a wait for a budget included; new ones get their next slot. */
  adopt(plan: Plan): void {
    const before = this.#plan;
    this.#plan = plan;
    const waiting = new Map(this.#entries);
    this.#entries.clear();
    this.#queue = new DueQueue();
    const now = this.#parts.clock.monotonic();
    for (const check of plan.checks.values()) {
      if (this.#asking.has(check.id)) continue;
      const old = before.checks.get(check.id);
      const same = old && old.interval === check.interval && old.slot === check.slot && periodOf(old) === periodOf(check);
      const slotAt = nextSlot(check, this.#epoch, now);
      this.#place((same ? waiting.get(check.id) : undefined) ?? { check: check.id, at: slotAt, slotAt });
    }
    this.#arm();
  }

  /** When a check is due next; undefined when it is not in the plan. */
  dueAt(check: CheckId): MonotonicMs | undefined {
    return this.#entries.get(check)?.at;
  }

  /** By how much the start that is due first is late; zero while nothing is due. It grows only when the schedule stands still. */
  get overdue(): Milliseconds {
    const next = this.#queue.peek();
    return next ? between(next.at, this.#parts.clock.monotonic()) : milliseconds(0);
  }

  #place(entry: Entry): void {
    this.#entries.set(entry.check, entry);
    this.#queue.push(entry);
  }

  #arm(): void {
    const next = this.#queue.peek();
    if (!this.#running || !next) return;
    const at = later(next.at, this.#gatheredUntil);
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: this.#parts.clock.at(at, () => this.#tick()) };
  }

  /**
   * What falls due soon after a start waits for the rest of a moment and starts together with what else does by then: started one by one, each
   * finds the processor's caches full of something else, which is half of what it costs. A start that is alone is never late for it.
   * Worked example, 10 ms: slots at 0, 3, 6, 9 and 40 ms start at 0, 10, 10, 10 and 40 ms.
   */
  #tick(): void {
    this.#timer = undefined;
    const now = this.#parts.clock.monotonic();
    this.#gatheredUntil = after(now, startsGatheredWithin);
    for (let next = this.#queue.peek(); next && next.at <= now; next = this.#queue.peek()) {
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
