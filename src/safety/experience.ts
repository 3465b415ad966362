/** What past askings teach: back-off, what registers held, gateway holds, mass-loss holds, and the trips that a history brings about. */
import type { Answer, Outcome, Scope, Trip } from "../domain/outcome.ts";
import type { Check, CheckId, LineId, Plan, PlannedDevice } from "../domain/plan.ts";
import { after, type MonotonicMs } from "../domain/units.ts";
import { Breakers } from "./breakers.ts";
import { backoffUntil, isTelling, noHistory, refusedTooOften, remembered, type CheckHistory } from "./history.ts";
import { Readings } from "./readings.ts";

export interface Lessons {
  /** Until when a mass-loss hold covers the device. */
  readonly heldUntil: MonotonicMs | undefined;
  readonly gatewayHoldUntil: MonotonicMs | undefined;
  readonly backoffUntil: MonotonicMs | undefined;
}

/** What an outcome brings about. */
export interface Consequences {
  readonly holds: readonly { readonly scope: Scope; readonly held: boolean; readonly detail: string }[];
  readonly trips: readonly Trip[];
}

const nothingLearnt: Consequences = { holds: [], trips: [] };

export class Experience {
  readonly #breakers = new Breakers();
  readonly #readings = new Readings();
  readonly #gatewayHolds = new Map<LineId, MonotonicMs>();
  #histories = new Map<CheckId, CheckHistory>();
  #plan: Plan | undefined;

  adopt(plan: Plan): void {
    this.#plan = plan;
    this.#histories = new Map([...this.#histories].filter(([id]) => plan.checks.has(id)));
    this.#breakers.adopt(plan);
    this.#readings.adopt(plan);
    for (const line of this.#gatewayHolds.keys()) if (!plan.lines.has(line)) this.#gatewayHolds.delete(line);
  }

  of(check: Check, device: PlannedDevice): Lessons {
    return {
      heldUntil: this.#breakers.heldUntil(device),
      gatewayHoldUntil: this.#gatewayHolds.get(check.line),
      backoffUntil: backoffUntil(check, this.#histories.get(check.id) ?? noHistory),
    };
  }

  /** When a held scope lets its next trial go at the earliest; undefined while it is not held. */
  trialAt(scope: Scope): MonotonicMs | undefined {
    return this.#plan && this.#breakers.trialAt(scope, this.#plan.devices.values());
  }

  /** A start was taken: where a scope is held, it is the trial. */
  tried(device: PlannedDevice, now: MonotonicMs): void {
    this.#breakers.tried(device, now);
  }

  /** A person has looked at the device: what it did before no longer counts. */
  forget(check: CheckId): void {
    this.#histories.delete(check);
    this.#readings.forget(check);
  }

  /** The answer in the light of what the register is to hold and held before. */
  weigh(check: Check, answer: Answer, at: MonotonicMs): Answer {
    return this.#readings.weigh(check, answer, at);
  }

  /** A request that nobody answered may still wait in a gateway, whoever ended the exchange; how long, the line says. */
  leftUnanswered(outcome: Outcome): void {
    if (outcome.kind === "answered" || (outcome.sent.requests === 0 && !(outcome.kind === "failed" && outcome.failure === "timeout")))
      return;
    const hold = this.#plan?.lines.get(outcome.check.line)?.holdAfterTimeout;
    if (hold) this.#gatewayHolds.set(outcome.check.line, after(outcome.at, hold));
  }

  learn(check: Check, device: PlannedDevice, outcome: Exclude<Outcome, { readonly kind: "refused" }>): Consequences {
    if (!isTelling(outcome)) return nothingLearnt;
    const history = remembered(this.#histories.get(check.id) ?? noHistory, outcome);
    this.#histories.set(check.id, history);
    const ended = history.missed === 0 ? this.#breakers.answered(device) : [];
    const begun = history.proven && history.missed === check.missesToDown ? this.#breakers.lost(device, outcome.at) : [];
    return {
      holds: [
        ...ended.map((scope) => ({ scope, held: false, detail: `${device.id} answered` })),
        ...begun.map((scope) => ({ scope, held: true, detail: `${device.id} fell silent, several others with it` })),
      ],
      trips: outcome.kind === "failed" ? tripsBy(outcome, device, history) : [],
    };
  }
}

function tripsBy(outcome: Extract<Outcome, { readonly kind: "failed" }>, { id }: PlannedDevice, history: CheckHistory): readonly Trip[] {
  const scope: Scope = `device:${id}`;
  if (outcome.failure === "identity_mismatch") return [{ scope, cause: "identity_mismatch", detail: outcome.detail }];
  if (!refusedTooOften(history, outcome.at)) return [];
  return [{ scope, cause: "refusal_episodes", detail: `turned us away in ${history.episodes.length} episodes within 24 h` }];
}
