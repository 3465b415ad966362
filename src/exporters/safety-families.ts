/** What holds the site, a segment or a family back, and how far each family has been approved. */
import { fenceStates } from "../domain/fence-state.ts";
import type { Scope } from "../domain/outcome.ts";
import type { Stage } from "../domain/plan.ts";
import type { ApprovalEnd } from "../domain/stages.ts";
import { gauge, gauges, type Look, type SiteDefinition, type Value } from "./site-definitions.ts";

const stages: readonly Stage[] = ["draft", "dry-run", "trial", "approved", "suspended"];
const heldStages = ["dry-run", "suspended"] as const;

export const safetyFamilies: readonly SiteDefinition[] = [
  gauge("stopped", "1 while the site is stopped and nothing is asked.", ({ board }) => (board.stopped ? 1 : 0)),
  gauge("lab_mode", "1 in lab mode: simulators and tests, no plant.", ({ board }) => (board.plan.lab ? 1 : 0)),
  gauges(
    "fence",
    "1 for what `fence check --record` found of the kernel fence: present, absent or stale, also where the plan has changed since; unknown where nobody has looked for a day.",
    ["state"],
    ({ board, fence }) => {
      const now = fence.state(board.plan.digest);
      return fenceStates.map((state): Value => [{ state }, state === now ? 1 : 0]);
    },
  ),
  gauge(
    "fence_checked_timestamp_seconds",
    "When the kernel fence was last compared with a plan; 0 for never.",
    ({ fence }) => (fence.checkedAt ?? 0) / 1000,
  ),
  gauges(
    "tripped",
    "1 for what a person must look at and reset. Site, segments and profiles are always there, a device while it is tripped.",
    ["scope"],
    ({ board, sharedScopes }) => standing(sharedScopes, board.trips()),
  ),
  gauges("trip_cause", "1 for why something is tripped, while it is.", ["scope", "cause"], ({ board }) =>
    board.trips().map(({ scope, cause }): Value => [{ scope, cause }, 1]),
  ),
  gauges(
    "held",
    "1 while a segment or profile is held: several devices fell silent together, one at a time is tried. To be alerted on: held devices are not asked and never get as far as down.",
    ["scope"],
    ({ board, sharedScopes }) =>
      standing(
        [...sharedScopes].filter((scope) => scope !== "site"),
        board.holds(),
      ),
  ),
  gauges(
    "cause",
    "1 while nothing can be heard of a segment (kind segment; way_out: by our own interface or route), or behind a gateway or device. To be alerted on: its devices are unknown, and none gets as far as down.",
    ["scope", "kind"],
    causes,
  ),
  gauges(
    "profile_stage",
    "1 for the stage that a profile stands in: draft, dry-run, trial, approved or suspended.",
    ["profile", "stage"],
    ({ board }) =>
      Array.from(board.plan.families.values()).flatMap(({ id, stage }) =>
        stages.map((one): Value => [{ profile: id, stage: one }, one === stage ? 1 : 0]),
      ),
  ),
  gauges(
    "segment_held_back",
    "1 for a segment that is in dry run or suspended as a whole, whatever its profiles may do.",
    ["segment", "stage"],
    ({ board }) =>
      Array.from(board.plan.segments.values()).flatMap(({ id, heldBack }) =>
        heldStages.map((stage): Value => [{ segment: id, stage }, heldBack?.stage === stage ? 1 : 0]),
      ),
  ),
  approval("expires", "When the approval of a profile expires. To be alerted on 60 days before."),
  approval("ends", "From when on nothing of a profile is asked: its expiry, and the grace where there is one."),
];

function approval(which: keyof ApprovalEnd, help: string): SiteDefinition {
  return gauges(`approval_${which}_timestamp_seconds`, help, ["profile"], ({ board }: Look) =>
    Array.from(board.plan.families.values()).flatMap(({ id, end }): readonly Value[] =>
      end ? [[{ profile: id }, end[which] / 1000]] : [],
    ),
  );
}

/** 0 for each segment, and 1 for what stands. */
function causes({ board }: Look): readonly Value[] {
  const kinds = Array.from(board.plan.segments.keys()).flatMap((scope) => [
    { scope, kind: "way_out" },
    { scope, kind: "segment" },
  ]);
  const standing = Array.from(board.causes, ({ scope, cause }) => ({ scope, kind: cause }));
  const stands = ({ scope, kind }: { scope: string; kind: string }): boolean =>
    standing.some((one) => one.scope === scope && one.kind === kind);
  return [...kinds.filter((one) => !stands(one)).map((one): Value => [one, 0]), ...standing.map((one): Value => [one, 1])];
}

/** 0 for each of `always`, and 1 for what stands. */
function standing(always: Iterable<Scope>, now: readonly { readonly scope: Scope }[]): readonly Value[] {
  const values = new Map<Scope, number>(Array.from(always, (scope) => [scope, 0]));
  for (const { scope } of now) values.set(scope, 1);
  return Array.from(values, ([scope, value]): Value => [{ scope }, value]);
}
