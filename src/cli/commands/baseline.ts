/** The identity baseline: lists, shows and reports what each device says of itself, and takes a person's word that it is right. */
import { markOf } from "../../config/identity-mark.ts";
import { identityStates, type IdentityView } from "../../domain/baseline.ts";
import type { DeviceId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import { differenceWords, saidWords } from "../../domain/said.ts";
import { acceptedByPerson, acceptObjections, allNewLines, type Accepting } from "../baseline-accept.ts";
import { baselineReport } from "../baseline-report.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { identitiesOf, type Identities } from "../identities.ts";
import { identityLines, shortened } from "../identity-view.ts";
import { nearest } from "../nearest.ts";
import type { Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";
import { widthFor } from "../style.ts";
import { columns, counted } from "../text.ts";

export const baseline: Command = {
  name: "baseline",
  plans: true,
  words: [
    { name: "accept|list|show|report", required: true },
    { name: "device", required: false },
  ],
  options: {
    by: { type: "text", value: "<name>", summary: "accept: who has compared it with the device itself" },
    reason: { type: "text", value: "<text>", summary: "accept: how it was compared, or why it changed" },
    seen: {
      type: "text",
      value: "<mark>",
      summary: "accept: the mark of what you have seen, as `baseline show` prints it; with --all-new the one under `baseline list`",
    },
    "all-new": {
      type: "flag",
      summary:
        "accept: every device of which nothing was accepted before, as the command lists them; without a terminal and with --json by the mark of the list",
    },
    beside: { type: "flag", summary: "accept: what was accepted before stays so too (a redundant pair at one address)" },
    format: { type: "text", value: "md|csv", summary: "report: how it is printed (default md)" },
  },
  examples: [
    ["watchkeeper baseline list", "who has said what, and whether it is accepted"],
    ["watchkeeper baseline show fresh-water-plc", "said, accepted, since when, by whom, and what is other"],
    [
      'watchkeeper baseline accept fresh-water-plc --seen 3f9a-12c0-77de --by eto-1 --reason "read off the type plate"',
      "from now on every other answer is an alarm; the mark is the one that show has printed",
    ],
    ['watchkeeper baseline accept --all-new --by eto-1 --reason "commissioning, list checked on board"', "at the first time"],
    ["watchkeeper baseline report --format csv", "for an auditor: accepted and said, and every change from the audit"],
  ],
  more:
    "Nothing is accepted by itself: what a device said first is only remembered. A mark stands for what a device says: where it says something " +
    "else by the time it is accepted, nothing is accepted, and the command shows what it says now. Another vendor or product than was accepted trips the device; " +
    "another firmware, serial number, certificate, description or hardware address is an alarm with before and after, and polling goes on. " +
    "After a trip: look at the device, `baseline accept` what is right, then `reset`. Asks no device. Exit code 1 when something has changed.",
  objections: (written) => (written.words[0] === "accept" ? acceptObjections(written) : []),
  run(context) {
    const [what = "nothing", device] = context.words;
    const planned = plannedSite(context);
    if ("inFiles" in planned) return Promise.resolve(failed(context, planned.problems));
    const known = identitiesOf(context, planned.settings.stateDir, planned.compiled.plan);
    if ("problems" in known) return Promise.resolve(failed(context, known.problems));
    switch (what) {
      case "accept":
        return accepted({ context, planned, known }, device);
      case "list":
        return Promise.resolve(listed(context, none(device) ?? known));
      case "show":
        return Promise.resolve(shown(context, known, device));
      case "report":
        return Promise.resolve(reported(context, planned, none(device) ?? known));
      default:
        throw new WrongUsage(`found ${what}, expected accept, list, show or report`);
    }
  },
};

function none(surplus: string | undefined): undefined {
  if (surplus !== undefined) throw new WrongUsage(`"${surplus}" is one word too many; \`baseline show ${surplus}\` shows one device`);
}

function listed(context: Context, known: Identities): ExitCode {
  const rows = [...known].flatMap(([id, views]) => {
    const mark = markOf(views);
    return mark === undefined ? [[id, "says nothing", "-", "-", "of itself so far"]] : views.map((view) => row(view, mark));
  });
  if (context.flag("json"))
    context.print(JSON.stringify(Object.fromEntries([...known].map(([id, views]) => [id, marked(views)])), undefined, 2));
  else {
    context.print(columns([["DEVICE", "STATE", "MARK", "SAID BY", "SAYS"], ...rows], widthFor(context)).join("\n"));
    for (const line of allNewLines(known)) context.print(line);
  }
  return exitOf([...known.values()].flat());
}

/** Of what has changed the change: the rest is what `show` is for. */
function row({ device, state, source, said, differences }: IdentityView, mark: string): readonly string[] {
  const words = differences.length === 0 ? saidWords(said) : differenceWords(differences);
  return [device, identityStates[state], mark, source, printable(shortened(words), 400)];
}

function marked(views: readonly IdentityView[]): readonly object[] {
  const mark = markOf(views);
  return views.map((view) => ({ ...view, mark }));
}

function shown(context: Context, known: Identities, device: string | undefined): ExitCode {
  const id = named(known, device);
  if (typeof id !== "string") return failed(context, id.problems);
  const views = known.get(id)!;
  const mark = markOf(views);
  if (context.flag("json")) context.print(JSON.stringify(marked(views), undefined, 2));
  else if (mark === undefined) context.print(`${id}: it has said nothing of itself so far.`);
  else {
    const lines = views.flatMap((view) => ["", ...identityLines(view, widthFor(context))]);
    const right = `watchkeeper baseline accept ${id} --seen ${mark} --by NAME --reason TEXT`;
    const hint = views.every(({ state }) => state === "as_accepted")
      ? []
      : ["", "Compare it with the device itself. Where it is right:", `    ${right}`];
    context.print([`${id}, mark ${mark}`, ...lines, ...hint].join("\n"));
  }
  return exitOf(views);
}

function reported(context: Context, { settings, site, compiled }: PlannedSite, known: Identities): ExitCode {
  const format = context.text("format") ?? "md";
  if (format !== "md" && format !== "csv") throw new WrongUsage(`--format: found "${format}", expected md or csv`);
  const text = baselineReport(context, {
    stateDir: settings.stateDir,
    watchlist: site.watchlist.value,
    site: compiled.plan.site,
    known,
    format,
  });
  if (typeof text !== "string") return failed(context, text.problems);
  context.print(text.trimEnd());
  return exitOf([...known.values()].flat());
}

function exitOf(views: readonly IdentityView[]): ExitCode {
  return views.some(({ state }) => state === "changed") ? 1 : 0;
}

function accepted(accepting: Accepting, device: string | undefined): Promise<ExitCode> {
  const { context, known } = accepting;
  const id = device === undefined ? undefined : named(known, device);
  return typeof id === "object" ? Promise.resolve(failed(context, id.problems)) : acceptedByPerson(accepting, id);
}

function named(known: Identities, device: string | undefined): DeviceId | Problems {
  if (device === undefined) throw new WrongUsage("<device> is missing: its id, as `watchkeeper baseline list` shows it");
  const id = device as DeviceId;
  const views = known.get(id);
  if (views) return id;
  const near = nearest(device, [...known.keys()]);
  return {
    problems: [
      `${device}: found no such device, expected one of the watchlist's ${counted(known.size, "device")}${near === undefined ? "" : `; did you mean ${near}?`}`,
    ],
  };
}
