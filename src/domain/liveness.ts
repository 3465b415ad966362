/** From outcomes to up, degraded, down or unknown: what we may believe of a device, and why. Pure; time comes with each question. */
import { evidenceIntervals, evidenceMin } from "./limits.ts";
import type { Fact, Failed, Outcome } from "./outcome.ts";
import type { Check, CheckId } from "./plan.ts";
import type { FailureKind, RefusalReason } from "./reasons.ts";
import { later, type Milliseconds, type MonotonicMs } from "./units.ts";

export const livenesses = ["up", "degraded", "down", "unknown"] as const;
export type Liveness = (typeof livenesses)[number];

/** Why a device is what it is: a closed set of words for metrics and `status`. */
export type Cause = FailureKind | RefusalReason | "answers" | "unproven" | "not_asked_yet" | "no_fresh_evidence";

/** What is remembered of one check. `lastAnswer` is what the latest answer said; misses since then are counted. */
export interface CheckState {
  readonly interval: Milliseconds;
  readonly missesToDown: number;
  /** Whether this method ever worked on this device: before that, silence means nothing. */
  readonly proven: boolean;
  readonly missed: number;
  readonly lastAnswer: "alive" | "degraded" | undefined;
  readonly failure: FailureKind | undefined;
  readonly notAsked: RefusalReason | FailureKind | undefined;
  /** With `notAsked` behind: what is down. */
  readonly behind: string | undefined;
  /** Since it was last asked no connection was free for it: takes nothing back that is known, and is why where nothing is known any more. */
  readonly noConnection: boolean;
  readonly evidenceAt: MonotonicMs | undefined;
}

export interface DeviceState {
  readonly checks: ReadonlyMap<CheckId, CheckState>;
  readonly lastHeard: MonotonicMs | undefined;
}

export interface Judgement {
  readonly liveness: Liveness;
  readonly cause: Cause;
  /** With the cause `behind`: the gateway or device that is down, by id. */
  readonly behind?: string;
}

/** A person or the product has decided not to ask, or cannot reach the segment at all: what was believed before no longer counts. A spent budget or back-off is not such a decision. */
const deliberate: ReadonlySet<RefusalReason> = new Set<RefusalReason>([
  "stopped",
  "draining",
  "cut_off",
  "behind",
  "not_leader",
  "audit_unwritable",
  "tripped",
  "window_pause",
  "approval_expired",
]);
/** Failures that say nothing about the device. */
const ours: ReadonlySet<FailureKind> = new Set<FailureKind>(["guard_blocked", "driver_unavailable", "identity_mismatch"]);

export function nothingKnown(checks: Iterable<Check>): DeviceState {
  return { checks: new Map([...checks].map((check) => [check.id, unasked(check)])), lastHeard: undefined };
}

/** The state after a reload: checks that remain keep what is known of them, under their new interval. */
export function carriedOver(state: DeviceState, checks: Iterable<Check>): DeviceState {
  const kept = [...checks].map((check): [CheckId, CheckState] => {
    const known = state.checks.get(check.id);
    return [check.id, known ? { ...known, interval: check.interval, missesToDown: check.missesToDown } : unasked(check)];
  });
  return { checks: new Map(kept), lastHeard: state.lastHeard };
}

/** Adds one outcome. An outcome of a check that the state does not hold (gone by a reload meanwhile) changes nothing. */
export function fold(state: DeviceState, outcome: Outcome): DeviceState {
  const before = state.checks.get(outcome.check.id);
  if (!before) return state;
  const after = foldCheck(before, outcome);
  const heard = outcome.kind === "answered" && outcome.answer.said !== "gateway_only";
  return { checks: new Map(state.checks).set(outcome.check.id, after), lastHeard: heard ? outcome.at : state.lastHeard };
}

/** Misses of an earlier run count on. Of late ones (`stands`) a device that was down is down; otherwise it is unknown until it is asked, and down with the next miss. */
export function missedInAnEarlierRun(
  state: DeviceState,
  id: CheckId,
  { missed, failure, at, stands }: Pick<Extract<Fact, { readonly kind: "missed_before" }>, "missed" | "failure" | "at" | "stands">,
): DeviceState {
  const check = state.checks.get(id);
  if (!check) return state;
  return { ...state, checks: new Map(state.checks).set(id, { ...check, missed, failure, evidenceAt: stands ? at : undefined }) };
}

/** The device was heard without being asked: misses are forgotten, what the last answer said stays. */
export function overheard(state: DeviceState, at: MonotonicMs): DeviceState {
  const checks = [...state.checks].map(([id, check]): [CheckId, CheckState] => [id, { ...check, missed: 0, evidenceAt: at }]);
  return { checks: new Map(checks), lastHeard: at };
}

