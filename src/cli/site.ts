/** The site a command was called for: its settings, and what its files say. */
import path from "node:path";
import type { Settings } from "../config/loaded-site.ts";
import { formatProblem } from "../config/problem.ts";
import { readText } from "../config/read-file.ts";
import { parseSettings } from "../config/settings.ts";
import { parseYaml } from "../config/yaml.ts";
import type { Context } from "./command.ts";
import type { Problems } from "./ports.ts";

/** Absolute. */
export function settingsFileOf({ cwd, text }: Pick<Context, "cwd" | "text">): string {
  return path.resolve(cwd, text("config.file") ?? "watchkeeper.yaml");
}

/** The settings alone: `stop` must work while the watchlist is being edited. */
export function settingsOf(context: Pick<Context, "cwd" | "text">): Settings | Problems {
  const location = settingsFileOf(context);
  const file = path.basename(location);
  const read = readText(file, location);
  if (!read.ok) return { problems: read.problems.map(formatProblem) };
  const yaml = parseYaml(file, read.text);
  if (!yaml.ok) return { problems: yaml.problems.map(formatProblem) };
  const parsed = parseSettings(yaml, location);
  return parsed.ok ? parsed.value : { problems: parsed.problems.map(formatProblem) };
}
