/** The Monitoring Scope Justification as Markdown, HTML and CSV, from the same rows. */
import { csvText } from "./csv.ts";
import { missingCells, scopeColumns, type ScopeColumn, type ScopeRow } from "./scope-report.ts";

export interface ScopeHead {
  readonly site: string;
  /** In UTC. */
  readonly made: string;
  readonly version: string;
  readonly planDigest: string;
  /** What is never asked, whatever is approved. */
  readonly excluded: readonly string[];
  /** Crossings of zones, and who approved them. */
  readonly crossings: readonly string[];
}

const keys = Object.keys(scopeColumns) as readonly ScopeColumn[];
const title = "Monitoring Scope Justification (TAG-OT-SOP-04)";

export function scopeCsv(rows: readonly ScopeRow[]): string {
  return csvText([keys.map((key) => scopeColumns[key]), ...rows.map((row) => keys.map((key) => row[key]))]);
}

/** A section a row: sixteen columns side by side are read by nobody. */
export function scopeMarkdown(head: ScopeHead, rows: readonly ScopeRow[]): string {
  const sections = rows.flatMap((row) => [
    "",
    `## ${marked(row.asset)}`,
    "",
    ...keys.slice(1).map((key) => `- **${scopeColumns[key]}:** ${marked(row[key])}`),
  ]);
  return [`# ${title}`, "", ...headLines(head, rows).map((line) => `- ${marked(line)}`), ...sections, ""].join("\n");
}

export function scopeHtml(head: ScopeHead, rows: readonly ScopeRow[]): string {
  const cells = (tag: string, texts: readonly string[]): string => texts.map((text) => `<${tag}>${escaped(text)}</${tag}>`).join("");
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8">',
    `<title>${escaped(`${title}: ${head.site}`)}</title>`,
    "<style>body{font:12px sans-serif}table{border-collapse:collapse}td,th{border:1px solid #888;padding:3px;text-align:left;vertical-align:top}",
    "thead{display:table-header-group}tr{break-inside:avoid}@page{size:A3 landscape}</style></head><body>",
    `<h1>${title}</h1><ul>${headLines(head, rows)
      .map((line) => `<li>${escaped(line)}</li>`)
      .join("")}</ul>`,
    `<table><thead><tr>${cells(
      "th",
      keys.map((key) => scopeColumns[key]),
    )}</tr></thead><tbody>`,
    ...rows.map(
      (row) =>
        `<tr>${cells(
          "td",
          keys.map((key) => row[key]),
        )}</tr>`,
    ),
    "</tbody></table></body></html>",
    "",
  ].join("\n");
}

function headLines({ site, made, version, planDigest, excluded, crossings }: ScopeHead, rows: readonly ScopeRow[]): readonly string[] {
  const lacking = missingCells(rows);
  const asked = rows.filter(({ state }) => state === "asked").length;
  const unasked = rows.filter(({ method }) => method === "none").length;
  return [
    `Site: ${site}`,
    `Made: ${made} by Watchkeeper ${version} from plan ${planDigest}`,
    `Scope: checks asked: ${asked} of ${rows.length - unasked}; devices without a check: ${unasked}; exclusions: ${excluded.length}`,
    lacking === 0
      ? "Complete: no row lacks anything"
      : `NOT COMPLETE: ${lacking} of ${rows.length} rows ${lacking === 1 ? "lacks" : "lack"} something: see MISSING`,
    ...excluded.map((one) => `Excluded: ${one}`),
    ...crossings.map((one) => `Zones: ${one}`),
    "Every request is a read from a closed list; nothing is written, scanned or broadcast, and nothing is repeated when it is not answered.",
    "Confidential: it names addresses and protocols. Names in it are records, not authentication.",
  ];
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

function marked(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#]/gu, (sign) => `\\${sign}`);
}
