/** The plan in words that an engineer signs, and for one device the one line that says why it is not asked. */
import { formatDuration } from "../domain/duration.ts";
import { budgetShareMax } from "../domain/limits.ts";
import type { Check, CheckId, DeviceId, PlannedDevice, ProfileId, StandingRefusal } from "../domain/plan.ts";
import { standingReasons } from "../domain/reasons.ts";
import type { FrameTemplate } from "../domain/template.ts";
import { milliseconds } from "../domain/units.ts";
import { alarms, type Alarm } from "./compile/alarm.ts";
import { templatesOf, type Methods } from "./compile/candidate.ts";
import type { Compiled } from "./compile/compile.ts";
import { lastDayBefore } from "./compile/dates.ts";
import { busUses, busWords } from "./compile/lines.ts";
import { describeDeep, mayBeAsked } from "./describe-deep.ts";
import { isLiftedByApproval, type Sendable } from "./compile/proposals.ts";
import { raisedLines } from "./compile/raised.ts";
import { checkWorstCase, type Sysctls } from "./compile/worst-case.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem, type Problem } from "./problem.ts";
import { requestWords } from "./request-words.ts";
import { parseYaml } from "./yaml.ts";

export interface Wording {
  readonly methods: Methods;
  /** The figures of the kernel that the poller will run on. */
  readonly sysctls: Sysctls;
}

/** Lines of text, without line ends. */
export function describePlan(compiled: Compiled, wording: Wording): readonly string[] {
  const { plan, problems } = compiled;
  const lab = plan.lab ? " LAB: low floors, documentation and loopback addresses only." : "";
  const asked = new Set([...plan.checks.values()].map(({ device }) => device)).size;
  const broken =
    problems.length === 0
      ? []
      : ["", `${count(problems.length, "problem")}: this plan cannot be put in force.`, ...problems.map(formatProblem)];
  return [
    `${plan.site}: ${count(asked, "device")} asked by ${count(plan.checks.size, "check")}, ${count(plan.refused.size, "check")} not asked.${lab}`,
    `Plan ${plan.digest}`,
    ...broken,
    ...section("What is sent", describeDevices(compiled, wording)),
    ...section("What is asked less often than the watchlist says", raisedLines(compiled.raised)),
    ...section("What is not asked, and why", [...plan.refused.values()].map(refusedLine)),
    ...section(wouldBeSent, describeProposals(compiled, plan.refused.keys(), wording)),
    ...section(mayBeAsked, describeDeep(plan, frameText)),
    ...section("What is missing before approval", describeMissing(compiled)),
    ...section("Approvals", describeApprovals(compiled)),
    ...section("Certificates", compiled.certificates),
    ...section("What is proposed next", compiled.proposed),
    ...section("Budgets", describeBudgets(compiled)),
  ];
}

/** What is sent to one device and what is not, for `explain`. */
export interface Explanation {
  /** False where the watchlist has no such device. */
  readonly known: boolean;
  readonly asked: boolean;
  /** One line where nothing is asked; otherwise what is sent, then a line for each check that is not asked. */
  readonly lines: readonly string[];
}

export function explainDevice(site: LoadedSite, compiled: Compiled, id: DeviceId, wording: Wording): Explanation {
  const index = site.watchlist.value.devices.findIndex((device) => device.id === id);
  const entry = site.watchlist.value.devices[index];
  if (entry === undefined) return { known: false, asked: false, lines: [`${id}: not in ${site.watchlist.file}`] };
  const { plan, problems } = compiled;
  if (problems.length > 0)
    return { known: true, asked: false, lines: [problemLine(id, problems, [`devices[${index}]`], [`${entry.profile}.yaml`])] };
  const device = plan.devices.get(id);
  const refused = [...plan.refused.values()].filter((refusal) => refusal.device === id);
  if (device !== undefined && device.checks.length > 0) {
    return { known: true, asked: true, lines: [...describeDevice(device, compiled, wording, alarms(plan)), ...refused.map(refusedLine)] };
  }
  const [first, ...others] = refused;
  if (first === undefined)
    return { known: true, asked: false, lines: [`${id} is not asked: it has no checks in ${site.watchlist.file}, it is only heard`] };
  const different = others.filter(({ reason }) => reason !== first.reason).map(({ check, reason }) => `; ${check}: ${reason}`);
  return { known: true, asked: false, lines: [`${id} is not asked: ${first.reason}: ${first.detail}${different.join("")}`] };
}

/** Where the files could not be loaded: the problem of this very device, of its gateway or its profile, or else the first of all. */
export function explainProblems(
  id: string,
  problems: readonly Problem[],
  watchlist: { readonly file: string; readonly text: string },
): Explanation {
  const entry = rawDevice(watchlist.file, watchlist.text, id);
  const lines = [problemLine(id, problems, entry?.paths ?? [], entry?.files ?? [])];
  return { known: entry !== undefined, asked: false, lines };
}

