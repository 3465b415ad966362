/** What the board keeps of one device, and how a stop or a trip overrules what was believed of it. */
import type { Evidence } from "../domain/board.ts";
import {
  answering,
  carriedOver,
  judge,
  neverAnswered,
  nothingKnown,
  unaskedFrom,
  type CheckState,
  type DeviceState,
  type Judgement,
} from "../domain/liveness.ts";
import type { Identity } from "../domain/outcome.ts";
import { proofs, type Check, type CheckId, type Plan, type PlannedDevice, type Proof } from "../domain/plan.ts";
import type { StandingReason } from "../domain/reasons.ts";
import type { MonotonicMs, WallMs } from "../domain/units.ts";

/** What overrules every answer: then the device is unknown for this reason. */
export type Overruled = "stopped" | "tripped";

export interface DeviceRecord {
  device: PlannedDevice;
  state: DeviceState;
  /** What was last reported; a change from it is a transition. */
  reported: Judgement;
  lastHeard: WallMs | undefined;
  /** Without being asked. */
  lastOverheard: WallMs | undefined;
  identity: Identity | undefined;
  /** Why nothing of this device may be asked, where the plan holds no check of it. */
  refusal: StandingReason | undefined;
}

export function newRecord(device: PlannedDevice, checks: readonly Check[]): DeviceRecord {
  const reported: Judgement = { liveness: "unknown", cause: "not_asked_yet" };
  const never = { lastHeard: undefined, lastOverheard: undefined, identity: undefined };
  return { device, state: nothingKnown(checks), reported, ...never, refusal: undefined };
}

/** Checks that worked in an earlier run are proven: their silence is down after some misses, not unproven for as long as the device is dead. */
export function provenBefore(state: DeviceState, checks: readonly Check[], proven: ReadonlyMap<CheckId, string>): DeviceState {
  const worked = checks.filter((check) => proven.get(check.id) === check.digest && state.checks.get(check.id)?.proven === false);
  if (worked.length === 0) return state;
  const known = new Map(state.checks);
  for (const { id } of worked) known.set(id, { ...known.get(id)!, proven: true });
  return { ...state, checks: known };
}

/** The state under a new plan. A check that now sends other bytes, or to another place, starts anew: what it knew was of something else. */
export function underNewPlan(state: DeviceState, checks: readonly Check[], digestBefore: (id: CheckId) => string | undefined): DeviceState {
  const same = new Map<CheckId, CheckState>();
  for (const check of checks) {
    const known = state.checks.get(check.id);
    if (known && digestBefore(check.id) === check.digest) same.set(check.id, known);
  }
  return carriedOver({ checks: same, lastHeard: state.lastHeard }, checks);
}

/** Forgets what was believed while `reason` holds; without one, takes back that the device is not asked. */
export function overruled(state: DeviceState, reason: Overruled | undefined): DeviceState {
  if (reason) return unaskedFrom(state, reason);
  const lifted = (check: CheckState): boolean => check.notAsked === "stopped" || check.notAsked === "tripped";
  if (![...state.checks.values()].some(lifted)) return state;
  const checks = [...state.checks].map(([id, check]): [CheckId, CheckState] => [
    id,
    lifted(check) ? { ...check, notAsked: undefined } : check,
  ]);
  return { ...state, checks: new Map(checks) };
}

/** What may be believed at `now`; of a device without a check, why it has none. */
export function judged({ state, refusal }: DeviceRecord, now: MonotonicMs): Judgement {
  if (state.checks.size > 0 || !refusal) return judge(state, now);
  return { liveness: "unknown", cause: refusal };
}

const leastFirst = Object.keys(proofs) as Proof[];

export const noEvidence: Evidence = { proves: undefined, neverAnswered: [] };

/** What its answers prove at `now`, and which of its checks never answered. */
export function evidence({ state }: DeviceRecord, { checks }: Plan, now: MonotonicMs): Evidence {
  const proved = new Set(answering(state, now).map((id) => checks.get(id)?.proves));
  return { proves: leastFirst.findLast((proof) => proved.has(proof)), neverAnswered: neverAnswered(state) };
}
