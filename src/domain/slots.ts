/** When in its interval each check is due: evenly spaced and the same after every restart, so that no device is starved and nothing comes in bursts. */
import { slotSlackMax, slotSlackShare } from "./limits.ts";
import type { CheckId, LineId, SegmentId } from "./plan.ts";
import { milliseconds, type Milliseconds } from "./units.ts";

export interface SlotDemand {
  readonly check: CheckId;
  readonly line: LineId;
  readonly segment: SegmentId;
  readonly interval: Milliseconds;
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

/**
 * Members in the order of their slots. Lines with several checks choose first, so that the checks of one line lie an even share apart,
 * to within one slot: sorting all by hash would bring two units of one bus within half a share, and the line's gap would then refuse one
 * of them. Lines with one check fill what is left.
 */
function spread(members: readonly SlotDemand[]): readonly SlotDemand[] {
  const order = members.map((): SlotDemand | undefined => undefined);
  const lines = grouped(members, (demand) => demand.line).toSorted((a, b) => b.length - a.length || byHash(a[0]!.line, b[0]!.line));
  for (const line of lines.filter(({ length }) => length > 1)) {
    const start = unitHash(line[0]!.line) * order.length;
    line
      .toSorted((a, b) => byHash(a.check, b.check))
      .forEach((demand, index) => {
        order[nearestFree(order, Math.floor(start + (index * order.length) / line.length) % order.length)] = demand;
      });
  }
  const alone = lines.filter(({ length }) => length === 1).values();
  return order.map((demand) => demand ?? alone.next().value![0]!);
}

function nearestFree(order: readonly (SlotDemand | undefined)[], wanted: number): number {
  for (let away = 0; ; away++) {
    const ahead = (wanted + away) % order.length;
    if (order[ahead] === undefined) return ahead;
    const behind = (wanted - away + order.length) % order.length;
    if (order[behind] === undefined) return behind;
  }
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
