/** When in its interval each check is due: evenly spaced and the same after every restart, so that no device is starved and nothing comes in bursts. */
import { slotSlackMax, slotSlackShare } from "./limits.ts";
import type { Check, CheckId, LineId, SegmentId } from "./plan.ts";
import { milliseconds, type Milliseconds } from "./units.ts";

export interface SlotDemand {
  readonly check: CheckId;
  readonly line: LineId;
  readonly segment: SegmentId;
  readonly interval: Milliseconds;
  /** What is asked behind a line that several devices share; absent: the check is its device's only one. */
  readonly device?: string;
}

/**
 * Worked example: 30 devices of one segment at 60 s lie 2 s apart. With a second such segment the site sees a start every second:
 * the second segment's slots lie in the middle of the first one's gaps.
 *
 * Several checks of one line (units behind a gateway) are spread evenly among those of the segment and interval; the order is otherwise a
 * hash of the names, so it survives restarts and reloads. Checks of different intervals drift past each other: they wait for each other.
 */
export function slots(demands: readonly SlotDemand[]): ReadonlyMap<CheckId, Milliseconds> {
  const result = new Map<CheckId, Milliseconds>();
  for (const sameInterval of grouped(demands, (demand) => String(demand.interval))) {
    const segments = grouped(sameInterval, (demand) => demand.segment).toSorted((a, b) => byHash(a[0]!.segment, b[0]!.segment));
    segments.forEach((members, segmentIndex) => {
      const gap = members[0]!.interval / members.length;
      const shift = (gap * segmentIndex) / segments.length;
      spread(members).forEach((demand, index) => result.set(demand.check, milliseconds(index * gap + shift)));
    });
  }
  return result;
}

/**
 * The time from one slot of a check to its next. The interval is a floor between two packets, so a slot that came 3 ms late would push
 * every later one back for ever: at 60 s the slots lie 60.1 s apart.
 */
export function slotPeriod(interval: Milliseconds): Milliseconds {
  return milliseconds(interval + Math.min(slotSlackMax, interval * slotSlackShare));
}

/** From one slot of this check to its next. */
export function periodOf({ interval, period }: Pick<Check, "interval" | "period">): Milliseconds {
  return period ?? slotPeriod(interval);
}

/**
 * Members in the order of their slots. Each line's checks, and all checks that are alone on their lines, are laid evenly around the circle,
 * every group a little further than the one before, and then read off in order. Sorting all by hash instead would bring two units of one
 * bus within half an even share, and the line's gap would then refuse one of them. Two buses of three: a0 b0 a1 b1 a2 b2.
 * The checks of one device are laid out among those of its bus in the same way.
 */
function spread(members: readonly SlotDemand[]): readonly SlotDemand[] {
  const ordered = members.toSorted((a, b) => byHash(a.check, b.check));
  const lines = grouped(ordered, ({ line }) => line);
  const alone = lines.filter(({ length }) => length === 1).flat();
  const shared = lines.filter(({ length }) => length > 1).map((line) => mixed(grouped(line, ({ device, check }) => device ?? check)));
  return mixed([alone, ...shared].filter(({ length }) => length > 0));
}

function mixed(groups: readonly (readonly SlotDemand[])[]): readonly SlotDemand[] {
  return groups
    .toSorted((a, b) => b.length - a.length || byHash(a[0]!.check, b[0]!.check))
    .flatMap((group, turn) => group.map((demand, index) => ({ demand, place: (index + turn / groups.length) / group.length })))
    .toSorted((a, b) => a.place - b.place || byHash(a.demand.check, b.demand.check))
    .map(({ demand }) => demand);
}

function byHash(a: string, b: string): number {
  return unitHash(a) - unitHash(b) || (a < b ? -1 : 1);
}

function grouped<T>(items: readonly T[], key: (item: T) => string): readonly (readonly T[])[] {
  return [...Map.groupBy(items, key).values()];
}

/** FNV-1a with a final mix, as a fraction of 1. Spreads names; protects nothing. */
export function unitHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
