/** The mass-loss breakers of every segment and family, asked and told by device. */
import type { Scope } from "../domain/outcome.ts";
import type { Plan, PlannedDevice } from "../domain/plan.ts";
import type { MonotonicMs } from "../domain/units.ts";
import { MassLossBreaker } from "./mass-loss.ts";

interface Guarded {
  readonly breaker: MassLossBreaker;
  members: number;
}

export class Breakers {
  #scopes = new Map<Scope, Guarded>();

  /** A breaker that is open stays open over a reload. */
  adopt(plan: Plan): void {
    const next = new Map<Scope, Guarded>();
    for (const device of new Set([...plan.checks.values()].map((check) => check.device))) {
      for (const scope of scopesOf(plan.devices.get(device))) {
        const guarded = next.get(scope) ?? { breaker: this.#scopes.get(scope)?.breaker ?? new MassLossBreaker(), members: 0 };
        guarded.members += 1;
        next.set(scope, guarded);
      }
    }
    this.#scopes = next;
  }

  /** The scopes that this loss opened. */
  lost(device: PlannedDevice, now: MonotonicMs): readonly Scope[] {
    return this.#of(device).flatMap(([scope, { breaker, members }]) => (breaker.lost(device.id, members, now) ? [scope] : []));
  }

  /** The scopes that this answer closed. */
  answered(device: PlannedDevice): readonly Scope[] {
    return this.#of(device).flatMap(([scope, { breaker }]) => (breaker.answered(device.id) ? [scope] : []));
  }

  /** A start was taken: where a scope is held, it is the trial. */
  tried(device: PlannedDevice, now: MonotonicMs): void {
    for (const [, { breaker }] of this.#of(device)) breaker.tried(now);
  }

  /** When the device may be tried again; undefined when nothing holds it. */
  heldUntil(device: PlannedDevice): MonotonicMs | undefined {
    const ends = this.#of(device).flatMap(([, { breaker }]) => breaker.heldUntil() ?? []);
    return ends.length === 0 ? undefined : ends.reduce((a, b) => (a > b ? a : b));
  }

  #of(device: PlannedDevice): readonly (readonly [Scope, Guarded])[] {
    return scopesOf(device).flatMap((scope) => {
      const guarded = this.#scopes.get(scope);
      return guarded ? [[scope, guarded] as const] : [];
    });
  }
}

function scopesOf(device: PlannedDevice | undefined): readonly Scope[] {
  return device ? [`segment:${device.segment}`, `profile:${device.profile}`] : [];
}
