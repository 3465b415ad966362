/** Checks and copies out the audit: who changed what, when, and what the poller stopped by itself. */
import path from "node:path";
import type { AuditLine } from "../ports.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { counted } from "../text.ts";

const journalName = "journal.sqlite";
/** As many digits as the metric `watchkeeper_audit_head_info` shows; fewer may be another record's too. */
const headDigitsMin = 12;

export const audit: Command = {
  name: "audit",
  words: [{ name: "verify|export", required: true }],
  options: {
    journal: { type: "text", value: "<file>", summary: "another journal than the site's: a copy or a backup" },
    head: { type: "text", value: "<hash>", summary: "verify: a head that was published before; it must be in the chain" },
    format: { type: "text", value: "json|csv", summary: "export: one JSON object a line (default), or CSV" },
    from: { type: "text", value: "<time>", summary: "export: not before this day or moment, in UTC" },
    to: { type: "text", value: "<time>", summary: "export: not after this day (its end) or moment" },
  },
  examples: [
    ["watchkeeper audit verify", "whether the chain of records holds"],
    ["watchkeeper audit verify --head 3f9c0d12ab44", "and whether it still holds what a log or a metric said then"],
    ["watchkeeper audit export --format csv --from 2026-11-01 --to 2026-11-30", "the records of a month, for a spreadsheet"],
  ],
  more:
    "Reads only, with or without a running poller. That records at the end were cut off, or that an older journal lies in place of this one, " +
    "shows only against a head that was kept elsewhere: the log's `audit_head` lines and the metric watchkeeper_audit_head_info have it. " +
    "Exit code 1 where the chain does not hold or the head is not in it.",
  async run(context) {
    const file = journalOf(context);
    if (typeof file !== "string") return failed(context, file.problems);
    const [what] = context.words;
    if (what === "verify") return verify(context, file);
    if (what === "export") return exported(context, file);
    throw new WrongUsage(`found ${what ?? "nothing"}, expected verify or export`);
  },
};

function journalOf(context: Context): string | { readonly problems: readonly string[] } {
  const named = context.text("journal");
  if (named !== undefined) return path.resolve(context.cwd, named);
  const settings = settingsOf(context);
  return "problems" in settings ? settings : path.join(settings.stateDir, journalName);
}

function verify(context: Context, file: string): ExitCode {
  const wanted = context.text("head")?.toLowerCase();
  if (wanted !== undefined && !new RegExp(`^[0-9a-f]{${headDigitsMin},64}$`, "u").test(wanted))
    throw new WrongUsage(`--head: found "${wanted}", expected ${headDigitsMin} to 64 hexadecimal digits`);
  let known: number | undefined;
  const verdict = context.state.readAudit(file, ({ eventId, hash }) => {
    if (wanted !== undefined && hash.startsWith(wanted)) known = eventId;
  });
  if ("problems" in verdict) return failed(context, verdict.problems);
  const problems: string[] =
    verdict.broken === undefined ? [] : [`${file}: ${verdict.broken}; every record before it is as it was written`];
  if (wanted !== undefined && known === undefined)
    problems.push(`${file}: no record has the hash ${wanted}: records were cut off at the end, or another or older journal lies here`);
  if (context.flag("json"))
    context.print(
      JSON.stringify({
        ...verdict,
        broken: verdict.broken ?? null,
        headKnown: wanted === undefined ? null : known !== undefined,
        problems,
      }),
    );
  else if (problems.length > 0) for (const problem of problems) context.warn(problem);
  else {
    context.print(`${counted(verdict.records, "record")}: the chain holds. It ends with ${verdict.head.hash}`);
    if (known !== undefined) context.print(`Record ${known} has the hash ${wanted ?? ""}; ${verdict.records - known} came after it.`);
  }
  return problems.length > 0 ? 1 : 0;
}

function exported(context: Context, file: string): ExitCode {
  const format = context.text("format") ?? "json";
  if (format !== "json" && format !== "csv") throw new WrongUsage(`--format: found "${format}", expected json or csv`);
  const from = moment(context, "from", "00:00:00.000");
  const to = moment(context, "to", "23:59:59.999");
  if (format === "csv") context.print(columns.map(([title]) => title).join(","));
  const verdict = context.state.readAudit(file, (line) => {
    // ISO 8601 in UTC sorts as text.
    if ((from !== undefined && line.timestamp < from) || (to !== undefined && line.timestamp > to)) return;
    context.print(format === "json" ? JSON.stringify(line) : columns.map(([, of]) => cell(of(line))).join(","));
  });
  if ("problems" in verdict) return failed(context, verdict.problems);
  if (verdict.broken === undefined) return 0;
  context.warn(`${file}: ${verdict.broken}; what follows it may not be as it was written`);
  return 1;
}

/** The columns of IEC 62443-3-3 SR 2.8, and what proves them. */
const columns: readonly (readonly [title: string, of: (line: AuditLine) => string])[] = [
  ["timestamp", ({ timestamp }) => timestamp],
  ["source", ({ source }) => source],
  ["category", ({ category }) => category],
  ["type", ({ type }) => type],
  ["event_id", ({ eventId }) => String(eventId)],
  ["result", ({ result }) => result],
  ["detail", ({ detail }) => detail],
  ["previous", ({ previous }) => previous],
  ["hash", ({ hash }) => hash],
];

/** RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe. */
function cell(text: string): string {
  const harmless = /^[=+\-@\t\r]/u.test(text) ? `'${text}` : text;
  return /[",\r\n]/u.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

function moment(context: Context, option: "from" | "to", timeOfDay: string): string | undefined {
  const text = context.text(option);
  if (text === undefined) return undefined;
  const at = Date.parse(/^\d{4}-\d{2}-\d{2}$/u.test(text) ? `${text}T${timeOfDay}Z` : text);
  if (Number.isNaN(at) || !/^\d{4}-\d{2}-\d{2}(?:T.*Z)?$/u.test(text))
    throw new WrongUsage(`--${option}: found "${text}", expected a day such as 2026-11-21 or a moment such as 2026-11-21T12:00:00Z`);
  return new Date(at).toISOString();
}
