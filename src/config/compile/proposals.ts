/** What would be sent by checks that are not in the plan: a person who is to sign sees bytes, pace and worst case first, not afterwards. */
import type { Check, CheckId, Plan } from "../../domain/plan.ts";
import type { StandingReason } from "../../domain/reasons.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { alarms, type Alarm } from "./alarm.ts";
import type { Candidate } from "./candidate.ts";
import { frozenMap } from "./freeze.ts";
import { slotsInTurn } from "./turns.ts";
import type { Finding } from "./standing.ts";

/** A check but for its signature: what a person who signs wants to know of it. */
export type Sendable = Pick<
  Check,
  | "id"
  | "device"
  | "method"
  | "target"
  | "line"
  | "interval"
  | "slot"
  | "period"
  | "missesToDown"
  | "connection"
  | "connectWithin"
  | "answerWithin"
  | "ask"
  | "opening"
  | "asking"
  | "closing"
  | "proves"
  | "expectedValue"
>;

/** A refused check that this build can speak, as it would be asked. */
export interface Proposal {
  readonly check: Sendable;
  /** Only where the check waits for approval: reckoned with all that runs and all that waits. */
  readonly alarm: Alarm | undefined;
  /** Stands against a check that waits for approval, and no signature lifts it: to be mended first. */
  readonly mendFirst: readonly StandingReason[];
}

/** What a signature or the next stage lifts. */
const liftedByApproval: ReadonlySet<StandingReason> = new Set<StandingReason>([
  "not_approved",
  "not_admitted",
  "approval_expired",
  "approval_stale",
  "stage",
  "dry_run",
]);

/** A segment that is held back waits for whoever held it, and no signature of a family lifts that. */
export function isLiftedByApproval({ reason, bySegment }: Pick<Finding, "reason" | "bySegment">): boolean {
  return liftedByApproval.has(reason) && bySegment !== true;
}

/** Nothing that an owner could state makes these fit to be asked. */
const hopeless: ReadonlySet<StandingReason> = new Set<StandingReason>([
  "safety_function",
  "excluded",
  "method_withdrawn",
  "method_unsupported",
]);

/** Whether a signature is among what the check lacks, and nothing forbids it for good. */
export function waitsForApproval(findings: readonly Pick<Finding, "reason" | "bySegment">[]): boolean {
  return findings.some(isLiftedByApproval) && !findings.some(({ reason }) => hopeless.has(reason));
}

export function proposals(
  plan: Plan,
  candidates: readonly Candidate[],
  findings: ReadonlyMap<CheckId, readonly Finding[]>,
): ReadonlyMap<CheckId, Proposal> {
  const against = ({ id }: Candidate): readonly Finding[] => findings.get(id) ?? [];
  const refused = candidates.filter(({ id, spoken }) => plan.refused.has(id) && spoken !== undefined);
  const waiting = new Set(refused.filter((one) => waitsForApproval(against(one))).map(({ id }) => id));
  const demands = candidates.filter(({ id }) => plan.checks.has(id) || waiting.has(id));
  const offsets = slotsInTurn(demands);
  const proposed = refused.flatMap((one): readonly Sendable[] => sendable(one, offsets.get(one.id) ?? milliseconds(0)));
  const running = [...plan.checks.values()].map((check): Sendable => ({ ...check, slot: offsets.get(check.id) ?? check.slot }));
  const together = [...running, ...proposed.filter(({ id }) => waiting.has(id))];
  const alarmOf = alarms({ ...plan, checks: new Map(together.map((check) => [check.id, check])) });
  return frozenMap(
    proposed.map((check): [CheckId, Proposal] => {
      const others = (findings.get(check.id) ?? []).filter((finding) => !isLiftedByApproval(finding)).map(({ reason }) => reason);
      return [check.id, { check, alarm: alarmOf.get(check.id), mendFirst: waiting.has(check.id) ? others : [] }];
    }),
  );
}

/** Empty where this build cannot speak the method. */
function sendable(candidate: Candidate, slot: Milliseconds): readonly Sendable[] {
  const { id, place, entry, register, interval, missesToDown, connection, connectWithin, answerWithin, spoken, turn } = candidate;
  if (spoken === undefined) return [];
  const { ask, target, phases, proves } = spoken;
  const expectation = register?.expectation;
  return [
    {
      id,
      device: place.entry.id,
      method: entry.method,
      target,
      line: place.line,
      interval,
      slot,
      ...(turn && { period: turn.period }),
      missesToDown,
      connection,
      connectWithin,
      answerWithin,
      ask,
      ...phases,
      proves,
      ...(register && expectation && { expectedValue: { register: register.id, expectation } }),
    },
  ];
}
