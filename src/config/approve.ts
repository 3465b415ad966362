/** Approving and renewing a device family at a site: checks what a person is about to sign and makes the new text of the site's profile file. */
import { canonicalJson } from "../domain/canonical.ts";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import type { StandingReason } from "../domain/reasons.ts";
import type { WallMs } from "../domain/units.ts";
import { flawsOf, type ApprovalRequest, type RenewalRequest, type SignatureRequest } from "./approve-request.ts";
import { editApproval, type Edit } from "./approve-text.ts";
import { approvedEnvelope, isInside } from "./compile/approved-envelope.ts";
import type { Compiled } from "./compile/compile.ts";
import { dayOf, endOf, instantOf } from "./compile/dates.ts";
import type { Finding } from "./compile/standing.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem, quote } from "./problem.ts";
import type { Approval, Basis, EarlierSignature, Paces } from "./schema/approval.ts";

export type { Edit, Edited, Refused } from "./approve-text.ts";
export type { ApprovalRequest, BasisRequest, RenewalRequest, SignatureRequest } from "./approve-request.ts";

/** Pure: `compiled` must be of `site`. Devices that were admitted before and are not named stay admitted while nothing they were admitted under has changed. */
export function approve(site: LoadedSite, compiled: Compiled, request: ApprovalRequest, wallNow: WallMs): Edit {
  const { profile, stage = "approved" } = request;
  const covers = compiled.covers.get(profile);
  if (covers === undefined) return refused([strangerWords(site, profile)]);
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
  const trial = stage === "trial" ? trialOf(compiled, before, chosen.devices, [...kept.keys()], wallNow) : new Map<DeviceId, string>();
  const changes = {
    stage,
    since: before?.stage === stage && before.since !== undefined ? before.since : instantOf(wallNow),
    trialDevices: [...trial.keys()].toSorted(),
    ...signature({ ...request, until }, wallNow),
    covers,
    envelope: JSON.parse(JSON.stringify(compiled.envelopes.get(profile))) as Record<string, unknown>,
    devices: sorted([...kept, ...admitted]),
    // Who is not named keeps the pace at which it was admitted.
    paces: sorted([
      ...[...kept.keys()].map((id): [DeviceId, Paces] => [id, before?.paces?.get(id) ?? pacesNow(compiled, id)]),
      ...chosen.devices.map((id): [DeviceId, Paces] => [id, pacesNow(compiled, id)]),
    ]),
  };
  const earlier = earlierSignatures(before, [...kept.keys()], changes);
  const said = [...chosen.notes, ...notes, ...shortened];
  const all = {
    ...changes,
    ...(trial.size > 0 && { trialSince: sorted([...trial]) }),
    ...(earlier.length > 0 && { earlier }),
  };
  const dropped = [...(trial.size > 0 ? [] : ["trialSince" as const]), ...noneOf(earlier)];
  return { ...editApproval(site, profile, all, said, ["suspended", ...dropped]), admits: chosen.devices };
}

