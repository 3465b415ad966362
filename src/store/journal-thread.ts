/** The journal's worker thread as the main thread sees it: started, listened to, started again when it dies, ended. */
import { Worker } from "node:worker_threads";
import type { Cancel, Clock } from "../domain/clock.ts";
import { after, seconds, type Milliseconds } from "../domain/units.ts";
import type { Unusable } from "./database.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./journal-rows.ts";

export type Opened = Extract<FromWorker, { kind: "opened" }>;
export type Answer = Extract<FromWorker, { kind: "written" | "failed" }>;

export interface ThreadListener {
  /** The database is open: at the start and after every restart. */
  opened(message: Opened): void;
  answered(message: Answer): void;
  /** The thread is gone, or cannot open the database; another is on its way. Not told before the first opening. */
  vanished(problem: string): void;
}

const restartAfter: Milliseconds = seconds(1);
/** How long `close` waits for the thread to close the database. */
const endWithin: Milliseconds = seconds(5);

export class JournalThread {
  /** What came of the first start. */
  readonly first: Promise<Opened | Unusable>;
  readonly #clock: Clock;
  readonly #startWorker: () => Worker;
  readonly #listener: ThreadListener;
  #worker: Worker | undefined;
  #restart: Cancel | undefined;
  #wasOpen = false;
  #closing = false;

  constructor(clock: Clock, startWorker: () => Worker, listener: ThreadListener) {
    this.#clock = clock;
    this.#startWorker = startWorker;
    this.#listener = listener;
    this.first = new Promise((resolve) => this.#start(resolve));
  }

  /** Without a thread nothing is sent; the listener has been told. */
  send(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#restart?.();
    const worker = this.#worker;
    if (!worker) return;
    const ended = new Promise((resolve) => worker.once("exit", resolve));
    this.send({ kind: "close" });
    await within(this.#clock, endWithin, ended);
    // A thread that hangs in the disk does not hear this either; nothing waits for it any more.
    void worker.terminate();
  }

  #start(first: (result: Opened | Unusable) => void): void {
    const worker = this.#startWorker();
    this.#worker = worker;
    worker.on("message", (message: FromWorker) => {
      if (this.#worker !== worker) return;
      if (message.kind === "unusable") return this.#ended(worker, message.problem, first);
      if (message.kind !== "opened") return this.#listener.answered(message);
      this.#wasOpen = true;
      first(message);
      this.#listener.opened(message);
    });
    worker.on("error", (error) => this.#ended(worker, `the journal's thread failed (${String(error)})`, first));
    worker.on("exit", () => this.#ended(worker, "the journal's thread ended", first));
  }

  /** Told up to three times of one end; the first tells most. */
  #ended(worker: Worker, problem: string, first: (result: Unusable) => void): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    first({ problem });
    // Before the first opening nothing was promised: the caller hears of it and does not start.
    if (this.#closing || !this.#wasOpen) return;
    this.#listener.vanished(problem);
    this.#restart = this.#clock.at(after(this.#clock.monotonic(), restartAfter), () => this.#start(() => undefined));
  }
}

// The built product consists of .js files; the compiler does not rewrite a URL as it does an import.
export function startThread(start: WorkerStart): Worker {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./database-worker.${ending}`, import.meta.url), { workerData: start, name: "journal" });
}

/** Resolves when `done` has settled, at the latest after `span`. */
export function within(clock: Clock, span: Milliseconds, done: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.at(after(clock.monotonic(), span), resolve);
    const end = (): void => {
      cancel();
      resolve();
    };
    done.then(end, end);
  });
}
