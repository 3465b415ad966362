/** A breaker: when several devices of one segment or family fall silent together, we stop asking all of it, try one every 15 min, and go on when it answers. */
import { massLossDevicesMin, massLossShareMin, massLossTrialEvery } from "../domain/limits.ts";
import type { DeviceId } from "../domain/plan.ts";
import { after, type MonotonicMs } from "../domain/units.ts";

/** Losses within this time of each other count as one: a loss is noticed only after three intervals. */
const together = massLossTrialEvery;

export class MassLossBreaker {
  readonly #lostAt = new Map<DeviceId, MonotonicMs>();
  #trialAt: MonotonicMs | undefined;

  get open(): boolean {
    return this.#trialAt !== undefined;
  }

  /** A device has gone down. `members` is how many devices of the scope are asked at all. True when this opens the breaker. */
  lost(device: DeviceId, members: number, now: MonotonicMs): boolean {
    for (const [other, at] of this.#lostAt) if (now - at > together) this.#lostAt.delete(other);
    this.#lostAt.set(device, now);
    const many = this.#lostAt.size >= massLossDevicesMin && this.#lostAt.size >= massLossShareMin * members;
    if (!many || this.open) return false;
    this.#trialAt = after(now, massLossTrialEvery);
    return true;
  }

  /** When the next trial is due; undefined when nothing is held. */
  heldUntil(): MonotonicMs | undefined {
    return this.#trialAt;
  }

  /** A trial leaves now: the next one may follow only after a full wait. */
  tried(now: MonotonicMs): void {
    if (this.#trialAt !== undefined) this.#trialAt = after(now, massLossTrialEvery);
  }

  /** Something in the scope answered. True when this closes the breaker. Devices that stay silent are left to their own back-off. */
  answered(device: DeviceId): boolean {
    this.#lostAt.delete(device);
    if (!this.open) return false;
    this.#trialAt = undefined;
    this.#lostAt.clear();
    return true;
  }
}
