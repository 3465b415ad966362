/** Reads a site's files and compiles its plan in a thread of its own: 10,000 devices take seconds, and a poller that stands still is not trusted. */
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { machine } from "../cli/machine.ts";
import { compile } from "../config/compile/compile.ts";
import { deepFrozen } from "../config/compile/freeze.ts";
import { packed, unpacked, type PackedCredential } from "../config/credentials.ts";
import { loadSite } from "../config/load.ts";
import type { LoadedSite, Settings } from "../config/loaded-site.ts";
import { formatProblem } from "../config/problem.ts";
import type { SettingOverrides } from "../config/settings.ts";
import type { Credentials } from "../domain/credentials.ts";
import type { PlanFiles } from "../domain/kept-plan.ts";
import type { Plan } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import type { WallMs } from "../domain/units.ts";
import { methods } from "../drivers/registry.ts";
import { systemClock } from "../system-clock.ts";

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
/** As it comes from the thread: secrets do not survive the way between two, and nothing frozen stays so. */
type Answer =
  | { readonly settings: Settings; readonly plan: Plan; readonly credentials: readonly PackedCredential[]; readonly files: PlanFiles }
  | Problems;

/** What the files say now. Never rejects: a thread that fails, runs out of memory or ends is a problem line like a mistake in a file. */
export async function planned(options: PlannerOptions, start: (options: PlannerOptions) => Worker = startPlanner): Promise<Planned> {
  const result = await answerOf(options, start);
  return "plan" in result ? deepFrozen({ ...result, credentials: unpacked(result.credentials) }) : result;
}

function answerOf(options: PlannerOptions, start: (options: PlannerOptions) => Worker): Promise<Answer> {
  return new Promise((resolve) => {
    const failed = (error: unknown): void => resolve({ problems: [failure(options, error)] });
    let worker: Worker;
    try {
      worker = start(options);
    } catch (error) {
      // No memory or no more threads to be had.
      if (!(error instanceof Error)) throw error;
      return failed(error);
    }
    worker.once("message", (message: Answer) => {
      resolve(message);
      void worker.terminate();
    });
    worker.on("messageerror", failed);
    worker.on("error", failed);
    worker.once("exit", (code) => failed(new Error(`its thread ended with code ${code} before it answered`)));
  });
}

function startPlanner(options: PlannerOptions): Worker {
  return new Worker(new URL(import.meta.url), { workerData: options });
}

function failure({ settingsFile }: PlannerOptions, error: unknown): string {
  const found = error instanceof Error ? error.message : String(error);
  return printable(
    `${settingsFile}: the plan could not be worked out (${found}), expected a thread that reads the files; see that the machine has memory to spare, else report this as a mistake of Watchkeeper`,
    1000,
  );
}

function plan({ settingsFile, lab, wallNow = systemClock.wall(), overrides = {} }: PlannerOptions): Answer {
  const { ownAddresses, defaultGateways } = machine();
  const loaded = loadSite(settingsFile, { lab, ownAddresses, defaultGateways, overrides });
  if (!loaded.ok) return { problems: loaded.problems.map(formatProblem) };
  const compiled = compile(loaded.site, { methods, wallNow, lab });
  if (compiled.problems.length > 0) return { problems: compiled.problems.map(formatProblem) };
  return {
    settings: loaded.site.settings.value,
    plan: compiled.plan,
    credentials: packed(loaded.site.credentials),
    files: filesOf(loaded.site),
  };
}

function filesOf({ watchlist, siteProfiles }: LoadedSite): PlanFiles {
  return { watchlist: watchlist.text, profiles: Object.fromEntries([...siteProfiles].map(([id, { text }]) => [id, text])) };
}

if (!isMainThread) parentPort?.postMessage(plan(workerData as PlannerOptions));
