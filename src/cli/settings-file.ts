/** The settings that a command goes by. Apart from `site.ts`, so that a command without a plan loads nothing that makes plans. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { Settings } from "../config/loaded-site.ts";
import { formatProblem } from "../config/problem.ts";
import { readText, settingsMissingHint } from "../config/read-file.ts";
import { parseSettings } from "../config/settings.ts";
import { parseYaml } from "../config/yaml.ts";
import type { Context } from "./command.ts";
import { labAsked } from "./lab.ts";
import type { Problems } from "./ports.ts";

/** Where an installed package has the one site of its machine. */
export const machineSettings = "/etc/watchkeeper/watchkeeper.yaml";

/** Absolute. The machine's own site is meant only where none lies in the current folder. */
export function settingsFileOf({ cwd, text }: Pick<Context, "cwd" | "text">): string {
  const given = text("config.file");
  const here = path.resolve(cwd, given ?? "watchkeeper.yaml");
  return given === undefined && !existsSync(here) && existsSync(machineSettings) ? machineSettings : here;
}

/** The settings, for a command that needs no plan. @throws WrongUsage for --lab without its environment. */
export function settingsOf(context: Pick<Context, "cwd" | "text" | "flag" | "env">): Settings | Problems {
  labAsked(context);
  return settingsAlone(context);
}

/** `stop` goes by nothing else: it must work while everything else is wrong. */
export function settingsAlone(context: Pick<Context, "cwd" | "text">): Settings | Problems {
  const location = settingsFileOf(context);
  const file = path.basename(location);
  const read = readText(file, location, settingsMissingHint);
  const yaml = read.ok ? parseYaml(file, read.text) : read;
  const parsed = yaml.ok ? parseSettings(yaml, location) : yaml;
  return parsed.ok ? parsed.value : { problems: parsed.problems.map(formatProblem) };
}
