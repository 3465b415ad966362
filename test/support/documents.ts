/** Reads the project's Markdown: links, headings, commands it tells people to type. */
import { existsSync, globSync, statSync } from "node:fs";
import path from "node:path";
import type { ProjectPath } from "./source-tree.ts";
import { projectRoot } from "./source-tree.ts";

export function documents(): ProjectPath[] {
  return globSync("**/*.md", { cwd: projectRoot, exclude: (name) => ["node_modules", ".git", "dist"].includes(name) }).toSorted();
}

interface Line {
  readonly number: number;
  readonly text: string;
}

/** The lines of a document; those of code blocks or those of prose. */
function linesOf(text: string, which: "prose" | "code"): Line[] {
  let fence = "";
  const lines: Line[] = [];
  text.split("\n").forEach((line, index) => {
    const mark = /^\s*(`{3,}|~{3,})/u.exec(line)?.[1] ?? "";
    if (fence === "" && mark !== "") fence = mark;
    else if (fence !== "" && mark.startsWith(fence)) fence = "";
    else if ((which === "code") === (fence !== "")) lines.push({ number: index + 1, text: line });
  });
  return lines;
}

/** Links to files or headings of the project that lead nowhere, `line what`. */
export function brokenLinks(file: ProjectPath, text: string, read: (file: ProjectPath) => string): string[] {
  return linesOf(text, "prose").flatMap(({ number, text: line }) =>
    targetsIn(line).flatMap((target) => {
      const problem = problemWith(file, target, text, read);
      return problem === undefined ? [] : [`${number} links to ${target}: ${problem}`];
    }),
  );
}

function targetsIn(line: string): string[] {
  const prose = line.replaceAll(/`[^`]*`/gu, "``");
  const links = [...prose.matchAll(/\]\((?:<([^>]+)>|([^)\s]+))[^)]*\)/gu)].map((match) => match[1] ?? match[2] ?? "");
  const definition = /^\s*\[[^\]]+\]:\s+(\S+)/u.exec(prose)?.[1];
  return [...links, ...(definition === undefined ? [] : [definition])].filter((target) => !/^[a-z][a-z+.-]*:/iu.test(target));
}

function problemWith(file: ProjectPath, target: string, text: string, read: (file: ProjectPath) => string): string | undefined {
  const [place = "", heading] = target.split("#", 2);
  const linked = place === "" ? file : path.posix.join(place.startsWith("/") ? "" : path.posix.dirname(file), decodeURI(place));
  if (linked.startsWith("..")) return "it lies outside the project";
  const absolute = path.join(projectRoot, linked);
  if (place !== "" && !existsSync(absolute)) return "there is no such file";
  if (heading === undefined || (place !== "" && !(linked.endsWith(".md") && statSync(absolute).isFile()))) return undefined;
  return headingsOf(place === "" ? text : read(linked)).has(heading) ? undefined : "there is no such heading";
}

/** The names GitHub gives to the headings of a document. */
export function headingsOf(text: string): Set<string> {
  const slugs = new Set<string>();
  const counts = new Map<string, number>();
  for (const { text: line } of linesOf(text, "prose")) {
    const heading = /^#{1,6}\s+(.*?)\s*#*\s*$/u.exec(line)?.[1];
    if (heading === undefined) continue;
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/gu, "$1").toLowerCase();
    const slug = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/gu, "-");
    const count = counts.get(slug) ?? 0;
    counts.set(slug, count + 1);
    slugs.add(count === 0 ? slug : `${slug}-${count}`);
  }
  return slugs;
}

/** The npm scripts a document tells people to run. */
export function npmScriptsIn(text: string): string[] {
  const run = [...text.matchAll(/\bnpm run (?:-s |--silent )?(?<script>[\w:.-]*[\w])/gu)].map((match) => match.groups?.["script"] ?? "");
  const short = [...text.matchAll(/\bnpm (?<script>test|start)\b/gu)].map((match) => match.groups?.["script"] ?? "");
  return [...run, ...short];
}
