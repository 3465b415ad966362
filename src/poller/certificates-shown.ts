/** Asks an OPC UA server once what certificates it shows, by the check that a person has approved for that, and through the gate like any. */
import type { Board } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import type { CheckOutcome, ControlReply } from "../domain/control.ts";
import type { Gate } from "../domain/gate.ts";
import type { Answered, Outcome } from "../domain/outcome.ts";
import type { DeviceId } from "../domain/plan.ts";
import { failureKinds, passingReasons, standingReasons } from "../domain/reasons.ts";
import { momentOf, outcomeStatus } from "../exporters/control-status.ts";
import { done, refused } from "./replies.ts";

export interface ShowingParts {
  readonly board: Board;
  readonly clock: Clock;
  readonly gate: Gate;
}

const method = "opcua-get-endpoints";

export async function certificatesShown({ board, clock, gate }: ShowingParts, device: DeviceId): Promise<ControlReply<"certificates">> {
  if (!board.plan.devices.has(device)) return refused(`${device}: no such device in the watchlist`);
  const view = board.checksOf(device).find(({ check }) => check.method === method);
  if (!view) return refused(notPlanned(board, device));
  const { id } = view.check;
  const outcome = await gate.exchange(id, "ask-now");
  // Asked moments ago on schedule: what it said then is as good, and costs it nothing.
  const early = outcome?.kind === "refused" && outcome.reason === "line_budget";
  const answered = early ? answerOf(view.last) : answerOf(outcome);
  if (!answered) return refused(outcome ? unanswered(outcomeStatus(outcome, clock)) : `${id}: the plan changed; try again`);
  const { answer, at } = answered;
  const certificates = answer.said === "alive" ? (answer.certificates ?? []) : [];
  if (certificates.length === 0)
    return refused(`${id}: the server answered and showed no certificate: it has none, or it only speaks without security`);
  return done({ device, check: id, at: momentOf(at, clock), askedNow: !early, certificates });
}

function answerOf(outcome: Outcome | undefined): Answered | undefined {
  return outcome?.kind === "answered" && outcome.answer.said === "alive" ? outcome : undefined;
}

function notPlanned(board: Board, device: DeviceId): string {
  const standing = [...board.refusals()].find((one) => one.device === device && one.method === method);
  if (standing) return `${standing.check}: not asked: ${standingReasons[standing.reason]}: ${standing.detail}`;
  return (
    `${device}: found no check ${method}, by which a server is asked for its certificate; expected one in the watchlist: ` +
    `{method: ${method}, interval: 1h}, approved like any other; or bring the certificate in a file: --file`
  );
}

function unanswered(outcome: CheckOutcome): string {
  switch (outcome.kind) {
    case "answered":
      return `${outcome.check}: the server answered with an error: ${outcome.detail}`;
    case "failed":
      return `${outcome.check}: ${failureKinds[outcome.failure]}${outcome.detail === "" ? "" : ` (${outcome.detail})`}`;
    case "refused": {
      const words = { ...standingReasons, ...passingReasons }[outcome.reason];
      return `${outcome.check}: not asked: ${words}${outcome.retryAt === null ? "" : `; it can be asked at ${outcome.retryAt}`}`;
    }
  }
}
