/** Facts carry text of devices and operators: made fit for one line and cut, once, before anything keeps or prints them. */
import type { Answer, Fact, Identity, Outcome } from "../domain/outcome.ts";
import { identityWordsMax } from "../domain/baseline.ts";
import { printable } from "../domain/printable.ts";

/** An explanation of one line; the longest of our own is about half of this. */
const detailCharactersMax = 400;
/** A name: an operator's, a scope's, a maker's. */
const nameCharactersMax = 100;

export function detail(text: string): string {
  return printable(text, detailCharactersMax);
}

export function shortName(text: string): string {
  return printable(text, nameCharactersMax);
}

/** The same fact with every foreign text tidied. */
export function tidied(fact: Fact): Fact {
  switch (fact.kind) {
    case "answered":
    case "failed":
    case "refused":
      return tidiedOutcome(fact);
    case "missed_before":
    case "presence":
    case "link":
      return fact;
    case "tripped":
      return { ...fact, trip: { ...fact.trip, detail: detail(fact.trip.detail) } };
    case "reset":
      return { ...fact, by: shortName(fact.by), reason: detail(fact.reason) };
    case "stopped":
      return { ...fact, by: shortName(fact.by) };
    case "identity":
      // Identities are tidied as they come in.
      return { ...fact, by: shortName(fact.by), detail: printable(fact.detail, identityWordsMax) };
    case "window":
      // Tidied when it was opened.
      return { ...fact, by: shortName(fact.by) };
    case "held":
    case "stalled":
      return { ...fact, detail: detail(fact.detail) };
    case "blocked":
      return { ...fact, address: shortName(fact.address), detail: detail(fact.detail) };
  }
}

export function tidiedOutcome(outcome: Outcome): Outcome {
  switch (outcome.kind) {
    case "answered":
      return { ...outcome, answer: tidiedAnswer(outcome.answer) };
    case "failed":
      return { ...outcome, detail: detail(outcome.detail) };
    case "refused":
      return outcome;
  }
}

function tidiedAnswer(answer: Answer): Answer {
  switch (answer.said) {
    case "alive": {
      const { note, identity } = answer;
      return { ...answer, ...(note !== undefined && { note: detail(note) }), ...(identity && { identity: tidiedIdentity(identity) }) };
    }
    case "degraded":
      return { ...answer, detail: detail(answer.detail), ...(answer.identity && { identity: tidiedIdentity(answer.identity) }) };
    case "gateway_only":
      return { ...answer, detail: detail(answer.detail) };
  }
}

function tidiedIdentity(identity: Identity): Identity {
  const tidied: Record<string, string> = {};
  for (const [name, text] of Object.entries(identity)) tidied[name] = shortName(text as string);
  return tidied;
}
