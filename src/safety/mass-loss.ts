/** A breaker: when several devices of one segment or family fall silent together, we stop asking all of it, try one every 15 min, and go on when it answers. */
import { massLossDevicesMin, massLossShareMin, massLossTrialEvery } from "../domain/limits.ts";
import type { DeviceId } from "../domain/plan.ts";
import { after, milliseconds, type MonotonicMs } from "../domain/units.ts";

/** Losses within this time of each other count as one: a loss is noticed only after three intervals. */
const together = massLossTrialEvery;

/** Where a device that still answered can be the trial, it goes before one that was lost. */
const lostWaitsLonger = massLossTrialEvery / 3;
/** And whoever was the last trial lets every other go first: a dead device must not take them all. */
const triedWaitsLonger = massLossTrialEvery;

export class MassLossBreaker {
  readonly #lostAt = new Map<DeviceId, MonotonicMs>();
  #trialAt: MonotonicMs | undefined;
  #lastTried: DeviceId | undefined;

  get open(): boolean {
    return this.#trialAt !== undefined;
  }

  /** A device has gone down. `members` is how many devices of the scope are asked at all. True when this opens the breaker. */
  lost(device: DeviceId, members: number, now: MonotonicMs): boolean {
    if (!this.open) for (const [other, at] of this.#lostAt) if (now - at > together) this.#lostAt.delete(other);
    this.#lostAt.set(device, now);
    const many = this.#lostAt.size >= massLossDevicesMin && this.#lostAt.size >= massLossShareMin * members;
    if (!many || this.open) return false;
    this.#trialAt = after(now, massLossTrialEvery);
    return true;
  }

  /** When this device may be the next trial; undefined when nothing is held. */
  heldUntil(device: DeviceId): MonotonicMs | undefined {
    if (this.#trialAt === undefined) return undefined;
    const behind = device === this.#lastTried ? triedWaitsLonger : this.#lostAt.has(device) ? lostWaitsLonger : 0;
    return after(this.#trialAt, milliseconds(behind));
  }

  /** A trial leaves now: the next one may follow only after a full wait. */
  tried(device: DeviceId, now: MonotonicMs): void {
    if (this.#trialAt === undefined) return;
    this.#trialAt = after(now, massLossTrialEvery);
    this.#lastTried = device;
  }

  /** Something in the scope answered: that closes the breaker, and is a recovery when it was one of the lost. Undefined when it was not open. */
  answered(device: DeviceId): { readonly recovered: readonly DeviceId[] } | undefined {
    const wasLost = this.#lostAt.delete(device);
    if (!this.open) return undefined;
    // Where one that never fell silent answers, the lost ones are left to their own back-off: the others must not be held again for them.
    const recovered = wasLost ? [...this.#lostAt.keys()] : [];
    this.#trialAt = undefined;
    this.#lastTried = undefined;
    this.#lostAt.clear();
    return { recovered };
  }
}
