/** The journal's main-thread half: takes records at once into a bounded queue and hands them to the database thread in batches. */
import type { Worker } from "node:worker_threads";
import type { AuditEntry, Transition } from "../domain/board.ts";
import type { KnownIdentity } from "../domain/baseline.ts";
import type { Cancel, Clock } from "../domain/clock.ts";
import type { Scope, Trip } from "../domain/outcome.ts";
import type { CheckId } from "../domain/plan.ts";
import { after, between, milliseconds, seconds, type Milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { emptyChain } from "./audit-chain.ts";
import type { StandingTrip } from "./board.ts";
import type { Unusable } from "./database.ts";
import type { StoreJournal } from "./journal.ts";
import { isUrgent, isWeighty, mayNotWait, type AuditHead, type Batch, type LearntRow, type Row } from "./journal-rows.ts";
import { JournalWaiters } from "./journal-waiters.ts";
import { JournalThread, within, type Answer, type Opened, type ThreadListener } from "./journal-thread.ts";
import type { TripsBeside } from "./trips-beside.ts";

/** Records of one transaction. */
const batchRowsMax = 500;
/** Ordinary records are gathered for so long: at most 5 disk syncs a second. */
const gatherFor: Milliseconds = milliseconds(200);
/** A stop of 10,000 devices is 10,000 transitions at once; four of them fit. What is above is kept for audit, trips and resets. */
const queueTransitionsMax = 40_000;
const queueMax = 50_000;
const retryAfter: Milliseconds = seconds(1);
/** A batch that is out for longer counts as unwritable: a disk that hangs reports no error. */
const batchWithin: Milliseconds = seconds(10);
/** How long `close` waits for the disk before it gives records up. */
const closeWithin: Milliseconds = seconds(5);

/** The audit's head is noted beside the journal at most so often, and at once with what a person must not lose. */
const noteHeadEvery: Milliseconds = seconds(5);

interface SentBatch extends Batch {
  readonly since: MonotonicMs;
  readonly sinceWall: WallMs;
}

export interface QueuedJournalParts {
  readonly clock: Clock;
  readonly startWorker: () => Worker;
  readonly beside: TripsBeside;
  /** Stops the site for a reason that a person must look into. */
  readonly stop: (reason: string) => Unusable | undefined;
}

export class QueuedJournal implements StoreJournal, ThreadListener {
  readonly #clock: Clock;
  readonly #thread: JournalThread;
  readonly #queue: Row[] = [];
  /** Something in the queue may not wait to be gathered. */
  #urgent = false;
  #ready = false;
  #out: SentBatch | undefined;
  #batches = 0;
  #accepted = 0;
  #written = 0;
  #lost = 0;
  #lostUnreported = 0;
  #head: AuditHead = emptyChain;
  #failed: { readonly since: WallMs; readonly from: MonotonicMs; readonly problem: string } | undefined;
  /** Either gathers records, or waits to send a failed batch again. */
  #timer: Cancel | undefined;
  readonly #waiters = new JournalWaiters();
  #closed = false;
  #headNoted: MonotonicMs | undefined;
  readonly #beside: TripsBeside;
  readonly #stop: QueuedJournalParts["stop"];
  #unstoppable: Unusable | undefined;

  constructor({ clock, startWorker, beside, stop }: QueuedJournalParts) {
    this.#clock = clock;
    this.#beside = beside;
    this.#stop = stop;
    this.#thread = new JournalThread(clock, startWorker, this);
  }

  get first(): Promise<Opened | Unusable> {
    return this.#thread.first;
  }

  /** An older journal was found in place of this one, and the site could not be stopped for it. */
  get unstoppable(): Unusable | undefined {
    return this.#unstoppable;
  }

  /** What lay beside the journal at the start goes into it; of `unwritten` the audit does not know yet. */
  takeOver(found: readonly StandingTrip[], unwritten: readonly StandingTrip[]): void {
    this.#tripped(found);
    for (const { scope, cause, detail } of unwritten)
      this.#say("trip", cause, `${scope}: ${detail} (the run before ended before this was written)`, "success");
  }

  transition(transition: Transition): void {
    this.#accept({ kind: "transition", ...transition }, queueTransitionsMax, false);
  }

  audit(entry: AuditEntry): void {
    this.#accept({ kind: "audit", ...entry }, queueMax, isUrgent(entry));
  }

  tripped(trip: Trip, at: WallMs): void {
    this.#tripped([{ ...trip, since: at }]);
  }

  reset(scope: Scope, _at: WallMs): void {
    this.#beside.remove((trip) => trip.scope === scope);
    this.#accept({ kind: "reset", scope }, queueMax, true);
  }

  proved(check: CheckId, digest: string): void {
    this.#accept({ kind: "proved", check, digest }, queueTransitionsMax, false);
  }

  learnt(row: LearntRow): void {
    this.#accept({ kind: "learnt", ...row }, queueTransitionsMax, mayNotWait(row));
  }

  identity(known: KnownIdentity): void {
    this.#accept({ kind: "identity", ...known }, queueMax, false);
  }

  noteTime(highest: WallMs): void {
    this.#accept({ kind: "time", highest }, queueTransitionsMax, false);
  }

  /** Rejects when the journal is closed with records that could not be written. */
  settled(): Promise<void> {
    const written = this.allWritten();
    if (this.#written < this.#accepted) {
      this.#urgent = true;
      this.#pump();
    }
    return written;
  }

  allWritten(): Promise<void> {
    return this.#written === this.#accepted ? Promise.resolve() : this.#waiters.until(this.#accepted);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await within(this.#clock, closeWithin, this.settled());
    this.#setTimer(undefined);
    const left = this.#accepted - this.#written;
    this.#waiters.giveUp(`journal: closed with ${left} records that could not be written`);
    await this.#thread.close();
    this.#beside.close();
  }

  get unwritableSince(): WallMs | undefined {
    return this.#failed?.since ?? (this.#hangs() ? this.#out?.sinceWall : undefined);
  }

  get unwritableFor(): Milliseconds | undefined {
    const from = this.#failed?.from ?? (this.#hangs() ? this.#out?.since : undefined);
    return from === undefined ? undefined : between(from, this.#clock.monotonic());
  }

  get problem(): string | undefined {
    return this.#failed?.problem ?? (this.#hangs() ? `the disk has not answered for ${batchWithin / 1000} s` : undefined);
  }

  get auditHead(): AuditHead {
    return this.#head;
  }

  get lost(): number {
    return this.#lost;
  }

  // What the thread tells.

  opened({ head, breach }: Opened): void {
    this.#head = head;
    this.#ready = true;
    if (breach !== undefined) this.#replaced(breach);
    if (this.#out) return this.#send();
    this.#failed = undefined;
    this.#pump();
  }

  answered(message: Answer): void {
    if (message.number !== this.#out?.number) return;
    if (message.kind === "written") return this.#wrote(this.#out, message.head);
    this.#fail(message.problem);
    this.#setTimer(retryAfter, () => this.#send());
  }

  vanished(problem: string): void {
    this.#ready = false;
    this.#setTimer(undefined);
    this.#fail(problem);
  }

  /** Trips and resets since then are not known any more: until a person has looked, nothing is asked. */
  #replaced(breach: string): void {
    const found = `an older, another or a changed journal lies in the state folder: ${breach}`;
    this.#unstoppable = this.#stop(`${found}; trips since then are lost: look at the plant and at the trips, then resume`);
    // A record would be followed by a new note, and the next start would find nothing wrong.
    if (this.#unstoppable) this.#fail(this.#unstoppable.problem);
    else this.#say("lifecycle", "journal_replaced", found);
  }

  #tripped(trips: readonly StandingTrip[]): void {
    const rows = trips.map((trip) => ({ kind: "tripped", ...trip }) as const);
    this.#beside.add(rows);
    for (const row of rows) this.#accept(row, queueMax, true);
  }

  #hangs(): boolean {
    return this.#out !== undefined && between(this.#out.since, this.#clock.monotonic()) > batchWithin;
  }

  #accept(row: Row, max: number, urgent: boolean): void {
    if (this.#closed || this.#queue.length >= max) {
      this.#lost += 1;
      this.#lostUnreported += 1;
      return;
    }
    this.#queue.push(row);
    this.#accepted += 1;
    this.#urgent ||= urgent;
    this.#pump();
  }

  /** Sends the next batch if none is out and it is time; else sees to it that it will be sent. */
  #pump(): void {
    if (this.#out || !this.#ready || this.#queue.length === 0) return;
    if (!this.#urgent && this.#queue.length < batchRowsMax) {
      if (!this.#timer) this.#setTimer(gatherFor, () => this.#sendNext());
      return;
    }
    this.#sendNext();
  }

  #sendNext(): void {
    this.#setTimer(undefined);
    this.#batches += 1;
    const rows = this.#queue.splice(0, batchRowsMax);
    this.#urgent &&= this.#queue.length > 0;
    const now = this.#clock.monotonic();
    const noteHead = this.#headNoted === undefined || between(this.#headNoted, now) >= noteHeadEvery || rows.some(isWeighty);
    if (noteHead) this.#headNoted = now;
    this.#out = { number: this.#batches, rows, noteHead, since: now, sinceWall: this.#clock.wall() };
    this.#send();
  }

  #send(): void {
    if (!this.#out) return;
    const { number, rows, noteHead } = this.#out;
    this.#thread.send({ kind: "batch", number, rows, noteHead });
  }

  #wrote({ rows }: SentBatch, head: AuditHead): void {
    this.#head = head;
    this.#out = undefined;
    this.#failed = undefined;
    this.#written += rows.length;
    const there = new Set<unknown>(rows);
    this.#beside.remove((trip) => there.has(trip));
    this.#waiters.written(this.#written);
    this.#reportLoss();
    this.#pump();
  }

  #reportLoss(): void {
    const count = this.#lostUnreported;
    if (count === 0 || this.#closed) return;
    this.#lostUnreported = 0;
    this.#say("lifecycle", "records_lost", `${count} records found the journal's queue full while nothing could be written, and are lost`);
  }

  /** A record of the journal about itself. */
  #say(category: AuditEntry["category"], type: string, detail: string, result: AuditEntry["result"] = "failure"): void {
    this.audit({ at: this.#clock.wall(), source: "poller", category, type, result, detail });
  }

  #fail(problem: string): void {
    const { since, from } = this.#failed ?? { since: this.#clock.wall(), from: this.#clock.monotonic() };
    this.#failed = { since, from, problem };
  }

  #setTimer(span: Milliseconds | undefined, run: () => void = () => undefined): void {
    this.#timer?.();
    this.#timer = undefined;
    if (span === undefined) return;
    this.#timer = this.#clock.at(after(this.#clock.monotonic(), span), () => {
      this.#timer = undefined;
      run();
    });
  }
}
