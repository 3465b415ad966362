/** Suspending a device family: nothing of it is asked until a person approves it again. */
import type { ProfileId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import { textFlaws } from "./approve-request.ts";
import { editApproval, type Edit } from "./approve-text.ts";
import { dayOf } from "./compile/dates.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { quote } from "./problem.ts";
import { suspensionsOf } from "./schema/approval.ts";

export interface SuspensionRequest {
  readonly profile: ProfileId;
  readonly by: string;
  readonly reason: string;
}

/** Takes effect with the next reload; the signature stays, as a record. */
export function suspend(site: LoadedSite, { profile, by, reason }: SuspensionRequest, wallNow: WallMs): Edit {
  const problems = [...textFlaws({ by, reason })];
  if (!site.shippedProfiles.has(profile)) {
    problems.push(`profile: found ${quote(profile)}, expected one of ${[...site.shippedProfiles.keys()].join(", ")}`);
  }
  if (problems.length > 0) return { ok: false, problems };
  const suspended = [...suspensionsOf(site.siteProfiles.get(profile)?.value.approval), { by, on: dayOf(wallNow), reason }];
  return editApproval(site, profile, { stage: "suspended", suspended }, []);
}