function problemLine(id: string, problems: readonly Problem[], paths: readonly string[], files: readonly string[]): string {
  const within = ({ path }: Problem, whole: string): boolean =>
    path === whole || path.startsWith(`${whole}.`) || path.startsWith(`${whole}[`);
  const own =
    paths.map((whole) => problems.find((problem) => within(problem, whole))).find((found) => found !== undefined) ??
    problems.find(({ file }) => files.some((name) => file === name || file.endsWith(`/${name}`)));
  if (own !== undefined) return `${id} is not asked: ${formatProblem(own)}`;
  const first = problems[0];
  const rest = first === undefined ? "the configuration could not be read" : formatProblem(first);
  return `${id} is not asked: nothing of a configuration with problems is put in force; the ${problems.length === 1 ? "problem" : `first of ${problems.length}`} is: ${rest}`;
}

interface RawEntry {
  readonly paths: readonly string[];
  readonly files: readonly string[];
}

/** Finds a device in a watchlist that does not fit its schema. */
function rawDevice(file: string, text: string, id: string): RawEntry | undefined {
  const yaml = parseYaml(file, text);
  if (!yaml.ok) return undefined;
  const { devices, gateways } = (yaml.value ?? {}) as { devices?: unknown; gateways?: unknown };
  const find = (list: unknown, wanted: unknown): number =>
    Array.isArray(list) ? list.findIndex((item) => member(item, "id") === wanted) : -1;
  const index = find(devices, id);
  if (index < 0) return undefined;
  const entry: unknown = (devices as unknown[])[index];
  const gateway = find(gateways, member(entry, "via") ?? Symbol("none"));
  const profile = member(entry, "profile");
  return {
    paths: [`devices[${index}]`, ...(gateway < 0 ? [] : [`gateways[${gateway}]`])],
    files: typeof profile === "string" ? [`${profile}.yaml`] : [],
  };
}

function member(item: unknown, key: string): unknown {
  return typeof item === "object" && item !== null && Object.hasOwn(item, key) ? (item as Record<string, unknown>)[key] : undefined;
}

function describeDevices(compiled: Compiled, wording: Wording): readonly string[] {
  const alarmOf = alarms(compiled.plan);
  const asked = [...compiled.plan.devices.values()].filter(({ checks }) => checks.length > 0);
  return asked.flatMap((device) => describeDevice(device, compiled, wording, alarmOf));
}

function describeDevice(
  device: PlannedDevice,
  { plan, deviceDigests }: Compiled,
  wording: Wording,
  alarmOf: ReadonlyMap<string, Alarm>,
): readonly string[] {
  const { id, name, zone, segment, profile, stage, category } = device;
  const checks = device.checks.flatMap((check) => plan.checks.get(check) ?? []);
  return [
    `${id} (${name}): ${device.function}, category ${category}, zone ${zone}, segment ${segment}; profile ${profile}, ${stage}; ${deviceDigests.get(id) ?? ""}`,
    ...checks.flatMap((check) => describeCheck(check, wording, alarmOf.get(check.id)!)).map(indented),
  ];
}

/** The title over checks that nobody has signed. */
export const wouldBeSent: string = "WOULD BE SENT IF APPROVED";

/** What these checks would send once approved; those left out that do not wait for approval. */
export function describeProposals(
  { proposals }: Pick<Compiled, "proposals">,
  checks: Iterable<CheckId>,
  wording: Wording,
): readonly string[] {
  return [...checks].flatMap((id) => {
    const { check, alarm, mendFirst } = proposals.get(id) ?? {};
    if (check === undefined || alarm === undefined) return [];
    const before = mendFirst === undefined || mendFirst.length === 0 ? [] : [`  and not before this is mended: ${mendFirst.join(", ")}`];
    return [...describeCheck(check, wording, alarm), ...before];
  });
}

/** What an approval of these devices lets be sent: all of it, whether it is sent already or not. */
export function describeAdmitted(compiled: Compiled, devices: Iterable<DeviceId>, wording: Wording): readonly string[] {
  const { plan } = compiled;
  const alarmOf = alarms(plan);
  const named = new Set(devices);
  const sent = [...plan.checks.values()].filter(({ device }) => named.has(device));
  const refused = [...plan.refused.values()].filter(({ device }) => named.has(device)).map(({ check }) => check);
  return [
    ...sent.flatMap(({ approvedUntil: _until, ...check }) => describeCheck(check, wording, alarmOf.get(check.id)!)),
    ...describeProposals(compiled, refused, wording),
    ...section(mayBeAsked, describeDeep(plan, frameText, named)),
  ];
}

