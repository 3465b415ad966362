/** What `plan` shows a person: what is asked and how often, what each family sends at most, and what is not asked and why. */
import type { ApprovalState, Compiled } from "../config/compile/compile.ts";
import { lastDayBefore } from "../config/compile/dates.ts";
import { busUses, busWords } from "../config/compile/lines.ts";
import { raisedLines } from "../config/compile/raised.ts";
import type { CheckJson, PlanJson, RefusedJson } from "../config/plan-json.ts";
import { citationsOf, unstatedDevices } from "../config/citations.ts";
import { deepSummary } from "../config/describe-deep.ts";
import { describeProposals, unlessHeld, wouldBeSent } from "../config/describe.ts";
import type { LoadedSite } from "../config/loaded-site.ts";
import { requestWords } from "../config/request-words.ts";
import type { Method } from "../domain/driver.ts";
import { formatDuration } from "../domain/duration.ts";
import type { MethodId } from "../domain/operations.ts";
import type { Check, CheckId, ProfileId } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { standingReasons } from "../domain/reasons.ts";
import { milliseconds } from "../domain/units.ts";
import { labNotice } from "./lab.ts";
import type { View } from "./status-view.ts";
import { columns, counted, wrapped } from "./text.ts";

export interface PlanView extends View {
  readonly site: LoadedSite;
  readonly methods: ReadonlyMap<MethodId, Method>;
}

const refusalsMax = 25;
const proposalsMax = 10;

export function planView(compiled: Compiled, json: PlanJson, view: PlanView): readonly string[] {
  const { plan } = compiled;
  const { width, style } = view;
  return [
    ...(plan.lab ? [style.doubtful(labNotice)] : []),
    style.strong(`site ${printable(plan.site, 63)}`) + style.faint(`   plan ${plan.digest}`),
    `${counted(plan.devices.size, "device")}: ${counted(plan.checks.size, "check")} asked, ${plan.refused.size} not asked`,
    ...wrapped(budgets(json), width),
    ...[...busUses(plan)].flatMap(([id, use]) => wrapped(`${id}: ${busWords(use)}`, width)),
    "",
    ...asked(compiled, json, view),
    ...lessOften(compiled, width),
    "",
    ...families(compiled, json, view),
    ...compiled.certificates.flatMap((line) => wrapped(line, width).map(style.doubtful)),
    ...compiled.proposed.flatMap((line) => wrapped(line, width)),
    ...(plan.refused.size > 0 ? ["", ...notAsked(json, view)] : []),
    ...proposed(compiled, json, view),
  ];
}

function budgets({ budgets: { site, segments } }: PlanJson): string {
  const one = (name: string, { startsPerSecondPlanned, startsPerSecondUsable }: typeof site): string =>
    `${name} ${startsPerSecondPlanned} of ${startsPerSecondUsable}`;
  return `starts per second, planned of at most: ${[one("site", site), ...segments.map((segment) => one(`segment ${segment.id}`, segment))].join(", ")}`;
}

function asked({ plan }: Compiled, json: PlanJson, view: PlanView): readonly string[] {
  const { style, width, methods } = view;
  if (json.checks.length === 0) return [style.strong("NOTHING IS ASKED: no check is admitted.")];
  const head = ["ASKED", "AT", "EVERY", "ALARM AFTER", "SENDS"].map(style.faint);
  const rows = json.checks.map((check) => [
    check.id,
    check.target.port === 0 ? check.target.address : `${check.target.address}:${check.target.port}`,
    span(check.intervalMs),
    span(check.alarmAtLatestAfterMs),
    sends(plan.checks.get(check.id as CheckId), methods),
  ]);
  return [...columns([head, ...rows], width), ...wrapped(`ALARM AFTER is at the latest, ${unlessHeld}.`, width)];
}

/** One line that an engineer signs. */
export function sends(check: Check | undefined, methods: ReadonlyMap<MethodId, Method>): string {
  return check === undefined ? "" : requestWords(check, methods);
}

function families(compiled: Compiled, json: PlanJson, view: PlanView): readonly string[] {
  const { plan, covers, approvals } = compiled;
  const documents = citationsOf(view.site);
  const unstated = unstatedDevices(compiled);
  const byProfile = Map.groupBy(json.devices, ({ profile }) => profile);
  return [...byProfile].flatMap(([profile, devices]) => {
    const ids = new Set(devices.map(({ id }) => id));
    const checks = json.checks.filter(({ device }) => ids.has(device));
    const refused = json.refused.filter(({ device }) => ids.has(device));
    const stage = [...plan.devices.values()].find((device) => device.profile === profile)?.stage ?? "draft";
    return [
      `${view.style.strong(profile)}: stage ${stage}, ${counted(devices.length, "device")}, ${checks.length} of ${counted(checks.length + refused.length, "check")} asked`,
      `  covers ${covers.get(profile as ProfileId) ?? ""}`,
      ...approval(approvals.get(profile as ProfileId)).map((line) => `  ${line}`),
      ...indentedTo(
        [
          ...worstCase(checks),
          ...deepSummary(plan, profile as ProfileId),
          ...(checks.length + refused.length === 0 ? [] : stated(view.site, profile as ProfileId, devices, unstated)),
        ].map((line) => `  ${line}`),
        view.width,
      ),
      ...indentedTo(
        (documents.get(profile as ProfileId) ?? []).map((line) => `  ${line}`),
        view.width,
      ),
    ];
  });
}

