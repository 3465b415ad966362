/** The gate's questions, one function a reason, in the order in which they are asked; the same table drives `explain`. */
import type { Circumstances, Trigger } from "../domain/gate.ts";
import { deepQueryCutsBefore, finishWithin, pauseLead } from "../domain/limits.ts";
import type { Check, PlannedDevice } from "../domain/plan.ts";
import type { Refused } from "../domain/outcome.ts";
import { after, type MonotonicMs, type WallMs } from "../domain/units.ts";
import { heardWithholdsAtMost, linkWithholdsAtMost } from "./passive.ts";

/** What may change while an exchange is out, at one moment. */
export interface Standing {
  readonly check: Check;
  readonly device: PlannedDevice;
  readonly now: MonotonicMs;
  readonly wall: WallMs;
  readonly circumstances: Circumstances;
  readonly draining: boolean;
  readonly suspect: boolean;
  readonly tripped: boolean;
}
/** All that the decision to start may look at. */
export interface Situation extends Standing {
  readonly trigger: Trigger;
  /** When the check last put a packet on the wire, or was first seen. */
  readonly askedAt: MonotonicMs;
  /** End of a mass-loss hold that covers the device. */
  readonly heldUntil: MonotonicMs | undefined;
  readonly gatewayHoldUntil: MonotonicMs | undefined;
  readonly backoffUntil: MonotonicMs | undefined;
  /** When the device has room for one more connection; undefined where none need be opened. */
  readonly connectionFreeAt: MonotonicMs | "never" | undefined;
  readonly lineReadyAt: MonotonicMs;
  readonly segmentReadyAt: MonotonicMs;
  readonly siteReadyAt: MonotonicMs;
}

type Reason = Refused["reason"];
/** A reason applies: `retryAt` is when asking again could help, undefined when only a person or a file can. */
export interface Objection {
  readonly retryAt: MonotonicMs | undefined;
}
export interface Rule<S> {
  readonly reason: Reason;
  readonly applies: (situation: S) => Objection | undefined;
}

const untilPerson: Objection = { retryAt: undefined };
const when = (condition: boolean): Objection | undefined => (condition ? untilPerson : undefined);
/** A moment in the future objects; now or earlier does not. */
const until = (moment: MonotonicMs | undefined, now: MonotonicMs): Objection | undefined =>
  moment !== undefined && moment > now ? { retryAt: moment } : undefined;

/** Asked before the start and again at every frame. */
export const standing: readonly Rule<Standing>[] = [
  { reason: "stopped", applies: (s) => when(s.circumstances.stopped()) },
  { reason: "draining", applies: (s) => when(s.draining) },
  { reason: "clock_suspect", applies: (s) => when(s.suspect) },
  { reason: "cut_off", applies: (s) => when(s.circumstances.cutOff(s.check.target) !== undefined) },
  { reason: "not_leader", applies: (s) => when(!s.circumstances.leading()) },
  { reason: "approval_expired", applies: (s) => when(s.wall >= s.check.approvedUntil) },
  { reason: "audit_unwritable", applies: (s) => when(!s.circumstances.auditWritable()) },
  { reason: "tripped", applies: (s) => when(s.tripped) },
  { reason: "no_window", applies: (s) => when(s.check.deep !== undefined && isOutside(s)) },
  {
    reason: "window_scope",
    applies: (s) => when(s.check.deep !== undefined && s.circumstances.deepQuery(s.device).leave === "elsewhere"),
  },
  { reason: "run_over", applies: (s) => when(s.check.deep !== undefined && !s.circumstances.deepQueryRuns(s.check)) },
  { reason: "window_pause", applies: paused },
];

/** Asked once, before the start. */
export const starting: readonly Rule<Situation>[] = [
  { reason: "window_pause", applies: aboutToPause },
  { reason: "window_ending", applies: (s) => when(s.check.deep !== undefined && endsTooSoon(s)) },
  {
    reason: "link_down",
    applies: (s) => until(atMost(s.circumstances.linkDownUntil(s.check.device), linkWithholdsAtMost(s.askedAt, s.check.interval)), s.now),
  },
  {
    reason: "passive_evidence",
    applies: (s) => {
      const heard = s.circumstances.heardUntil(s.check.device, s.check.interval);
      return unlessByHand(s, until(atMost(heard, heardWithholdsAtMost(s.askedAt, s.check.interval)), s.now));
    },
  },
  { reason: "breaker_open", applies: (s) => until(s.heldUntil, s.now) },
  { reason: "gateway_hold", applies: (s) => until(s.gatewayHoldUntil, s.now) },
  { reason: "line_budget", applies: (s) => until(s.lineReadyAt, s.now) },
  { reason: "backoff", applies: (s) => unlessByHand(s, until(s.backoffUntil, s.now)) },
  {
    reason: "no_free_connection",
    applies: ({ connectionFreeAt: at, now }) => (at === "never" ? untilPerson : until(at, now)),
  },
  { reason: "segment_budget", applies: (s) => until(s.segmentReadyAt, s.now) },
  { reason: "site_budget", applies: (s) => until(s.siteReadyAt, s.now) },
];

/** The first rule that objects, or undefined: then the check may go. */
export function firstObjection<S>(rules: readonly Rule<S>[], situation: S): ({ readonly reason: Reason } & Objection) | undefined {
  for (const rule of rules) {
    const objection = rule.applies(situation);
    if (objection) return { reason: rule.reason, ...objection };
  }
  return undefined;
}

/** Open until its very end is too long: what is cut then sends its RST. */
function isOutside({ circumstances, device }: Standing): boolean {
  const leave = circumstances.deepQuery(device);
  return leave.leave === "none" || (leave.leave === "open" && leave.endsIn <= deepQueryCutsBefore);
}

/** Nothing begins that would have to be cut off: question, answer and FIN lie inside the window. */
function endsTooSoon({ circumstances, check, device }: Situation): boolean {
  const leave = circumstances.deepQuery(device);
  const lasts = check.connectWithin + check.answerWithin + finishWithin + deepQueryCutsBefore;
  return leave.leave === "open" && leave.endsIn < lasts;
}

/** In it nothing may leave. */
function paused({ circumstances, device, now }: Standing): Objection | undefined {
  const pause = circumstances.pause(device);
  return pause && pause.beginsIn <= 0 ? { retryAt: after(now, pause.endsIn) } : undefined;
}

/** Before it nothing begins that would have to be cut off. */
function aboutToPause({ circumstances, check, device, now }: Situation): Objection | undefined {
  const pause = circumstances.pause(device);
  const lasts = check.connectWithin + check.answerWithin + pauseLead;
  return pause && pause.beginsIn < lasts ? { retryAt: after(now, pause.endsIn) } : undefined;
}

/** No source, however it is built or whoever feeds it, withholds longer than the rules allow since the device was last asked. */
function atMost(moment: MonotonicMs | undefined, most: MonotonicMs): MonotonicMs | undefined {
  return moment === undefined || moment < most ? moment : most;
}

/** A person who asks now ends back-off and does not wait for a passive source; every other rule holds for a person too. A deep query of a device that is down would tell nothing. */
function unlessByHand({ trigger }: Situation, objection: Objection | undefined): Objection | undefined {
  return trigger === "ask-now" ? undefined : objection;
}
