/** What takes one request at a time, how long it rests between two, and how long a gateway may still be busy with what we gave up on. */
import { busShareMax, backoffMax, gatewayHoldMargin, lineGapOfIntervalMax, lineGapShare } from "../../domain/limits.ts";
import type { Line, LineId, SegmentId } from "../../domain/plan.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import type { GatewayEntry } from "../schema/watchlist.ts";

/** A line of several checks rests for 0.7 of an even share, so that a late one does not push the others out of their slots. */
export function lineGap(intervals: readonly [Milliseconds, ...Milliseconds[]]): Milliseconds {
  if (intervals.length === 1) return intervals[0];
  const evenShare = 1 / intervals.reduce((rate, interval) => rate + 1 / interval, 0);
  return milliseconds(Math.min(lineGapShare * evenShare, lineGapOfIntervalMax * Math.min(...intervals)));
}

export function line(
  id: LineId,
  segment: SegmentId,
  gateway: GatewayEntry | undefined,
  intervals: readonly [Milliseconds, ...Milliseconds[]],
): Line {
  const holdAfterTimeout = gateway === undefined ? milliseconds(0) : milliseconds(deadUnitTakes(gateway) + gatewayHoldMargin);
  return { id, segment, gap: lineGap(intervals), holdAfterTimeout };
}

/** Worked example: a gateway that waits 1 s and repeats 3 times is busy for 4 s with a unit that does not answer (H18). */
export function deadUnitTakes({ responseTimeout, retries }: Pick<GatewayEntry, "responseTimeout" | "retries">): Milliseconds {
  return milliseconds(responseTimeout * (retries + 1));
}

/** The shortest interval at which one dead unit takes no more of the bus than it may: 40 s for 4 s. */
export function busInterval(gateway: Pick<GatewayEntry, "responseTimeout" | "retries">): Milliseconds {
  return milliseconds(Math.ceil(deadUnitTakes(gateway) / busShareMax));
}

/** The share of the bus that all of these units take when all are dead and asked as rarely as back-off makes it. */
export function busShareOfAllDead(gateway: GatewayEntry, intervals: readonly Milliseconds[]): number {
  return intervals.reduce((share, interval) => share + deadUnitTakes(gateway) / Math.max(interval, backoffMax), 0);
}
