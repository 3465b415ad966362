/** Says why a device is asked or not: one line first, then all that the plan and the running poller know of it. */
import { basename } from "node:path";
import { citations, documentsTitle, toBeStated } from "../../config/citations.ts";
import { describeDeep, mayBeAsked } from "../../config/describe-deep.ts";
import { describeProposals, explainDevice, explainProblems, frameText, wouldBeSent, type Explanation } from "../../config/describe.ts";
import { readText } from "../../config/read-file.ts";
import type { Settings } from "../../config/loaded-site.ts";
import type { DeviceStatus, Status } from "../../domain/control.ts";
import type { DeviceId } from "../../domain/plan.ts";
import { printable } from "../../domain/printable.ts";
import type { Command, Context, ExitCode } from "../command.ts";
import { deviceView } from "../device-view.ts";
import { nearest } from "../nearest.ts";
import { pollerOf } from "../poller.ts";
import { failed } from "../report.ts";
import { settingsOf } from "../settings-file.ts";
import { plannedSite, type FileProblems, type PlannedSite } from "../site.ts";
import { due, holdsOn, whyOf } from "../status-view.ts";
import { styleFor, widthFor } from "../style.ts";
import { counted, moment } from "../text.ts";
import { windowLine } from "../window-view.ts";
import { inWords } from "../words.ts";

export const explain: Command = {
  name: "explain",
  plans: true,
  words: [{ name: "device", required: true }],
  options: {},
  examples: [
    ["watchkeeper explain fresh-water-plc", "the reason first, then what is sent, what stands against it, and what the poller heard"],
    ["watchkeeper explain fresh-water-plc --json", "the same as JSON"],
  ],
  more: "Sends nothing. Works without a running poller; where one runs and still asks what the files no longer do, that is said first. Exit code 1 when the files hold a mistake or do not name the device.",
  async run(context) {
    const planned = plannedSite(context);
    if ("inFiles" in planned) return broken(context, planned);
    const id = context.words[0]!;
    const wording = { methods: context.methods, sysctls: context.machine().sysctls };
    const explanation = explainDevice(planned.site, planned.compiled, id as DeviceId, wording);
    const live = await liveOf(context, planned.settings);
    const first = explanation.asked
      ? whyNow(context, id, planned, live)
      : whyNot(context, id, planned.settings, live, explanation.lines[0]!);
    if (!explanation.known) return failed(context, [first, ...explanation.lines.slice(1), ...suggestion(id, planned)]);
    const details = explanation.asked ? explanation.lines : explanation.lines.slice(1);
    if (context.flag("json")) context.print(JSON.stringify(asJson(context, id, planned, first, details, saidBy(live)), undefined, 2));
    else context.print([printable(first, 4000), ...shown(context, id, details, planned, saidBy(live))].join("\n"));
    return planned.problems.length > 0 ? 1 : 0;
  },
};

/** The files cannot be loaded: this device's own mistake is what the person wants to know, and that a poller goes by the files as they were. */
async function broken(context: Context, { problems, inFiles }: FileProblems): Promise<ExitCode> {
  const settings = settingsOf(context);
  if ("problems" in settings || inFiles.length === 0) return failed(context, problems);
  const watchlist = readText(basename(settings.watchlist), settings.watchlist);
  if (!watchlist.ok) return failed(context, problems);
  const explanation: Explanation = explainProblems(context.words[0]!, inFiles, {
    file: basename(settings.watchlist),
    text: watchlist.text,
  });
  const [says, ...others] = explanation.lines;
  return failed(context, [whyNot(context, context.words[0]!, settings, await liveOf(context, settings), says!), ...others]);
}

function suggestion(id: string, { site }: PlannedSite): readonly string[] {
  const near = nearest(
    id,
    site.watchlist.value.devices.map((device) => device.id),
  );
  return near === undefined ? [] : [`Did you mean ${near}?`];
}

/** What the running poller says; `mute` when there may be one and it did not. */
type Live = Status | "none" | "mute";

