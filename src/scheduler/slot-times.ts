/** The times of a check's slots: where it stands in its interval, again and again, with a little slack so that a late asking does not slip a slot. */
import type { Check } from "../domain/plan.ts";
import { periodOf } from "../domain/slots.ts";
import { monotonicMs, type MonotonicMs } from "../domain/units.ts";

/** The first slot later than `now`. The first of all is one full period and the offset after `epoch`: buckets start empty. */
export function nextSlot(check: Pick<Check, "interval" | "slot" | "period">, epoch: MonotonicMs, now: MonotonicMs): MonotonicMs {
  const period = periodOf(check);
  const first = epoch + period + check.slot;
  if (now < first) return monotonicMs(first);
  const next = first + (Math.floor((now - first) / period) + 1) * period;
  // Rounding may give back the very slot that `now` stands on; asked for again and again it would never end.
  return monotonicMs(next > now ? next : next + period);
}
