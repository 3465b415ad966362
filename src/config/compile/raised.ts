/** Intervals in the watchlist that are shorter than a device may be asked: the file is not obeyed, and a person must be told. */
import { formatDuration } from "../../domain/duration.ts";
import type { CheckId } from "../../domain/plan.ts";
import type { Milliseconds } from "../../domain/units.ts";
import type { Candidate } from "./candidate.ts";
import { frozenMap } from "./freeze.ts";
import { intervalFloor } from "./interval.ts";

export interface Raised {
  readonly stated: Milliseconds;
  readonly interval: Milliseconds;
  readonly by: "floor" | "profile";
}

export function raisedIntervals(candidates: readonly Candidate[], lab: boolean): ReadonlyMap<CheckId, Raised> {
  return frozenMap(
    candidates.flatMap(({ id, entry, interval }): [CheckId, Raised][] => {
      const stated = entry.interval;
      if (stated === undefined || stated >= interval) return [];
      return [[id, { stated, interval, by: interval > intervalFloor(entry.method, lab) ? "profile" : "floor" }]];
    }),
  );
}

/** `plc-1/modbus-fc43: asked every 30 s: the floor; the file says 10 s`. */
export function raisedLines(raised: ReadonlyMap<CheckId, Raised>): readonly string[] {
  return [...raised].map(
    ([id, { stated, interval, by }]) =>
      `${id}: asked every ${formatDuration(interval)}: the ${by}; the file says ${formatDuration(stated)}`,
  );
}
