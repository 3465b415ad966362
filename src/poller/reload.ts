/** One reload: the files read, planned and taken over, and told for what it is, whatever becomes of it. */
import type { Settings } from "../config/loaded-site.ts";
import type { Plan } from "../domain/plan.ts";
import type { EventLog } from "../exporters/event-log.ts";
import type { MemoryBoard } from "../store/board.ts";
import type { BoardRecorder } from "../store/recorder.ts";
import type { Planned, Site } from "./planner.ts";
import { mistakesOf, takeOver, type TakeOverParts } from "./take-over.ts";
import { sayWhatWaits } from "./waiting-settings.ts";

export interface ReloadParts extends TakeOverParts {
  readonly board: MemoryBoard;
  readonly log: EventLog;
  readonly recorder: BoardRecorder;
  readonly replan: () => Promise<Planned>;
  /** Loads what the plan needs, before the first packet. */
  readonly prepare: (plan: Plan) => Promise<void>;
  /** The files of what was adopted, for a rollback. */
  readonly keep: (adopted: Site) => void;
  /** As they were at the start. */
  readonly settings: Settings;
}

interface Came {
  /** The files are in force, also where problems came after that. */
  readonly inForce: boolean;
  readonly problems: readonly string[];
}

/** The problems, none where all is well. Never rejects: a signal has nobody who could take it, and no mistake in a reload may end a poller that runs well. */
export async function reloadOnce(parts: ReloadParts, by: string): Promise<readonly string[]> {
  const { board, log, recorder } = parts;
  const { inForce, problems } = await replanned(parts).catch((error: unknown) => {
    log.bug(error);
    return {
      inForce: false,
      problems: [`reload: a mistake in the poller itself kept the files from being taken over (${found(error)}); its log says more`],
    };
  });
  board.reloaded(problems.length);
  const result = problems.length === 0 ? "success" : "failure";
  const detail = problems[0] ?? `plan ${board.plan.digest}`;
  // Whoever reaches the web may reload as often as they like; another plan is always another record.
  recorder.repeated(`reload ${by} ${detail}`, { source: by, category: "configuration", type: "reload", result, detail });
  if (inForce && problems.length > 0) for (const problem of problems) log.write("error", "reload_troubled", problem, { by });
  else log.reloaded(by, problems);
  return problems;
}

async function replanned(parts: ReloadParts): Promise<Came> {
  const result = await parts.replan();
  if ("problems" in result) return { inForce: false, problems: result.problems };
  await parts.prepare(result.plan);
  const mistakes = await takeOver(parts, result);
  const after = mistakesOf([() => parts.keep(result), () => sayWhatWaits(parts, result.settings)]);
  const problems = [...mistakes, ...after].map((mistake) => {
    parts.log.bug(mistake);
    return `reload: the files were taken over (plan ${result.plan.digest}), but a mistake in the poller itself came up after that (${found(mistake)}); restart it, so that every part of it has them; its log says more`;
  });
  return { inForce: true, problems };
}

function found(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
