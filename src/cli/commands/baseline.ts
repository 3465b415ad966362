/** The identity baseline: lists, shows and reports what each device says of itself, and takes a person's word that it is right. */
import { accepting, acceptedWords, identityStates, identityWordsMax, type Acceptance, type IdentityView } from "../../domain/baseline.ts";
import { baselineDevicesMax } from "../../domain/control.ts";
import type { DeviceId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import { differenceWords, saidWords } from "../../domain/said.ts";
import { audited, withJournal } from "../audit.ts";
import { baselineReport } from "../baseline-report.ts";
import { WrongUsage, type Command, type Context, type ExitCode } from "../command.ts";
import { identitiesOf, type Identities } from "../identities.ts";
import { identityLines, shortened } from "../identity-view.ts";
import { nearest } from "../nearest.ts";
import { pollerOf } from "../poller.ts";
import type { Problems } from "../ports.ts";
import { failed } from "../report.ts";
import { plannedSite, type PlannedSite } from "../site.ts";
import { widthFor } from "../style.ts";
import { columns, counted } from "../text.ts";

export const baseline: Command = {
  name: "baseline",
  summary: "accept, list, show or report who the devices say they are",
  words: [
    { name: "accept|list|show|report", required: true },
    { name: "device", required: false },
  ],
  options: {
    by: { type: "text", value: "<name>", summary: "accept: who has compared it with the device itself" },
    reason: { type: "text", value: "<text>", summary: "accept: how it was compared, or why it changed" },
    "all-new": { type: "flag", summary: "accept: every device of which nothing was accepted before" },
    beside: { type: "flag", summary: "accept: what was accepted before stays so too (a redundant pair at one address)" },
    format: { type: "text", value: "md|csv", summary: "report: how it is printed (default md)" },
  },
  examples: [
    ["watchkeeper baseline list", "who has said what, and whether it is accepted"],
    ["watchkeeper baseline show fresh-water-plc", "said, accepted, since when, by whom, and what is other"],
    [
      'watchkeeper baseline accept fresh-water-plc --by eto-1 --reason "read off the type plate"',
      "from now on every other answer is an alarm",
    ],
    ['watchkeeper baseline accept --all-new --by eto-1 --reason "commissioning, list checked on board"', "at the first time"],
    ["watchkeeper baseline report --format csv", "for an auditor: accepted and said, and every change from the audit"],
  ],
  more:
    "Nothing is accepted by itself: what a device said first is only remembered. Another vendor or product than was accepted trips the device; " +
    "another firmware, serial number, certificate, description or hardware address is an alarm with before and after, and polling goes on. " +
    "After a trip: look at the device, `baseline accept` what is right, then `reset`. Asks no device. Exit code 1 when something has changed.",
  run(context) {
    const [what = "nothing", device] = context.words;
    const planned = plannedSite(context);
    if ("inFiles" in planned) return Promise.resolve(failed(context, planned.problems));
    const known = identitiesOf(context, planned.settings.stateDir, planned.compiled.plan);
    if ("problems" in known) return Promise.resolve(failed(context, known.problems));
    switch (what) {
      case "accept":
        return accepted(context, planned, known, device);
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
  const rows = [...known].flatMap(([id, views]) => (views.length === 0 ? [[id, "says nothing", "-", "of itself so far"]] : views.map(row)));
  if (context.flag("json")) context.print(JSON.stringify(Object.fromEntries(known), undefined, 2));
  else context.print(columns([["DEVICE", "STATE", "SAID BY", "SAYS"], ...rows], widthFor(context)).join("\n"));
  return exitOf([...known.values()].flat());
}

/** Of what has changed the change: the rest is what `show` is for. */
function row({ device, state, source, said, differences }: IdentityView): readonly string[] {
  const words = differences.length === 0 ? saidWords(said) : differenceWords(differences);
  return [device, identityStates[state], source, printable(shortened(words), 400)];
}

function shown(context: Context, known: Identities, device: string | undefined): ExitCode {
  const id = named(known, device);
  if (typeof id !== "string") return failed(context, id.problems);
  const views = known.get(id)!;
  if (context.flag("json")) context.print(JSON.stringify(views, undefined, 2));
  else if (views.length === 0) context.print(`${id}: it has said nothing of itself so far.`);
  else context.print([id, ...views.flatMap((view) => ["", ...identityLines(view, widthFor(context))])].join("\n"));
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

async function accepted(context: Context, planned: PlannedSite, known: Identities, device: string | undefined): Promise<ExitCode> {
  const signed = { by: needed(context, "by", "who has compared it"), reason: needed(context, "reason", "how it was compared") };
  if ((device === undefined) !== context.flag("all-new"))
    throw new WrongUsage(`found ${device === undefined ? "neither a device nor --all-new" : "both a device and --all-new"}, expected one`);
  const chosen = device === undefined ? allNew(known) : named(known, device);
  if (typeof chosen === "object" && "problems" in chosen) return failed(context, chosen.problems);
  const devices = typeof chosen === "string" ? [chosen] : chosen;
  const silent = devices.filter((id) => known.get(id)?.length === 0);
  if (silent.length > 0)
    return failed(
      context,
      silent.map((id) => `${id}: it has said nothing of itself so far, expected an answer that carries an identity`),
    );
  for (let begun = 0; begun < devices.length; begun += baselineDevicesMax) {
    const some = devices.slice(begun, begun + baselineDevicesMax);
    const problems = await acceptedSome(context, planned, known, some, signed);
    const before = begun === 0 ? [] : [`The first ${begun} of ${devices.length} devices are accepted, these and those after them are not`];
    if (problems) return failed(context, [...problems.problems, ...before]);
  }
  const after = identitiesOf(context, planned.settings.stateDir, planned.compiled.plan);
  if ("problems" in after) return failed(context, after.problems);
  return told(context, planned, after, devices);
}

interface SignedHere {
  readonly by: string;
  readonly reason: string;
}

async function acceptedSome(
  context: Context,
  planned: PlannedSite,
  known: Identities,
  devices: readonly DeviceId[],
  signed: SignedHere,
): Promise<undefined | Problems> {
  const request = { devices, beside: context.flag("beside"), ...signed };
  const asked = await pollerOf(context, planned.settings.stateDir).ask("baseline-accept", request);
  if (asked.kind === "nobody") return acceptedDirectly(context, planned, known, devices, signed);
  if (asked.kind === "trouble") return { problems: [asked.detail] };
  return asked.reply.ok ? undefined : { problems: asked.reply.problems };
}

/** While no poller runs. The record first: an acceptance that nobody can find in the audit is none. */
function acceptedDirectly(
  context: Context,
  { settings }: PlannedSite,
  known: Identities,
  devices: readonly DeviceId[],
  { by, reason }: SignedHere,
): Promise<undefined | Problems> {
  const signed: Omit<Acceptance, "said"> = { by: printable(by, 100), reason: printable(reason, 400), at: context.clock.wall() };
  return withJournal(context, settings, (journal) => {
    for (const view of devices.flatMap((id) => known.get(id)!)) {
      const now = accepting(view, signed, context.flag("beside"));
      const detail = printable(acceptedWords(now, now.accepted.at(-1)!), identityWordsMax);
      audited(context, journal, { source: by, category: "approval", type: "identity_accepted", result: "success", detail });
      journal.identity(now);
    }
    return undefined;
  });
}

function told(context: Context, { compiled: { plan } }: PlannedSite, known: Identities, devices: readonly DeviceId[]): ExitCode {
  const views = devices.flatMap((id) => known.get(id) ?? []);
  if (context.flag("json")) context.print(JSON.stringify({ accepted: views }, undefined, 2));
  else
    for (const view of views)
      context.print(printable(`Accepted ${view.device}, ${view.source} at ${view.place}: ${saidWords(view.said)}`, 2000));
  if (devices.length === 0)
    context.print("Nothing is new: of every device that has said something of itself, something was accepted before.");
  const halves = devices.flatMap((id) => plan.devices.get(id)?.hardware ?? []).filter((half) => !devices.includes(half));
  for (const half of new Set(halves))
    if (known.get(half)?.some(({ state }) => state !== "as_accepted") ?? true)
      context.warn(`${half} is the same piece of hardware and is not accepted yet: until it is, a changeover is an alarm`);
  return 0;
}

function allNew(known: Identities): readonly DeviceId[] {
  return [...known].filter(([, views]) => views.length > 0 && views.every(({ accepted: before }) => before.length === 0)).map(([id]) => id);
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

function needed(context: Context, option: string, what: string): string {
  const text = context.text(option);
  if (text === undefined) throw new WrongUsage(`--${option} is missing: ${what}`);
  return text;
}
