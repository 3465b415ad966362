/** What `status` shows a person: trouble first, one line a device, fitting the terminal. */
import { causeNotice } from "./cause-view.ts";
import type { CheckStatus, DeviceStatus, HoldStatus, Instant, Status, TripStatus } from "../domain/control.ts";
import { livenesses, type Cause, type Liveness } from "../domain/liveness.ts";
import { proofs } from "../domain/plan.ts";
import { printable } from "../domain/printable.ts";
import { restartWords } from "../domain/restart-words.ts";
import { labNotice } from "./lab.ts";
import type { StopRecord } from "./ports.ts";
import type { Style } from "./style.ts";
import { auditLine, healthNotices } from "./health-view.ts";
import { columns, counted, moment, padded, wrapped } from "./text.ts";
import { identityNotices, unacceptedWords } from "./identity-view.ts";
import { deepQueryLine, windowLine } from "./window-view.ts";
import { inWords } from "./words.ts";

export interface View {
  readonly width: number;
  readonly style: Style;
}

const worstFirst: readonly Liveness[] = ["down", "degraded", "unknown", "up"];
/** More would push the table's top off any screen. */
const noticesMax = 20;

export function siteView(status: Status, stop: StopRecord | undefined, { width, style }: View): readonly string[] {
  const notices = noticesOf(status, stop).flatMap((notice) => noticeLines(notice, { width, style }));
  return [
    ...(status.lab ? [style.doubtful(labNotice)] : []),
    style.strong(`site ${printable(status.site, 63)}`) + style.faint(`   ${moment(status.at)}`),
    summary(status.devices),
    style.faint(auditLine(status.audit)),
    ...(notices.length > 0 ? ["", ...notices] : []),
    ...(tidings(status).length > 0
      ? [
          "",
          ...tidings(status)
            .slice(0, noticesMax)
            .flatMap((line) => wrapped(printable(line, 1000), width).map(style.doubtful)),
        ]
      : []),
    ...(status.devices.length > 0 ? ["", ...table(status, { width, style })] : []),
  ];
}

/** Whether a person should act: the exit code. */
export function needsAttention({ stopped, trips, holds, causes, reload, families, certificates, devices, ...health }: Status): boolean {
  const expired =
    families.some(({ approval }) => approval?.age === "grace" || approval?.age === "ended") ||
    certificates.some(({ notAfterAt }) => notAfterAt <= health.at);
  const changed = devices.some(({ identities }) => identities.some(({ state }) => state === "changed"));
  const unheard = trips.length > 0 || holds.length > 0 || causes.length > 0;
  const trouble = stopped || changed || healthNotices(health).length > 0 || unheard || !reload.successful || expired;
  return trouble || devices.some((device) => device.liveness === "down" || device.liveness === "degraded" || silentOnes(device).length > 0);
}

/** The reason that explains most: a device none of whose checks is in the plan says why the plan has none. */
function causeOf({ cause, checks, refused }: DeviceStatus): Cause {
  return checks.length === 0 ? (refused[0]?.reason ?? cause) : cause;
}

/** Why a device is what it is; of one that answers, what that proves. */
export function whyOf(device: DeviceStatus): string {
  const cause = causeOf(device);
  return cause === "answers" && device.proves ? proofs[device.proves] : named(device);
}

/** The cause, and what is meant by it where it is another device. */
function named(device: DeviceStatus): string {
  const cause = causeOf(device);
  return cause === "behind" && device.behind !== null ? `${inWords(cause)}: ${device.behind}` : inWords(cause);
}

export function ago(at: Instant | null, now: Instant, never = "never"): string {
  return at === null ? never : roughly(Date.parse(now) - Date.parse(at));
}

/** A site that is stopped asks nothing, whatever its slots say. */
export function due(at: Instant | null, { at: now, stopped }: Pick<Status, "at" | "stopped">): string {
  if (at === null || stopped) return "-";
  const left = Date.parse(at) - Date.parse(now);
  return left < 1000 ? "now" : roughly(left);
}

export function livenessWord(liveness: Liveness, style: Style): string {
  const word = liveness === "down" || liveness === "degraded" ? liveness.toUpperCase() : liveness;
  if (liveness === "up") return style.good(word);
  return liveness === "unknown" ? style.doubtful(word) : style.bad(word);
}

/** What happened, and the command that undoes it: on a line of its own, so that it can be copied whole. */
export interface Notice {
  readonly text: string;
  readonly command?: string;
}

export function noticeLines({ text, command }: Notice, { width, style }: View): readonly string[] {
  return [...wrapped(printable(text, 1000), width).map(style.bad), ...(command === undefined ? [] : [`    ${command}`])];
}

export function tripNotice({ scope, cause, detail, since }: TripStatus): Notice {
  const what = scope.startsWith("device:") ? scope.slice("device:".length) : `--${scope.replace(":", " ")}`;
  return {
    text: `TRIPPED ${scope} since ${moment(since)}, ${cause}: ${detail}. When you have looked:`,
    command: `watchkeeper reset ${printable(what, 100)} --by NAME --reason TEXT`,
  };
}

export function holdNotice({ scope, detail, since, nextTrialAt }: HoldStatus): Notice {
  const trial = nextTrialAt === null ? "one at a time is tried" : `one is tried at ${moment(nextTrialAt)}`;
  return {
    text: `HOLD ${scope.replace(":", " ")} since ${moment(since)}: several devices fell silent together; ${trial}, the others are not asked until one answers (${detail})`,
  };
}

/** Checks that are asked and never answered: whether the device or the method is at fault, a person must find out. */
function silentOnes({ checks }: DeviceStatus): readonly CheckStatus[] {
  return checks.filter(({ neverAnswered }) => neverAnswered);
}

