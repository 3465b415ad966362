/** What the metrics say of deep queries: whether one runs, when the last ended, and how they ended. */
import type { WallMs } from "../domain/units.ts";
import { counters, gauge, type SiteDefinition, type Value } from "./site-definitions.ts";

/** complete: every device answered everything. incomplete: some did not. cut_short: a stop, the window's end or a person ended it. */
export const deepOutcomes = ["complete", "incomplete", "cut_short"] as const;
export type DeepOutcome = (typeof deepOutcomes)[number];

/** Of this run of the poller. */
export interface DeepHealth {
  readonly runs: boolean;
  readonly lastEnded: WallMs | undefined;
  readonly ended: Readonly<Record<DeepOutcome, number>>;
}

export const deepQueryFamilies: readonly SiteDefinition[] = [
  gauge("deep_query_running", "1 while a deep query asks that a person has begun.", ({ deepQueries }) => (deepQueries.runs ? 1 : 0)),
  gauge(
    "deep_query_last_end_timestamp_seconds",
    "When the last deep query since the start ended; 0 for none.",
    ({ deepQueries }) => (deepQueries.lastEnded ?? 0) / 1000,
  ),
  counters(
    "deep_queries",
    "Deep queries that ended since the start: complete, incomplete (some devices did not answer everything), or cut_short by a stop, the window's end or a person.",
    ["outcome"],
    ({ deepQueries }) => deepOutcomes.map((outcome): Value => [{ outcome }, deepQueries.ended[outcome]]),
  ),
];