/** `approvedUntil` is absent where nobody has signed. */
function describeCheck(
  check: Sendable & Partial<Pick<Check, "approvedUntil">>,
  { methods, sysctls }: Wording,
  alarm: Alarm,
): readonly string[] {
  const { target, interval, connection, connectWithin, answerWithin, missesToDown } = check;
  const connects = check.opening.connectionsMax > 0;
  const how = connects ? `, ${connection === "fresh" ? "a connection for each check" : "over a kept connection"}` : "";
  const waits = connects ? `connect within ${formatDuration(connectWithin)}, ` : "";
  const worst = checkWorstCase(sysctls, check);
  const until = check.approvedUntil === undefined ? "" : `; nothing is asked after ${lastDayBefore(check.approvedUntil)}`;
  const normal = connection === "kept" && worst.kept !== null ? worst.kept : worst.fresh;
  return [
    `${check.id}: ${requestWords(check, methods)}`,
    `  to ${target.address} ${target.transport}${target.port > 0 ? `/${target.port}` : ""} every ${formatDuration(interval)}${how}; ${waits}answer within ${formatDuration(answerWithin)}; an answer proves ${check.proves}`,
    ...templatesOf(check).map((template) => `  frame ${frameText(template)}`),
    `  packets: ${normal.fromPoller} to the device and ${normal.fromDevice} back; at worst ${worst.packetsMax} to it, ${worst.packetsMaxFrozen} if the poller freezes, ${worst.packetsMaxKilled} if it is killed, and ${worst.arpBroadcastsMax} ARP broadcasts`,
    `  alarm at the latest after ${formatDuration(alarm.atLatestAfter)} (${missesToDown} misses${alarm.mayWait ? ", with half an interval of waiting for a shared budget" : ""}), ${unlessHeld}${until}`,
  ];
}

/** What "alarm at the latest" leaves out: silent together, the others are no longer asked and never get as far as down. */
export const unlessHeld = "unless a hold begins (several devices silent together): then the hold is the alarm";

/** Free bytes, where a counter or a session handle goes, as dots; a byte with free bits in brackets. */
export function frameText({ operation, bytes, mask, lengthMax }: FrameTemplate): string {
  const text = Array.from(bytes, (byte, index) => {
    const digits = byte.toString(16).padStart(2, "0");
    if (mask[index] === 0xff) return digits;
    return mask[index] === 0 ? ".." : `[${digits}]`;
  });
  const rest = lengthMax === undefined ? "" : ` and then up to ${lengthMax - bytes.length} bytes that are not compared here`;
  return `${shortened(text.join(" "))}${rest} (${operation})`;
}

/** A list of nodes is hundreds of bytes that the template leaves open: their number says as much. */
function shortened(text: string): string {
  return text.replaceAll(/(?:\.\. ){31,}\.\./gu, (open) => `.. (${(open.length + 1) / 3} bytes)`);
}

function refusedLine({ check, reason, detail }: StandingRefusal): string {
  return `${check}: ${reason} (${standingReasons[reason]}): ${detail}`;
}

/** What approval itself would lift is not missing before it. */
function describeMissing({ plan, covers, deviceDigests, findings }: Compiled): readonly string[] {
  const waiting = Map.groupBy(
    [...plan.refused.values()].filter(({ check }) => findings.get(check)?.some(isLiftedByApproval)),
    ({ device }) => plan.devices.get(device)?.profile,
  );
  return [...waiting].flatMap(([profile, refused]) => {
    const devices = [...Map.groupBy(refused, ({ device }) => device)];
    const lines = devices.map(([id, checks]) => {
      const missing = checks.flatMap(({ check }) => (findings.get(check) ?? []).filter((finding) => !isLiftedByApproval(finding)));
      const what = missing.length === 0 ? "nothing but the approval" : [...new Set(missing.map(({ detail }) => detail))].join("; ");
      return `  ${id} ${deviceDigests.get(id) ?? ""}: ${what}`;
    });
    return [`${profile ?? ""} ${covers.get(profile as ProfileId) ?? ""}`, ...lines];
  });
}

function describeApprovals({ approvals }: Compiled): readonly string[] {
  return [...approvals].map(([id, { expires, ends, warning }]) => {
    const grace = ends > expires ? `, with ${formatDuration(milliseconds(ends - expires))} of grace` : ", without grace";
    return `${id}: until ${lastDayBefore(expires)}${grace}${warning === undefined ? "" : `: ${warning}`}`;
  });
}

function describeBudgets({ plan }: Compiled): readonly string[] {
  const planned = (members: readonly Check[]): number => members.reduce((sum, { interval }) => sum + 1000 / interval, 0);
  const line = (whose: string, most: number, members: readonly Check[]): string =>
    `${whose}: ${decimal(planned(members))} of ${decimal(most * budgetShareMax)} starts per second (70 % of ${most})`;
  const bySegment = Map.groupBy(plan.checks.values(), ({ device }) => plan.devices.get(device)?.segment);
  const gateways = [...busUses(plan)].map(([id, use]) => ({ ...plan.lines.get(id)!, use }));
  return [
    line("site", plan.siteStartsPerSecondMax, [...plan.checks.values()]),
    ...[...plan.segments.values()].map(({ id, startsPerSecondMax }) => line(`segment ${id}`, startsPerSecondMax, bySegment.get(id) ?? [])),
    ...gateways.map(
      ({ id, gap, holdAfterTimeout, use }) =>
        `${id}: at least ${formatDuration(milliseconds(gap))} between requests, ${formatDuration(holdAfterTimeout)} of rest after one that was not answered; ${busWords(use)}`,
    ),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines.map(indented)];
}

function indented(line: string): string {
  return `  ${line}`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? "" : "s"}`;
}

function decimal(value: number): string {
  return String(Math.round(value * 100) / 100);
}
