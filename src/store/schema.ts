/** The tables of the journal. A journal of a newer version is never touched; an older one is brought up step by step. */

/** Step n makes version n + 1. A step that was ever released is not edited: another one is added. */
export const steps: readonly string[] = [
  `
  CREATE TABLE transitions (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    device TEXT NOT NULL,
    "from" TEXT NOT NULL,
    "to" TEXT NOT NULL,
    cause TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  CREATE INDEX transitions_by_device ON transitions (device, at);

  CREATE TABLE trips (
    scope TEXT PRIMARY KEY,
    cause TEXT NOT NULL,
    detail TEXT NOT NULL,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE proven (
    "check" TEXT PRIMARY KEY,
    digest TEXT NOT NULL
  ) STRICT;

  CREATE TABLE batches (
    session TEXT PRIMARY KEY,
    number INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE audit (
    sequence INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    category TEXT NOT NULL,
    type TEXT NOT NULL,
    result TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_keeps_records BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  CREATE TRIGGER audit_loses_no_record BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  -- INSERT OR REPLACE would delete without a DELETE trigger.
  CREATE TRIGGER audit_only_grows BEFORE INSERT ON audit
    WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
  `,
];

export const schemaVersion: number = steps.length;
