/** What an exchange came to, put into words that everybody reads alike. */
import { mismatch } from "../domain/identity.ts";
import { nothingSent, type Answer, type Failed, type Outcome, type Refused, type Sent } from "../domain/outcome.ts";
import type { Check } from "../domain/plan.ts";
import { between, type MonotonicMs } from "../domain/units.ts";
import type { Closed } from "../domain/wire.ts";
import type { GateParts } from "./gate-parts.ts";
import type { Objection } from "./rules.ts";

/** Nothing was sent: a rule objected. */
export function refused(check: Check, at: MonotonicMs, objection: { readonly reason: Refused["reason"] } & Objection): Refused {
  return { kind: "refused", check, at, ...objection, sent: nothingSent };
}

export interface Ended {
  readonly check: Check;
  readonly startedAt: MonotonicMs;
  /** When the answer was complete, where there is one; the goodbye and the FIN come after it. */
  readonly answeredAt: MonotonicMs | undefined;
  readonly at: MonotonicMs;
  readonly result: Answer | Closed;
  readonly sent: Sent;
  /** Why leave was taken back in the middle, where it was: then the outcome says nothing about the device. */
  readonly takenBack: Refused["reason"] | undefined;
  /** The answer in the light of what is expected of it. */
  readonly weigh: (answer: Answer) => Answer;
  readonly stranger: GateParts["stranger"];
}

/** The outcome of a conversation that is over. */
export function outcomeOf({ check, startedAt, answeredAt, at, result, sent, takenBack, weigh, stranger }: Ended): Outcome {
  if (takenBack) return { kind: "refused", check, at, reason: takenBack, retryAt: undefined, sent };
  const failed = (failure: Failed["failure"], detail: string): Failed => ({ kind: "failed", check, at, failure, detail, sent });
  if (!("said" in result)) {
    const { acknowledged } = result;
    return { ...failed(result.failure ?? "reset", result.detail), ...(acknowledged !== undefined && { acknowledged }) };
  }
  const identity = result.said === "gateway_only" ? undefined : result.identity;
  // Remembered also where the profile alone says that it is another device: a person will want to know which.
  const unlike = identity && stranger(check, identity);
  const other = mismatch(check.expectedIdentity, identity) ?? unlike;
  if (other) return failed("identity_mismatch", other);
  return { kind: "answered", check, at, took: between(startedAt, answeredAt!), answer: weigh(result), sent };
}
