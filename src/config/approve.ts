/** Approving, renewing and suspending a device family at a site: checks what a person is about to sign and makes the new text of the site's profile file. */
import { canonicalJson } from "../domain/canonical.ts";
import { approvalMonthsMax } from "../domain/limits.ts";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import type { StandingReason } from "../domain/reasons.ts";
import type { WallMs } from "../domain/units.ts";
import { editApproval, type Edit } from "./approve-text.ts";
import { approvedEnvelope, isInside } from "./compile/approved-envelope.ts";
import type { Compiled } from "./compile/compile.ts";
import { dayOf, endOf, monthsLater } from "./compile/dates.ts";
import type { Finding } from "./compile/standing.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem, quote } from "./problem.ts";
import { suspensionsOf, type Approval, type Basis, type EarlierSignature } from "./schema/approval.ts";
import { date, text } from "./schema/common.ts";

export type { Edit, Edited, Refused } from "./approve-text.ts";

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
  /** `all-new`: those of the family that are complete and not admitted yet. */
  readonly devices: readonly DeviceId[] | "all-new";
  /** `sha256:…` as `plan` prints it: what the person looked at. */
  readonly covers: string;
  /** Approved unless it is said otherwise; on trial only the named devices are asked. */
  readonly stage?: "approved" | "trial";
}

export interface RenewalRequest extends SignatureRequest {
  readonly profile: ProfileId;
}

export interface SuspensionRequest {
  readonly profile: ProfileId;
  readonly by: string;
  readonly reason: string;
}

