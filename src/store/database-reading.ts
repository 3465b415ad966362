/** Opens a journal to read it, as of one moment: read-only, while a poller may write, and for anybody who may read the file and nothing else. */
import { existsSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { attempted, isDatabaseError, strangeVersion, versionOf, type Unusable } from "./database.ts";

const busyWithinMs = 2000;
/** SQLITE_CANTOPEN */
const cannotOpen = 14;

export function reading<Value>(path: string, read: (db: DatabaseSync) => Value): Value | Unusable {
  return attempted(path, () => {
    // A folder or a pipe would be opened, and a file that is missing is no empty journal.
    if (!statSync(path).isFile()) return { problem: `${path}: found something other than a file, expected a journal` };
    if (!isWritten(path) && cannotBeOpened(path)) return readAtRest(path, read);
    return readOnce(path, path, read);
  });
}

function readOnce<Value>(path: string, opened: string | URL, read: (db: DatabaseSync) => Value): Value | Unusable {
  const db = new DatabaseSync(opened, { readOnly: true, timeout: busyWithinMs, allowExtension: false });
  try {
    const strange = strangeVersion(path, versionOf(db));
    if (strange !== undefined) return { problem: strange };
    db.exec("BEGIN");
    return read(db);
  } finally {
    db.close();
  }
}

/**
 * A journal that nobody writes has no write-ahead log beside it, and whoever may make none there cannot open it in the ordinary way
 * (https://sqlite.org/wal.html#read_only_databases). Then the file alone is the journal.
 */
function readAtRest<Value>(path: string, read: (db: DatabaseSync) => Value): Value | Unusable {
  const file = pathToFileURL(path);
  file.searchParams.set("immutable", "1");
  const before = statSync(path).mtimeMs;
  const value = readOnce(path, file, read);
  if (!isWritten(path) && statSync(path).mtimeMs === before) return value;
  return { problem: `${path}: a poller began to write while it was read; read it again` };
}

function isWritten(path: string): boolean {
  return existsSync(`${path}-wal`);
}

function cannotBeOpened(path: string): boolean {
  try {
    using db = new DatabaseSync(path, { readOnly: true, timeout: busyWithinMs, allowExtension: false });
    versionOf(db);
    return false;
  } catch (error) {
    if (!isDatabaseError(error)) throw error;
    return "errcode" in error && error.errcode === cannotOpen;
  }
}
