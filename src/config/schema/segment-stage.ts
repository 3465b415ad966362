/** The shape of what holds a whole segment back, whatever its families may do. */
import { z } from "zod";
import type { HeldSegment, SegmentId } from "../../domain/plan.ts";
import { id, instant, oneOf, text, type IsoInstant } from "./common.ts";

/** Several may hold one segment; it is free when none does. Nothing here lets a device be asked that its family does not. */
export interface SegmentStage {
  readonly segment: SegmentId;
  readonly stage: HeldSegment["stage"];
  readonly by: string;
  readonly since: IsoInstant;
  readonly reason: string;
}

export const segmentStage: z.ZodType<SegmentStage> = z
  .strictObject({
    segment: id<SegmentId>("The segment."),
    stage: oneOf(["dry-run", "suspended"], "dry-run: everything but the packet; suspended: nothing."),
    by: text("Who holds it back."),
    since: instant("Since when, in UTC, such as 2026-11-21T12:00:00Z."),
    reason: text("Why."),
  })
  .meta({ description: "A segment that is held back." });