/** What only the owner knows comes before any signature. */
function stated(
  { shippedProfiles, siteProfiles }: LoadedSite,
  profile: ProfileId,
  devices: PlanJson["devices"],
  unstated: ReadonlySet<string>,
): readonly string[] {
  const wanted = [shippedProfiles, siteProfiles].flatMap((files) => files.get(profile)?.value.ownerMustState ?? []);
  const missing = devices.filter(({ id }) => unstated.has(id)).length;
  const left = missing === 0 ? "nothing is missing" : `still missing at ${missing} of ${counted(devices.length, "device")}: see NOT ASKED`;
  return wanted.length === 0 && missing === 0
    ? []
    : [`the owner states first: ${[...new Set(wanted)].join(", ") || "what is missing"}; ${left}`];
}

function approval(state: ApprovalState | undefined): readonly string[] {
  if (!state) return [];
  return [state.warning ?? `approved until ${lastDayBefore(state.expires)}`];
}

/** The largest figures of the family's checks: packets from the poller to one device. */
export function worstCase(checks: readonly CheckJson[]): readonly string[] {
  if (checks.length === 0) return [];
  const most = (pick: (check: CheckJson) => number): number => Math.max(...checks.map(pick));
  const healthy = most(({ worstCase: { fresh } }) => fresh.fromPoller);
  return [
    `packets to a device for one check: ${healthy} when it answers; at most ${most(({ worstCase: one }) => one.packetsMax)} whatever it does, ` +
      `${most(({ worstCase: one }) => one.packetsMaxFrozen)} when the poller freezes in the middle, ${most(({ worstCase: one }) => one.packetsMaxKilled)} when it is killed; ` +
      `ARP to its segment: at most ${most(({ worstCase: one }) => one.arpBroadcastsMax)} each time the kernel looks for it`,
  ];
}

function notAsked({ refused }: PlanJson, view: PlanView): readonly string[] {
  const shown = refused.slice(0, refusalsMax);
  const more = refused.length - shown.length;
  return [
    view.style.strong("NOT ASKED"),
    ...shown.flatMap((one) => refusal(one, view)),
    ...(more > 0 ? [`and ${counted(more, "check")} more: --full shows them, \`watchkeeper explain <device>\` those of one device`] : []),
  ];
}

function refusal(one: RefusedJson, view: PlanView): readonly string[] {
  const { width } = view;
  const sentences = [one.detail, ...one.further.map(({ reason, detail }) => `also, ${standingReasons[reason]}: ${detail}`)];
  return [
    ...wrapped(`${one.check}: ${one.meaning}`, width),
    ...sentences.flatMap((sentence) => wrapped(printable(sentence, 2000), width - 4)).map((line) => `    ${line}`),
  ];
}

function lessOften({ raised }: Compiled, width: number): readonly string[] {
  const lines = raisedLines(raised);
  const more = lines.length - refusalsMax;
  const shown = lines.slice(0, refusalsMax).flatMap((line) => wrapped(line, width));
  if (lines.length === 0) return [];
  return ["", ...shown, ...(more > 0 ? [`and ${counted(more, "check")} more that the watchlist wants asked more often: see --full`] : [])];
}

/** Nobody signs bytes that were not shown. */
function proposed(compiled: Compiled, json: PlanJson, { width, style, methods }: PlanView): readonly string[] {
  const waiting = json.refused.filter((one) => one.waitsForApproval).map((one) => one.check as CheckId);
  const more = waiting.length - proposalsMax;
  const lines = describeProposals(compiled, waiting.slice(0, proposalsMax), { methods, sysctls: json.sysctls });
  if (waiting.length === 0) return [];
  return [
    "",
    style.strong(wouldBeSent),
    ...indentedTo(lines, width),
    ...(more > 0 ? [`and by ${counted(more, "check")} more: --full shows them, \`watchkeeper explain <device>\` those of one device`] : []),
  ];
}

/** Lines that may be indented already, wrapped under themselves. */
function indentedTo(lines: readonly string[], width: number): readonly string[] {
  return lines.flatMap((line) => {
    const indent = /^ */u.exec(line)?.[0] ?? "";
    return wrapped(line.slice(indent.length), width - indent.length - 2).map((part, at) => `${indent}${at === 0 ? "" : "  "}${part}`);
  });
}

export function span(ms: number): string {
  return formatDuration(milliseconds(ms));
}
