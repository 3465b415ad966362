/** Prints reports for people who sign: the Monitoring Scope Justification. */
import { crossingWords } from "../../config/conduits.ts";
import { excludedWords, scopeRows } from "../../config/scope-report.ts";
import { scopeCsv, scopeHtml, scopeMarkdown, type ScopeHead } from "../../config/scope-text.ts";
import { WrongUsage, type Command } from "../command.ts";
import { failed } from "../report.ts";
import { plannedSite } from "../site.ts";

export const report: Command = {
  name: "report",
  plans: true,
  words: [{ name: "scope", required: true }],
  options: { format: { type: "text", value: "md|html|csv", summary: "how it is printed (default md)" } },
  examples: [
    [
      "watchkeeper report scope",
      "one section a check: method, why no better one, interval and its source, documents, approver, review date",
    ],
    ["watchkeeper report scope --format html", "the same as a table for printing"],
    ["watchkeeper report scope --format csv", "the same for a spreadsheet"],
  ],
  more:
    "Sends nothing and changes nothing. What is unsigned, unstated or undocumented says MISSING. No interval is called the vendor's. " +
    "It names addresses: treat it as confidential. Exit code 1 when the files hold a mistake.",
  run(context) {
    const [what] = context.words;
    if (what !== "scope") throw new WrongUsage(`found ${what ?? "nothing"}, expected scope`);
    const format = context.text("format") ?? "md";
    if (!["md", "html", "csv"].includes(format)) throw new WrongUsage(`--format: found "${format}", expected md, html or csv`);
    const planned = plannedSite(context);
    if ("inFiles" in planned || planned.problems.length > 0) return Promise.resolve(failed(context, planned.problems));
    const { site, compiled } = planned;
    const rows = scopeRows(site, compiled, context.methods);
    const head: ScopeHead = {
      site: compiled.plan.site,
      made: new Date(context.clock.wall()).toISOString(),
      version: context.version,
      planDigest: compiled.plan.digest,
      excluded: excludedWords(site),
      crossings: site.watchlist.value.zoneCrossings.map(crossingWords),
    };
    if (context.flag("json")) context.print(JSON.stringify({ schema: "scope/v1", ...head, rows }, undefined, 2));
    else if (format === "csv") context.print(scopeCsv(rows).trimEnd());
    else context.print((format === "html" ? scopeHtml(head, rows) : scopeMarkdown(head, rows)).trimEnd());
    return Promise.resolve(0);
  },
};
