/** The site a command was called for, with the plan that its files make. */
import { compile, type Compiled } from "../config/compile/compile.ts";
import { loadSite, type LoadOptions } from "../config/load.ts";
import type { LoadedSite, Settings } from "../config/loaded-site.ts";
import { formatProblem, type Problem } from "../config/problem.ts";
import { clockJumpMin } from "../domain/limits.ts";
import { wallMs, type WallMs } from "../domain/units.ts";
import type { Context } from "./command.ts";
import { labAsked, stateProblem } from "./lab.ts";
import type { Problems } from "./ports.ts";
import { settingsFileOf, settingsOf } from "./settings-file.ts";
import { moment } from "./text.ts";

export interface PlannedSite {
  readonly settings: Settings;
  readonly site: LoadedSite;
  /** With problems of its own, the plan is shown and must not be used. */
  readonly compiled: Compiled;
  /** By which expiry was judged: the wall clock, or the highest trusted time of this site where that is later. */
  readonly wallNow: WallMs;
  /** Those of `compiled`, in sentences. */
  readonly problems: readonly string[];
}

/** What is wrong with the files, kept apart so that `check-config` can print it in parts and `explain` find a device's own. */
export interface FileProblems extends Problems {
  readonly inFiles: readonly Problem[];
}

/** Loads every file and compiles the plan as the poller would at this moment; with another library of profiles, as that would make it. @throws WrongUsage for --lab without its environment. */
export function plannedSite(
  context: Context,
  other: Pick<LoadOptions, "shippedProfileDir" | "wholeLibrary"> = {},
): PlannedSite | FileProblems {
  const lab = labAsked(context);
  const settings = settingsOf(context);
  if ("problems" in settings) return everyProblem(context, lab);
  const birth = context.state.birth(settings.stateDir);
  const unfit = stateProblem(lab, birth, settings);
  if (unfit !== undefined) return { problems: [unfit], inFiles: [] };
  const { ownAddresses, defaultGateways } = context.machine();
  const loaded = loadSite(settingsFileOf(context), { lab, ownAddresses, defaultGateways, ...other });
  if (!loaded.ok) return fileProblems(loaded.problems);
  const { site } = loaded;
  const wallNow = judgedBy(context, "problems" in birth ? undefined : settings.stateDir);
  const compiled = compile(site, { methods: context.methods, wallNow, lab });
  return { settings, site, compiled, wallNow, problems: compiled.problems.map(formatProblem) };
}

/** Who has been told that another time than the wall clock's counts: a command may plan twice, and says it once. */
const told = new WeakSet<Context>();

/** As the poller would judge: by the highest trusted time that the state folder holds, where the wall clock is behind it. Where no poller has a folder, the wall clock counts. */
function judgedBy(context: Context, stateDir: string | undefined): WallMs {
  const wall = context.clock.wall();
  const known = stateDir === undefined ? wall : context.state.trustedTime(stateDir);
  const highest = typeof known === "number" ? known : wall;
  const silent = told.has(context) || (typeof known === "number" && highest <= wall + clockJumpMin);
  told.add(context);
  if (!silent)
    context.warn(
      typeof known === "number"
        ? `Approvals are judged by ${moment(new Date(highest).toISOString())}, the highest trusted time of this site: the wall clock shows ${moment(new Date(wall).toISOString())}, which is earlier (see \`watchkeeper help clock\`).`
        : `Approvals are judged by the wall clock: the highest trusted time of this site cannot be read (${known.problems.join("; ")}).`,
    );
  return wallMs(Math.max(wall, highest));
}

/** The settings are wrong, and the profiles may be too: everything at once. */
function everyProblem(context: Context, lab: boolean): FileProblems {
  const loaded = loadSite(settingsFileOf(context), { lab });
  if (loaded.ok) throw new Error(`${settingsFileOf(context)}: its settings were refused, and then loaded`);
  return fileProblems(loaded.problems);
}

function fileProblems(inFiles: readonly Problem[]): FileProblems {
  return { problems: inFiles.map(formatProblem), inFiles };
}
