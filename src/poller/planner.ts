/** Reads a site's files and compiles its plan in a thread of its own: 10,000 devices take seconds, and a poller that stands still is not trusted. */
import { once } from "node:events";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { machine } from "../cli/machine.ts";
import { compile } from "../config/compile/compile.ts";
import { deepFrozen } from "../config/compile/freeze.ts";
import { loadSite } from "../config/load.ts";
import type { Settings } from "../config/loaded-site.ts";
import { formatProblem } from "../config/problem.ts";
import type { Plan } from "../domain/plan.ts";
import { methods } from "../drivers/registry.ts";
import { systemClock } from "../system-clock.ts";

export interface PlannerOptions {
  /** Absolute. */
  readonly settingsFile: string;
  readonly lab: boolean;
}
/** Problems are whole lines with file, line, found and expected. */
export type Planned = { readonly settings: Settings; readonly plan: Plan } | { readonly problems: readonly string[] };

/** What the files say now. Rejects only when the thread itself cannot run, which is a bug or a lack of memory. */
export async function planned(options: PlannerOptions): Promise<Planned> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  const [result] = (await once(worker, "message")) as [Planned];
  await worker.terminate();
  // Frozen again: freezing does not survive the way between threads.
  return "plan" in result ? deepFrozen(result) : result;
}

function plan({ settingsFile, lab }: PlannerOptions): Planned {
  const { ownAddresses, defaultGateways } = machine();
  const loaded = loadSite(settingsFile, { lab, ownAddresses, defaultGateways });
  if (!loaded.ok) return { problems: loaded.problems.map(formatProblem) };
  const compiled = compile(loaded.site, { methods, wallNow: systemClock.wall(), lab });
  if (compiled.problems.length > 0) return { problems: compiled.problems.map(formatProblem) };
  return { settings: loaded.site.settings.value, plan: compiled.plan };
}

if (!isMainThread) parentPort?.postMessage(plan(workerData as PlannerOptions));
