/** The notifier's own database, in a folder of its own in the state folder: what it remembers, and the messages that are not delivered yet. */
import { closeSync, existsSync, mkdirSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Delivery, TargetRecord } from "../domain/notify.ts";
import { isDatabaseError, type Unusable } from "./database.ts";

const outboxFileName = "notify.sqlite";
/** The only part of the state folder that the notifier writes to. */
export const outboxFolderName = "notify";

const version = 1;
const tables = `
  CREATE TABLE outbox_version (version INTEGER PRIMARY KEY) STRICT;
  INSERT INTO outbox_version VALUES (${version});
  CREATE TABLE memory (only INTEGER PRIMARY KEY CHECK (only = 1), text TEXT NOT NULL) STRICT;
  CREATE TABLE notices (number INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
  CREATE TABLE deliveries (number INTEGER NOT NULL, target TEXT NOT NULL, attempts INTEGER NOT NULL, problem TEXT NOT NULL,
    PRIMARY KEY (number, target)) STRICT, WITHOUT ROWID;
  CREATE TABLE targets (target TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
`;

/** As it was saved last; `memory` and notices are JSON that the caller wrote. */
export interface StoredOutbox {
  readonly memory: string | undefined;
  readonly notices: readonly string[];
  readonly deliveries: readonly Delivery[];
  readonly records: readonly TargetRecord[];
}

export interface OutboxToSave {
  readonly memory: unknown;
  readonly notices: readonly { readonly number: number }[];
  readonly deliveries: readonly Delivery[];
  readonly records: readonly TargetRecord[];
}

export interface OutboxPlaces {
  readonly folder: string;
  readonly file: string;
}

export function outboxIn(stateFolder: string): OutboxPlaces {
  const folder = join(stateFolder, outboxFolderName);
  return { folder, file: join(folder, outboxFileName) };
}

/** `init` makes the folder; a state folder from elsewhere may have none. */
export function makeOutboxFolder({ folder }: OutboxPlaces): Unusable | undefined {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return undefined;
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return {
      problem: `${folder}: the folder of the notifier's outbox cannot be made (${error.message}); make it: mkdir -m 0700 ${folder}`,
    };
  }
}

export class OutboxDatabase {
  readonly #db: DatabaseSync;
  readonly #path: string;

  private constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
  }

  /** Made where it is not there: unlike the journal it holds nothing that keeps a device safe. */
  static open(path: string): OutboxDatabase | Unusable {
    return attempted(path, () => {
      if (!existsSync(path)) closeSync(openSync(path, "wx", 0o600));
      const db = new DatabaseSync(path, { timeout: 2000, allowExtension: false });
      db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; PRAGMA trusted_schema = OFF");
      const strange = prepared(db, path);
      if (strange === undefined) return new OutboxDatabase(db, path);
      db.close();
      return { problem: strange };
    });
  }

  /** Reads one without changing it, beside the notifier perhaps; undefined where there is none yet. */
  static read(path: string): StoredOutbox | Unusable | undefined {
    if (!existsSync(path)) return undefined;
    return attempted(path, () => {
      if (!statSync(path).isFile()) return { problem: `${path}: found something other than a file, expected the notifier's outbox` };
      const db = new DatabaseSync(path, { readOnly: true, timeout: 2000, allowExtension: false });
      try {
        return versionOf(db) === version ? loaded(db) : { problem: notOurs(path) };
      } finally {
        db.close();
      }
    });
  }

  load(): StoredOutbox {
    return loaded(this.#db);
  }

  /** All of it or nothing. */
  save({ memory, notices, deliveries, records }: OutboxToSave): Unusable | undefined {
    return attempted(this.#path, () => {
      const db = this.#db;
      db.exec("BEGIN IMMEDIATE");
      try {
        db.prepare("INSERT OR REPLACE INTO memory (only, text) VALUES (1, ?)").run(JSON.stringify(memory));
        const known = new Set(
          db
            .prepare("SELECT number FROM notices")
            .all()
            .map((row) => Number(row["number"])),
        );
        const add = db.prepare("INSERT INTO notices (number, text) VALUES (?, ?)");
        for (const notice of notices) if (!known.delete(notice.number)) add.run(notice.number, JSON.stringify(notice));
        for (const number of known) db.prepare("DELETE FROM notices WHERE number = ?").run(number);
        db.exec("DELETE FROM deliveries; DELETE FROM targets");
        const deliver = db.prepare("INSERT INTO deliveries (number, target, attempts, problem) VALUES (?, ?, ?, ?)");
        for (const { number, target, attempts, problem } of deliveries) deliver.run(number, target, attempts, problem);
        const note = db.prepare("INSERT INTO targets (target, text) VALUES (?, ?)");
        for (const record of records) note.run(record.target, JSON.stringify(record));
        db.exec("COMMIT");
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
      return undefined;
    });
  }

  close(): void {
    this.#db.close();
  }
}

function loaded(db: DatabaseSync): StoredOutbox {
  const memory = db.prepare("SELECT text FROM memory").get();
  return {
    memory: memory && String(memory["text"]),
    notices: db
      .prepare("SELECT text FROM notices ORDER BY number")
      .all()
      .map((row) => String(row["text"])),
    // Only save() writes these tables, from typed values.
    deliveries: db
      .prepare("SELECT number, target, attempts, problem FROM deliveries ORDER BY number, target")
      .all()
      .map((row) => ({ ...row }) as unknown as Delivery),
    records: db
      .prepare("SELECT text FROM targets ORDER BY target")
      .all()
      .map((row) => JSON.parse(String(row["text"])) as TargetRecord),
  };
}

function prepared(db: DatabaseSync, path: string): string | undefined {
  const found = versionOf(db);
  if (found === undefined) {
    db.exec(`BEGIN IMMEDIATE; ${tables} COMMIT`);
    return undefined;
  }
  return found === version ? undefined : notOurs(path);
}

/** Undefined for a database without tables, 0 for one of something else. */
function versionOf(db: DatabaseSync): number | undefined {
  const names = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => name);
  if (names.length === 0) return undefined;
  if (!names.includes("outbox_version")) return 0;
  return Number(db.prepare("SELECT max(version) AS version FROM outbox_version").get()?.["version"]);
}

function notOurs(path: string): string {
  return `${path}: found a database of something else or of a newer Watchkeeper, expected the notifier's outbox; move it away: undelivered messages go with it`;
}

function attempted<T>(path: string, run: () => T): T | Unusable {
  try {
    return run();
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return {
      problem: `${path}: the notifier's outbox cannot be used (${error.message}); see that the disk has room and the file is whole`,
    };
  }
}
