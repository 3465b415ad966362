/** From what stands to what is said: who is told once, when it is over, how much goes into one message. Pure; the caller keeps the memory. */
import { alarmKinds, alarmNames, type AlarmName } from "../domain/alarm-kinds.ts";
import type { Notice, NoticeItem, NotifyRules } from "../domain/notify.ts";
import type { Milliseconds, WallMs } from "../domain/units.ts";
import { conditionsOf, type Circumstances, type Condition } from "./conditions.ts";
import type { FoldedEvents, Memory } from "./memory.ts";

/** Puts everything that people must hear of into the memory's pending items. */
export function lookAround(memory: Memory, { back, events }: FoldedEvents, now: Circumstances): void {
  if (now.stop) memory.stoppedAt = now.now;
  becomeKnown(memory, now);
  for (const { device, down, until } of back) blip(memory, device, down, until, now);
  for (const { alarm, subject, since, detail } of events)
    pend(memory, { alarm, subject, name: nameOf(subject, now), state: "event", since, until: since, detail }, now.now);
  const standing = new Map(conditionsOf(memory, now).map((condition) => [keyOf(condition), condition]));
  for (const [key, condition] of standing) raise(memory, key, condition, now);
  for (const key of Object.keys(memory.alarms)) if (!standing.has(key)) settle(memory, key, now);
}

/** The next message, when a kind of alarm has waited long enough: then everything that is pending goes along. */
export function nextNotice(memory: Memory, rules: NotifyRules, now: Pick<Circumstances, "now" | "site" | "lab">): Notice | undefined {
  const pending = Object.values(memory.pending);
  const ripe = pending.some(
    ({ item, at }) => passed(at, now.now, rules.groupWait) && passed(memory.lastAt[item.alarm] ?? 0, now.now, rules.groupInterval),
  );
  if (!ripe) return undefined;
  for (const { item } of pending) memory.lastAt[item.alarm] = now.now;
  memory.pending = {};
  return made(memory, inOrder(pending.map(({ item }) => item)), now);
}

/** A message with nothing in it, to see whether messages arrive. */
export function testNotice(memory: Memory, now: Pick<Circumstances, "now" | "site" | "lab">): Notice {
  return made(memory, [], now);
}

function made(memory: Memory, items: readonly NoticeItem[], { now, site, lab }: Pick<Circumstances, "now" | "site" | "lab">): Notice {
  memory.number += 1;
  const standing = Object.values(memory.alarms).filter(({ told }) => told).length;
  return { id: `${memory.born}-${memory.number}`, number: memory.number, site, lab, at: now, items, standing };
}

/** A device that the journal never spoke of is unknown from the first look on. One that is asked no more is forgotten. */
function becomeKnown(memory: Memory, { devices, now }: Circumstances): void {
  for (const id of devices.keys())
    memory.devices[id] ??= { liveness: "unknown", cause: "not_asked_yet", since: now, detail: "it never answered, or was never asked" };
  for (const id of Object.keys(memory.devices)) if (!devices.has(id)) delete memory.devices[id];
}

/** Down and back between two looks. Where the alarm was known, its end is told as any other. */
function blip(
  memory: Memory,
  device: string,
  down: { readonly since: WallMs; readonly detail: string },
  until: WallMs,
  now: Circumstances,
): void {
  const alarm = "WatchkeeperDeviceDown";
  const name = now.devices.get(device)?.name;
  if (name === undefined || memory.alarms[keyOf({ alarm, subject: device })] || now.muted(device)) return;
  pend(memory, { alarm, subject: device, name, state: "passed", ...down, until }, now.now);
}

function raise(memory: Memory, key: string, condition: Condition, now: Circumstances): void {
  const { alarm, subject, name, since, detail, device } = condition;
  const before = memory.alarms[key];
  const first = before?.since ?? since;
  const muted = device !== undefined && now.muted(device);
  const told = before?.told ?? false;
  const tell = !told && !muted && passed(first, now.now, alarmKinds[alarm].after);
  memory.alarms[key] = { alarm, subject, name, since: first, detail, told: told || tell };
  if (!tell) return;
  // It was over for less than a message: whoever was told that it stands was told right.
  if (memory.pending[key]?.item.state === "over") delete memory.pending[key];
  else pend(memory, { alarm, subject, name, state: "raised", since: first, detail }, now.now);
}

function settle(memory: Memory, key: string, now: Circumstances): void {
  const alarm = memory.alarms[key];
  delete memory.alarms[key];
  if (!alarm?.told) return;
  const { told: _told, ...known } = alarm;
  const unsaid = memory.pending[key]?.item.state === "raised";
  const gone = known.alarm.startsWith("WatchkeeperDevice") && !now.devices.has(known.subject);
  // Nobody heard of it, and nobody knows how it went on.
  if (gone && unsaid) delete memory.pending[key];
  else pend(memory, { ...known, state: gone ? "gone" : unsaid ? "passed" : "over", until: now.now }, now.now);
}

/** One item an alarm and message: the latest, with the time at which the first began to wait. */
function pend(memory: Memory, item: NoticeItem, at: WallMs): void {
  const key = keyOf(item);
  memory.pending[key] = { item, at: memory.pending[key]?.at ?? at };
}

function nameOf(subject: string, { devices, site }: Circumstances): string {
  return devices.get(subject)?.name ?? (subject === "site" ? `the poller of ${site}` : subject);
}

function keyOf({ alarm, subject }: { readonly alarm: AlarmName; readonly subject: string }): string {
  return `${alarm} ${subject}`;
}

/** A clock that was set back delays nothing. */
function passed(since: number, now: WallMs, span: Milliseconds): boolean {
  return since > now || now - since >= span;
}

function inOrder(items: readonly NoticeItem[]): readonly NoticeItem[] {
  const states = ["raised", "event", "passed", "over", "gone"];
  const rank = ({ state, alarm }: NoticeItem): number => states.indexOf(state) * alarmNames.length + alarmNames.indexOf(alarm);
  return items.toSorted((a, b) => rank(a) - rank(b) || (a.subject < b.subject ? -1 : 1));
}
