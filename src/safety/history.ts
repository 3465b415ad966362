/** What a check's past says about asking it again: back-off once it is down, refusal episodes, and the hold after a gateway's timeout. */
import { backoffMax, refusalEpisodesToTrip, refusalEpisodeWindow } from "../domain/limits.ts";
import type { Answered, Failed, Outcome } from "../domain/outcome.ts";
import type { Check } from "../domain/plan.ts";
import type { Noted } from "../domain/gate.ts";
import type { FailureKind } from "../domain/reasons.ts";
import { after, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { momentOf, recent } from "./noted.ts";

export interface CheckHistory {
  /** Whether it answered in this run: who did not cannot be harmed by it. */
  readonly proven: boolean;
  /** Consecutive misses, those of earlier runs included. */
  readonly missed: number;
  /** How many of them were in earlier runs: whether they had a cause that others shared, this run cannot say. */
  readonly missedBefore: number;
  /** What the latest miss was; undefined where it was excused, and counts for back-off alone. */
  readonly failure: FailureKind | undefined;
  /** When it was counted as a loss that it went down; undefined while it was not. An excuse may have ended only after more misses than make it down. */
  readonly lostAt: MonotonicMs | undefined;
  readonly lastAsked: MonotonicMs | undefined;
  /** Starts of refusal episodes of the last day. */
  readonly episodes: readonly MonotonicMs[];
  readonly inEpisode: boolean;
}

/** Of an earlier run: turning us away five times a day has a reason also when the poller was started anew in between. Of another boot the episodes count from now, if they were noted within a day. */
export function recalled(found: Noted | undefined, now: MonotonicMs): CheckHistory {
  const noted = recent(found, refusalEpisodeWindow);
  const { episodes, inEpisode } = (noted?.value ?? {}) as Readonly<Record<keyof TurnedAway, unknown>>;
  if (!noted || !Array.isArray(episodes)) return noHistory;
  return { ...noHistory, episodes: episodes.map((moment) => momentOf(moment, noted, now)), inEpisode: inEpisode === true };
}

/** What of a history is to outlive the process. */
export type TurnedAway = Pick<CheckHistory, "episodes" | "inEpisode">;

/** What is to be noted when a history became another one: nothing, or what is now to be remembered (undefined: nothing any more). */
export function toBeNoted(
  before: CheckHistory,
  { episodes, inEpisode }: CheckHistory,
): { readonly value: TurnedAway | undefined } | undefined {
  if (episodes.length === before.episodes.length && inEpisode === before.inEpisode) return undefined;
  return { value: episodes.length > 0 ? { episodes, inEpisode } : undefined };
}

const noMiss = { missed: 0, missedBefore: 0, failure: undefined, lostAt: undefined };
export const noHistory: CheckHistory = { proven: false, ...noMiss, lastAsked: undefined, episodes: [], inEpisode: false };

/** Whether an outcome says anything about the device: what this machine refused or could not do is no reason to ask it more rarely. */
export function isTelling(outcome: Outcome): outcome is Answered | Failed {
  return outcome.kind === "answered" || (outcome.kind === "failed" && outcome.failure !== "driver_unavailable");
}

/** It was asked in vain: back-off counts it, unless a cause is found that others share. */
export function isMiss(outcome: Outcome): boolean {
  return isTelling(outcome) && (outcome.kind === "failed" || outcome.answer.said === "gateway_only");
}

/** Whoever is to blame, the bus behind a gateway was busy with the request until its timeout: back-off counts it. */
export function loadsBus({ check, sent }: Answered | Failed): boolean {
  return check.line.startsWith("gateway:") && sent.requests > 0;
}

/** The silence was not the device's own: neither misses nor back-off come of it. */
export function excused(history: CheckHistory): CheckHistory {
  return { ...history, ...noMiss };
}

/** Something that it went down with is heard again: asked at its next slot, and down again with the next miss. */
export function tryAgain(history: CheckHistory, missesToDown: number): CheckHistory {
  return { ...history, missed: Math.min(history.missed, missesToDown - 1), missedBefore: 0, lostAt: undefined };
}

/** A device is down now that answered in this run, or `before` it in the same boot, and nobody was told yet. */
export function isNewLoss({ proven, missed, lostAt }: CheckHistory, missesToDown: number, before: boolean): boolean {
  return (proven || before) && missed >= missesToDown && lostAt === undefined;
}

/** Missed in this run alone as often as makes it down: only now is a cause looked for that others share, because only now were they asked too. */
export function isGrave({ missed, missedBefore }: CheckHistory, missesToDown: number): boolean {
  return missed - missedBefore >= missesToDown;
}

/** Adds an outcome; one that says nothing about the device leaves the history as it is. */
export function remembered(history: CheckHistory, outcome: Outcome): CheckHistory {
  if (!isTelling(outcome)) return history;
  const lastAsked = outcome.at;
  if (outcome.kind === "answered") {
    if (outcome.answer.said !== "gateway_only") return { ...history, ...noMiss, proven: true, lastAsked, inEpisode: false };
    return { ...history, missed: history.missed + 1, failure: "gateway_target_silent", lastAsked, inEpisode: false };
  }
  const turnedAway = outcome.failure === "refused" || outcome.failure === "reset";
  const since = history.episodes.filter((start) => lastAsked - start < refusalEpisodeWindow);
  const episodes = turnedAway && !history.inEpisode ? [...since, lastAsked].slice(-refusalEpisodesToTrip) : since;
  const inEpisode = turnedAway || history.inEpisode;
  return { ...history, missed: history.missed + 1, failure: outcome.failure, lastAsked, episodes, inEpisode };
}

/**
 * The wait between two askings: the interval until the device is down, then twice as long each time, up to 15 min (or the interval, where that is longer).
 * Worked example, 60 s and three misses: 60, 60, 60, 120, 240, 480, 900, 900 s.
 */
export function waitAfter(check: Pick<Check, "interval" | "missesToDown">, missed: number): Milliseconds {
  if (missed < check.missesToDown) return check.interval;
  const doublings = Math.min(missed - check.missesToDown + 1, 32);
  return milliseconds(Math.min(check.interval * 2 ** doublings, Math.max(backoffMax, check.interval)));
}

/** Until when back-off withholds the check; undefined when it does not. */
export function backoffUntil(check: Check, history: CheckHistory): MonotonicMs | undefined {
  if (history.lastAsked === undefined || history.missed < check.missesToDown) return undefined;
  return after(history.lastAsked, waitAfter(check, history.missed));
}

/** A device that turns us away again and again has a reason that a person must find. */
export function refusedTooOften(history: CheckHistory, now: MonotonicMs): boolean {
  return history.episodes.filter((start) => now - start < refusalEpisodeWindow).length >= refusalEpisodesToTrip;
}
