/** Holding a device family back: in dry run everything is shown and nothing sent, suspended it waits until a person approves it again. */
import type { ProfileId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import { textFlaws } from "./approve-request.ts";
import { editApproval, type Edit } from "./approve-text.ts";
import { dayOf, instantOf } from "./compile/dates.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { quote } from "./problem.ts";
import { suspensionsOf } from "./schema/approval.ts";

export interface SuspensionRequest {
  readonly profile: ProfileId;
  readonly by: string;
  readonly reason: string;
}

/** Takes effect with the next reload; the signature stays, as a record. */
export function suspend(site: LoadedSite, request: SuspensionRequest, wallNow: WallMs): Edit {
  const { profile, by, reason } = request;
  const problems = flawsOf(site, request);
  if (problems.length > 0) return { ok: false, problems };
  const before = site.siteProfiles.get(profile)?.value.approval;
  const suspended = [...suspensionsOf(before), { by, on: dayOf(wallNow), reason }];
  const since = before?.stage === "suspended" ? before.since : undefined;
  return editApproval(site, profile, { stage: "suspended", since: since ?? instantOf(wallNow), suspended }, [], ["trialSince"]);
}

/** The 24 h after which a trial is proposed begin with it. Nothing that was suspended is asked again by it. */
export function dryRun(site: LoadedSite, request: SuspensionRequest, wallNow: WallMs): Edit {
  const { profile } = request;
  const before = site.siteProfiles.get(profile)?.value.approval;
  const problems = [...flawsOf(site, request)];
  if (before?.stage === "dry-run")
    problems.push(`profile: found ${quote(profile)} in dry run${before.since ? ` since ${before.since}` : ""}: it stays so`);
  if (problems.length > 0) return { ok: false, problems };
  const asked = before?.stage === "approved" || before?.stage === "trial";
  const notes = asked ? [`It was ${before.stage}: from the next reload its devices are not asked until it is approved again.`] : [];
  return editApproval(site, profile, { stage: "dry-run", since: instantOf(wallNow) }, notes, ["trialSince"]);
}

function flawsOf(site: LoadedSite, { profile, by, reason }: SuspensionRequest): readonly string[] {
  const unknown = `profile: found ${quote(profile)}, expected one of ${[...site.shippedProfiles.keys()].join(", ")}`;
  return [...textFlaws({ by, reason }), ...(site.shippedProfiles.has(profile) ? [] : [unknown])];
}
