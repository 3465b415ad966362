/** Whether a device has started anew between two readings of its sysUpTime, told from the count that begins again at 0 after 497 days. */
import { between, milliseconds, type Milliseconds, type MonotonicMs } from "./units.ts";

export interface UpTime {
  /** Hundredths of a second, 0 to 2^32 - 1 (TimeTicks, RFC 2578). */
  readonly hundredths: number;
  readonly at: MonotonicMs;
}

const circle = 2 ** 32;
const msPerHundredth = 10;
/** A device's clock may be so far off: 10 s, and a hundredth of the time that has gone by. */
const driftLeast = 1000;
const driftShare = 0.01;

/**
 * How long ago it started, or undefined where it went on running. More than it should have counted is its own affair.
 * Worked example: 2 d at 0 s, 30 s at 60 s: it started 30 s ago. 2^32 - 3000 at 0 s, 3000 at 60 s: the count has begun again, it runs.
 */
export function startedAnew(before: UpTime, now: UpTime): Milliseconds | undefined {
  const elapsed = between(before.at, now.at) / msPerHundredth;
  const expected = (before.hundredths + elapsed) % circle;
  const drift = driftLeast + elapsed * driftShare;
  const behind = expected - now.hundredths;
  // Its count may have begun again a moment before ours.
  if (behind <= drift || behind >= circle - drift) return undefined;
  return milliseconds(now.hundredths * msPerHundredth);
}
