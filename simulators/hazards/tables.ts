/** What was tried, as tables: for a terminal, for docs/hazards.md (the long one) and for README.md (the short one). */
import type { Tried } from "./suite.ts";

export interface Outcome {
  /** Who was tried, in the words of a column's head. */
  readonly poller: string;
  readonly judged: readonly Tried[];
  /** Of the same hazards, in the same order. */
  readonly control: readonly Tried[];
}

/** A page's part that the suite writes. */
const begin = "<!-- npm run hazards -- --write: from here on -->";
const end = "<!-- npm run hazards -- --write: up to here -->";

export function textTable({ judged, control }: Outcome): string {
  const lines = judged.map((one, at) => {
    const other = control[at]!;
    return `${one.hazard.id}${one.hazard.rows.map((row) => ` ${row}`).join("")}: ${one.hazard.title}\n  ${word(one).padEnd(10)}${seenWords(one)}\n  control: ${word(other).padEnd(10)}${other.seen}\n`;
  });
  return `${lines.join("")}\n${sums({ judged, control })}\n`;
}

/** Every scene with what was seen. */
export function longTable({ poller, judged, control }: Outcome): string {
  const rows = judged.map((one, at) => {
    const other = control[at]!;
    return `| ${one.hazard.title} | ${one.hazard.rows.join(" ")} | ${word(one)}: ${seenWords(one)} | ${word(other)}: ${other.seen} |`;
  });
  return [sums({ judged, control }), "", `| Hazard | Rows | ${poller} | Plain loops, the control |`, "|---|---|---|---|", ...rows, ""].join(
    "\n",
  );
}

/** Every scene in two words. */
export function shortTable({ poller, judged, control }: Outcome): string {
  const rows = judged.map((one, at) => `| ${one.hazard.title} | ${word(control[at]!)} | ${word(one)} |`);
  return [sums({ judged, control }), "", `| Hazard | Plain loops, the control | ${poller} |`, "|---|---|---|", ...rows, ""].join("\n");
}

/** The page with its part written anew; undefined where it has none. */
export function rewritten(page: string, part: string): string | undefined {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) return undefined;
  return `${page.slice(0, from + begin.length)}\n\n${part}\n${page.slice(to)}`;
}

/** The cells of each row of the page's part, heads left out; undefined where it has none. */
export function rowsOf(page: string): readonly (readonly string[])[] | undefined {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) return undefined;
  const lines = page.slice(from, to).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|---"));
  return lines.slice(first + 1).flatMap((line) => (line.startsWith("| ") ? [line.slice(2, -2).split(" | ")] : []));
}

function sums({ judged, control }: Pick<Outcome, "judged" | "control">): string {
  const harmed = (tried: readonly Tried[]): number => tried.filter((one) => one.harmed).length;
  return `Harmed: ${harmed(judged)} of ${judged.length}; by the control: ${harmed(control)}.`;
}

function word(tried: Tried): string {
  return tried.harmed ? "HARMED" : tried.notAsked.length > 0 ? "not asked" : "unharmed";
}

function seenWords({ seen, notAsked }: Tried): string {
  return notAsked.length === 0 ? seen : `${seen} (${notAsked[0]!.split(":")[0]!})`;
}
