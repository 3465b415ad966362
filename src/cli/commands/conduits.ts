/** Lists every flow of the plan for firewalls and zone plans, and judges a capture by the plan. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { conduitCells, conduitColumns, conduitsOf, crossingWords } from "../../config/conduits.ts";
import { csvText } from "../../config/csv.ts";
import { planJson } from "../../config/plan-json.ts";
import { approvedBy, eitherOf, PlanUnreadable, siteOf, type Approved } from "../../verify/approved.ts";
import { capturedFrames, CaptureUnreadable } from "../../verify/capture-file.ts";
import { deepRunOf, RecordUnreadable, type DeepRun } from "../../verify/deep-run.ts";
import { judge } from "../../verify/judge.ts";
import type { Quiet } from "../../verify/judgement.ts";
import { stopsIn } from "../../verify/kept-stops.ts";
import { pausesIn, WindowsUnreadable } from "../../verify/kept-windows.ts";
import { QuietUnreadable, quietTimes } from "../../verify/quiet.ts";
import { judgementText } from "../../verify/report.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import type { Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { plannedSite, type PlannedSite } from "../site.ts";

export const conduits: Command = {
  name: "conduits",
  plans: true,
  words: [],
  options: {
    format: { type: "text", value: "table|json|csv", summary: "how the flows are printed (default table)" },
    verify: {
      type: "text",
      value: "<capture>",
      summary: "judge this pcap or pcapng file: did anything leave that the plan does not allow?",
    },
    plan: { type: "text", value: "<file>,…", summary: "with --verify: plans saved by `plan --json`, in place of the site's files" },
    poller: { type: "text", value: "<address>,…", summary: "with --verify: the poller's addresses, where the plan does not name them" },
    state: {
      type: "text",
      value: "<folder>",
      summary:
        "with --verify: the state folder, or a copy of it, whose stops and pauses hold (default: the site's, where there is no --plan)",
    },
    quiet: {
      type: "text",
      value: "<file>",
      summary: "with --verify: JSON list of {why, from, to, graceMs?, addresses?}: further times in which nothing was to leave",
    },
    "deep-query": {
      type: "text",
      value: "<record>,…",
      summary: "with --verify: records of deep queries; what they ask is allowed while they ran",
    },
  },
  examples: [
    ["watchkeeper conduits --format csv", "one line a flow: source, destination, protocol, port, direction, purpose, interval"],
    ["watchkeeper conduits --verify plant.pcap", "did the poller send anything that the plan does not allow?"],
    [
      "watchkeeper conduits --verify plant.pcap --plan plan.json --state state-copy",
      "the same on another machine, with a plan saved by `plan --json` and a copy of the state folder",
    ],
  ],
  more:
    "Capture on the poller's OT interface with whole packets, such as `tcpdump -i eth1 -s 0 -w plant.pcap`. The checker reads the plan, " +
    "the capture, and from the state folder when there were stops and pauses; it shares no code with what sends. Exit code 1 when a violation was found, nothing of the poller was captured, a pause in its time cannot be judged, or the files cannot be read.",
  run(context) {
    const capture = context.text("verify");
    if (capture !== undefined) return Promise.resolve(verified(context, capture));
    for (const option of ["plan", "poller", "state", "quiet", "deep-query"])
      if (context.text(option) !== undefined) throw new WrongUsage(`--${option} goes with --verify`);
    return Promise.resolve(listed(context));
  },
};

const noFlows = "No flow: nothing is asked. What waits for approval opens none; `watchkeeper plan` shows what it would be.";

function listed(context: Context): ExitCode {
  const format = context.flag("json") ? "json" : (context.text("format") ?? "table");
  if (!["table", "json", "csv"].includes(format)) throw new WrongUsage(`--format ${format}: expected table, json or csv`);
  const planned = usable(context);
  if ("problems" in planned) return failed(context, planned.problems);
  const flows = conduitsOf(planned.site.compiled.plan, context.methods, planned.site.settings.web.listenAddresses);
  const { zoneCrossings } = planned.site.site.watchlist.value;
  const { site, digest: planDigest } = planned.site.compiled.plan;
  if (format === "json")
    context.print(JSON.stringify({ schema: "conduits/v1", site, planDigest, zoneCrossings, conduits: flows }, undefined, 2));
  else if (format === "csv") context.print(csvText([conduitColumns, ...flows.map(conduitCells)]).trimEnd());
  else {
    const lines = flows.length === 0 ? [noFlows] : table([conduitColumns, ...flows.map(conduitCells)]);
    context.print([...lines, ...zoneCrossings.map(crossingWords), `site ${site}, plan ${planDigest}`].join("\n"));
  }
  return 0;
}

function verified(context: Context, capture: string): ExitCode {
  try {
    const judgedBy = approvedFor(context);
    if ("problems" in judgedBy) return failed(context, judgedBy.problems);
    const { approved, sites } = judgedBy;
    const kept = keptFor(context, sites);
    if ("problems" in kept) return failed(context, kept.problems);
    const pollerAddresses = context.text("poller")?.split(",");
    const judgement = judge({
      frames: capturedFrames(readFileSync(path.resolve(context.cwd, capture))),
      approved,
      quiet: [...kept.times, ...quietFor(context)],
      deepRuns: (context.text("deep-query")?.split(",") ?? []).map((file) => deepRunIn(context, file)),
      ...(pollerAddresses && { pollerAddresses }),
    });
    const said = (value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
    if (context.flag("json")) context.print(JSON.stringify({ schema: "judgement/v1", ...judgement }, (_, value) => said(value), 2));
    else context.print(judgementText(judgement).join("\n"));
    return judgement.violations.length === 0 && judgement.ours > 0 && judgement.unjudged.length === 0 ? 0 : 1;
  } catch (error) {
    if (isExpected(error)) return failed(context, [`${capture}: ${error.message}`]);
    throw error;
  }
}

/** What is judged by, and of which site each plan is, by the name of what it stands in. */
interface JudgedBy {
  readonly approved: Approved;
  readonly sites: ReadonlyMap<string, string>;
}

