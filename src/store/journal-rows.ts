/** What crosses between the main thread and the database worker: rows to write, and what came of them. */
import type { AuditEntry, AuditHead, Transition } from "../domain/board.ts";
import type { KnownIdentity } from "../domain/baseline.ts";
import type { Scope } from "../domain/outcome.ts";
import type { WallMs } from "../domain/units.ts";
import type { StandingTrip } from "./board.ts";

export type Row =
  | ({ readonly kind: "transition" } & Transition)
  | ({ readonly kind: "audit" } & AuditEntry)
  | ({ readonly kind: "tripped" } & StandingTrip)
  | { readonly kind: "reset"; readonly scope: Scope }
  /** The check worked for the first time with these bytes, to this place. */
  | { readonly kind: "proved"; readonly check: string; readonly digest: string }
  | ({ readonly kind: "learnt" } & LearntRow)
  /** What a device says of itself, and what of it was accepted, in place of what stood there. */
  | ({ readonly kind: "identity" } & KnownIdentity)
  /** The highest trusted time; the latest row counts, also where a person has set it back. */
  | { readonly kind: "time"; readonly highest: WallMs };

/** What was learnt of a device, as JSON; empty: it is to be forgotten. `boot` and `at` (trusted time) say of what its moments are. */
export interface LearntRow {
  /** A word, a space, and a device or one of its checks: a reset of the device forgets them. */
  readonly key: string;
  readonly value: string;
  readonly boot: string;
  readonly at: WallMs;
}

export type { AuditHead };

/** What a person must not lose. */
export function isWeighty(row: Row): boolean {
  return row.kind === "tripped" || row.kind === "reset" || (row.kind === "audit" && isUrgent(row));
}

/** What may not wait to be gathered. */
export function isUrgent({ category }: Pick<AuditEntry, "category">): boolean {
  return category === "stop" || category === "trip";
}

/**
 * Of a hold, its trials and its end: where it is lost, a whole segment is asked sooner. Of an episode in which a device turned us away and of
 * one that vanished: where it is lost, a trip comes later.
 */
export function mayNotWait({ key }: Pick<LearntRow, "key">): boolean {
  return unwaiting.some((kind) => key.startsWith(kind));
}

const unwaiting: readonly string[] = ["held ", "turned-away ", "lost ", "harmed "];

export interface WorkerStart {
  readonly path: string;
  /** Names this journal's batches, so that one sent again after a crash is not written twice. */
  readonly session: string;
  /** How long another process (an operator's command) may hold the database before a batch has failed. */
  readonly busyWithinMs: number;
  readonly transitionsMax: number;
}

export interface Batch {
  readonly number: number;
  readonly rows: readonly Row[];
  /** Whether the audit's new head is to be noted beside the journal. */
  readonly noteHead: boolean;
}

export type ToWorker = ({ readonly kind: "batch" } & Batch) | { readonly kind: "close" };

export type FromWorker =
  | {
      readonly kind: "opened";
      readonly trips: readonly StandingTrip[];
      readonly proven: readonly (readonly [check: string, digest: string])[];
      readonly learnt: readonly LearntRow[];
      readonly identities: readonly KnownIdentity[];
      readonly head: AuditHead;
      /** The highest trusted time, and no earlier than the last audit record; 0 before the first. */
      readonly highest: WallMs;
      /** What the note beside the journal says against it: an older one was put in its place. */
      readonly breach: string | undefined;
    }
  | { readonly kind: "unusable"; readonly problem: string }
  | { readonly kind: "written"; readonly number: number; readonly head: AuditHead }
  | { readonly kind: "failed"; readonly number: number; readonly problem: string };
