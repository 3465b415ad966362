/** The audit chain: each record carries the hash of the one before, so that a change, a gap or a new order shows. */
import { createHash } from "node:crypto";
import type { AuditEntry } from "../domain/board.ts";
import { canonicalJson } from "../domain/canonical.ts";
import type { AuditHead } from "./journal-rows.ts";

/** One record as it is stored: the event id of IEC 62443 is its sequence. */
export interface AuditRecord extends AuditEntry {
  readonly sequence: number;
  readonly previous: string;
  /** SHA-256 over the canonical JSON (RFC 8785) of all other fields, 64 hexadecimal digits. */
  readonly hash: string;
}

/** Before the first record. */
export const emptyChain: AuditHead = Object.freeze({ sequence: 0, hash: "0".repeat(64) });

export function chained(head: AuditHead, entry: AuditEntry): AuditRecord {
  const { source, category, type, result, detail } = entry;
  // Whole milliseconds and well-formed text: what SQLite gives back must be what was hashed.
  const record = {
    sequence: head.sequence + 1,
    at: Math.round(entry.at) as AuditEntry["at"],
    source: source.toWellFormed(),
    category,
    type: type.toWellFormed(),
    result,
    detail: detail.toWellFormed(),
    previous: head.hash,
  };
  return { ...record, hash: hashOf(record) };
}

/** What is wrong with `record` as the one after `head`, as a sentence; undefined when it is the one. */
export function breach(head: AuditHead, record: AuditRecord): string | undefined {
  if (record.sequence !== head.sequence + 1) return `audit record ${head.sequence + 1}: missing; the next one found is ${record.sequence}`;
  if (record.previous !== head.hash) return `audit record ${record.sequence}: it does not follow record ${head.sequence}`;
  if (record.hash !== hashOf(record)) return `audit record ${record.sequence}: changed after it was written`;
  return undefined;
}

function hashOf({ sequence, at, source, category, type, result, detail, previous }: Omit<AuditRecord, "hash">): string {
  const text = canonicalJson({ sequence, at, source, category, type, result, detail, previous });
  return createHash("sha256").update(text).digest("hex");
}
