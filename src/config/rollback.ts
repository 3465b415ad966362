/** Goes back to files that ran, without giving anything back that was taken since: today's exclusions, holds, suspensions, revocations, words about a device and slower paces stay. */
import { parseDuration } from "../domain/duration.ts";
import type { KeptPlan } from "../domain/kept-plan.ts";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import { editApproval, type ApprovalChanges, type Edited } from "./approve-text.ts";
import { endOf } from "./compile/dates.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem } from "./problem.ts";
import { parseSiteProfile } from "./profiles.ts";
import { watchlistThatRan } from "./rollback-watchlist.ts";
import type { Approval, Paces, SignedApproval } from "./schema/approval.ts";
import { parseYaml } from "./yaml.ts";

export type RolledBack =
  | {
      readonly ok: true;
      /** What the files would make: for the difference that is shown before anything is written. */
      readonly site: LoadedSite;
      readonly edits: readonly Pick<Edited, "file" | "location" | "text">[];
    }
  | { readonly ok: false; readonly problems: readonly string[] };

/** Pure. Files of today are the base of every profile, so that whatever a site has tightened since stays tight. */
export function rollback(site: LoadedSite, kept: KeptPlan): RolledBack {
  const watchlist = watchlistThatRan(site.watchlist, kept.watchlist);
  if ("problems" in watchlist) return { ok: false, problems: watchlist.problems };
  const problems: string[] = [];
  const siteProfiles = new Map(site.siteProfiles);
  const edits: Pick<Edited, "file" | "location" | "text">[] = watchlist.text === site.watchlist.text ? [] : [watchlist];
  for (const [id, text] of Object.entries(kept.profiles) as [ProfileId, string][]) {
    const before = approvalOf(site, id, text);
    const today = site.siteProfiles.get(id)?.value.approval;
    if (typeof before === "string") problems.push(before);
    else if (before !== undefined && today !== undefined) {
      const listed = new Set(site.watchlist.value.devices.filter(({ profile }) => profile === id).map((one) => one.id));
      const changes = both(today, before, listed);
      if (changes === undefined) continue;
      const dropped = ["earlier" as const, ...(changes.trialSince === undefined ? ["trialSince" as const] : [])];
      const edit = editApproval(
        site,
        id,
        changes,
        [],
        dropped.filter((key) => changes[key as "earlier"] === undefined),
      );
      if (edit.text === site.siteProfiles.get(id)?.text) continue;
      edits.push(edit);
      const yaml = parseYaml(edit.file, edit.text);
      const parsed = yaml.ok ? parseSiteProfile(yaml, id, site.shippedProfiles.get(id)?.value) : yaml;
      if (yaml.ok && parsed.ok) siteProfiles.set(id, { ...edit, lines: yaml.lines, value: parsed.value });
    }
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, site: { ...site, watchlist, siteProfiles }, edits };
}

/** A sentence where it cannot be read. */
function approvalOf(site: LoadedSite, id: ProfileId, text: string): Approval | string | undefined {
  const shipped = site.shippedProfiles.get(id)?.value;
  if (shipped === undefined) return undefined;
  const yaml = parseYaml(`${id}.yaml`, text);
  const parsed = yaml.ok ? parseSiteProfile(yaml, id, shipped) : yaml;
  return parsed.ok
    ? parsed.value.approval
    : `the profile file of ${id} that ran cannot be read by this version: ${parsed.problems.map(formatProblem).join("; ")}`;
}

/**
 * What both allow; undefined where today's stays as it is. `covers` and its figures stay today's, as the profile does.
 * @param listed what today's watchlist still has of this profile
 */
function both(today: Approval, before: Approval, listed: ReadonlySet<DeviceId>): ApprovalChanges | undefined {
  if (!isSigned(today) || !isSigned(before)) return undefined;
  const stage = today.stage === "trial" || before.stage === "trial" ? "trial" : "approved";
  const named = (id: DeviceId): boolean => listed.has(id) && today.devices.has(id) && before.devices.has(id);
  const onTrial = (one: SignedApproval, id: DeviceId): boolean => one.stage === "approved" || one.trialDevices.includes(id);
  const ids = [...before.devices.keys()].filter(named);
  const slower = new Map(ids.map((id) => [id, noFaster(before.paces?.get(id), today.paces?.get(id)) ? before : today]));
  const devices = new Map(ids.map((id) => [id, slower.get(id)!.devices.get(id)!]));
  const trialDevices = stage === "approved" ? [] : [...devices.keys()].filter((id) => onTrial(today, id) && onTrial(before, id)).toSorted();
  // A trial of nobody is none: then everything stays as it is today.
  if (devices.size === 0 || (stage === "trial" && trialDevices.length === 0)) return undefined;
  const sooner = (endOf(today)?.ends ?? 0) < (endOf(before)?.ends ?? 0) ? today : before;
  const { preparedBy, acceptedBy, approvedOn, expiresOn, basis, changeReference } = sooner;
  const paces = new Map([...slower].flatMap(([id, { paces: own }]): [DeviceId, Paces][] => (own?.has(id) ? [[id, own.get(id)!]] : [])));
  const trialSince = new Map([...(today.trialSince ?? before.trialSince ?? [])].filter(([id]) => trialDevices.includes(id)));
  return {
    stage,
    trialDevices,
    ...(trialSince.size > 0 && { trialSince }),
    preparedBy,
    acceptedBy,
    approvedOn,
    expiresOn,
    basis,
    changeReference,
    devices,
    ...((today.paces !== undefined || paces.size > 0) && { paces }),
  };
}

/** A digest binds its paces, so a device goes by one signature whole: the old one only where it asks nothing else and nothing sooner. */
function noFaster(before: Paces | undefined, today: Paces | undefined): boolean {
  if (before === undefined || today === undefined) return false;
  return Object.entries(before).every(([name, span]) => {
    const now = Object.hasOwn(today, name) ? parseDuration(today[name] ?? "") : undefined;
    const then = parseDuration(span);
    return now !== undefined && then !== undefined && then >= now;
  });
}

function isSigned(approval: Approval): approval is SignedApproval {
  return approval.stage === "approved" || approval.stage === "trial";
}
