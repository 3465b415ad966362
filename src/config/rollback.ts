/** Goes back to files that ran, without giving anything back that was taken since: today's exclusions, holds, suspensions and revocations stay. */
import { isMap, isSeq } from "yaml";
import type { KeptPlan } from "../domain/kept-plan.ts";
import type { DeviceId, ProfileId } from "../domain/plan.ts";
import { editApproval, type ApprovalChanges, type Edited } from "./approve-text.ts";
import { endOf } from "./compile/dates.ts";
import type { LoadedSite } from "./loaded-site.ts";
import { formatProblem, type Loaded } from "./problem.ts";
import { parseSiteProfile } from "./profiles.ts";
import type { Approval, SignedApproval } from "./schema/approval.ts";
import { watchlistSchema, type Watchlist } from "./schema/watchlist.ts";
import { parseWith } from "./schema-problems.ts";
import { parseYaml, renderYaml } from "./yaml.ts";

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
  const watchlist = watchlistOf(site.watchlist, kept.watchlist);
  if ("problems" in watchlist) return { ok: false, problems: watchlist.problems };
  const problems: string[] = [];
  const siteProfiles = new Map(site.siteProfiles);
  const edits: Pick<Edited, "file" | "location" | "text">[] = watchlist.text === site.watchlist.text ? [] : [watchlist];
  for (const [id, text] of Object.entries(kept.profiles) as [ProfileId, string][]) {
    const before = approvalOf(site, id, text);
    const today = site.siteProfiles.get(id)?.value.approval;
    if (typeof before === "string") problems.push(before);
    else if (before !== undefined && today !== undefined) {
      const changes = both(today, before);
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

/** The text that ran, with every exclusion and hold of today added to its own. */
function watchlistOf(today: Loaded<Watchlist>, text: string): Loaded<Watchlist> | { readonly problems: readonly string[] } {
  const { file, location } = today;
  const yaml = parseYaml(file, text);
  const read = yaml.ok ? parseWith(watchlistSchema, yaml) : yaml;
  if (!yaml.ok || !read.ok)
    return { problems: [`the watchlist that ran cannot be read by this version:`, ...(read.ok ? [] : read.problems.map(formatProblem))] };
  const { document } = yaml;
  let changed = false;
  for (const key of ["excluded", "segmentStages"] as const) {
    const known = new Set(read.value[key].map((entry) => JSON.stringify(entry)));
    for (const entry of today.value[key]) {
      if (known.has(JSON.stringify(entry))) continue;
      changed = true;
      const node = document.createNode({ ...entry }, { flow: true });
      const list = document.get(key);
      if (isSeq(list) && !(list.flow === true && list.items.length === 0)) document.addIn([key], node);
      else if (isMap(document.contents)) document.set(key, document.createNode([{ ...entry }]));
    }
  }
  if (!changed) return { file, location, text, lines: yaml.lines, value: read.value };
  const made = renderYaml(document);
  const again = parseYaml(file, made);
  const value = again.ok ? parseWith(watchlistSchema, again) : again;
  if (!again.ok || !value.ok) throw new Error(`${file}: the watchlist that ran cannot be read with today's exclusions`);
  return { file, location, text: made, lines: again.lines, value: value.value };
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

/** What both allow; undefined where today's stays as it is. */
function both(today: Approval, before: Approval): ApprovalChanges | undefined {
  if (!isSigned(today) || !isSigned(before)) return undefined;
  const stage = today.stage === "trial" || before.stage === "trial" ? "trial" : "approved";
  const named = (id: DeviceId): boolean => today.devices.has(id) && before.devices.has(id);
  const onTrial = (one: SignedApproval, id: DeviceId): boolean => one.stage === "approved" || one.trialDevices.includes(id);
  const devices = new Map([...before.devices].filter(([id]) => named(id)));
  const trialDevices = stage === "approved" ? [] : [...devices.keys()].filter((id) => onTrial(today, id) && onTrial(before, id)).toSorted();
  // A trial of nobody is none: then everything stays as it is today.
  if (devices.size === 0 || (stage === "trial" && trialDevices.length === 0)) return undefined;
  const sooner = (endOf(today)?.ends ?? 0) < (endOf(before)?.ends ?? 0) ? today : before;
  const { preparedBy, acceptedBy, approvedOn, expiresOn, basis, changeReference } = sooner;
  const paces = new Map([...(before.paces ?? [])].filter(([id]) => named(id)));
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
    covers: before.covers,
    ...(before.envelope && { envelope: before.envelope }),
    devices,
    ...(before.paces && { paces }),
  };
}

function isSigned(approval: Approval): approval is SignedApproval {
  return approval.stage === "approved" || approval.stage === "trial";
}
