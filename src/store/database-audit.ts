/** Reads of a journal the audit, whose chain it checks, the highest trusted time and what devices said of themselves: read-only, so that it can be done while a poller writes, and by anybody who may read the file. */
import type { DatabaseSync } from "node:sqlite";
import type { KnownIdentity } from "../domain/baseline.ts";
import type { WallMs } from "../domain/units.ts";
import { breach, emptyChain, type AuditRecord } from "./audit-chain.ts";
import { auditColumns, highestFrom, highestQuery, identitiesIn, type Unusable } from "./database.ts";
import { reading } from "./database-reading.ts";
import type { AuditHead } from "./journal-rows.ts";

export interface AuditVerdict {
  readonly records: number;
  /** The last record up to which the chain holds. */
  readonly head: AuditHead;
  /** The first place at which the chain does not hold, as a sentence. */
  readonly broken: string | undefined;
  readonly lastAt: WallMs | undefined;
}

export interface Reading {
  /** Called for every record, also after a break. */
  readonly visit?: (record: AuditRecord) => void;
  /** Only so many from the end; all where nothing is said. */
  readonly last?: number;
}

/** Every record, oldest first, as of one moment; also those after a break. That the end was not cut off shows only against a head that was published outside. */
export function verifyAudit(
  path: string,
  { visit = () => undefined, last = Number.MAX_SAFE_INTEGER }: Reading = {},
): AuditVerdict | Unusable {
  return reading(path, (db) => verdict(db, visit, last));
}

/** The highest trusted time of the runs so far, and no earlier than the last record; 0 before the first. */
export function trustedTime(path: string): { readonly highest: WallMs } | Unusable {
  return reading(path, (db) => ({ highest: highestFrom(db.prepare(highestQuery)) }));
}

/** What devices said of themselves, and what of it was accepted; none in a journal that an older version wrote. */
export function knownIdentities(path: string): { readonly identities: readonly KnownIdentity[] } | Unusable {
  return reading(path, (db) => {
    const there = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identities'").get();
    return { identities: there === undefined ? [] : identitiesIn(db) };
  });
}

/** What is wrong with the last records, as a clause; undefined where they hold. The whole chain is for `audit verify`. */
export function tailBreach(path: string): string | undefined {
  const found = verifyAudit(path, { last: tailVerified });
  return "problem" in found ? found.problem : found.broken;
}
/** Damage and tampering show first at the end; so many take about 10 ms. */
const tailVerified = 1000;

function verdict(db: DatabaseSync, visit: (record: AuditRecord) => void, last: number): AuditVerdict {
  const first = Number(db.prepare("SELECT coalesce(max(sequence), 0) AS end FROM audit").get()?.["end"]) - last;
  const before = first > 0 ? db.prepare("SELECT sequence, hash FROM audit WHERE sequence = ?").get(first) : undefined;
  let head: AuditHead = before === undefined ? emptyChain : (before as unknown as AuditHead);
  let records = 0;
  let broken: string | undefined;
  let lastAt: WallMs | undefined;
  for (const row of db.prepare(`SELECT ${auditColumns} FROM audit WHERE sequence > ? ORDER BY sequence`).iterate(head.sequence)) {
    const record = row as unknown as AuditRecord;
    records += 1;
    visit(record);
    broken ??= breach(head, record);
    if (broken !== undefined) continue;
    head = { sequence: record.sequence, hash: record.hash };
    lastAt = record.at;
  }
  return { records, head, broken, lastAt };
}
