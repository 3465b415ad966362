/** Finds the state folder for `stop` when the settings cannot be had: called from the wrong folder, or with a mistake in watchkeeper.yaml. */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { readText } from "../config/read-file.ts";
import type { Context } from "./command.ts";
import { settingsFileOf } from "./settings-file.ts";

export interface StatePlace {
  readonly stateDir: string;
  readonly site: string;
}

/** The line as a person writes it, in a file that may be broken everywhere else; quotes and a comment are left out. */
const stateDirLine = /^stateDir:[ \t]+(?:"(?<double>[^"\n]+)"|'(?<single>[^'\n]+)'|(?<bare>[^\s"'#][^#\n]*?))[ \t]*(?:#.*)?\r?$/mu;

/** The first place that is a state folder: where the settings' own line points, beside the settings, in the current folder. */
export function likelyStatePlace(context: Pick<Context, "cwd" | "text" | "state">): StatePlace | undefined {
  for (const stateDir of likelyFolders(context)) {
    const birth = context.state.birth(stateDir);
    if (!("problems" in birth)) return { stateDir, site: birth.site };
  }
  return undefined;
}

export function likelyFolders(context: Pick<Context, "cwd" | "text">): readonly string[] {
  const location = settingsFileOf(context);
  const read = readText(path.basename(location), location);
  const { double, single, bare } = (read.ok && stateDirLine.exec(read.text)?.groups) || {};
  const named = double ?? single ?? bare;
  const beside = path.dirname(location);
  return [
    ...new Set([
      ...(named === undefined ? [] : [path.resolve(beside, named)]),
      path.join(beside, "state"),
      path.join(context.cwd, "state"),
    ]),
  ];
}

/**
 * The process that said in `lock.json` that it polls from this state folder, if it still lives: SIGUSR2 ends a stranger that has its number
 * by now, so its command line must name Watchkeeper. Undefined where that cannot be known.
 */
export function pollerPid(stateDir: string, processes = "/proc"): number | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(path.join(stateDir, "lock.json"), "utf8"));
    const { pid, host } = (typeof holder === "object" && holder !== null ? holder : {}) as Readonly<Record<string, unknown>>;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 2 || host !== hostname()) return undefined;
    const commandLine = readFileSync(path.join(processes, String(pid), "cmdline"), "utf8").split("\0");
    return commandLine.some((word) => word.includes("watchkeeper")) && commandLine.includes("run") ? pid : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && "syscall" in error)) return undefined;
    throw error;
  }
}
