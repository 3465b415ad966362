/** What `suspend` and `dry-run` share: a family by its profile, or a segment as a whole, held back or let go. */
import type { Edit } from "../config/approve-text.ts";
import { endSegmentHold, holdSegment } from "../config/segment-stages.ts";
import type { LoadedSite, Settings } from "../config/loaded-site.ts";
import type { HeldSegment, ProfileId, SegmentId } from "../domain/plan.ts";
import type { WallMs } from "../domain/units.ts";
import type { Context, ExitCode, Options, Written } from "./command.ts";
import { failed } from "./report.ts";
import { carriedOut } from "./signing.ts";
import { plannedSite } from "./site.ts";

export const holdingOptions: Options = {
  segment: { type: "text", value: "<id>", summary: "a segment as a whole, whatever its families may do; in place of the profile" },
  end: { type: "flag", summary: "with --segment: let it go again" },
  by: { type: "text", value: "<name>", summary: "who says so", required: true },
  reason: { type: "text", value: "<text>", summary: "why", required: true },
};

export interface Holding {
  readonly stage: HeldSegment["stage"];
  readonly family: (site: LoadedSite, request: { profile: ProfileId; by: string; reason: string }, wallNow: WallMs) => Edit;
}

/** It is one of a profile and a segment, and no family is let go: that is what approving it does. */
export function holdingObjections({ words: [profile], text, flag }: Written): readonly string[] {
  const segment = text("segment");
  return [
    ...((profile === undefined) === (segment === undefined) ? ["expected either a <profile> or --segment <id>"] : []),
    ...(flag("end") && segment === undefined ? ["--end goes with --segment: a family is let go by approving it"] : []),
  ];
}

export async function heldBack(context: Context, { stage, family }: Holding): Promise<ExitCode> {
  const [profile] = context.words;
  const segment = context.text("segment");
  const end = context.flag("end");
  const planned = plannedSite(context, { wholeLibrary: true });
  if ("inFiles" in planned) return failed(context, planned.problems);
  const signed = { by: context.required("by"), reason: context.required("reason") };
  const word = stage === "suspended" ? "suspended" : "dry run";
  const carry = (settings: Settings, edit: Edit, what: string): Promise<ExitCode> =>
    carriedOut(context, settings, edit, {
      source: signed.by,
      type: stage === "suspended" ? "suspend" : "dry_run",
      detail: `${what} by ${signed.by}: ${signed.reason}`,
    });
  const { settings, site, wallNow } = planned;
  if (segment === undefined) return carry(settings, family(site, { profile: profile as ProfileId, ...signed }, wallNow), word);
  const request = { segment: segment as SegmentId, stage, ...signed };
  const edit = end ? endSegmentHold(site, request) : holdSegment(site, request, wallNow);
  return carry(settings, edit, `segment ${segment}: ${word}${end ? " ended" : ""}`);
}
