/** What a person signs with, and what is wrong with it: names, grounds and days, before anything is compared with the plan. */
import { approvalMonthsMax } from "../domain/limits.ts";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import { dayOf, monthsLater } from "./compile/dates.ts";
import { quote } from "./problem.ts";
import { date, text } from "./schema/common.ts";

/** Who signs, and until when. */
export interface SignatureRequest {
  readonly preparedBy: string;
  /** Another person than `preparedBy`, and how: `chief engineer, mail 2026-11-21`. */
  readonly acceptedBy: string;
  readonly basis: BasisRequest;
  /** The last day, `2028-02-21`: at most 15 months ahead; with basis risk, the end of the accepted risk too. */
  readonly until: string;
  readonly changeReference: string;
}

export type BasisRequest =
  | { readonly kind: "risk"; readonly text: string; readonly position?: string }
  | { readonly kind: "vendor"; readonly text: string };

export interface ApprovalRequest extends SignatureRequest {
  readonly profile: ProfileId;
  /** `all-new`: those of the family that are complete and not admitted yet, or were on trial. */
  readonly devices: readonly DeviceId[] | "all-new";
  /** `sha256:…` as `plan` prints it: what the person looked at. */
  readonly covers: string;
  /** Approved unless it is said otherwise; on trial only the named devices are asked. */
  readonly stage?: "approved" | "trial";
}

export interface RenewalRequest extends SignatureRequest {
  readonly profile: ProfileId;
}

/** Whole sentences; none where everything is as it should be. */
export function flawsOf({ preparedBy, acceptedBy, basis, until, changeReference }: SignatureRequest, wallNow: WallMs): readonly string[] {
  const texts = { preparedBy, acceptedBy, basisText: basis.text, changeReference };
  const position = basis.kind === "risk" && basis.position !== undefined ? { position: basis.position } : {};
  return [
    ...textFlaws({ ...texts, ...position }),
    ...vendorFlaws(basis),
    ...samePerson(preparedBy, acceptedBy),
    ...untilFlaws(until, wallNow),
  ];
}

/** Each is a text of one line. */
export function textFlaws(texts: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(texts).flatMap(([name, value]) => {
    const error = text(name).safeParse(value).error;
    return error === undefined ? [] : [`${name}: found ${quote(value)}, expected ${error.issues[0]?.message ?? "a text"}`];
  });
}

/** The vendor's word can be looked up: a document, and where in it. */
function vendorFlaws({ kind, text: words }: BasisRequest): readonly string[] {
  if (kind !== "vendor" || words.trim() === "" || (/\d/u.test(words) && /\S\s+\S/u.test(words.trim()))) return [];
  return [
    `basisText: found ${quote(words)}, expected the vendor's document and the place in it with its number, such as "EIO0000003089 p. 41" or "letter of 2026-03-02"; without one, the basis is risk`,
  ];
}

/** What follows a comma says how it was accepted, not by whom. */
function samePerson(preparedBy: string, acceptedBy: string): readonly string[] {
  const name = (who: string): string => (who.split(",")[0] ?? "").trim().toLowerCase();
  if (name(preparedBy) !== name(acceptedBy)) return [];
  return [`acceptedBy: found ${quote(acceptedBy)}, who prepared it, expected another person, who is responsible for the plant`];
}

function untilFlaws(until: string, wallNow: WallMs): readonly string[] {
  const error = date("until").safeParse(until).error;
  if (error !== undefined) return [`until: found ${quote(until)}, expected ${error.issues[0]?.message ?? "a day"}`];
  const today = dayOf(wallNow);
  const latest = monthsLater(today, approvalMonthsMax);
  // Days in this form sort as texts.
  if (until >= today && until <= latest) return [];
  return [`until: found ${until}, expected a day from ${today} to ${latest}: at most ${approvalMonthsMax} months ahead`];
}
