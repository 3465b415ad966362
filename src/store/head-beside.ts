/** The end of the audit chain, noted in a file beside the journal: an older journal that is put in its place shows by it. */
import { fstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bornOf, isAnother, type Born } from "./birth-time.ts";
import type { JournalDatabase } from "./database.ts";
import { isFileError, writeDurably } from "./durable-file.ts";
import type { AuditHead } from "./journal-rows.ts";

export const headFileName = "audit-head.json";

export function headFileOf(journal: string): string {
  return join(dirname(journal), headFileName);
}

/** After the records are on disk, never before: the note may lag behind the journal and is never ahead of it. Throws the file system's error. */
export function noteHead(journal: string, { sequence, hash }: AuditHead): void {
  const content = (file: number): string => JSON.stringify({ sequence, hash, born: bornOf(fstatSync(file, { bigint: true })) });
  writeDurably(headFileOf(journal), (file) => `${content(file)}\n`);
}

/** A person has taken the folder over: the note is no copy any more, and says what it said. */
export function adoptNote(journal: string): void {
  const noted = notedHead(journal);
  if (noted) noteHead(journal, noted);
}

/** What is wrong with the journal by the note beside it, as a clause; undefined when it is the one that was noted, or that one and more. */
export function breachByNote(journal: string, database: JournalDatabase): string | undefined {
  const noted = notedHead(journal);
  const head = database.head();
  if (!noted) return head.sequence === 0 ? undefined : "the end of its audit, which is noted beside it, cannot be read";
  if (noted.sequence > head.sequence) return `its audit ends at record ${head.sequence}, expected at least ${noted.sequence}`;
  if (noted.hash !== database.hashOf(noted.sequence)) return `its audit record ${noted.sequence} is another than the one that was noted`;
  if (isAnother(headFileOf(journal), noted.born)) return "the note of its end beside it is a copy: an older state was put in its place";
  return undefined;
}

function notedHead(journal: string): (AuditHead & { readonly born: Born }) | undefined {
  try {
    const value = JSON.parse(readFileSync(headFileOf(journal), "utf8")) as (Partial<AuditHead> & { readonly born?: unknown }) | null;
    return typeof value?.sequence === "number" && typeof value.hash === "string"
      ? { sequence: value.sequence, hash: value.hash, born: typeof value.born === "string" ? value.born : "" }
      : undefined;
  } catch (error) {
    if (!isFileError(error) && !(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
