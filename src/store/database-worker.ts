/** The worker thread of the journal: opens the database, writes one batch after the other, says what came of each. */
import { parentPort, workerData } from "node:worker_threads";
import { tailBreach } from "./database-audit.ts";
import { isDatabaseError, JournalDatabase } from "./database.ts";
import { isFileError } from "./durable-file.ts";
import { breachByNote, noteHead } from "./head-beside.ts";
import type { AuditHead, Batch, FromWorker, ToWorker, WorkerStart } from "./journal-rows.ts";

if (!parentPort) throw new Error("database-worker.ts runs in a worker thread only");
const port = parentPort;
const say = (message: FromWorker): void => port.postMessage(message);

const start = workerData as WorkerStart;
/** The head of what was written since it was last noted. */
let unnoted: AuditHead | undefined;
const database = JournalDatabase.open(start.path, start);
if ("problem" in database) {
  say({ kind: "unusable", problem: database.problem });
} else {
  say({
    kind: "opened",
    trips: database.trips(),
    proven: database.proven(),
    learnt: database.learnt(),
    identities: database.identities(),
    head: database.head(),
    highest: database.highest(),
    breach: breachByNote(start.path, database) ?? tailBreach(start.path),
  });
  port.on("message", (message: ToWorker) => {
    if (message.kind === "batch") say(written(database, message));
    else {
      if (unnoted) note(unnoted);
      database.close();
      port.close();
    }
  });
}

function written(into: JournalDatabase, batch: Batch): FromWorker {
  const { number, rows } = batch;
  try {
    const head = into.write(start.session, number, rows);
    unnoted = head;
    if (batch.noteHead) note(head);
    return { kind: "written", number, head };
  } catch (error) {
    // A full disk or a locked file may pass; anything else ends this thread, and the journal starts another.
    if (!isDatabaseError(error)) throw error;
    return { kind: "failed", number, problem: error.message };
  }
}

function note(head: AuditHead): void {
  try {
    noteHead(start.path, head);
    unnoted = undefined;
  } catch (error) {
    // The records are written; an older note is still true.
    if (!isFileError(error)) throw error;
  }
}