/** Pure: `compiled` must be of `site`. Devices that were admitted before and are not named stay admitted while nothing they were admitted under has changed. */
export function approve(site: LoadedSite, compiled: Compiled, request: ApprovalRequest, wallNow: WallMs): Edit {
  const { profile, stage = "approved" } = request;
  const covers = compiled.covers.get(profile);
  if (covers === undefined) return refused([`profile: found ${quote(profile)}, expected one of ${[...compiled.covers.keys()].join(", ")}`]);
  const before = site.siteProfiles.get(profile)?.value.approval;
  const chosen = chosenDevices(site, compiled, request, before);
  const problems = [
    ...compiled.problems.map(formatProblem),
    ...flawsOf(request, wallNow),
    ...coversFlaw(request, covers),
    ...chosen.problems,
  ];
  if (problems.length > 0) return refused(problems);
  const { kept, notes } = keptDevices(compiled, profile, before, chosen.devices, wallNow);
  const until = earliest(request.until, kept.size > 0 ? before : undefined);
  const admitted = chosen.devices.map((id): [DeviceId, string] => [id, compiled.deviceDigests.get(id) ?? ""]);
  const shortened =
    until === request.until ? [] : [`The approval ends on ${until}, as that of the devices that stay admitted; renew it or name them all.`];
  const changes = {
    stage,
    trialDevices: stage === "trial" ? [...chosen.devices].toSorted() : [],
    ...signature({ ...request, until }, wallNow),
    covers,
    envelope: JSON.parse(JSON.stringify(compiled.envelopes.get(profile))) as Record<string, unknown>,
    devices: new Map([...kept, ...admitted].toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
  const earlier = earlierSignatures(before, [...kept.keys()], changes);
  const said = [...chosen.notes, ...notes, ...shortened];
  const all = earlier.length === 0 ? changes : { ...changes, earlier };
  return { ...editApproval(site, profile, all, said, ["suspended", ...noneOf(earlier)]), admits: chosen.devices };
}

/** The same content and devices for longer. What has changed since must be approved, not renewed. */
export function renew(site: LoadedSite, compiled: Compiled, request: RenewalRequest, wallNow: WallMs): Edit {
  const { profile } = request;
  const before = site.siteProfiles.get(profile)?.value.approval;
  if (before === undefined || (before.stage !== "approved" && before.stage !== "trial")) {
    return refused([`profile: found ${quote(profile)} in stage ${before?.stage ?? "draft"}, expected an approved one: approve it instead`]);
  }
  const changed = [...before.devices].filter(([id, digest]) => compiled.deviceDigests.get(id) !== digest).map(([id]) => id);
  const problems = [...compiled.problems.map(formatProblem), ...flawsOf(request, wallNow)];
  // A new device that waits to be asked more often changes nothing for those that are admitted.
  if (!stillCovers(compiled, profile, before, before.devices)) {
    problems.push(`covers: found a profile changed since its approval (${before.covers}): look at it and approve it instead`);
  }
  if (changed.length > 0) problems.push(`devices: found ${changed.join(", ")} changed or gone since the approval: approve them instead`);
  return problems.length > 0 ? refused(problems) : editApproval(site, profile, signature(request, wallNow), [], ["earlier"]);
}

/** Takes effect with the next reload; the signature stays, as a record. */
export function suspend(site: LoadedSite, { profile, by, reason }: SuspensionRequest, wallNow: WallMs): Edit {
  const problems = [...textFlaws({ by, reason })];
  if (!site.shippedProfiles.has(profile)) {
    problems.push(`profile: found ${quote(profile)}, expected one of ${[...site.shippedProfiles.keys()].join(", ")}`);
  }
  if (problems.length > 0) return refused(problems);
  const suspended = [...suspensionsOf(site.siteProfiles.get(profile)?.value.approval), { by, on: dayOf(wallNow), reason }];
  return editApproval(site, profile, { stage: "suspended", suspended }, []);
}

type Signed = Pick<
  Approval & { stage: "approved" },
  "preparedBy" | "acceptedBy" | "approvedOn" | "expiresOn" | "basis" | "changeReference"
>;

function signature({ preparedBy, acceptedBy, basis, until, changeReference }: SignatureRequest, wallNow: WallMs): Signed {
  const resting: Basis =
    basis.kind === "vendor"
      ? { vendorConfirmation: basis.text }
      : { riskAcceptance: { by: acceptedBy, position: basis.position ?? "as acceptedBy says", reason: basis.text, until } };
  return { preparedBy, acceptedBy, approvedOn: dayOf(wallNow), expiresOn: until, basis: resting, changeReference };
}

function flawsOf({ preparedBy, acceptedBy, basis, until, changeReference }: SignatureRequest, wallNow: WallMs): readonly string[] {
  const texts = { preparedBy, acceptedBy, basisText: basis.text, changeReference };
  const position = basis.kind === "risk" && basis.position !== undefined ? { position: basis.position } : {};
  return [
    ...textFlaws({ ...texts, ...position }),
    ...vendorFlaws(basis),
    ...samePerson(preparedBy, acceptedBy),
    ...untilFlaws(until, wallNow),
  ];
}

function textFlaws(texts: Readonly<Record<string, string>>): readonly string[] {
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

function coversFlaw({ covers }: ApprovalRequest, expected: string): readonly string[] {
  if (covers === expected) return [];
  return [`covers: found ${quote(covers)}, expected ${expected}: the profile is other than what was looked at; look at \`plan\` again`];
}

/** Facts that only the owner can mend, and that change the device's digest when they are mended. */
const notYet: ReadonlySet<StandingReason> = new Set<StandingReason>(["excluded", "safety_function", "statement_missing"]);

interface Chosen {
  readonly devices: readonly DeviceId[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

function chosenDevices(site: LoadedSite, compiled: Compiled, { profile, devices }: ApprovalRequest, before: Approval | undefined): Chosen {
  const family = site.watchlist.value.devices.filter((device) => device.profile === profile).map(({ id }) => id);
  const found = Map.groupBy(compiled.findings, ([check]) => check.slice(0, check.indexOf("/")));
  const objections = (id: DeviceId): readonly string[] =>
    objectionsTo((found.get(id) ?? []).map(([, against]) => against)).map((sentence) => `devices: ${id}: ${sentence}`);
  if (devices === "all-new") {
    const same = before?.covers === compiled.covers.get(profile);
    const fresh = family.filter((id) => !same || before?.devices?.get(id) !== compiled.deviceDigests.get(id));
    const complete = fresh.filter((id) => objections(id).length === 0);
    const notes = fresh.flatMap(objections).map((sentence) => `Left out: ${sentence}`);
    const none = `devices: found none of ${profile} that is new and complete${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`;
    return { devices: complete, problems: complete.length > 0 ? [] : [none], notes };
  }
  const named = [...new Set(devices)];
  const strangers = named.filter((id) => !family.includes(id));
  const problems = strangers.map(
    (id) => `devices: found ${quote(id)}, expected a device of profile ${profile} (${family.join(", ") || "none"})`,
  );
  if (named.length === 0) problems.push("devices: found none, expected at least one");
  return { devices: named, problems: [...problems, ...named.filter((id) => family.includes(id)).flatMap(objections)], notes: [] };
}

function objectionsTo(checks: readonly (readonly Finding[])[]): readonly string[] {
  if (checks.length === 0) return ["has no checks in the watchlist: there is nothing to approve"];
  const details = checks.flatMap((against) => against.filter(({ reason }) => notYet.has(reason))).map(({ detail }) => detail);
  return [...new Set(details)];
}

/** Devices that nobody named now: they stay only under content that they were admitted under, and while that admission runs. */
function keptDevices(
  compiled: Compiled,
  profile: ProfileId,
  before: Approval | undefined,
  chosen: readonly DeviceId[],
  wallNow: WallMs,
): { readonly kept: ReadonlyMap<DeviceId, string>; readonly notes: readonly string[] } {
  const others = [...(before?.devices ?? [])].filter(([id]) => !chosen.includes(id));
  if (before === undefined || others.length === 0) return { kept: new Map(), notes: [] };
  const names = others.map(([id]) => id).join(", ");
  const signed = before.stage === "approved" || before.stage === "trial";
  const dropped = (why: string) => ({ kept: new Map<DeviceId, string>(), notes: [`No longer admitted, as ${why}: ${names}.`] });
  // The new envelope would let them be asked as often as the device that is named now, which nobody signed for them.
  if (signed && !stillCovers(compiled, profile, before) && stillCovers(compiled, profile, before, before.devices))
    return dropped("they were approved at a slower pace than this approval allows (lengthen the new interval, or name them as well)");
  if (!signed || !stillCovers(compiled, profile, before)) return dropped("the approval was of other content");
  if ((endOf(before)?.expires ?? 0) <= wallNow) return dropped("the approval had expired");
  const current = others.filter(([id, digest]) => compiled.deviceDigests.get(id) === digest);
  const gone = others.filter((other) => !current.includes(other)).map(([id]) => id);
  return { kept: new Map(current), notes: gone.length > 0 ? [`No longer admitted, as they were changed: ${gone.join(", ")}.`] : [] };
}

/**
 * The same content, or content inside of what was approved: a shipped profile that only tightens voids nothing.
 * @param admitted whose pace alone counts; absent: that of the whole family, which the new envelope lets be asked
 */
function stillCovers(
  { covers, envelopes, plan, proposals }: Compiled,
  profile: ProfileId,
  before: Approval,
  admitted?: ReadonlyMap<DeviceId, string>,
): boolean {
  if (before.covers === covers.get(profile)) return true;
  const now = envelopes.get(profile);
  const then = approvedEnvelope(before.envelope, before.covers);
  if (now === undefined || then === undefined) return false;
  if (admitted === undefined) return isInside(now, then);
  const checks = [...plan.checks.values(), ...[...proposals.values()].map(({ check }) => check)];
  const paces = checks.filter(({ device }) => admitted.has(device)).map(({ method, interval }) => ({ method, interval }));
  return isInside(now, then, paces);
}

/** Who signed for the devices that stay: a new signature for some never takes the place of another's for the rest. */
function earlierSignatures(before: Approval | undefined, kept: readonly DeviceId[], now: Signed): readonly EarlierSignature[] {
  const { earlier = [], preparedBy, acceptedBy, approvedOn, expiresOn, basis, changeReference } = before ?? {};
  const recorded = earlier.map((one) => ({ ...one, devices: one.devices.filter((id) => kept.includes(id)) }));
  const rest = kept.filter((id) => !recorded.some(({ devices }) => devices.includes(id)));
  const complete = preparedBy && acceptedBy && approvedOn && expiresOn && basis && changeReference;
  const last = complete ? [{ preparedBy, acceptedBy, approvedOn, expiresOn, basis, changeReference, devices: rest.toSorted() }] : [];
  return [...recorded, ...last].filter((one) => one.devices.length > 0 && !sameSignature(one, now));
}

function sameSignature(a: Signed, b: Signed): boolean {
  const text = ({ preparedBy, acceptedBy, approvedOn, expiresOn, basis, changeReference }: Signed): string =>
    canonicalJson({ preparedBy, acceptedBy, approvedOn, expiresOn, basis: { ...basis }, changeReference });
  return text(a) === text(b);
}

function noneOf(earlier: readonly EarlierSignature[]): readonly "earlier"[] {
  return earlier.length === 0 ? ["earlier"] : [];
}

/** Naming one device never lengthens the approval of another. */
function earliest(until: string, before: Approval | undefined): string {
  const ends = [until, before?.expiresOn, before?.basis?.riskAcceptance?.until].filter((day) => day !== undefined);
  return ends.toSorted()[0] ?? until;
}

function refused(problems: readonly string[]): Edit {
  return { ok: false, problems };
}
