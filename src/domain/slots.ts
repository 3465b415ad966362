/** When in its interval each check is due: evenly spaced and the same after every restart, so that no device is starved and nothing comes in bursts. */
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
 * Several checks of one line (units behind a gateway) are first spread evenly over the interval, then all checks of the segment and
 * interval are put in that order and spaced evenly; the order within is a hash of the names, so it survives restarts and reloads.
 */
export function slots(demands: readonly SlotDemand[]): ReadonlyMap<CheckId, Milliseconds> {
  const result = new Map<CheckId, Milliseconds>();
  for (const sameInterval of grouped(demands, (demand) => String(demand.interval))) {
    const segments = grouped(sameInterval, (demand) => demand.segment).toSorted((a, b) => unitHash(a[0]!.segment) - unitHash(b[0]!.segment));
    segments.forEach((members, segmentIndex) => {
      const gap = members[0]!.interval / members.length;
      const shift = (gap * segmentIndex) / segments.length;
      spread(members).forEach((demand, index) => result.set(demand.check, milliseconds(index * gap + shift)));
    });
  }
  return result;
}

/** Members in the order of their slots: the k checks of one line lie a k-th of the circle apart. */
function spread(members: readonly SlotDemand[]): readonly SlotDemand[] {
  const placed = grouped(members, (demand) => demand.line).flatMap((line) => {
    const start = unitHash(line[0]!.line);
    const ordered = line.toSorted((a, b) => unitHash(a.check) - unitHash(b.check));
    return ordered.map((demand, index) => ({ demand, place: (start + index / line.length) % 1 }));
  });
  return placed.toSorted((a, b) => a.place - b.place || (a.demand.check < b.demand.check ? -1 : 1)).map(({ demand }) => demand);
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
