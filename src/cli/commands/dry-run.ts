/** Does everything but send: a family, or a segment as a whole, is shown byte for byte before anything is asked of it. */
import { dryRun as drying } from "../../config/suspend.ts";
import type { Command } from "../command.ts";
import { heldBack, holdingObjections, holdingOptions } from "../holding-back.ts";

export const dryRun: Command = {
  name: "dry-run",
  plans: true,
  words: [{ name: "profile", required: false }],
  options: holdingOptions,
  examples: [
    [
      'watchkeeper dry-run schneider-m221 --by eto-1 --reason "commissioning, MOC-2026-014"',
      "`plan --full` shows every byte; nothing is sent",
    ],
    ['watchkeeper dry-run --segment hvac --by eto-1 --reason "new switches"', "the whole segment, whatever its families may do"],
    ['watchkeeper dry-run --segment hvac --end --by eto-1 --reason "looked at for a day"', "the segment's families count again"],
  ],
  more:
    "After 24 h `plan` and `status` propose the next step: a trial of some devices (`watchkeeper approve … --trial`), each watched for 72 h, then the " +
    "approval of all. They propose, a person decides. Takes effect with the next `watchkeeper reload`.",
  objections: holdingObjections,
  run: (context) => heldBack(context, { stage: "dry-run", family: drying }),
};
