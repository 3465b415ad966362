/** The journal: what outlives the process, and what of it must be known before anything is asked. */
import { dirname, join } from "node:path";
import type { Worker } from "node:worker_threads";
import type { KnownIdentity } from "../domain/baseline.ts";
import type { Journal } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import type { CheckId } from "../domain/plan.ts";
import { seconds, type Milliseconds, type WallMs } from "../domain/units.ts";
import type { StandingTrip } from "./board.ts";
import type { Unusable } from "./database.ts";
import type { AuditHead, LearntRow, WorkerStart } from "./journal-rows.ts";
import { startThread } from "./journal-thread.ts";
import { QueuedJournal } from "./queued-journal.ts";
import { StopFile } from "./stop-file.ts";
import { tripsFileName, TripsBeside } from "./trips-beside.ts";

export interface StoreJournal extends Journal {
  /** The check worked for the first time with the bytes and to the place that `digest` stands for. */
  proved(check: CheckId, digest: string): void;
  /** What was learnt of a device, for the next start. */
  learnt(row: LearntRow): void;
  /** What a device says of itself, and what of it was accepted. */
  identity(known: KnownIdentity): void;
  /** The highest trusted time, for the next start. */
  noteTime(highest: WallMs): void;
  /** Resolves, without hurrying anything, when everything accepted so far is on disk; rejects as `settled` does. */
  allWritten(): Promise<void>;
  /** For how long records could not be written, by the monotonic clock; undefined while they can. */
  readonly unwritableFor: Milliseconds | undefined;
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
  readonly learnt: readonly LearntRow[];
  readonly identities: readonly KnownIdentity[];
  /** The highest trusted time of earlier runs, and no earlier than the last audit record; 0 before the first. */
  readonly highest: WallMs;
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
/** Journals opened by this process: tells two of one moment apart. */
let opened = 0;

/** Opens the journal that `init` made, and reads what must be known before anything is asked. */
export async function openJournal(path: string, options: JournalOptions): Promise<OpenedJournal | Unusable> {
  const { clock, transitionsMax = transitionsKept, busyWithin = seconds(2), startWorker = startThread } = options;
  opened += 1;
  const session = `${process.pid}-${opened}-${clock.wall()}-${clock.monotonic()}`;
  const beside = TripsBeside.open(join(dirname(path), tripsFileName));
  if ("problem" in beside) return beside;
  const stop = (reason: string): Unusable | undefined => new StopFile(dirname(path), clock).write("watchkeeper", reason);
  const start = (): Worker => startWorker({ path, session, busyWithinMs: busyWithin, transitionsMax });
  const journal = new QueuedJournal({ clock, startWorker: start, beside, stop });
  const first = await journal.first;
  if ("problem" in first) return closed(journal, first);
  if (journal.unstoppable) return closed(journal, journal.unstoppable);
  const unwritten = beside.found.filter(({ scope }) => !first.trips.some((trip) => trip.scope === scope));
  journal.takeOver(beside.found, unwritten);
  const proven = new Map(first.proven.map(([check, digest]) => [check as CheckId, digest]));
  const { learnt, identities, highest } = first;
  return { journal, trips: [...first.trips, ...unwritten], proven, learnt, identities, highest };
}

async function closed(journal: QueuedJournal, unusable: Unusable): Promise<Unusable> {
  await journal.close();
  return unusable;
}
