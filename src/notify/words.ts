/** A notice in words: the subject and the text that a person reads, the line that a log keeps. Short, plain, one line an alarm. */
import { alarmKinds, type AlarmName, type Severity } from "../domain/alarm-kinds.ts";
import type { Notice, NoticeItem } from "../domain/notify.ts";
import { printable } from "../domain/printable.ts";
import type { WallMs } from "../domain/units.ts";

/** Of one kind of alarm in one mail; the others are counted. */
const linesMax = 20;
const charactersMax = 500;
const subjectCharactersMax = 150;

/** What a target wants to hear of; a test goes to everybody. */
export function itemsFor(notice: Notice, least: Severity): readonly NoticeItem[] {
  return least === "warning" ? notice.items : notice.items.filter(({ alarm }) => alarmKinds[alarm].severity === "critical");
}

/** `[mv-aurora] Fresh water plant PLC is down`, `[mv-aurora] 3 DOWN, 1 TRIPPED; over: 2 DOWN`. */
export function subjectOf({ site, lab }: Notice, items: readonly NoticeItem[]): string {
  const where = `[${lab ? "LAB " : ""}${site}]`;
  const [only] = items;
  if (only === undefined) return `${where} test message`;
  if (items.length === 1) return printable(`${where} ${only.name} ${clause(only)}`, subjectCharactersMax);
  const ended = new Set(["over", "gone"]);
  const over = items.filter(({ state }) => ended.has(state));
  const news = counts(items.filter(({ state }) => !ended.has(state)));
  const parts = [news, over.length === 0 ? "" : `over: ${counts(over)}`].filter((part) => part !== "");
  return printable(`${where} ${parts.join("; ")}`, subjectCharactersMax);
}

export function textOf(notice: Notice, items: readonly NoticeItem[]): string {
  const ends = [
    `${notice.standing === 0 ? "No alarm stands" : `${notice.standing} ${notice.standing === 1 ? "alarm stands" : "alarms stand"}`} at ${moment(notice.at)}.`,
    `Message ${notice.id} of Watchkeeper, site ${notice.site}${notice.lab ? " (LAB MODE: simulated devices)" : ""}.`,
  ];
  if (items.length === 0) return ["This is a test: messages of Watchkeeper arrive here. Nothing is wrong.", "", ...ends, ""].join("\n");
  const groups = Map.groupBy(items, ({ alarm, state }) => `${state} ${alarm}`);
  return [...Array.from(groups.values(), blockOf).flatMap((block) => [...block, ""]), ...ends, ""].join("\n");
}

/** One line, with nothing in it that a reader of lines or a terminal would obey. */
export function lineOf(item: NoticeItem): string {
  const { alarm, state, name, subject, since, until, detail } = item;
  const who = name === subject || subject === "site" || name === subject.replace(":", " ") ? name : `${name} (${subject})`;
  const stands = until === undefined || state === "event";
  const when = stands
    ? `, ${state === "event" ? "at" : "since"} ${moment(since)}`
    : `; ${alarmKinds[alarm].word} from ${moment(since)} to ${moment(until)}`;
  return printable(`${who} ${clause(item)}${when}${detail === "" ? "" : `: ${detail}`}`, charactersMax);
}

/** With the subject in place where there is one. */
export function actionOf(alarm: AlarmName, subject = "DEVICE"): string {
  return printable(alarmKinds[alarm].action.replace("<subject>", subject), charactersMax);
}

function blockOf(items: readonly NoticeItem[]): readonly string[] {
  const [{ alarm, state, subject }] = items as readonly [NoticeItem];
  const count = items.length === 1 ? "" : ` (${items.length})`;
  const head = { raised: "", event: "", over: "OVER: ", gone: "OVER: ", passed: "OVER ALREADY: " }[state];
  const more = items.length > linesMax ? [`  and ${items.length - linesMax} more: \`watchkeeper status\``] : [];
  const advice =
    state === "raised" || state === "event"
      ? [`  Do: ${actionOf(alarm, items.length === 1 ? subject : undefined)}`, `  Runbook: ${alarm}`]
      : [];
  return [`${head}${alarmKinds[alarm].word}${count}`, ...items.slice(0, linesMax).map((item) => `  ${lineOf(item)}`), ...more, ...advice];
}

function clause({ alarm, state }: NoticeItem): string {
  if (state === "gone") return "is not asked any more";
  return state === "raised" || state === "event" ? alarmKinds[alarm].says : alarmKinds[alarm].over;
}

function counts(items: readonly NoticeItem[]): string {
  const groups = Map.groupBy(items, ({ alarm }) => alarm);
  return Array.from(groups, ([alarm, of]) => `${of.length} ${alarmKinds[alarm].word}`).join(", ");
}

/** `2026-11-21 12:00:05 UTC` */
function moment(at: WallMs): string {
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
