/** The watchlist that ran, with everything in it that today's says more strictly: a rollback moves devices, and loosens nothing. */
import { isMap, isSeq, type Document } from "yaml";
import { canonicalJson } from "../domain/canonical.ts";
import { limits } from "../domain/limits.ts";
import { Complaints, entriesOf } from "./checks/entries.ts";
import { checkZones } from "./checks/zones.ts";
import { formatProblem, type Loaded } from "./problem.ts";
import { functionToday } from "./rollback-function.ts";
import { sharedChanges, type Change } from "./rollback-shared.ts";
import { watchlistSchema, type Watchlist, type WatchlistCheck, type WatchlistDevice } from "./schema/watchlist.ts";
import type { ZoneCrossing } from "./schema/zone-crossing.ts";
import { parseWith } from "./schema-problems.ts";
import { parseYaml, renderYaml } from "./yaml.ts";

/**
 * Of today's: exclusions, holds, what a device is and does and what is stated of it, which checks there are, the longer intervals, the crossings;
 * of budgets, gateways and hardware groups the stricter of both.
 */
export function watchlistThatRan(today: Loaded<Watchlist>, text: string): Loaded<Watchlist> | { readonly problems: readonly string[] } {
  const { file, location } = today;
  const yaml = parseYaml(file, text);
  const read = yaml.ok ? parseWith(watchlistSchema, yaml) : yaml;
  if (!yaml.ok || !read.ok)
    return { problems: [`the watchlist that ran cannot be read by this version:`, ...(read.ok ? [] : read.problems.map(formatProblem))] };
  const { document } = yaml;
  const changes = [
    ...read.value.devices.flatMap((device, at) => ofDevice(today.value, read.value, device, at)),
    ...crossings(today.value, read.value),
    ...sharedChanges(today.value, read.value),
  ];
  for (const { path, value } of changes) {
    if (value === undefined) document.deleteIn(path);
    else document.setIn(path, document.createNode(value, { flow: true, aliasDuplicateObjects: false }));
  }
  const added = addTakenSince(document, today.value, read.value);
  if (changes.length === 0 && !added) return { file, location, text, lines: yaml.lines, value: read.value };
  const made = renderYaml(document);
  const again = parseYaml(file, made);
  const value = again.ok ? parseWith(watchlistSchema, again) : again;
  if (!again.ok || !value.ok) throw new Error(`${file}: the watchlist that ran cannot be read with what today's says more strictly`);
  const complaints = new Complaints(again);
  checkZones(entriesOf(again, value.value), complaints);
  if (complaints.problems.length > 0) return { problems: complaints.problems.map(formatProblem) };
  return { file, location, text: made, lines: again.lines, value: value.value };
}

function addTakenSince(document: Document.Parsed, today: Watchlist, before: Watchlist): boolean {
  let added = false;
  for (const key of ["excluded", "segmentStages"] as const) {
    const known = new Set(before[key].map((entry) => JSON.stringify(entry)));
    for (const entry of today[key]) {
      if (known.has(JSON.stringify(entry))) continue;
      added = true;
      const node = document.createNode({ ...entry }, { flow: true });
      const list = document.get(key);
      if (isSeq(list) && !(list.flow === true && list.items.length === 0)) document.addIn([key], node);
      else if (isMap(document.contents)) document.set(key, document.createNode([{ ...entry }]));
    }
  }
  return added;
}

function ofDevice(today: Watchlist, ran: Watchlist, before: WatchlistDevice, at: number): readonly Change[] {
  const now = today.devices.find(({ id }) => id === before.id);
  const job = functionToday(today, ran, before);
  const differs = (a: unknown, b: unknown): boolean => canonicalJson(a) !== canonicalJson(b);
  const set = (key: string, value: unknown): Change => ({ path: ["devices", at, key], value });
  // One that is gone, or of another family today, stays listed, as others may name it, and is not asked.
  const gone = now === undefined || now.profile !== before.profile;
  return [
    ...(job === before.function ? [] : [set("function", job)]),
    ...(now !== undefined && differs(now.statements, before.statements) ? [set("statements", now.statements)] : []),
    // Which model it is decides which weaknesses are known of it.
    ...(now !== undefined && differs(now.asset, before.asset) ? [set("asset", now.asset)] : []),
    ...(gone ? (before.checks.length === 0 ? [] : [set("checks", [])]) : ofChecks(now.checks, before.checks, at)),
  ];
}

/** Checks are told by what they ask, as their place in the list may change. */
function ofChecks(today: readonly WatchlistCheck[], before: readonly WatchlistCheck[], at: number): readonly Change[] {
  const intervals = new Map<string, number>();
  for (const one of today) intervals.set(asks(one), Math.max(one.interval ?? limits.intervalDefault, intervals.get(asks(one)) ?? 0));
  if (before.some((one) => !intervals.has(asks(one)))) {
    const kept = before.filter((one) => intervals.has(asks(one)));
    return [{ path: ["devices", at, "checks"], value: kept.map((one) => written(one, intervals.get(asks(one))!)) }];
  }
  return before.flatMap((one, index) => {
    const now = intervals.get(asks(one))!;
    return now > (one.interval ?? limits.intervalDefault)
      ? [{ path: ["devices", at, "checks", index, "interval"], value: `${now}ms` }]
      : [];
  });
}

function asks({ method, unitId, register, portsUp, credentials, security, transport }: WatchlistCheck): string {
  const parts = [method, unitId, register, portsUp, credentials, security, transport];
  return canonicalJson(parts.map((part) => part ?? null));
}

function written(check: WatchlistCheck, intervalToday: number): object {
  const { interval, connectWithin, answerWithin, ...others } = check;
  return {
    ...others,
    interval: `${Math.max(interval ?? limits.intervalDefault, intervalToday)}ms`,
    ...(connectWithin !== undefined && { connectWithin: `${connectWithin}ms` }),
    ...(answerWithin !== undefined && { answerWithin: `${answerWithin}ms` }),
  };
}

/** Every two zones that both join; where that is too few for the segments, the usual check refuses the file. */
function crossings({ zoneCrossings: today }: Watchlist, { zoneCrossings: before }: Watchlist): readonly Change[] {
  const both = before.flatMap((one): readonly ZoneCrossing[] => {
    const shared = today.map((now) => ({ ...now, zones: now.zones.filter((zone) => one.zones.includes(zone)) }));
    return shared.some(({ zones }) => zones.length === one.zones.length) ? [one] : shared.filter(({ zones }) => zones.length >= 2);
  });
  return canonicalJson(both) === canonicalJson(before) ? [] : [{ path: ["zoneCrossings"], value: both }];
}
