/** Reads of a journal what is new since an earlier look: read-only, in a moment, while a poller writes. */
import type { DatabaseSync } from "node:sqlite";
import type { AuditEntry, Transition } from "../domain/board.ts";
import type { JournalNews, Numbered } from "../domain/notify.ts";
import { highestFrom, highestQuery, type Unusable } from "./database.ts";
import type { StandingTrip } from "./board.ts";
import { reading } from "./database-reading.ts";

export interface Cursors {
  readonly transitions: number;
  readonly audit: number;
}

/** At most `rowsMax` records of each kind. */
export function readNews(path: string, from: Cursors, rowsMax = 5000): JournalNews | Unusable {
  return reading(path, (db) => {
    const transitions = db
      .prepare('SELECT sequence, at, device, "from", "to", cause, detail FROM transitions WHERE sequence > ? ORDER BY sequence LIMIT ?')
      .all(from.transitions, rowsMax) as unknown as readonly (Transition & Numbered)[];
    const audit = db
      .prepare("SELECT sequence, at, source, category, type, result, detail FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?")
      .all(from.audit, rowsMax) as unknown as readonly (AuditEntry & Numbered)[];
    const trips = db.prepare("SELECT scope, cause, detail, since FROM trips ORDER BY since").all() as unknown as readonly StandingTrip[];
    const batches = db.prepare("SELECT session, number FROM batches ORDER BY session").all();
    const ends = endsOf(db);
    return {
      transitions: transitions.map((row) => ({ ...row })),
      audit: audit.map((row) => ({ ...row })),
      trips: trips.map((row) => ({ ...row })),
      mark: batches.map((row) => `${String(row["session"])} ${String(row["number"])}`).join(";"),
      highest: highestFrom(db.prepare(highestQuery)),
      more: transitions.length === rowsMax || audit.length === rowsMax,
      replaced: ends.audit < from.audit || ends.transitions < from.transitions,
    };
  });
}

/** Where somebody begins who has read nothing yet: the latest word on each device, and the audit from the poller's latest start on. */
export function journalStart(path: string): { readonly cursors: Cursors; readonly latest: readonly (Transition & Numbered)[] } | Unusable {
  return reading(path, (db) => {
    const latest = db
      .prepare(
        'SELECT max(sequence) AS sequence, at, device, "from", "to", cause, detail FROM transitions GROUP BY device ORDER BY sequence',
      )
      .all() as unknown as readonly (Transition & Numbered)[];
    const { audit, transitions } = endsOf(db);
    const started = Number(db.prepare("SELECT max(sequence) AS found FROM audit WHERE type = 'started'").get()?.["found"] ?? audit + 1);
    return { cursors: { transitions, audit: Math.min(audit, started - 1) }, latest: latest.map((row) => ({ ...row })) };
  });
}

function endsOf(db: DatabaseSync): Cursors {
  const ends = db
    .prepare(
      "SELECT (SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'transitions') AS transitions, (SELECT coalesce(max(sequence), 0) FROM audit) AS audit",
    )
    .get();
  return { transitions: Number(ends?.["transitions"]), audit: Number(ends?.["audit"]) };
}
