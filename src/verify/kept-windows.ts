/** Reads which pauses there were from the file of windows that a state folder keeps (windows/v1). */
import type { Quiet } from "./judgement.ts";

/** The text is no list of windows; the message says what is missing. */
export class WindowsUnreadable extends Error {
  override readonly name = "WindowsUnreadable";
}

/** A device that a reload brings under a pause gives its connection back then: so long may that take. */
const joiningGraceMs = 5000;

type Json = Readonly<Record<string, unknown>>;

/** Pauses that are over, stand or are planned; a mute or a deep query keeps nothing quiet. @throws WindowsUnreadable */
export function pausesIn(json: unknown): readonly Quiet[] {
  const { schema, windows, past = [] } = (json ?? {}) as Json;
  if (schema !== "windows/v1") throw new WindowsUnreadable(`schema ${JSON.stringify(schema)}: expected "windows/v1"`);
  if (!Array.isArray(windows) || !Array.isArray(past)) throw new WindowsUnreadable("windows and past: expected lists");
  return [...past, ...windows].flatMap((one: unknown, at) => pauseOf((one ?? {}) as Json, `window ${at + 1}`));
}

/** One time for all whom it covered from its beginning, and one for each moment at which it came to cover more. */
function pauseOf(window: Json, where: string): readonly Quiet[] {
  const { id, kind, scope, by, reason } = window;
  if (kind !== "pause") return [];
  const from = moment(window["from"], `${where}.from`);
  const until = moment(window["until"], `${where}.until`);
  const why = `pause ${String(id)} of ${String(scope)} from ${iso(from)} until ${iso(until)}, by ${String(by)}: ${String(reason)}`;
  const toNs = BigInt(until) * 1_000_000n;
  if (scope === "site") return [{ why, fromNs: BigInt(from) * 1_000_000n, toNs, graceMs: 0, addresses: undefined }];
  if (window["namesDropped"] === true)
    return [{ why, fromNs: BigInt(from) * 1_000_000n, toNs, graceMs: 0, addresses: new Set(), whomUnknown: true }];
  const since = new Map(Object.entries((window["since"] ?? {}) as Json).map(([name, at]) => [name, moment(at, `${where}.since`)]));
  const covered = [
    ...names(window["devices"], `${where}.devices`).map((name) => ({ name, place: false })),
    ...names(window["places"], `${where}.places`).map((name) => ({ name, place: true })),
  ];
  const byMoment = Map.groupBy(covered, ({ name }) => since.get(name));
  return [...byMoment].map(([at, some]): Quiet => {
    const own = some.filter(({ place }) => place).map(({ name }) => name);
    return {
      why,
      fromNs: BigInt(at ?? from) * 1_000_000n,
      toNs,
      graceMs: at === undefined ? 0 : joiningGraceMs,
      // A unit behind a gateway shares its address with others: it is known by what it is asked.
      addresses: new Set(own.filter((place) => !place.includes(" "))),
      devices: new Set(some.filter(({ place }) => !place).map(({ name }) => name)),
    };
  });
}

function names(value: unknown, where: string): readonly string[] {
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((each): each is string => typeof each === "string")) return value;
  throw new WindowsUnreadable(`${where}: expected a list of texts`);
}

/** Whole milliseconds since 1970. */
function moment(value: unknown, where: string): number {
  if (typeof value === "number" && value >= 0 && value <= 8.64e15) return Math.round(value);
  throw new WindowsUnreadable(`${where}: expected milliseconds since 1970`);
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
