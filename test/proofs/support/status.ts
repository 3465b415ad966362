/** Waits until a poller's own status says that what a proof is about has happened; what was sent and received is for the capture to say. */
import type { CheckStatus, Status } from "../../../src/domain/control.ts";
import { nextAnswers } from "./next-answers.ts";
import type { Site } from "./site.ts";
import { waitFor } from "./wait.ts";

/** Generous: met at once, it costs nothing, and a busy machine is no failure. */
const deadlineMs = 90_000;
/** Less than TCP_DELACK_MIN, as seen by the poller: the peer's kernel had no reason to acknowledge by itself before such an answer. */
const quickMs = 30;
/**
 * In the beginning of a connection Linux acknowledges at once until one to three answers have gone out (TCP_PINGPONG_THRESH), and again after
 * an answer that was not quick: of two quick ones together from here on the second, as a rule, had its acknowledgement with it.
 */
const usedToItAfter = 4;
const quickTogether = 2;
/** Where a busy machine brings no two together: among so many, one will do. More would only wait for the machine to stand still. */
const enough = 12;

export async function statusOf(site: Site): Promise<Status> {
  const reply = await site.ask("status", {});
  if (!reply.ok) throw new Error(`status: ${JSON.stringify(reply)}`);
  return reply.result;
}

/** Resolves with the first status that fits. `what` completes "gave up after 90000 ms waiting for ...". */
export async function untilStatus(site: Site, what: string, fits: (status: Status) => boolean): Promise<Status> {
  let last: Status | undefined;
  const found = async (): Promise<Status | undefined> => {
    last = await statusOf(site);
    return fits(last) ? last : undefined;
  };
  return waitFor(found, { what, deadlineMs, everyMs: 50, context: () => JSON.stringify(last?.devices) });
}

/** The first check of the device, which must be in the plan. */
export function checkOf({ devices }: Status, device: string): CheckStatus {
  const check = devices.find((one) => one.device === device)?.checks[0];
  if (check === undefined) throw new Error(`no check of ${device} in ${JSON.stringify(devices)}`);
  return check;
}

/** How often it was asked and did not answer as it should. */
export function misses({ failed }: CheckStatus): number {
  return Object.values(failed).reduce((sum, count) => sum + count, 0);
}

/** Resolves once each device, asked over a kept connection, has had an answer that carried the acknowledgement too, and one after it. */
export async function quickAnswers(site: Site, ...devices: readonly string[]): Promise<void> {
  const seen = new Map(devices.map((device) => [device, { answered: 0, quick: 0 }]));
  await untilStatus(site, `quick answers of ${devices.join(", ")}`, (status) => {
    for (const device of devices) {
      const { answered, lastTookMs } = checkOf(status, device);
      const before = seen.get(device)!;
      if (answered === before.answered || before.quick >= quickTogether) continue;
      const together = answered === before.answered + 1 && before.answered >= usedToItAfter ? before.quick : 0;
      seen.set(device, { answered, quick: lastTookMs !== null && lastTookMs <= quickMs ? together + 1 : 0 });
    }
    return [...seen.values()].every(({ answered, quick }) => quick >= quickTogether || answered >= enough);
  });
  await nextAnswers(site, { what: "the answers after the quick ones", deadlineMs, devices });
}
