/** The shape of an approval to join zones: a poller with a foot in each of them is a conduit of its own. */
import { z } from "zod";
import { text } from "./common.ts";

export interface ZoneCrossing {
  /** As the segments name them. */
  readonly zones: readonly string[];
  readonly approvedBy: string;
  readonly reason: string;
  readonly changeReference: string;
}

export const zoneCrossing: z.ZodType<ZoneCrossing> = z
  .strictObject({
    zones: z
      .array(text("A zone, as the segments name it."), { error: "a list of zones" })
      .min(2, { error: "at least two zones" })
      .refine((zones) => new Set(zones).size === zones.length, { error: "each zone once" })
      .meta({ description: "The zones that this poller may join, each with each." }),
    approvedBy: text("Who approved that one poller stands in all of them."),
    reason: text("Why one poller for each zone does not do."),
    changeReference: text("The change in your management of change."),
  })
  .meta({ description: "Zones that this poller may join. Without it the segments of one watchlist lie in one zone." });
