/** Checks that are asked less often than the watchlist says: the file is not obeyed, and a person must be told. */
import { formatDuration } from "../../domain/duration.ts";
import type { CheckId } from "../../domain/plan.ts";
import type { Milliseconds } from "../../domain/units.ts";
import { ownInterval, type Candidate } from "./candidate.ts";
import { frozenMap } from "./freeze.ts";
import { intervalFloor } from "./interval.ts";
import type { Turn } from "./turns.ts";

export interface Raised {
  /** What the file says, or what the check would be asked at by itself. */
  readonly stated: Milliseconds;
  readonly interval: Milliseconds;
  readonly by: "floor" | "profile" | "turns";
  /** With "turns" alone. */
  readonly turn?: Pick<Turn, "of" | "floor">;
}

export function raisedIntervals(candidates: readonly Candidate[], lab: boolean): ReadonlyMap<CheckId, Raised> {
  return frozenMap(
    candidates.flatMap(({ id, entry, family, interval, turn }): [CheckId, Raised][] => {
      const own = ownInterval(family, entry, lab);
      const stated = entry.interval ?? own;
      if (turn !== undefined && own < interval) return [[id, { stated, interval, by: "turns", turn: { of: turn.of, floor: turn.floor } }]];
      if (stated >= interval) return [];
      return [[id, { stated, interval, by: interval > intervalFloor(entry.method, lab) ? "profile" : "floor" }]];
    }),
  );
}

/** `plc-1/modbus-fc43: asked every 30 s: the floor; the file says 10 s`. */
export function raisedLines(raised: ReadonlyMap<CheckId, Raised>): readonly string[] {
  return [...raised].map(([id, { stated, interval, by, turn }]) => {
    const every = `${id}: asked every ${formatDuration(interval)}`;
    if (turn === undefined) return `${every}: the ${by}; the file says ${formatDuration(stated)}`;
    return `${every}: ${turn.of} checks of its device take turns, at least ${formatDuration(turn.floor)} apart; alone ${formatDuration(stated)}`;
  });
}
