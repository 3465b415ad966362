/** Puts back the files of a plan that ran: the difference first, then a person's yes, then the record, then the files. */
import { compile } from "../../config/compile/compile.ts";
import { changeLines, planChanges } from "../../config/plan-against.ts";
import { planJson } from "../../config/plan-json.ts";
import { formatProblem } from "../../config/problem.ts";
import { rollback as back } from "../../config/rollback.ts";
import type { KeptPlan } from "../../domain/kept-plan.ts";
import { printable } from "../../domain/printable.ts";
import { writeAtomically } from "../atomic-file.ts";
import { recorded, type Record } from "../audit.ts";
import type { Command, Context, ExitCode } from "../command.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";
import { objectionsOf, wanted } from "../wanted.ts";

export const rollback: Command = {
  name: "rollback",
  plans: true,
  words: [],
  options: {
    to: { type: "text", value: "<digest>", summary: "the plan, as --list shows it (default: the latest whose files are not today's)" },
    list: { type: "flag", summary: "show the plans that are kept, and change nothing" },
    yes: { type: "flag", summary: "where nobody sits at a terminal: stands for having looked" },
    by: { type: "text", value: "<name>", summary: "who goes back" },
    reason: { type: "text", value: "<text>", summary: "why" },
  },
  examples: [
    ["watchkeeper rollback --list", "the plans that ran, the latest first"],
    ['watchkeeper rollback --by eto-1 --reason "new watchlist is wrong"', "shows the difference and asks; then `watchkeeper reload`"],
    ['watchkeeper rollback --yes --by eto-1 --reason "new watchlist is wrong"', "the same where nobody sits at a terminal"],
  ],
  more:
    "Writes the watchlist that ran, and of each family's approval what both it and today's allow. Never given back: what is excluded, held back, suspended, tripped, " +
    "revoked or tightened today. The settings, the profiles shipped with this version and every stop stay as they are.",
  objections: (written) => {
    if (written.flag("list")) return [];
    return objectionsOf(
      () => wanted(written, "by", "who goes back"),
      () => wanted(written, "reason", "why"),
    );
  },
  async run(context) {
    const planned = plannedSite(context, { wholeLibrary: true });
    if ("inFiles" in planned) return failed(context, planned.problems);
    const kept = context.state.plansThatRan(planned.settings.stateDir);
    if (context.flag("list")) return listed(context, kept);
    const by = context.required("by");
    const target = chosen(planned, kept, context.text("to"));
    if (typeof target === "string") return failed(context, [target]);
    return wentBack(context, planned, target, `by ${by}: ${context.required("reason")}`, by);
  },
};

function listed(context: Context, kept: readonly KeptPlan[]): ExitCode {
  if (context.flag("json")) context.print(JSON.stringify(kept.map(({ digest, adoptedAt }) => ({ digest, adoptedAt }))));
  else for (const { digest, adoptedAt } of kept) context.print(`${adoptedAt} ${digest}`);
  if (kept.length === 0) context.warn("No plan has run yet: nothing is kept.");
  return 0;
}

function chosen({ site }: PlannedSite, kept: readonly KeptPlan[], to: string | undefined): KeptPlan | string {
  if (to !== undefined)
    return kept.find(({ digest }) => digest === to) ?? `--to: found ${printable(to, 100)}, expected a plan that \`rollback --list\` shows`;
  const same = ({ watchlist, profiles }: KeptPlan): boolean =>
    watchlist === site.watchlist.text && [...site.siteProfiles].every(([id, { text }]) => profiles[id] === text);
  return kept.find((one) => !same(one)) ?? "found no other plan that ran, expected one to go back to: see `watchkeeper rollback --list`";
}

async function wentBack(context: Context, planned: PlannedSite, target: KeptPlan, signed: string, by: string): Promise<ExitCode> {
  const result = back(planned.site, target);
  if (!result.ok) return failed(context, result.problems);
  const compiled = compile(result.site, { methods: context.methods, wallNow: planned.wallNow, lab: result.site.lab });
  if (compiled.problems.length > 0) return failed(context, compiled.problems.map(formatProblem));
  const { sysctls } = context.machine();
  const lines = changeLines(planChanges(planJson(planned.compiled, sysctls), planJson(compiled, sysctls)));
  const files = result.edits.map(({ file }) => file);
  for (const line of [`Back to the plan of ${target.adoptedAt}, ${target.digest}:`, ...lines]) context.warn(printable(line, 2000));
  if (files.length === 0) return failed(context, ["nothing would be another: what differs was taken since, and is not given back"]);
  if (!(await agreed(context, files)))
    return failed(context, ["Nothing is changed: it was not agreed to (--yes where nobody sits at a terminal)"]);
  const entry: Record = {
    source: by,
    category: "configuration",
    type: "rollback",
    result: "success",
    detail: `to ${target.digest} (${files.join(", ")}) ${signed}`,
  };
  const unwritten = await recorded(context, planned.settings, entry);
  if (unwritten) return failed(context, [...unwritten.problems, "Nothing is changed: a change without its audit record does not happen"]);
  return written(context, planned, result.edits);
}

async function agreed(context: Context, files: readonly string[]): Promise<boolean> {
  if (context.flag("yes")) return true;
  if (context.prompt === undefined || context.flag("json")) return false;
  const answer = (await context.prompt(`Write ${files.join(", ")}? yes or no: `))?.trim().toLowerCase();
  return answer === "yes" || answer === "y";
}

type Edits = Extract<ReturnType<typeof back>, { ok: true }>["edits"];

/** The profiles first: with the watchlist still today's they admit nothing that it does not list. */
function written(context: Context, { site }: PlannedSite, edits: Edits): ExitCode {
  const old = new Map([...site.siteProfiles.values(), site.watchlist].map(({ location, text }) => [location, text]));
  const done: string[] = [];
  for (const { location, text } of edits.toSorted(
    (a, b) => Number(a.location === site.watchlist.location) - Number(b.location === site.watchlist.location),
  )) {
    try {
      writeAtomically(location, text);
      done.push(location);
    } catch (error) {
      if (!(error instanceof Error && "syscall" in error)) throw error;
      for (const one of done) writeAtomically(one, old.get(one) ?? "");
      return failed(context, [`${location}: cannot be written (${error.message}); what was written before it was put back`]);
    }
  }
  const files = edits.map(({ file }) => file);
  if (context.flag("json")) context.print(JSON.stringify({ files }));
  else context.print(`Written: ${files.join(", ")}. A poller that runs goes by the files as they were until \`watchkeeper reload\`.`);
  return 0;
}
