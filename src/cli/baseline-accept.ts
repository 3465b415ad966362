/** Takes a person's word that a device is who it says it is: for what that person has seen, and for nothing that came since. */
import { isMark, markOf, otherThanSeen } from "../config/identity-mark.ts";
import { accepting, acceptedWords, identityWordsMax, type Acceptance } from "../domain/baseline.ts";
import { baselineDevicesMax, type SeenDevice } from "../domain/baseline-control.ts";
import type { DeviceId } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { saidWords } from "../domain/said.ts";
import { audited, withJournal } from "./audit.ts";
import type { Context, ExitCode, Written } from "./command.ts";
import { identitiesOf, type Identities } from "./identities.ts";
import { shortened } from "./identity-view.ts";
import { pollerOf } from "./poller.ts";
import type { Problems } from "./ports.ts";
import { failed } from "./report.ts";
import type { PlannedSite } from "./site.ts";
import { widthFor } from "./style.ts";
import { columns, counted } from "./text.ts";
import { objectionsOf, wanted } from "./wanted.ts";

export interface Accepting {
  readonly context: Context;
  readonly planned: PlannedSite;
  readonly known: Identities;
}

interface SignedHere {
  readonly by: string;
  readonly reason: string;
}

/** @param device of the watchlist; undefined for every one of which nothing was accepted before */
export async function acceptedByPerson(accepting: Accepting, device: DeviceId | undefined): Promise<ExitCode> {
  const { context, known, planned } = accepting;
  const signed = { by: context.required("by"), reason: context.required("reason") };
  const devices = device === undefined ? seenNow(known, allNew(known)) : [{ device, seen: context.required("seen") }];
  const silent = devices.filter(({ device: id }) => known.get(id as DeviceId)?.length === 0);
  if (silent.length > 0)
    return failed(
      context,
      silent.map((one) => `${one.device}: it has said nothing of itself so far, expected an answer that carries an identity`),
    );
  const unseen = device === undefined ? await unseenBy(accepting, devices) : undefined;
  if (unseen) return failed(context, unseen.problems);
  for (let begun = 0; begun < devices.length; begun += baselineDevicesMax) {
    const problems = await acceptedSome(accepting, devices.slice(begun, begun + baselineDevicesMax), signed);
    const before = begun === 0 ? [] : [`The first ${begun} of ${devices.length} devices are accepted, these and those after them are not`];
    if (problems) return failed(context, [...problems.problems, ...before]);
  }
  const after = identitiesOf(context, planned.settings.stateDir, planned.compiled.plan);
  if ("problems" in after) return failed(context, after.problems);
  return told({ ...accepting, known: after }, devices, device === undefined);
}

/** What is missing of an acceptance, and what does not go together in it. */
export function acceptObjections(written: Written): readonly string[] {
  const { words, flag, text, prompt } = written;
  const [, device] = words;
  const all = flag("all-new");
  const [neither, both] = ["found neither a device nor --all-new, expected one", "found both a device and --all-new, expected one"];
  const looks = prompt !== undefined && !flag("json");
  const mark = all
    ? "the mark that `watchkeeper baseline list` prints under its list, as nobody can be asked here who has looked through it; nothing was accepted"
    : `the mark that \`watchkeeper baseline show ${device ?? "DEVICE"}\` prints with what the device says, so that nothing is accepted that nobody has looked at`;
  return [
    ...(device === undefined && !all ? [neither] : []),
    ...(device !== undefined && all ? [both] : []),
    ...(text("seen") === undefined && !(all && looks) ? [`--seen is missing: ${mark}`] : []),
    ...objectionsOf(
      () => wanted(written, "by", "who has compared it"),
      () => wanted(written, "reason", "how it was compared"),
    ),
  ];
}

/** Under a list: how all of it that is new is accepted, by a mark of the whole; nothing where nothing is new. */
export function allNewLines(known: Identities): readonly string[] {
  const ids = allNew(known);
  const mark = markOfAll(known, ids);
  if (mark === undefined) return [];
  return [
    "",
    `${counted(ids.length, "device")} of which nothing was accepted before, mark of them all ${mark}. Where all of it is right:`,
    `    watchkeeper baseline accept --all-new --seen ${mark} --by NAME --reason TEXT`,
  ];
}

function markOfAll(known: Identities, ids: readonly DeviceId[]): string | undefined {
  return markOf(ids.flatMap((id) => known.get(id)!));
}

function seenNow(known: Identities, ids: readonly DeviceId[]): readonly SeenDevice[] {
  return ids.map((device) => ({ device, seen: markOf(known.get(device)!)! }));
}

