/** Reads when the site was stopped from the audit of a state folder, as the poller wrote it while it ran, and from the stop that stands there. */
import type { Quiet } from "./judgement.ts";
import { instantNs } from "./quiet.ts";

/** A record of the audit: what happened, when, and by whom. */
export interface Happened {
  readonly type: string;
  readonly timestamp: string;
  readonly source: string;
}

/** A stop in force, as its file says: `by` is empty where nobody is named, `since` undefined where no time is. */
export interface Standing {
  readonly by: string;
  readonly since: string | undefined;
}

interface Since {
  readonly atNs: bigint;
  readonly why: string;
}

/** A stop is in force 1 s after it is said (SAFETY.md). */
const graceMs = 1000;
/** Nobody has resumed it yet. */
const stillNs = 2n ** 63n - 1n;

/**
 * Of each run of the poller, from `stopped` to `resumed` or to its end; a run that began stopped says `stopped` behind `started`, and one
 * that does not, and is resumed, was stopped from its beginning. What stands lasts on, from when it was made or the last run knew of it.
 */
export function stopsIn(records: readonly Happened[], standing?: Standing): readonly Quiet[] {
  const stops: Quiet[] = [];
  let began: Since | undefined;
  let stopped: Since | undefined;
  /** When the run ended that is the last so far. */
  let endedNs: bigint | undefined;
  let resumedNs: bigint | undefined;
  const over = (since: Since | undefined, toNs: bigint): void => {
    if (since && since.atNs < toNs) stops.push({ why: since.why, fromNs: since.atNs, toNs, graceMs, addresses: undefined });
    began = undefined;
    stopped = undefined;
  };
  for (const { type, timestamp, source } of records) {
    const atNs = instantNs(timestamp);
    if (atNs === undefined) continue;
    if (type === "stopped") {
      // Said behind the end of a run: of another, or of none.
      if (!stopped) endedNs = undefined;
      stopped ??= { atNs, why: `stop by ${source} at ${timestamp}` };
    } else if (type === "resumed") {
      over(stopped ?? began, atNs);
      resumedNs = atNs;
    } else if (type === "ended") endedNs = atNs;
    else if (type === "started") {
      over(stopped, endedNs ?? atNs);
      began = { atNs, why: `stop in which the poller began at ${timestamp}` };
    }
  }
  const since = standing && made(standing, resumedNs);
  if (!standing) over(stopped, endedNs ?? stillNs);
  else over(since && !(stopped && stopped.atNs < since.atNs) ? since : stopped, stillNs);
  // What the standing one holds already is told once.
  const last = stops.at(-1);
  return stops.filter((one) => one === last || last?.toNs !== stillNs || one.fromNs < last.fromNs);
}

/** A file whose clock was wrong says no time before the latest resumption: that lifted whatever stood then. */
function made({ by, since }: Standing, resumedNs: bigint | undefined): Since | undefined {
  const saidNs = instantNs(since);
  if (saidNs === undefined) return undefined;
  const atNs = resumedNs !== undefined && resumedNs > saidNs ? resumedNs : saidNs;
  return { atNs, why: `stop by ${by === "" ? "somebody" : by} since ${since ?? ""}, which stands` };
}
