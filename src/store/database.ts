/** The journal's SQLite file: the only code that speaks to node:sqlite. Synchronous, so it runs in the worker thread (or in a short command). */
import { closeSync, openSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { KnownIdentity } from "../domain/baseline.ts";
import { wallMs, type WallMs } from "../domain/units.ts";
import { chained, emptyChain } from "./audit-chain.ts";
import type { StandingTrip } from "./board.ts";
import { noteHead } from "./head-beside.ts";
import type { AuditHead, LearntRow, Row } from "./journal-rows.ts";
import { schemaVersion, steps } from "./schema.ts";

/** One sentence: where, what was found, what to do. */
export interface Unusable {
  readonly problem: string;
}

/** Proofs of checks that left the plan long ago go, the oldest last seen first; ten times the working point stays. */
const provenMax = 100_000;
/** Of what was learnt the same, by when it was last noted; a check has up to four such rows. Where something tripped is never among what goes. */
const learntMax = 300_000;
/** Last batches remembered, by session, to recognise one that is sent again; the running poller and a command beside it matter. */
const sessionsMax = 16;
export const auditColumns = "sequence, at, source, category, type, result, detail, previous, hash";
/** Roll-off is looked at once in so many transitions. */
const rollOffEvery = 1000;

export class JournalDatabase {
  readonly #db: DatabaseSync;
  readonly #statements: ReturnType<typeof prepared>;
  readonly #transitionsMax: number;
  #sinceRollOff = rollOffEvery;

  private constructor(db: DatabaseSync, transitionsMax: number) {
    this.#db = db;
    this.#transitionsMax = transitionsMax;
    this.#statements = prepared(db);
  }

  /** Makes an empty journal, 0600; `init` alone calls it. */
  static create(path: string): Unusable | undefined {
    return attempted(path, () => {
      closeSync(openSync(path, "wx", 0o600));
      const db = opened(path, 2000);
      try {
        migrate(db, 0);
      } finally {
        db.close();
      }
      noteHead(path, emptyChain);
      return undefined;
    });
  }

  /** Never makes a file: a journal that is gone has taken the trips with it, and that must show. */
  static open(path: string, options: { readonly busyWithinMs: number; readonly transitionsMax: number }): JournalDatabase | Unusable {
    return attempted(path, () => {
      if (!statSync(path).isFile()) return { problem: `${path}: found something other than a file, expected the journal` };
      const db = opened(path, options.busyWithinMs);
      const version = versionOf(db);
      const strange = strangeVersion(path, version);
      if (strange !== undefined) {
        db.close();
        return { problem: strange };
      }
      migrate(db, version ?? 0);
      return new JournalDatabase(db, options.transitionsMax);
    });
  }

  trips(): readonly StandingTrip[] {
    const rows = this.#db.prepare("SELECT scope, cause, detail, since FROM trips ORDER BY since").all();
    // Only tripped() writes this table, from a typed trip.
    return rows.map(({ scope, cause, detail, since }) => ({ scope, cause, detail, since }) as unknown as StandingTrip);
  }

  proven(): readonly (readonly [check: string, digest: string])[] {
    return this.#db
      .prepare('SELECT "check", digest FROM proven')
      .all()
      .map((row) => [String(row["check"]), String(row["digest"])]);
  }

  learnt(): readonly LearntRow[] {
    // Only write() fills this table, from typed rows.
    return this.#db.prepare("SELECT key, value, boot, at FROM learnt").all() as unknown as readonly LearntRow[];
  }

  identities(): readonly KnownIdentity[] {
    return identitiesIn(this.#db);
  }

  head(): AuditHead {
    const row = this.#statements.head.get();
    return row ? { sequence: Number(row["sequence"]), hash: String(row["hash"]) } : emptyChain;
  }

  /** The highest trusted time, and no earlier than the last audit record. */
  highest(): WallMs {
    return highestFrom(this.#statements.highest);
  }

  /** Of the audit record with this number; of the chain's beginning for 0; undefined where there is none. */
  hashOf(sequence: number): string | undefined {
    if (sequence === 0) return emptyChain.hash;
    const row = this.#statements.hashOf.get(sequence);
    return row && String(row["hash"]);
  }

  /** Writes all rows or none, in their order, and returns the audit's new head. A batch that is already there is not written again. */
  write(session: string, number: number, rows: readonly Row[]): AuditHead {
    // IMMEDIATE: the head is read under the lock, so that a command's record and ours cannot both follow the same one.
    this.#db.exec("BEGIN IMMEDIATE");
    try {
      const known = this.#statements.batch.get(session);
      if (Number(known?.["number"] ?? -1) < number) {
        for (const row of rows) this.#writeRow(row);
        this.#statements.setBatch.run(session, number);
        this.#rollOff(rows.length);
      }
      const head = this.head();
      this.#db.exec("COMMIT");
      return head;
    } catch (error) {
      // SQLite has already rolled back by itself after a full disk or an I/O error.
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      throw error;
    }
  }

  close(): void {
    this.#db.close();
  }

  #writeRow(row: Row): void {
    const { transition, trip, reset, prove, learn, forget, forgetDevice, append, identity, time } = this.#statements;
    switch (row.kind) {
      case "transition":
        transition.run(Math.round(row.at), row.device, row.from, row.to, row.cause, row.detail);
        return;
      case "tripped":
        trip.run(row.scope, row.cause, row.detail, Math.round(row.since));
        return;
      case "reset":
        reset.run(row.scope);
        forget.run(`tripped-at ${row.scope}`);
        // A person has looked, perhaps while no poller runs: the next one must not trip it again by what was learnt before.
        if (row.scope.startsWith("device:")) forgetDevice.run(row.scope.slice("device:".length));
        return;
      case "proved":
        prove.run(row.check, row.digest);
        return;
      case "learnt":
        if (row.value === "") forget.run(row.key);
        else learn.run(row.key, row.value, row.boot, Math.round(row.at));
        return;
      case "identity": {
        const { device, source, place, said, since, accepted } = row;
        identity.run(device, source, place, JSON.stringify(said), Math.round(since), JSON.stringify(accepted));
        return;
      }
      case "time":
        time.run(Math.round(row.highest));
        return;
      case "audit": {
        const { sequence, at, source, category, type, result, detail, previous, hash } = chained(this.head(), row);
        append.run(sequence, at, source, category, type, result, detail, previous, hash);
      }
    }
  }

  #rollOff(rows: number): void {
    this.#sinceRollOff += rows;
    if (this.#sinceRollOff < rollOffEvery) return;
    this.#sinceRollOff = 0;
    const { oldTransitions, oldProofs, oldLearnt, oldSessions } = this.#statements;
    oldTransitions.run(this.#transitionsMax);
    oldProofs.run(provenMax);
    oldLearnt.run(learntMax);
    oldSessions.run(sessionsMax);
  }
}

function opened(path: string, busyWithinMs: number): DatabaseSync {
  const db = new DatabaseSync(path, {
    open: true,
    readOnly: false,
    timeout: busyWithinMs,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
    allowExtension: false,
  });
  // FULL: a trip or an audit record that was acknowledged outlives a power cut.
  db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216; PRAGMA trusted_schema = OFF");
  return db;
}

/** The highest trusted time, and no earlier than the last audit record. */
export const highestQuery =
  "SELECT max(highest) AS highest FROM (SELECT highest FROM trusted_time UNION ALL SELECT * FROM (SELECT at FROM audit ORDER BY sequence DESC LIMIT 1))";

export function highestFrom(query: StatementSync): WallMs {
  return wallMs(Math.max(0, Number(query.get()?.["highest"] ?? 0)));
}

/** Only an `identity` row writes this table, from a typed one. */
export function identitiesIn(db: DatabaseSync): readonly KnownIdentity[] {
  const rows = db.prepare("SELECT device, source, place, said, since, accepted FROM identities ORDER BY device, source, place").all();
  return rows.map(({ device, source, place, said, since, accepted }) => {
    const read = { device, source, place, since, said: JSON.parse(String(said)), accepted: JSON.parse(String(accepted)) };
    return read as unknown as KnownIdentity;
  });
}

function prepared(db: DatabaseSync): Readonly<Record<StatementName, StatementSync>> {
  const statements = Object.entries(sql).map(([name, text]) => [name, db.prepare(text)] as const);
  return Object.fromEntries(statements) as Record<StatementName, StatementSync>;
}

type StatementName = keyof typeof sql;
const sql = {
  transition: 'INSERT INTO transitions (at, device, "from", "to", cause, detail) VALUES (?, ?, ?, ?, ?, ?)',
  // The first cause is the one that a person must look into.
  trip: "INSERT INTO trips (scope, cause, detail, since) VALUES (?, ?, ?, ?) ON CONFLICT (scope) DO NOTHING",
  reset: "DELETE FROM trips WHERE scope = ?",
  prove: 'INSERT OR REPLACE INTO proven ("check", digest) VALUES (?, ?)',
  learn:
    "INSERT INTO learnt (key, value, boot, at) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value, boot = excluded.boot, at = excluded.at",
  forget: "DELETE FROM learnt WHERE key = ?",
  // Keys are a word, a space, and a device or one of its checks.
  forgetDevice:
    "DELETE FROM learnt WHERE substr(key, instr(key, ' ') + 1) = ?1 OR substr(key, instr(key, ' ') + 1, length(?1) + 1) = ?1 || '/'",
  append: "INSERT INTO audit (sequence, at, source, category, type, result, detail, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
  head: "SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1",
  hashOf: "SELECT hash FROM audit WHERE sequence = ?",
  identity: "INSERT OR REPLACE INTO identities (device, source, place, said, since, accepted) VALUES (?, ?, ?, ?, ?, ?)",
  time: "INSERT OR REPLACE INTO trusted_time (only, highest) VALUES (1, ?)",
  highest: highestQuery,
  batch: "SELECT number FROM batches WHERE session = ?",
  setBatch: "INSERT OR REPLACE INTO batches (session, number) VALUES (?, ?)",
  oldTransitions: "DELETE FROM transitions WHERE sequence <= (SELECT max(sequence) FROM transitions) - ?",
  oldProofs: "DELETE FROM proven WHERE rowid <= (SELECT max(rowid) FROM proven) - ?",
  // Rows are counted first, so that nothing is sorted while there are few.
  oldLearnt:
    "DELETE FROM learnt WHERE rowid IN (SELECT rowid FROM learnt WHERE key NOT GLOB 'tripped-at *' AND (SELECT count(*) FROM learnt) > ?1 ORDER BY at DESC, rowid DESC LIMIT -1 OFFSET ?1)",
  oldSessions: "DELETE FROM batches WHERE rowid <= (SELECT max(rowid) FROM batches) - ?",
} as const;

/** Zero for a file without tables, undefined for tables that are not ours. */
export function versionOf(db: DatabaseSync): number | undefined {
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all();
  if (tables.length === 0) return 0;
  if (!tables.some(({ name }) => name === "schema_version")) return undefined;
  return Number(db.prepare("SELECT max(version) AS version FROM schema_version").get()?.["version"]);
}

function migrate(db: DatabaseSync, from: number): void {
  if (from === schemaVersion) return;
  db.exec("BEGIN IMMEDIATE");
  db.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT");
  for (const [index, step] of steps.entries()) {
    if (index < from) continue;
    db.exec(step);
    db.prepare("INSERT INTO schema_version (version) VALUES (?)").run(index + 1);
  }
  db.exec("COMMIT");
}

/** What keeps a journal of this version from being used, in a sentence; undefined where nothing does. */
export function strangeVersion(path: string, version: number | undefined): string | undefined {
  if (version === 0)
    return `${path}: found an empty database, expected the journal that \`init\` made: trips and audit are lost; restore it`;
  if (version === undefined) return `${path}: found a database of something else, expected Watchkeeper's journal`;
  if (version <= schemaVersion) return undefined;
  return `${path}: found a journal of version ${version}, expected at most ${schemaVersion}: a newer Watchkeeper wrote it; run that one`;
}

/** SQLite's and the file system's refusals are values; everything else is a bug and throws. */
export function attempted<T>(path: string, run: () => T): T | Unusable {
  try {
    return run();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return { problem: `${path}: the journal cannot be used (${error.message}); see that the disk has room and the file is whole` };
  }
}

/** `ERR_SQLITE_ERROR` comes from SQLite, a `syscall` from the file system. */
export function isDatabaseError(error: unknown): error is Error {
  return error instanceof Error && (("code" in error && error.code === "ERR_SQLITE_ERROR") || "syscall" in error);
}