/** The holds that keep a device from being asked; none where nothing of it would be asked anyway. */
export function holdsOn({ segment, profile, checks }: DeviceStatus, { holds }: Status): readonly HoldStatus[] {
  return checks.length === 0 ? [] : holds.filter(({ scope }) => scope === `segment:${segment}` || scope === `profile:${profile}`);
}

function summary(devices: readonly DeviceStatus[]): string {
  if (devices.length === 0) return "No device in the watchlist: nothing is asked.";
  const parts = livenesses.map((liveness) => [devices.filter((device) => device.liveness === liveness).length, liveness] as const);
  const shown = parts.filter(([count]) => count > 0).map(([count, liveness]) => `${count} ${liveness}`);
  return `${counted(devices.length, "device")}: ${shown.join(", ")}`;
}

/** Nothing is wrong with these: what runs out, what is held back on purpose, and what is proposed. */
function tidings({ at, families, certificates, heldSegments, windows, deepQuery, devices }: Status): readonly string[] {
  const words = [
    ...certificates.map(({ warning }) => warning),
    ...families.flatMap(({ approval, proposed }) => [approval?.warning, proposed]),
  ];
  return [
    ...words.filter((line) => typeof line === "string"),
    ...unacceptedWords(devices),
    ...heldSegments,
    ...(deepQuery === null ? [] : [deepQueryLine(deepQuery)]),
    ...windows.map((one) => `WINDOW ${windowLine(one, at)}`),
  ];
}

function noticesOf(
  { stopped, trips, holds, causes, reload, restartFor, devices, ...health }: Status,
  stop: StopRecord | undefined,
): readonly Notice[] {
  const changes = devices.flatMap(({ identities }) => identityNotices(identities));
  const notices = trips.slice(0, noticesMax).map(tripNotice);
  if (trips.length > noticesMax) notices.push({ text: `TRIPPED: ${trips.length - noticesMax} more; --json shows them all` });
  notices.push(...holds.slice(0, noticesMax).map(holdNotice));
  if (holds.length > noticesMax) notices.push({ text: `HOLD: ${holds.length - noticesMax} more; --json shows them all` });
  notices.push(...causes.slice(0, noticesMax).map((cause) => causeNotice(cause, devices)));
  if (causes.length > noticesMax) notices.push({ text: `NOT HEARD: ${causes.length - noticesMax} more causes; --json shows them all` });
  notices.push(...changes.slice(0, noticesMax));
  if (changes.length > noticesMax)
    notices.push({ text: `IDENTITY CHANGED: ${changes.length - noticesMax} more; \`watchkeeper baseline list\` shows them all` });
  notices.unshift(...healthNotices(health));
  if (stopped) {
    const since = stop?.since ? ` since ${moment(stop.since)}` : "";
    const by = stop ? ` by ${stop.by}: ${stop.reason}` : "";
    notices.unshift({ text: `STOPPED${since}${by}. Nothing is asked. To go on:`, command: "watchkeeper resume --by NAME --reason TEXT" });
  }
  if (restartFor.length > 0) notices.push({ text: `NOT YET IN FORCE: ${restartWords(restartFor)}` });
  if (!reload.successful)
    notices.push({
      text: `RELOAD FAILED: ${counted(reload.problems, "problem")} in the files; the plan before goes on. To see them:`,
      command: "watchkeeper check-config",
    });
  return notices;
}

function table(status: Status, { width, style }: View): readonly string[] {
  const devices = status.devices.toSorted(
    (a, b) => worstFirst.indexOf(a.liveness) - worstFirst.indexOf(b.liveness) || (a.device < b.device ? -1 : 1),
  );
  const wide = width >= 110;
  const idWidth = Math.min(wide ? 32 : 22, Math.max(6, ...devices.map(({ device }) => device.length)));
  const segmentWidth = Math.min(20, Math.max(7, ...devices.map(({ segment }) => segment.length)));
  const row = (
    id: string,
    segment: string,
    word: string,
    heard: string,
    next: string,
    proves: string,
    cause: string,
  ): readonly string[] => [
    printable(id, idWidth),
    ...(wide ? [printable(segment, segmentWidth)] : []),
    word,
    padded(heard, 7),
    padded(next, 7),
    ...(wide ? [proves] : []),
    cause,
  ];
  return columns(
    [
      row("DEVICE", "SEGMENT", "LIVENESS", "HEARD", "NEXT", "PROVES", "CAUSE").map(style.faint),
      ...devices.map((one) =>
        row(
          one.device,
          one.segment,
          livenessWord(one.liveness, style),
          ago(one.lastHeardAt, status.at),
          due(one.nextDueAt, status),
          one.proves ?? "-",
          causeWords(one, status, !wide),
        ),
      ),
    ],
    width,
  );
}

/** Where some checks are asked and others refused, the latter would stay unseen in a line about the former. */
function causeWords(device: DeviceStatus, status: Status, inFull: boolean): string {
  const { checks, refused } = device;
  const also =
    checks.length > 0 && refused.length > 0 ? ` (${counted(refused.length, "check")} not asked: ${inWords(refused[0]!.reason)})` : "";
  const cause = causeOf(device);
  // Up or down is what was last known: without this it would read as if it were still asked.
  const held = cause !== "breaker_open" && holdsOn(device, status).length > 0 ? " (held: not asked for now)" : "";
  const silent = silentOnes(device).length;
  const never = silent > 0 && cause !== "unproven" ? ` (${counted(silent, "check")} never answered)` : "";
  return (inFull ? whyOf(device) : named(device)) + never + held + also;
}

/** In one unit, rounded down for the past: `59 s`, `12 min`, `23 h`, `14 d`. */
function roughly(spanMs: number): string {
  const seconds = Math.floor(Math.max(0, spanMs) / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