function approvedFor(context: Context): JudgedBy | Problems {
  const files = context.text("plan")?.split(",");
  if (files) {
    const plans = files.map((file) => [file, parsed(readFileSync(path.resolve(context.cwd, file), "utf8"), file)] as const);
    const sites = new Map(plans.map(([file, plan]) => [file, siteOf(plan)]));
    const [[first, site], ...others] = [...sites] as [[string, string], ...[string, string][]];
    const another = others.find(([, other]) => other !== site);
    const approved = eitherOf(plans.map(([, plan]) => approvedBy(plan)));
    if (!another) return { approved, sites };
    return { problems: [`--plan: found ${first} of site ${site} and ${another[0]} of site ${another[1]}, expected plans of one site`] };
  }
  const planned = usable(context);
  if ("problems" in planned) return planned;
  const plan: unknown = JSON.parse(JSON.stringify(planJson(planned.site.compiled, context.machine().sysctls)));
  return { approved: approvedBy(plan), sites: new Map([["the site's files", siteOf(plan)]]) };
}

/** The stops and pauses of the state folder; none where a plan of elsewhere is judged by and nobody says which folder belongs to it. */
function keptFor(context: Context, sites: ReadonlyMap<string, string>): { readonly times: readonly Quiet[] } | Problems {
  const named = context.text("state");
  if (named === undefined && context.text("plan") !== undefined) return { times: [] };
  const settings = named === undefined ? settingsOf(context) : { stateDir: path.resolve(context.cwd, named) };
  if ("problems" in settings) return settings;
  const kept = context.state.quiet(settings.stateDir);
  if ("problems" in kept) return kept;
  const born = context.state.birth(settings.stateDir);
  if ("problems" in born) return born;
  const [[plan, site]] = [...sites] as [[string, string]];
  if (born.site !== site) {
    const found = `${settings.stateDir}: found the state folder of site ${born.site}, expected that of site ${site}, which the plan is of (${plan})`;
    return { problems: [`${found}: stops and pauses of another site say nothing of this one; name its own with --state`] };
  }
  const pauses = kept.windows === undefined ? [] : pausesIn(parsed(kept.windows, `${settings.stateDir}/windows.json`));
  return { times: [...stopsIn(kept.runs, kept.standing), ...pauses] };
}

function quietFor(context: Context): readonly Quiet[] {
  const file = context.text("quiet");
  return file === undefined ? [] : quietTimes(parsed(readFileSync(path.resolve(context.cwd, file), "utf8"), file));
}

function deepRunIn(context: Context, file: string): DeepRun {
  try {
    return deepRunOf(parsed(readFileSync(path.resolve(context.cwd, file), "utf8"), file));
  } catch (error) {
    if (error instanceof RecordUnreadable) throw new RecordUnreadable(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

function usable(context: Context): { readonly site: PlannedSite } | { readonly problems: readonly string[] } {
  const planned = plannedSite(context);
  if ("inFiles" in planned || planned.problems.length > 0) return { problems: planned.problems };
  return { site: planned };
}

function parsed(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new PlanUnreadable(`${file} is no JSON (${(error as Error).message})`, { cause: error });
  }
}

function isExpected(error: unknown): error is Error {
  const known = [CaptureUnreadable, PlanUnreadable, QuietUnreadable, RecordUnreadable, WindowsUnreadable, RangeError].some(
    (kind) => error instanceof kind,
  );
  return known || (error instanceof Error && "syscall" in error);
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd(),
  );
}
