/** Opens a journal to read it, as of one moment: read-only, while a poller may write, and for anybody who may read the file. */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { attempted, strangeVersion, versionOf, type Unusable } from "./database.ts";

const busyWithinMs = 2000;

export function reading<Value>(path: string, read: (db: DatabaseSync) => Value): Value | Unusable {
  return attempted(path, () => {
    // A folder or a pipe would be opened, and a file that is missing is no empty journal.
    if (!statSync(path).isFile()) return { problem: `${path}: found something other than a file, expected a journal` };
    const db = new DatabaseSync(path, { readOnly: true, timeout: busyWithinMs, allowExtension: false });
    try {
      const strange = strangeVersion(path, versionOf(db));
      if (strange !== undefined) return { problem: strange };
      db.exec("BEGIN");
      return read(db);
    } finally {
      db.close();
    }
  });
}
