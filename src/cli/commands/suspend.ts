/** Takes a device family or a segment out of the plan: a family until a person approves it again, a segment until a person ends it. */
import { suspend as suspension } from "../../config/suspend.ts";
import type { Command } from "../command.ts";
import { heldBack, holdingObjections, holdingOptions } from "../holding-back.ts";

export const suspend: Command = {
  name: "suspend",
  plans: true,
  words: [{ name: "profile", required: false }],
  options: holdingOptions,
  examples: [
    [
      'watchkeeper suspend schneider-m221 --by eto-1 --reason "maker warns of firmware 1.12"',
      "no device of the family is asked any more, from the next reload",
    ],
    ['watchkeeper suspend --segment hvac --by eto-1 --reason "switches are exchanged"', "no device of the segment, whatever its family"],
    ['watchkeeper suspend --segment hvac --end --by eto-1 --reason "switches are in"', "the segment's families count again"],
  ],
  more:
    "Takes effect when the files are read again: `watchkeeper reload`, or the next start. A family's suspension stands in its profile file, " +
    "a segment's under segmentStages in the watchlist; comments are kept. To stop all asking at once, see `watchkeeper help stop`.",
  objections: holdingObjections,
  run: (context) => heldBack(context, { stage: "suspended", family: suspension }),
};
