/** Why a device is what it is, in words for a person. */
import type { Cause } from "../domain/liveness.ts";
import { failureKinds, passingReasons, standingReasons } from "../domain/reasons.ts";

const known: Readonly<Record<string, string>> = {
  ...standingReasons,
  ...passingReasons,
  ...failureKinds,
  answers: "it answers",
  unproven: "never answered yet: its silence proves nothing",
  not_asked_yet: "not asked yet",
  no_fresh_evidence: "nothing was heard of it for too long",
};

export function causeInWords(cause: Cause): string {
  return known[cause] ?? cause;
}
