/** Reads the audit of a journal and checks its chain: read-only, so that it can be done while a poller writes, and by anybody who may read the file. */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { WallMs } from "../domain/units.ts";
import { breach, emptyChain, type AuditRecord } from "./audit-chain.ts";
import { attempted, auditColumns, strangeVersion, versionOf, type Unusable } from "./database.ts";
import type { AuditHead } from "./journal-rows.ts";

export interface AuditVerdict {
  readonly records: number;
  /** The last record up to which the chain holds. */
  readonly head: AuditHead;
  /** The first place at which the chain does not hold, as a sentence. */
  readonly broken: string | undefined;
  readonly lastAt: WallMs | undefined;
}

const busyWithinMs = 2000;

/** Every record, oldest first, as of one moment; also those after a break. That the end was not cut off shows only against a head that was published outside. */
export function verifyAudit(path: string, visit: (record: AuditRecord) => void = () => undefined): AuditVerdict | Unusable {
  return attempted(path, () => {
    // A folder or a pipe would be opened, and a file that is missing is no empty audit.
    if (!statSync(path).isFile()) return { problem: `${path}: found something other than a file, expected a journal` };
    const db = new DatabaseSync(path, { readOnly: true, timeout: busyWithinMs, allowExtension: false });
    try {
      const strange = strangeVersion(path, versionOf(db));
      return strange === undefined ? verdict(db, visit) : { problem: strange };
    } finally {
      db.close();
    }
  });
}

function verdict(db: DatabaseSync, visit: (record: AuditRecord) => void): AuditVerdict {
  let head: AuditHead = emptyChain;
  let records = 0;
  let broken: string | undefined;
  let lastAt: WallMs | undefined;
  for (const row of db.prepare(`SELECT ${auditColumns} FROM audit ORDER BY sequence`).iterate()) {
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
