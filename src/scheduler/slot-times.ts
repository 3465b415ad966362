/** The times of a check's slots: where it stands in its interval, again and again, with a little slack so that a late asking does not slip a slot. */
import { slotSlackMax, slotSlackShare } from "../domain/limits.ts";
import type { Check } from "../domain/plan.ts";
import { milliseconds, monotonicMs, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/**
 * The interval is a floor between two packets, so a slot that came 3 ms late would push every later one back for ever.
 * Worked example: at 60 s the slots lie 60.1 s apart; an asking up to 100 ms late still meets its next slot.
 */
export function slotPeriod(interval: Milliseconds): Milliseconds {
  return milliseconds(interval + Math.min(slotSlackMax, interval * slotSlackShare));
}

/** The first slot later than `now`. The first of all is one full period and the offset after `epoch`: buckets start empty. */
export function nextSlot(check: Pick<Check, "interval" | "slot">, epoch: MonotonicMs, now: MonotonicMs): MonotonicMs {
  const period = slotPeriod(check.interval);
  const first = epoch + period + check.slot;
  if (now < first) return monotonicMs(first);
  const next = first + (Math.floor((now - first) / period) + 1) * period;
  // Rounding may give back the very slot that `now` stands on; asked for again and again it would never end.
  return monotonicMs(next > now ? next : next + period);
}