/** What is accepted is what stands there: the marks are of these very lines. Undefined where it is what a person has seen, here or before. */
async function unseenBy({ context, known }: Accepting, devices: readonly SeenDevice[]): Promise<Problems | undefined> {
  if (devices.length === 0) return undefined;
  const [seen, json] = [context.text("seen"), context.flag("json")];
  const mark = markOfAll(
    known,
    devices.map(({ device }) => device as DeviceId),
  );
  if (seen !== undefined && !isMark(mark, seen)) {
    const other = `--all-new: found the mark ${mark ?? "none"}, expected ${seen}: it is not the list that was seen`;
    return { problems: [`${other}. Look through \`watchkeeper baseline list\` again; nothing was accepted`] };
  }
  if (json) return undefined;
  const rows = devices.flatMap(({ device, seen: own }) =>
    known.get(device as DeviceId)!.map(({ source, said }) => [device, own, source, printable(shortened(saidWords(said)), 400)]),
  );
  context.print(columns([["DEVICE", "MARK", "SAID BY", "SAYS"], ...rows], widthFor(context)).join("\n"));
  if (seen !== undefined) return undefined;
  // The command line was refused where nobody sits.
  const answer = await context.prompt!(`Accept ${counted(devices.length, "device")} as listed? yes or no: `);
  return ["y", "yes"].includes(answer?.trim().toLowerCase() ?? "") ? undefined : { problems: ["Nothing was accepted."] };
}

async function acceptedSome(accepting: Accepting, devices: readonly SeenDevice[], signed: SignedHere): Promise<undefined | Problems> {
  const { context, planned } = accepting;
  const request = { devices, beside: context.flag("beside"), ...signed };
  const asked = await pollerOf(context, planned.settings.stateDir).ask("baseline-accept", request);
  if (asked.kind === "nobody") return acceptedDirectly(accepting, devices, signed);
  if (asked.kind === "trouble") return { problems: [asked.detail] };
  return asked.reply.ok ? undefined : { problems: asked.reply.problems };
}

/** While no poller runs. The record first: an acceptance that nobody can find in the audit is none. */
async function acceptedDirectly(
  { context, planned: { settings }, known }: Accepting,
  devices: readonly SeenDevice[],
  { by, reason }: SignedHere,
): Promise<undefined | Problems> {
  const views = devices.map(({ device, seen }) => ({ device, seen, says: known.get(device as DeviceId)! }));
  const problems = views.flatMap(({ device, seen, says }) => (isMark(markOf(says), seen) ? [] : [otherThanSeen(device, says, seen)]));
  if (problems.length > 0) return { problems };
  const signed: Omit<Acceptance, "said"> = { by: printable(by, 100), reason: printable(reason, 400), at: context.clock.wall() };
  return withJournal(context, settings, (journal) => {
    for (const view of views.flatMap(({ says }) => says)) {
      const now = accepting(view, signed, context.flag("beside"));
      const detail = printable(acceptedWords(now, now.accepted.at(-1)!), identityWordsMax);
      audited(context, journal, { source: by, category: "approval", type: "identity_accepted", result: "success", detail });
      journal.identity(now);
    }
    return undefined;
  });
}

function told({ context, planned, known }: Accepting, devices: readonly SeenDevice[], listed: boolean): ExitCode {
  const ids = devices.map(({ device }) => device as DeviceId);
  const views = ids.flatMap((id) => known.get(id) ?? []);
  if (context.flag("json")) context.print(JSON.stringify({ accepted: views }, undefined, 2));
  else if (ids.length === 0)
    context.print("Nothing is new: of every device that has said something of itself, something was accepted before.");
  else if (listed) context.print(`Accepted ${counted(ids.length, "device")} as listed.`);
  else
    for (const view of views)
      context.print(printable(`Accepted ${view.device}, ${view.source} at ${view.place}: ${saidWords(view.said)}`, 2000));
  const halves = ids.flatMap((id) => planned.compiled.plan.devices.get(id)?.hardware ?? []).filter((half) => !ids.includes(half));
  for (const half of new Set(halves))
    if (known.get(half)?.some(({ state }) => state !== "as_accepted") ?? true)
      context.warn(`${half} is the same piece of hardware and is not accepted yet: until it is, a changeover is an alarm`);
  return 0;
}

function allNew(known: Identities): readonly DeviceId[] {
  return [...known].filter(([, views]) => views.length > 0 && views.every(({ accepted: before }) => before.length === 0)).map(([id]) => id);
}
