/** The worker thread of the journal: opens the database, writes one batch after the other, says what came of each. */
import { parentPort, workerData } from "node:worker_threads";
import { isDatabaseError, JournalDatabase } from "./database.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./journal-rows.ts";

if (!parentPort) throw new Error("database-worker.ts runs in a worker thread only");
const port = parentPort;
const say = (message: FromWorker): void => port.postMessage(message);

const start = workerData as WorkerStart;
const database = JournalDatabase.open(start.path, start);
if ("problem" in database) {
  say({ kind: "unusable", problem: database.problem });
} else {
  say({ kind: "opened", trips: database.trips(), proven: database.proven(), head: database.head() });
  port.on("message", (message: ToWorker) => {
    if (message.kind === "batch") say(written(database, message));
    else {
      database.close();
      port.close();
    }
  });
}

function written(into: JournalDatabase, { number, rows }: Extract<ToWorker, { kind: "batch" }>): FromWorker {
  try {
    return { kind: "written", number, head: into.write(start.session, number, rows) };
  } catch (error) {
    // A full disk or a locked file may pass; anything else ends this thread, and the journal starts another.
    if (!isDatabaseError(error)) throw error;
    return { kind: "failed", number, problem: error.message };
  }
}
