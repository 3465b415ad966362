/** The journal's main-thread half: takes records at once into a bounded queue and hands them to the database thread in batches. */
import type { Worker } from "node:worker_threads";
import type { AuditEntry, Journal, Transition } from "../domain/board.ts";
import type { Cancel, Clock } from "../domain/clock.ts";
import type { Scope, Trip } from "../domain/outcome.ts";
import type { CheckId } from "../domain/plan.ts";
import { after, between, milliseconds, seconds, type Milliseconds, type MonotonicMs, type WallMs } from "../domain/units.ts";
import type { StandingTrip } from "./board.ts";
import type { Unusable } from "./database.ts";
import { emptyChain } from "./audit-chain.ts";
import type { AuditHead, Row, WorkerStart } from "./journal-rows.ts";
import { JournalThread, startThread, within, type Answer, type Opened, type ThreadListener } from "./journal-thread.ts";

export interface StoreJournal extends Journal {
  /** The check worked for the first time with the bytes and to the place that `digest` stands for. */
  proved(check: CheckId, digest: string): void;
  /** The end of the audit chain as it is on disk: to be published outside, so that cutting it off shows. */
  readonly auditHead: AuditHead;
  /** Records that found the queue full, or came after `close`, and are gone. */
  readonly lost: number;
  /** What the database last complained of; undefined while records can be written. */
  readonly problem: string | undefined;
}

export interface OpenedJournal {
  readonly journal: StoreJournal;
  readonly trips: readonly StandingTrip[];
  /** The digest of each check that worked in an earlier run. */
  readonly proven: ReadonlyMap<CheckId, string>;
}

export interface JournalOptions {
  readonly clock: Clock;
  /** Transitions kept; the oldest roll off. */
  readonly transitionsMax?: number;
  /** How long an operator's command may hold the database before a batch counts as failed. */
  readonly busyWithin?: Milliseconds;
  /** Starts the thread; tests start one that they can kill. */
  readonly startWorker?: (start: WorkerStart) => Worker;
}

const transitionsKept = 1_000_000;
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

/** Journals opened by this process: tells two of one moment apart. */
let opened = 0;

/** Opens the journal that `init` made, and reads what must be known before anything is asked. */
export async function openJournal(path: string, options: JournalOptions): Promise<OpenedJournal | Unusable> {
  const { clock, transitionsMax = transitionsKept, busyWithin = seconds(2), startWorker = startThread } = options;
  opened += 1;
  const session = `${process.pid}-${opened}-${clock.wall()}-${clock.monotonic()}`;
  const journal = new QueuedJournal(clock, () => startWorker({ path, session, busyWithinMs: busyWithin, transitionsMax }));
  const first = await journal.first;
  if ("problem" in first) return first;
  return { journal, trips: first.trips, proven: new Map(first.proven.map(([check, digest]) => [check as CheckId, digest])) };
}

interface Batch {
  readonly number: number;
  readonly rows: readonly Row[];
  readonly since: MonotonicMs;
  readonly sinceWall: WallMs;
}
interface Waiter {
  /** Waits until so many of all accepted records are on disk. */
  readonly target: number;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

class QueuedJournal implements StoreJournal, ThreadListener {
  readonly #clock: Clock;
  readonly #thread: JournalThread;
  readonly #queue: Row[] = [];
  /** Something in the queue may not wait to be gathered. */
  #urgent = false;
  #ready = false;
  #out: Batch | undefined;
  #batches = 0;
  #accepted = 0;
  #written = 0;
  #lost = 0;
  #lostUnreported = 0;
  #head: AuditHead = emptyChain;
  #failed: { readonly since: WallMs; readonly problem: string } | undefined;
  /** Either gathers records, or waits to send a failed batch again. */
  #timer: Cancel | undefined;
  #waiters: readonly Waiter[] = [];
  #closed = false;

  constructor(clock: Clock, startWorker: () => Worker) {
    this.#clock = clock;
    this.#thread = new JournalThread(clock, startWorker, this);
  }

  get first(): Promise<Opened | Unusable> {
    return this.#thread.first;
  }

  transition(transition: Transition): void {
    this.#accept({ kind: "transition", ...transition }, queueTransitionsMax, false);
  }

  audit(entry: AuditEntry): void {
    this.#accept({ kind: "audit", ...entry }, queueMax, entry.category === "stop" || entry.category === "trip");
  }

  tripped(trip: Trip, at: WallMs): void {
    this.#accept({ kind: "tripped", ...trip, since: at }, queueMax, true);
  }

  reset(scope: Scope, _at: WallMs): void {
    this.#accept({ kind: "reset", scope }, queueMax, true);
  }

  proved(check: CheckId, digest: string): void {
    this.#accept({ kind: "proved", check, digest }, queueTransitionsMax, false);
  }

  /** Rejects when the journal is closed with records that could not be written. */
  settled(): Promise<void> {
    if (this.#written === this.#accepted) return Promise.resolve();
    this.#urgent = true;
    this.#pump();
    return new Promise((resolve, reject) => {
      this.#waiters = [...this.#waiters, { target: this.#accepted, resolve, reject }];
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await within(this.#clock, closeWithin, this.settled());
    this.#setTimer(undefined);
    const left = this.#accepted - this.#written;
    for (const { reject } of this.#waiters) reject(new Error(`journal: closed with ${left} records that could not be written`));
    await this.#thread.close();
  }

  get unwritableSince(): WallMs | undefined {
    return this.#failed?.since ?? (this.#hangs() ? this.#out?.sinceWall : undefined);
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

  opened({ head }: Opened): void {
    this.#head = head;
    this.#ready = true;
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
    this.#out = { number: this.#batches, rows, since: this.#clock.monotonic(), sinceWall: this.#clock.wall() };
    this.#send();
  }

  #send(): void {
    if (this.#out) this.#thread.send({ kind: "batch", number: this.#out.number, rows: this.#out.rows });
  }

  #wrote({ rows }: Batch, head: AuditHead): void {
    this.#head = head;
    this.#out = undefined;
    this.#failed = undefined;
    this.#written += rows.length;
    const done = this.#waiters.filter(({ target }) => target <= this.#written);
    this.#waiters = this.#waiters.filter(({ target }) => target > this.#written);
    for (const { resolve } of done) resolve();
    this.#reportLoss();
    this.#pump();
  }

  #reportLoss(): void {
    const count = this.#lostUnreported;
    if (count === 0 || this.#closed) return;
    this.#lostUnreported = 0;
    const detail = `${count} records found the journal's queue full while nothing could be written, and are lost`;
    this.audit({ at: this.#clock.wall(), source: "poller", category: "lifecycle", type: "records_lost", result: "failure", detail });
  }

  #fail(problem: string): void {
    this.#failed = { since: this.#failed?.since ?? this.#clock.wall(), problem };
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