/** The same content and devices for longer. What has changed since must be approved, not renewed. */
export function renew(site: LoadedSite, compiled: Compiled, request: RenewalRequest, wallNow: WallMs): Edit {
  const { profile } = request;
  const before = site.siteProfiles.get(profile)?.value.approval;
  if (before === undefined || (before.stage !== "approved" && before.stage !== "trial")) {
    return refused([`profile: found ${quote(profile)} in stage ${before?.stage ?? "draft"}, expected an approved one: approve it instead`]);
  }
  const changed = [...before.devices].filter(([id, digest]) => changedSince(compiled, id, digest)).map(([id]) => id);
  const problems = [...compiled.problems.map(formatProblem), ...flawsOf(request, wallNow)];
  // A new device that waits to be asked more often changes nothing for those that are admitted.
  if (!stillCovers(compiled, profile, before, before.devices)) {
    problems.push(`covers: found a profile changed since its approval (${before.covers}): look at it and approve it instead`);
  }
  if (changed.length > 0) problems.push(`devices: found ${changed.join(", ")} changed or gone since the approval: approve them instead`);
  return problems.length > 0 ? refused(problems) : editApproval(site, profile, signature(request, wallNow), [], ["earlier"]);
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

/**
 * Devices on trial, each with its beginning: those named now, and those that were asked before and stay admitted, for a trial of one takes
 * nothing from another. A device that was on trial as it is now goes on; one that was changed begins anew.
 */
function trialOf(
  compiled: Compiled,
  before: Approval | undefined,
  chosen: readonly DeviceId[],
  kept: readonly DeviceId[],
  wallNow: WallMs,
): ReadonlyMap<DeviceId, string> {
  const asked = kept.filter((id) => before?.stage === "approved" || before?.trialDevices.includes(id));
  const since = (id: DeviceId): string | undefined =>
    changedSince(compiled, id, before?.devices?.get(id))
      ? undefined
      : before?.stage === "approved"
        ? before.since
        : before?.trialSince?.get(id);
  return new Map([...chosen, ...asked].map((id) => [id, since(id) ?? instantOf(wallNow)]));
}

function pacesNow({ paces }: Compiled, id: DeviceId): Paces {
  return paces.get(id) ?? {};
}

function sorted<Value>(members: readonly (readonly [DeviceId, Value])[]): ReadonlyMap<DeviceId, Value> {
  return new Map(members.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function strangerWords({ watchlist }: LoadedSite, profile: ProfileId): string {
  const used = [...new Set(watchlist.value.devices.map((device) => device.profile))].toSorted().join(", ");
  return `profile: found ${quote(profile)}, expected the profile of a device in the watchlist (${used || "it has none yet"})`;
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

function chosenDevices(
  site: LoadedSite,
  compiled: Compiled,
  { profile, devices, stage }: ApprovalRequest,
  before: Approval | undefined,
): Chosen {
  const family = site.watchlist.value.devices.filter((device) => device.profile === profile).map(({ id }) => id);
  const found = Map.groupBy(compiled.findings, ([check]) => check.slice(0, check.indexOf("/")));
  const objections = (id: DeviceId): readonly string[] =>
    objectionsTo((found.get(id) ?? []).map(([, against]) => against)).map((sentence) => `devices: ${id}: ${sentence}`);
  if (devices === "all-new") {
    const same = before?.covers === compiled.covers.get(profile);
    // Whoever was on trial is named anew by the signature that approves the family.
    const promoted = before?.stage === "trial" && stage !== "trial";
    const fresh = family.filter((id) => !same || promoted || changedSince(compiled, id, before?.devices?.get(id)));
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
  // At the pace of each, which the approval keeps: that of the family may have become faster with the devices named now.
  if (!signed || !stillCovers(compiled, profile, before, new Map())) return dropped("the approval was of other content");
  if ((endOf(before)?.expires ?? 0) <= wallNow) return dropped("the approval had expired");
  const current = others.filter(([id, digest]) => compiled.digestsAsPaced.get(id) === digest);
  const gone = others.filter((other) => !current.includes(other)).map(([id]) => id);
  return { kept: new Map(current), notes: gone.length > 0 ? [`No longer admitted, as they were changed: ${gone.join(", ")}.`] : [] };
}

/** Changed itself, or to be asked more often than it was admitted for. */
function changedSince({ digestsAsPaced, faster }: Compiled, id: DeviceId, admitted: string | undefined): boolean {
  return admitted !== digestsAsPaced.get(id) || faster.has(id);
}

/**
 * The same content, or content inside of what was approved: a shipped profile that only tightens voids nothing.
 * @param admitted whose pace alone counts
 */
function stillCovers(
  { covers, envelopes, plan, proposals }: Compiled,
  profile: ProfileId,
  before: Approval,
  admitted: ReadonlyMap<DeviceId, string>,
): boolean {
  if (before.covers === covers.get(profile)) return true;
  const now = envelopes.get(profile);
  const then = approvedEnvelope(before.envelope, before.covers);
  if (now === undefined || then === undefined) return false;
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
