/** The thread in which plans are made: reads a site's files and compiles them, once for each message that it gets. */
import { parentPort } from "node:worker_threads";
import { machine } from "../cli/machine.ts";
import { compile } from "../config/compile/compile.ts";
import { packed } from "../config/packed-credentials.ts";
import { loadSite } from "../config/load.ts";
import type { LoadedSite } from "../config/loaded-site.ts";
import { formatProblem } from "../config/problem.ts";
import type { PlanFiles } from "../domain/kept-plan.ts";
import { methods } from "../drivers/registry.ts";
import { systemClock } from "../system-clock.ts";
import type { Answer, PlannerOptions } from "./planner.ts";

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

if (!parentPort) throw new Error("planner-thread.ts runs in a worker thread only");
const port = parentPort;
port.on("message", (options: PlannerOptions) => port.postMessage(plan(options)));
