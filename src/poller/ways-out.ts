/** Looks at the ways out with every pulse, ends what would take another one, and says once which segments are cut off. */
import type { Clock } from "../domain/clock.ts";
import type { Fact } from "../domain/outcome.ts";
import type { Plan, SegmentId, Target } from "../domain/plan.ts";

export interface WaysOutParts {
  readonly clock: Clock;
  /** True of `lookAround` when the ways are others than before. */
  readonly reach: { lookAround(): boolean; cutOff(target: Target): string | undefined };
  readonly gate: { rerouted(): void };
  readonly plan: () => Plan;
  readonly record: (fact: Fact) => void;
}

export class WaysOut {
  readonly #parts: WaysOutParts;
  #plan: Plan | undefined;
  /** Segments of which a device cannot be reached, and why. */
  #cut: ReadonlyMap<SegmentId, string> = new Map();

  constructor(parts: WaysOutParts) {
    this.#parts = parts;
  }

  look(): void {
    const changed = this.#parts.reach.lookAround();
    const plan = this.#parts.plan();
    if (!changed && plan === this.#plan) return;
    this.#plan = plan;
    this.#parts.gate.rerouted();
    const cut = this.#cutSegments(plan);
    for (const [segment, why] of cut) if (!this.#cut.has(segment)) this.#say(segment, true, `the poller is cut off: ${why}`);
    for (const segment of this.#cut.keys()) if (!cut.has(segment)) this.#say(segment, false, "the poller reaches it again");
    this.#cut = cut;
  }

  #cutSegments(plan: Plan): ReadonlyMap<SegmentId, string> {
    const cut = new Map<SegmentId, string>();
    for (const check of plan.checks.values()) {
      const segment = plan.devices.get(check.device)?.segment;
      const why = segment === undefined || cut.has(segment) ? undefined : this.#parts.reach.cutOff(check.target);
      if (segment !== undefined && why !== undefined) cut.set(segment, why);
    }
    return cut;
  }

  #say(scope: SegmentId, held: boolean, detail: string): void {
    const { clock, record } = this.#parts;
    record({ kind: "held", at: clock.monotonic(), scope, cause: "way_out", held, detail });
  }
}
