/** Takes a device family out of the plan until a person approves it again; the signature stays as a record. */
import { suspend as suspension } from "../../config/suspend.ts";
import type { ProfileId } from "../../domain/plan.ts";
import type { Command } from "../command.ts";
import { failed } from "../report.ts";
import { carriedOut } from "../signing.ts";
import { plannedSite } from "../site.ts";

export const suspend: Command = {
  name: "suspend",
  summary: "stop asking a device family until it is approved again",
  words: [{ name: "profile", required: true }],
  options: {
    by: { type: "text", value: "<name>", summary: "who suspends it", required: true },
    reason: { type: "text", value: "<text>", summary: "why", required: true },
  },
  examples: [
    [
      'watchkeeper suspend schneider-m221 --by eto-1 --reason "maker warns of firmware 1.12"',
      "no device of the family is asked any more, from the next reload",
    ],
  ],
  more: "Takes effect when the files are read again: `watchkeeper reload`, or the next start. To stop all asking at once, see `watchkeeper help stop`.",
  async run(context) {
    const planned = plannedSite(context);
    if ("inFiles" in planned) return failed(context, planned.problems);
    const request = { profile: context.words[0]! as ProfileId, by: context.required("by"), reason: context.required("reason") };
    const edit = suspension(planned.site, request, context.clock.wall());
    return carriedOut(context, planned.settings, edit, {
      source: request.by,
      type: "suspend",
      detail: `suspended by ${request.by}: ${request.reason}`,
    });
  },
};
