/** Reads the times in which nothing was to leave: a JSON list of `{why, from, to, graceMs?, addresses?}` with times in RFC 3339. */
import type { Quiet } from "./judgement.ts";

/** The text does not say when it was to be quiet; the message says where and what is expected. */
export class QuietUnreadable extends Error {
  override readonly name = "QuietUnreadable";
}

/** A stop is in force 1 s after it is said (SAFETY.md), a pause at once. */
const graceMsDefault = 1000;

/** @throws QuietUnreadable */
export function quietTimes(json: unknown): readonly Quiet[] {
  if (!Array.isArray(json)) throw new QuietUnreadable("expected a list of {why, from, to, graceMs?, addresses?}");
  return json.map((entry: unknown, at) => {
    const { why, from, to, graceMs, addresses } = (entry ?? {}) as Readonly<Record<string, unknown>>;
    return {
      why: typeof why === "string" && why !== "" ? why : fail(at, "why: expected a text"),
      fromNs: instantNs(from) ?? fail(at, "from: expected a time such as 2026-11-21T12:00:00.000Z"),
      toNs: instantNs(to) ?? fail(at, "to: expected a time such as 2026-11-21T12:05:00.000Z"),
      graceMs:
        graceMs === undefined
          ? graceMsDefault
          : typeof graceMs === "number" && graceMs >= 0
            ? graceMs
            : fail(at, "graceMs: expected milliseconds"),
      addresses: addresses === undefined ? undefined : new Set(texts(addresses) ?? fail(at, "addresses: expected a list of texts")),
    };
  });
}

/** A time in RFC 3339 as nanoseconds since 1970; undefined for anything else. */
export function instantNs(value: unknown): bigint | undefined {
  // Without an offset a time would mean another moment on another machine.
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/u.test(value)) return undefined;
  const fraction = /\.(\d+)/u.exec(value)?.[1] ?? "";
  const wholeMs = Date.parse(value.replace(/\.\d+/u, ""));
  return Number.isNaN(wholeMs) ? undefined : BigInt(wholeMs) * 1_000_000n + BigInt(fraction.padEnd(9, "0"));
}

function texts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((each): each is string => typeof each === "string") ? value : undefined;
}

function fail(at: number, expected: string): never {
  throw new QuietUnreadable(`entry ${at + 1}: ${expected}`);
}
