/** The end of the audit chain, noted in a file beside the journal: an older journal that is put in its place shows by it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { JournalDatabase } from "./database.ts";
import { isFileError, writeDurably } from "./durable-file.ts";
import type { AuditHead } from "./journal-rows.ts";

export const headFileName = "audit-head.json";

export function headFileOf(journal: string): string {
  return join(dirname(journal), headFileName);
}

/** After the records are on disk, never before: the note may lag behind the journal and is never ahead of it. Throws the file system's error. */
export function noteHead(journal: string, { sequence, hash }: AuditHead): void {
  writeDurably(headFileOf(journal), `${JSON.stringify({ sequence, hash })}\n`);
}

/** What is wrong with the journal by the note beside it, as a clause; undefined when it is the one that was noted, or that one and more. */
export function breachByNote(journal: string, database: JournalDatabase): string | undefined {
  const noted = notedHead(journal);
  const head = database.head();
  if (!noted) return head.sequence === 0 ? undefined : "the end of its audit, which is noted beside it, cannot be read";
  if (noted.sequence > head.sequence) return `its audit ends at record ${head.sequence}, expected at least ${noted.sequence}`;
  if (noted.hash !== database.hashOf(noted.sequence)) return `its audit record ${noted.sequence} is another than the one that was noted`;
  return undefined;
}

function notedHead(journal: string): AuditHead | undefined {
  try {
    const value = JSON.parse(readFileSync(headFileOf(journal), "utf8")) as Partial<AuditHead> | null;
    return typeof value?.sequence === "number" && typeof value.hash === "string"
      ? { sequence: value.sequence, hash: value.hash }
      : undefined;
  } catch (error) {
    if (!isFileError(error) && !(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
