/** Has a site's files read and its plan compiled in a thread of its own: 10,000 devices take seconds, and a poller that stands still is not trusted. */
import { Worker } from "node:worker_threads";
import { deepFrozen } from "../config/compile/freeze.ts";
import type { Settings } from "../config/loaded-site.ts";
import { unpacked, type PackedCredential } from "../config/packed-credentials.ts";
import type { SettingOverrides } from "../config/settings.ts";
import type { Credentials } from "../domain/credentials.ts";
import type { PlanFiles } from "../domain/kept-plan.ts";
import type { Plan } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import type { WallMs } from "../domain/units.ts";
import { addPart, more, whole, type PlanPart } from "./plan-parts.ts";

export interface PlannerOptions {
  /** Absolute. */
  readonly settingsFile: string;
  readonly lab: boolean;
  /** By which time approvals begin and end; the wall clock's where nothing is said. */
  readonly wallNow?: WallMs;
  readonly overrides?: SettingOverrides;
}
/** Problems are whole lines with file, line, found and expected. */
export type Planned = Site | Problems;
export interface Site {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly credentials: Credentials;
  /** What it was compiled from, for a rollback. */
  readonly files: PlanFiles;
}
interface Problems {
  readonly problems: readonly string[];
}
/** As it comes from the thread, the plan's maps still empty: secrets do not survive the way between two, and nothing frozen stays so. */
export type Answer =
  | { readonly settings: Settings; readonly plan: Plan; readonly credentials: readonly PackedCredential[]; readonly files: PlanFiles }
  | Problems;

/** What the files say now. Never rejects: a thread that fails, runs out of memory or ends is a problem line like a mistake in a file. */
export type MakePlan = (options: PlannerOptions) => Promise<Planned>;

/** One plan, in a thread that ends with it. */
export async function planned(options: PlannerOptions, start: () => Worker = startThread): Promise<Planned> {
  using planner = new Planner(start);
  return await planner.planned(options);
}

/** Several plans one after the other in one thread, which loads the compiler once. It is there from the first plan until `end`. */
export class Planner {
  readonly #start: () => Worker;
  #worker: Worker | undefined;

  constructor(start: () => Worker = startThread) {
    this.#start = start;
  }

  readonly planned: MakePlan = async (options) => {
    const result = await this.#answer(options);
    return "plan" in result ? deepFrozen({ ...result, credentials: unpacked(result.credentials) }) : result;
  };

  /** Gives the thread's memory back; another plan would start another one. */
  end(): void {
    void this.#worker?.terminate();
    this.#worker = undefined;
  }

  [Symbol.dispose](): void {
    this.end();
  }

  /** A thread that has ended, however it came to that, makes no second plan. */
  #started(): Worker {
    const worker = this.#start();
    const gone = (): void => {
      if (this.#worker === worker) this.#worker = undefined;
    };
    worker.on("error", gone);
    worker.once("exit", gone);
    return worker;
  }

  #answer(options: PlannerOptions): Promise<Answer> {
    return new Promise((resolve) => {
      const failed = (error: unknown): void => resolve({ problems: [failure(options, error)] });
      let worker: Worker;
      try {
        worker = this.#worker ??= this.#started();
      } catch (error) {
        // No memory or no more threads to be had.
        if (!(error instanceof Error)) throw error;
        return failed(error);
      }
      let came: Exclude<Answer, Problems> | undefined;
      const listen = (message: Answer | PlanPart | typeof whole): void => {
        if (typeof message === "object" && "of" in message) addPart(came!.plan, message);
        else if (message === whole || "problems" in message) {
          worker.off("message", listen);
          return resolve(message === whole ? came! : message);
        } else came = message;
        worker.postMessage(more);
      };
      worker.on("message", listen);
      worker.on("messageerror", failed);
      worker.on("error", failed);
      worker.once("exit", (code) => failed(new Error(`its thread ended with code ${code} before it answered`)));
      worker.postMessage(options);
    });
  }
}

function startThread(): Worker {
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new Worker(new URL(`./planner-thread.${ending}`, import.meta.url));
}

function failure({ settingsFile }: PlannerOptions, error: unknown): string {
  const found = error instanceof Error ? error.message : String(error);
  return printable(
    `${settingsFile}: the plan could not be worked out (${found}), expected a thread that reads the files; see that the machine has memory to spare, else report this as a mistake of Watchkeeper`,
    1000,
  );
}