async function liveOf(context: Context, { stateDir }: Settings): Promise<Live> {
  const asked = await pollerOf(context, stateDir).ask("status", {});
  if (asked.kind === "nobody") return "none";
  if (asked.kind === "answered" && asked.reply.ok) return asked.reply.result;
  for (const problem of asked.kind === "answered" && !asked.reply.ok ? asked.reply.problems : []) context.warn(problem);
  if (asked.kind === "trouble") context.warn(asked.detail);
  return "mute";
}

function saidBy(live: Live): Status | undefined {
  return typeof live === "string" ? undefined : live;
}

function deviceOf(id: string, live: Status | undefined): DeviceStatus | undefined {
  return live?.devices.find(({ device }) => device === id);
}

/** The files would not have it asked. A poller that runs goes by the plan it has, so its truth comes first. */
function whyNot(context: Context, id: string, { stateDir }: Settings, live: Live, filesSay: string): string {
  if (live === "mute") return `${filesSay}; a poller may run, and does not say whether it still asks it`;
  const device = deviceOf(id, saidBy(live));
  if (live === "none" || !device || device.checks.length === 0) return filesSay;
  const { lastSuccessAt } = live.reload;
  const inForce = `the plan in force${lastSuccessAt === null ? "" : ` since ${moment(lastSuccessAt)}`}`;
  const files = `the files now say: ${filesSay.replace(`${id}: `, "").replace(`${id} is `, "")}`;
  const kept = context.state.stopped(stateDir) || live.stopped ? inWords("stopped") : keptBy(id, device, live);
  if (kept !== undefined) return `${id} is not asked: ${kept}; ${inForce} still holds it; ${files}`;
  return `${id} IS STILL ASKED under ${inForce}; ${files}; \`watchkeeper reload\` puts files without a mistake in force, \`watchkeeper stop\` ends all asking`;
}

/** What keeps a running poller from a device that its plan asks. */
function keptBy(id: string, device: DeviceStatus, live: Status): string | undefined {
  const scopes = ["site", `device:${id}`, `segment:${device.segment}`, `profile:${device.profile}`];
  const trip = live.trips.find(({ scope }) => scopes.includes(scope));
  if (trip) return `${trip.scope} tripped at ${moment(trip.since)}: ${trip.detail}; when you have looked, \`watchkeeper reset\``;
  const [hold] = holdsOn(device, live);
  if (hold) {
    const trial = hold.nextTrialAt === null ? "" : `; the next trial, of whichever device, is at ${moment(hold.nextTrialAt)}`;
    return `${hold.scope} is held since ${moment(hold.since)}: ${hold.detail}${trial}`;
  }
  if (device.cause === "window_pause") return pausedBy(scopes, live);
  // Tripped under another address of its hardware.
  return device.cause === "approval_expired" || device.cause === "tripped" ? inWords(device.cause) : undefined;
}

/** The pauses that name it by their scope; a zone, or a name that it had before, only the poller knows. */
function pausedBy(scopes: readonly string[], { at, windows }: Status): string {
  const open = windows.filter(({ kind, open: stands }) => kind === "pause" && stands);
  const own = open.filter(({ scope }) => scopes.includes(scope));
  const shownOnes = own.length > 0 ? own : open;
  const words = shownOnes.map((one) => windowLine(one, at)).join("; ");
  return words === "" ? `${inWords("window_pause")} that is about to begin` : `${inWords("window_pause")}: ${words}`;
}

