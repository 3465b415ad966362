/** When a person hears of a device's loss at the latest, worked out from the plan. */
import type { Check, CheckId, Plan, SegmentId } from "../../domain/plan.ts";
import { periodOf } from "../../domain/slots.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";

export interface Alarm {
  /** From the moment at which the device falls silent. */
  readonly atLatestAfter: Milliseconds;
  /** A start may wait up to half an interval, because a budget or a line is shared with checks that come at other times. */
  readonly mayWait: boolean;
}

/** Of a check in the plan, or of one that might come into it. */
type Timed = Pick<
  Check,
  "id" | "device" | "line" | "interval" | "slot" | "period" | "missesToDown" | "opening" | "connectWithin" | "answerWithin"
>;

/**
 * Worked example: 3 misses at 60 s, 800 ms to connect and 5 s to answer: 3 x 60.1 s + 5.8 s is 3 min 7 s, rounded up; with half an
 * interval, 3 min 37 s. Passive evidence, where it counts, lengthens the interval and with it this figure.
 */
export function alarms(
  plan: Pick<Plan, "devices" | "segments" | "siteStartsPerSecondMax"> & { readonly checks: ReadonlyMap<CheckId, Timed> },
): ReadonlyMap<CheckId, Alarm> {
  const checks = [...plan.checks.values()];
  const segmentOf = ({ device }: Timed): SegmentId => plan.devices.get(device)!.segment;
  const siteWaits = collide(checks, plan.siteStartsPerSecondMax);
  const segmentWaits = new Map(
    [...Map.groupBy(checks, segmentOf)].map(([id, members]) => [id, collide(members, plan.segments.get(id)!.startsPerSecondMax)]),
  );
  const onLine = Map.groupBy(checks, ({ line }) => line);
  return new Map(
    checks.map((check) => {
      const sharedLine = (onLine.get(check.line)?.length ?? 0) > 1;
      const mayWait = siteWaits || sharedLine || segmentWaits.get(segmentOf(check)) === true;
      return [check.id, { atLatestAfter: alarmAfter(check, mayWait), mayWait }];
    }),
  );
}

function alarmAfter(check: Timed, mayWait: boolean): Milliseconds {
  const { missesToDown, interval, opening, connectWithin, answerWithin } = check;
  const timeouts = answerWithin + (opening.connectionsMax > 0 ? connectWithin : 0);
  return milliseconds(missesToDown * periodOf(check) + timeouts + (mayWait ? interval / 2 : 0));
}

/** Whether two starts may come closer than the budget's pace: slots of different intervals drift past each other, those of one do not. */
function collide(checks: readonly Timed[], startsPerSecondMax: number): boolean {
  const [first, ...others] = checks.toSorted((a, b) => a.slot - b.slot);
  if (first === undefined || others.length === 0) return false;
  if (others.some((other) => periodOf(other) !== periodOf(first))) return true;
  const gaps = [first, ...others].map(({ slot }, index) => (others[index]?.slot ?? first.slot + periodOf(first)) - slot);
  return Math.min(...gaps) < 1000 / startsPerSecondMax;
}
