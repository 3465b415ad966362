/** The thread in which plans are made: reads a site's files and compiles them, once for each time that it is asked. */
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
import { headOf, more, partsOf, whole, type PlanPart } from "./plan-parts.ts";
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
let parts: Iterator<PlanPart> | undefined;
port.on("message", (wish: PlannerOptions | typeof more) => port.postMessage(wish === more ? nextPart() : begun(wish)));

/** The plan follows part by part, each when it is asked for: the poller has other things to do in between. */
function begun(options: PlannerOptions): Answer {
  const answer = plan(options);
  if ("problems" in answer) return answer;
  parts = partsOf(answer.plan);
  return { ...answer, plan: headOf(answer.plan) };
}

function nextPart(): PlanPart | typeof whole {
  const next = parts?.next();
  if (next && !next.done) return next.value;
  parts = undefined;
  return whole;
}
