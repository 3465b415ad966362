/** The words a person reads for the closed lists of causes and reasons. */
import type { Cause } from "../domain/liveness.ts";
import { failureKinds, passingReasons, standingReasons } from "../domain/reasons.ts";

const causes: Readonly<Record<Cause, string>> = {
  ...standingReasons,
  ...passingReasons,
  ...failureKinds,
  answers: "it answers",
  unproven: "never answered yet: its silence proves nothing",
  not_asked_yet: "not asked yet",
  no_fresh_evidence: "no answer for too long",
};

/** A name that this build does not know (a newer poller's) is its own word. */
export function inWords(cause: Cause): string {
  return Object.hasOwn(causes, cause) ? causes[cause] : cause;
}
