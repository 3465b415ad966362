/** Asks a device now, for a person: through the same gate, with every refusal in words. */
import type { Clock } from "../domain/clock.ts";
import type { CheckOutcome, ControlHandlers } from "../domain/control.ts";
import type { DeviceId } from "../domain/plan.ts";
import { outcomeStatus, refusalStatus } from "../exporters/control-status.ts";
import type { HeartbeatGate } from "../safety/gate.ts";
import type { MemoryBoard } from "../store/board.ts";
import { done, refused } from "./replies.ts";

export interface AskNowParts {
  readonly board: MemoryBoard;
  readonly clock: Clock;
  readonly gate: Pick<HeartbeatGate, "exchange">;
}

/** Each check of the device, or those of one method. */
export async function askNow(
  { board, clock, gate }: AskNowParts,
  device: DeviceId,
  method: string | undefined,
): ReturnType<ControlHandlers["check"]> {
  if (!board.plan.devices.has(device)) return refused(`${device}: no such device in the watchlist`);
  const wanted = (check: { readonly method: string }): boolean => method === undefined || check.method === method;
  const checks = board
    .checksOf(device)
    .map(({ check }) => check)
    .filter(wanted);
  const outcomes: CheckOutcome[] = [...board.refusals()]
    .filter((refusal) => refusal.device === device && wanted(refusal))
    .map(refusalStatus);
  // One after the other: they share the device's line anyway, and each is decided when its turn comes.
  for (const check of checks) {
    const outcome = await gate.exchange(check.id, "ask-now");
    if (outcome) outcomes.push(outcomeStatus(outcome, clock));
  }
  if (outcomes.length === 0) return refused(`${device}: found no check ${method ?? ""}, expected one of the watchlist's`);
  return done({ device, outcomes });
}