/** The plan would ask it: whether anything in force now keeps the poller from it. */
function whyNow(context: Context, id: string, { compiled, settings }: PlannedSite, live: Live): string {
  const stop = context.state.stopped(settings.stateDir);
  if (stop) return `${id} is not asked: ${inWords("stopped")}, by ${stop.by}: ${stop.reason}`;
  if (live === "mute") return `${id} is asked by the plan; the poller does not say what it does`;
  if (live === "none") return `${id} is not asked: no poller runs; the plan would ask it: start \`watchkeeper run\``;
  const device = deviceOf(id, live);
  if (live.stopped) return `${id} is not asked: ${inWords("stopped")}`;
  if (!device || device.checks.length === 0)
    return `${id} is not asked: the running poller goes by an older plan (${live.planDigest}); \`watchkeeper reload\` gives it the files as they are`;
  const kept = keptBy(id, device, live);
  if (kept !== undefined) return `${id} is not asked: ${kept}`;
  const old = live.planDigest === compiled.plan.digest ? "" : "; the files have changed since, see `watchkeeper reload`";
  return `${id} is asked: ${counted(device.checks.length, "check")}, next due: ${due(device.nextDueAt, live)}; ${device.liveness}, ${whyOf(device)}${old}`;
}

function shown(
  context: Context,
  id: string,
  details: readonly string[],
  planned: PlannedSite,
  live: Status | undefined,
): readonly string[] {
  const device = deviceOf(id, live);
  const { compiled } = planned;
  const refused = [...compiled.plan.refused.values()].filter((one) => one.device === id);
  const digest = compiled.deviceDigests.get(id as DeviceId);
  const proposed = proposedFor(context, planned, id);
  const further = refused.flatMap(({ check }) =>
    (compiled.findings.get(check) ?? [])
      .slice(1)
      .filter(({ statements }) => statements === undefined)
      .map(({ reason, detail }) => `  ${check}: also ${reason}: ${detail}`),
  );
  const lines = (title: string, all: readonly string[]): readonly string[] =>
    all.length === 0 ? [] : ["", title, ...all.map((line) => `  ${printable(line, 4000)}`)];
  return [
    ...details.map((line) => printable(line, 4000)),
    ...lines("What the owner must state first", statedFirst(planned, id)),
    ...(further.length > 0 ? ["", "What else stands against it", ...further.map((line) => printable(line, 4000))] : []),
    ...(proposed.length > 0 ? ["", wouldBeSent, ...proposed.map((line) => printable(line, 4000))] : []),
    ...lines(mayBeAsked, describeDeep(compiled.plan, frameText, new Set([id as DeviceId]))),
    ...lines(documentsTitle, documentsOn(planned, id)),
    ...(refused.length > 0 && digest !== undefined ? ["", `An approval would admit it as ${digest}`] : []),
    ...(device && live
      ? ["", "What the running poller knows", ...deviceView(device, live, { width: widthFor(context), style: styleFor(context) })]
      : []),
  ];
}

function statedFirst({ compiled }: PlannedSite, id: string): readonly string[] {
  const refused = [...compiled.plan.refused.values()].filter(({ device }) => device === id);
  return toBeStated(
    compiled,
    refused.map(({ check }) => check),
  );
}

function documentsOn({ site }: PlannedSite, id: string): readonly string[] {
  const device = site.watchlist.value.devices.find((one) => one.id === id);
  const profile = device && site.shippedProfiles.get(device.profile)?.value;
  if (device === undefined || profile === undefined || device.checks.length === 0) return [];
  return citations(
    profile,
    device.checks.map(({ method }) => method),
  );
}

function proposedFor(context: Context, { compiled, problems }: PlannedSite, id: string): readonly string[] {
  if (problems.length > 0) return [];
  const waiting = [...compiled.plan.refused.values()].filter(({ device }) => device === id).map(({ check }) => check);
  return describeProposals(compiled, waiting, { methods: context.methods, sysctls: context.machine().sysctls });
}

function asJson(
  context: Context,
  id: string,
  planned: PlannedSite,
  why: string,
  details: readonly string[],
  live: Status | undefined,
): object {
  const device = deviceOf(id, live);
  return {
    device: id,
    why,
    details,
    toBeStated: statedFirst(planned, id),
    wouldBeSentIfApproved: proposedFor(context, planned, id),
    deepQuery: describeDeep(planned.compiled.plan, frameText, new Set([id as DeviceId])),
    documents: documentsOn(planned, id),
    poller: live === undefined ? null : { stopped: live.stopped, planDigest: live.planDigest, trips: live.trips, device: device ?? null },
  };
}
