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
  `
  CREATE TABLE trusted_time (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    highest INTEGER NOT NULL
  ) STRICT;

  CREATE TRIGGER audit_has_an_end BEFORE INSERT ON audit WHEN NEW.sequence > 1000000
    BEGIN SELECT RAISE(ABORT, 'the audit is full (1,000,000 records): see docs/recovery.md'); END;
  `,
  `
  CREATE TABLE learnt (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    boot TEXT NOT NULL,
    at INTEGER NOT NULL
  ) STRICT;
  `,
  `
  CREATE TABLE identities (
    device TEXT NOT NULL,
    source TEXT NOT NULL,
    place TEXT NOT NULL,
    said TEXT NOT NULL,
    since INTEGER NOT NULL,
    accepted TEXT NOT NULL,
    PRIMARY KEY (device, source, place)
  ) STRICT;
  `,
];

/** The audit's last possible record, as the trigger above has it: about 400 MB. A record a minute fills it in two years. */
export const auditRecordsMax = 1_000_000;
/** From here on somebody is told to make room. */
export const auditRecordsWarning = 800_000;

export const schemaVersion: number = steps.length;
