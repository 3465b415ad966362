/** What takes one request at a time, how long it rests between two, and how long a gateway may still be busy with what we gave up on. */
import { formatDuration } from "../../domain/duration.ts";
import { busShareMax, backoffMax, gatewayHoldMargin, lineGapOfIntervalMax, lineGapShare } from "../../domain/limits.ts";
import type { Line, LineId, Plan, SegmentId } from "../../domain/plan.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import type { GatewayEntry } from "../schema/gateway.ts";

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
): Omit<Line, "connections"> {
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

/** The share of the bus that a dead unit takes whose checks are asked at these intervals, before back-off begins. */
export function busShareOfOneDead(takes: Milliseconds, intervals: readonly Milliseconds[]): number {
  return intervals.reduce((share, interval) => share + takes / interval, 0);
}

/** The share of the bus that all of these checks take when all their units are dead and asked as rarely as back-off makes it. */
export function busShareOfAllDead(takes: Milliseconds, intervals: readonly Milliseconds[]): number {
  return intervals.reduce((share, interval) => share + takes / Math.max(interval, backoffMax), 0);
}

/** What dead units would take of a gateway's bus, as shares of 1. */
export interface BusUse {
  readonly deadUnitTakes: Milliseconds;
  readonly shareOfOneDead: number;
  readonly shareOfAllDead: number;
}

/** `a dead unit takes 4 s of the bus: 6.7 % with one dead, 2.7 % with all dead and backed off, of at most 10 %`. */
export function busWords({ deadUnitTakes: takes, shareOfOneDead, shareOfAllDead }: BusUse): string {
  const percent = (share: number): string => `${Math.round(share * 1000) / 10} %`;
  return `a dead unit takes ${formatDuration(takes)} of the bus: ${percent(shareOfOneDead)} with one dead, ${percent(shareOfAllDead)} with all dead and backed off, of at most ${percent(busShareMax)}`;
}

/** By line; those without a gateway are left out. A line's hold is what one dead unit takes, and the margin. Only Modbus gets as far as the bus. */
export function busUses({ lines, checks }: Pick<Plan, "lines" | "checks">): ReadonlyMap<LineId, BusUse> {
  const byLine = Map.groupBy(checks.values(), (check) => check.line);
  return new Map(
    [...lines.values()].flatMap(({ id, holdAfterTimeout }): [LineId, BusUse][] => {
      if (holdAfterTimeout === 0) return [];
      const takes = milliseconds(holdAfterTimeout - gatewayHoldMargin);
      const members = (byLine.get(id) ?? []).filter(({ protocol }) => protocol === "modbus");
      const units = [...Map.groupBy(members, ({ device }) => device).values()].map((own) => own.map(({ interval }) => interval));
      return [
        [
          id,
          {
            deadUnitTakes: takes,
            shareOfOneDead: Math.max(0, ...units.map((intervals) => busShareOfOneDead(takes, intervals))),
            shareOfAllDead: busShareOfAllDead(
              takes,
              members.map(({ interval }) => interval),
            ),
          },
        ],
      ];
    }),
  );
}
