/** Reads when the site was stopped from the audit of a state folder, as the poller wrote it while it ran. */
import type { Quiet } from "./judgement.ts";
import { instantNs } from "./quiet.ts";

/** A record of the audit: what happened, when, and by whom. */
export interface Happened {
  readonly type: string;
  readonly timestamp: string;
  readonly source: string;
}

/** A stop is in force 1 s after it is said (SAFETY.md). */
const graceMs = 1000;
/** Nobody has resumed it yet. */
const stillNs = 2n ** 63n - 1n;

/**
 * Of each run of the poller, from `stopped` to `resumed` or to its end. Where a run began stopped, nobody noted a stop in it: then from its
 * beginning to `resumed`. What was stopped while nothing ran is not known by when, and nothing was sent.
 */
export function stopsIn(records: readonly Happened[]): readonly Quiet[] {
  const stops: Quiet[] = [];
  let began: { readonly atNs: bigint; readonly why: string } | undefined;
  let stopped: typeof began;
  const ended = (since: typeof began, toNs: bigint): void => {
    if (since && since.atNs < toNs) stops.push({ why: since.why, fromNs: since.atNs, toNs, graceMs, addresses: undefined });
    began = undefined;
    stopped = undefined;
  };
  for (const { type, timestamp, source } of records) {
    const atNs = instantNs(timestamp);
    if (atNs === undefined) continue;
    if (type === "stopped") stopped ??= { atNs, why: `stop by ${source} at ${timestamp}` };
    else if (type === "resumed") ended(stopped ?? began, atNs);
    else if (type === "ended") ended(stopped, atNs);
    else if (type === "started") {
      ended(stopped, atNs);
      began = { atNs, why: `stop in which the poller began at ${timestamp}` };
    }
  }
  ended(stopped, stillNs);
  return stops;
}
