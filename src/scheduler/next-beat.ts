/** Waits for the next answered heartbeat of a device that a deep query asks. */
import type { Beat } from "../domain/deep-query.ts";
import type { PlannedDevice } from "../domain/plan.ts";
import { after, milliseconds, seconds, type Milliseconds, type WallMs } from "../domain/units.ts";
import type { DeepDeviceParts } from "./deep-query-device.ts";

export type NextBeatParts = Pick<DeepDeviceParts, "beat" | "clock" | "ended" | "plan" | "sleep">;

/** For a heartbeat that has to wait for its turn. */
const beatMargin: Milliseconds = seconds(10);
const lookAgainAfter: Milliseconds = seconds(1);

/** The latest that was answered at `since` or later; waited for as long as two may take. Undefined: none came, or the run has ended. */
export async function nextBeat(parts: NextBeatParts, device: PlannedDevice, since: WallMs): Promise<Beat | undefined> {
  const { beat, clock, ended, sleep } = parts;
  const until = after(clock.monotonic(), nextBeatWithin(parts, device));
  while (clock.monotonic() < until && ended() === undefined) {
    const latest = beat(device.id);
    if (latest !== undefined && latest.at >= since) return latest;
    await sleep(after(clock.monotonic(), lookAgainAfter));
  }
  return undefined;
}

/** So long at most it is waited for. */
export function nextBeatWithin({ plan }: Pick<NextBeatParts, "plan">, { checks }: PlannedDevice): Milliseconds {
  const intervals = checks.flatMap((check) => plan().checks.get(check)?.interval ?? []);
  return milliseconds(2 * Math.max(0, ...intervals) + beatMargin);
}
