/** Compares passwords with bcrypt hashes in a thread of its own, which gets the processor when nobody else wants it. */
import { setPriority } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";

export interface Bcrypt {
  /** @throws where the thread ended or could not be started */
  compare(password: string, hash: string): Promise<boolean>;
  close(): Promise<void>;
}

interface Asked {
  readonly id: number;
  readonly password: string;
  readonly hash: string;
}

/** Starts with the first password; one that ended is started again with the next. */
export class BcryptThread implements Bcrypt {
  readonly #waiting = new Map<number, { readonly resolve: (same: boolean) => void; readonly reject: (error: Error) => void }>();
  #worker: Worker | undefined;
  #count = 0;

  compare(password: string, hash: string): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const id = (this.#count += 1);
    this.#waiting.set(id, { resolve, reject });
    const worker = (this.#worker ??= this.#start());
    worker.postMessage({ id, password, hash } satisfies Asked);
    return promise;
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const worker = new Worker(new URL(import.meta.url), { resourceLimits: { maxOldGenerationSizeMb: 32 } });
    worker.on("message", ({ id, same }: { readonly id: number; readonly same: boolean }) => {
      this.#waiting.get(id)?.resolve(same);
      this.#waiting.delete(id);
    });
    const failed = (cause: unknown): void => {
      if (this.#worker === worker) this.#worker = undefined;
      for (const { reject } of this.#waiting.values()) reject(new Error("the thread that compares passwords ended", { cause }));
      this.#waiting.clear();
    };
    worker.on("error", failed);
    worker.once("exit", failed);
    // Whoever waits for nothing but this may end.
    worker.unref();
    return worker;
  }
}

/** Linux takes the number 0 for the calling thread alone. */
const lowest = 19;

async function answer(): Promise<void> {
  setPriority(0, lowest);
  // Here alone: the poller's own thread needs none of it.
  const { compareSync } = await import("bcryptjs");
  parentPort?.on("message", ({ id, password, hash }: Asked) => parentPort?.postMessage({ id, same: compareSync(password, hash) }));
}

if (!isMainThread) await answer();