/** Everything that was believed is dropped because the device is no longer asked (stop, pause, trip). */
export function unaskedFrom(state: DeviceState, reason: RefusalReason): DeviceState {
  const checks = [...state.checks].map(([id, check]): [CheckId, CheckState] => [id, forgotten(check, reason)]);
  return { checks: new Map(checks), lastHeard: state.lastHeard };
}

/** What may be believed at `now`. One check that answers outweighs one that does not: then the device is degraded, not down. */
export function judge(state: DeviceState, now: MonotonicMs): Judgement {
  const each = [...state.checks.values()].map((check) => judgeCheck(check, now));
  const first = (liveness: Liveness) => each.find((judgement) => judgement.liveness === liveness);
  const up = first("up");
  const degraded = first("degraded");
  const down = first("down");
  if (degraded) return degraded;
  if (up && down) return { liveness: "degraded", cause: down.cause };
  return up ?? down ?? each[0] ?? { liveness: "unknown", cause: "not_approved" };
}

/** The checks whose latest answers still count: what they prove is proved. */
export function answering(state: DeviceState, now: MonotonicMs): readonly CheckId[] {
  const answers = ({ liveness }: Judgement): boolean => liveness === "up" || liveness === "degraded";
  return [...state.checks].flatMap(([id, check]) => (answers(judgeCheck(check, now)) ? [id] : []));
}

/** The checks that are asked, never worked, and were missed as often as would make one that had worked down. */
export function neverAnswered(state: DeviceState): readonly CheckId[] {
  const never = ({ proven, missed, missesToDown, notAsked }: CheckState): boolean => !notAsked && !proven && missed >= missesToDown;
  return [...state.checks].flatMap(([id, check]) => (never(check) ? [id] : []));
}

/** How long evidence counts: the larger of three effective intervals and 5 min. */
export function evidenceLasts(interval: Milliseconds): Milliseconds {
  return Math.max(evidenceIntervals * interval, evidenceMin) as Milliseconds;
}

function unasked(check: Check): CheckState {
  const { interval, missesToDown } = check;
  return {
    interval,
    missesToDown,
    proven: false,
    missed: 0,
    lastAnswer: undefined,
    failure: undefined,
    notAsked: undefined,
    behind: undefined,
    noConnection: false,
    evidenceAt: undefined,
  };
}

function forgotten(state: CheckState, reason: RefusalReason | FailureKind, behind?: string): CheckState {
  const nothing = { missed: 0, lastAnswer: undefined, failure: undefined, noConnection: false, evidenceAt: undefined };
  return { ...state, ...nothing, notAsked: reason, behind };
}

function foldCheck(state: CheckState, outcome: Outcome): CheckState {
  switch (outcome.kind) {
    case "refused":
      if (deliberate.has(outcome.reason)) return forgotten(state, outcome.reason, outcome.behind);
      return outcome.reason === "no_free_connection" ? { ...state, noConnection: true } : state;
    case "failed":
      return ours.has(outcome.failure) ? forgotten(state, outcome.failure) : missedBy(state, outcome);
    case "answered": {
      if (outcome.answer.said === "gateway_only") return missedBy(state, { at: outcome.at, failure: "gateway_target_silent" });
      const heard = {
        ...state,
        proven: true,
        missed: 0,
        notAsked: undefined,
        behind: undefined,
        noConnection: false,
        evidenceAt: outcome.at,
      };
      if (outcome.answer.said === "alive") return { ...heard, lastAnswer: "alive", failure: undefined };
      return { ...heard, lastAnswer: "degraded", failure: outcome.answer.failure };
    }
  }
}

function missedBy(state: CheckState, { at, failure }: Pick<Failed, "at" | "failure">): CheckState {
  return { ...state, missed: state.missed + 1, failure, notAsked: undefined, behind: undefined, noConnection: false, evidenceAt: at };
}

function judgeCheck(check: CheckState, now: MonotonicMs): Judgement {
  if (check.notAsked) return { liveness: "unknown", cause: check.notAsked, ...(check.behind !== undefined && { behind: check.behind }) };
  const unheard = (cause: Cause): Judgement => ({ liveness: "unknown", cause: check.noConnection ? "no_free_connection" : cause });
  if (check.evidenceAt === undefined) return unheard("not_asked_yet");
  if (!check.proven) return { liveness: "unknown", cause: "unproven" };
  if (check.missed >= check.missesToDown) return { liveness: "down", cause: check.failure ?? "timeout" };
  const stale = later(now, check.evidenceAt) - check.evidenceAt > evidenceLasts(check.interval);
  if (stale) return unheard("no_fresh_evidence");
  if (check.lastAnswer === undefined) return unheard("not_asked_yet");
  if (check.lastAnswer === "degraded") return { liveness: "degraded", cause: check.failure ?? "protocol_error" };
  return { liveness: "up", cause: "answers" };
}
