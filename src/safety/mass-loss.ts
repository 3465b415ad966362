/** A breaker: when several devices of one segment or family fall silent together, we stop asking all of it, try one every 15 min, and go on when it answers. */
import type { Noted } from "../domain/gate.ts";
import { massLossDevicesMin, massLossShareMin, massLossTrialEvery } from "../domain/limits.ts";
import type { DeviceId } from "../domain/plan.ts";
import { after, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { agoOf, since } from "./noted.ts";

/** Losses within this time of each other count as one: a loss is noticed only after three intervals. */
const together = massLossTrialEvery;

/** Where a device that still answered can be the trial, it goes before one that was lost. */
const lostWaitsLonger = massLossTrialEvery / 3;
/** And whoever was the last trial lets every other go first: a dead device must not take them all. */
const triedWaitsLonger = massLossTrialEvery;

/** What outlives the process: of one that is open when it was opened or last tried, of one that has closed since when losses count anew. */
interface Kept {
  readonly triedAt?: MonotonicMs | undefined;
  readonly lastTried?: DeviceId | undefined;
  readonly closedAt?: MonotonicMs | undefined;
}

export class MassLossBreaker {
  readonly #lostAt = new Map<DeviceId, MonotonicMs>();
  /** Of the latest trial, or of its opening; undefined while nothing is held. */
  #triedAt: MonotonicMs | undefined;
  #lastTried: DeviceId | undefined;
  #closedAt: MonotonicMs | undefined;
  /** How long ago an earlier run closed it. */
  #closedAgo: Milliseconds | undefined;

  get open(): boolean {
    return this.#triedAt !== undefined;
  }

  /** To be noted after each change of whether it is open, and each trial. */
  get kept(): Kept {
    return { triedAt: this.#triedAt, lastTried: this.#lastTried, closedAt: this.#closedAt };
  }

  /** As an earlier run left it: a hold goes on, and a restart makes no trial come sooner. */
  recall(noted: Noted | undefined, now: MonotonicMs): void {
    const { triedAt, lastTried, closedAt } = (noted?.value ?? {}) as Readonly<Record<keyof Kept, unknown>>;
    if (!noted) return;
    if (triedAt !== undefined) {
      this.#triedAt = since(agoOf(triedAt, noted, now), now);
      this.#lastTried = typeof lastTried === "string" ? (lastTried as DeviceId) : undefined;
    } else if (closedAt !== undefined) this.#closedAgo = agoOf(closedAt, noted, now);
  }

  /** A device that an earlier run lost so long ago, and has not answered since. */
  recallLost(device: DeviceId, ago: Milliseconds, now: MonotonicMs): void {
    const counts = this.open || (ago <= together && (this.#closedAgo === undefined || ago < this.#closedAgo));
    if (counts) this.#lostAt.set(device, since(ago, now));
  }

  /** A device has gone down. `members` is how many devices of the scope are asked at all. True when this opens the breaker. */
  lost(device: DeviceId, members: number, now: MonotonicMs): boolean {
    if (!this.open) for (const [other, at] of this.#lostAt) if (now - at > together) this.#lostAt.delete(other);
    this.#lostAt.set(device, now);
    const many = this.#lostAt.size >= massLossDevicesMin && this.#lostAt.size >= massLossShareMin * members;
    if (!many || this.open) return false;
    this.#triedAt = now;
    return true;
  }

  /** When this device may be the next trial; undefined when nothing is held. */
  heldUntil(device: DeviceId): MonotonicMs | undefined {
    if (this.#triedAt === undefined) return undefined;
    const behind = device === this.#lastTried ? triedWaitsLonger : this.#lostAt.has(device) ? lostWaitsLonger : 0;
    return after(this.#triedAt, milliseconds(massLossTrialEvery + behind));
  }

  /** A trial leaves now: the next one may follow only after a full wait. True while something is held. */
  tried(device: DeviceId, now: MonotonicMs): boolean {
    if (!this.open) return false;
    this.#triedAt = now;
    this.#lastTried = device;
    return true;
  }

  /** Something in the scope answered: that closes the breaker, and is a recovery when it was one of the lost. Undefined when it was not open. */
  answered(device: DeviceId, now: MonotonicMs): { readonly recovered: readonly DeviceId[] } | undefined {
    const wasLost = this.#lostAt.delete(device);
    if (!this.open) return undefined;
    // Where one that never fell silent answers, the lost ones are left to their own back-off: the others must not be held again for them.
    const recovered = wasLost ? [...this.#lostAt.keys()] : [];
    this.#triedAt = undefined;
    this.#lastTried = undefined;
    this.#closedAt = now;
    this.#lostAt.clear();
    return { recovered };
  }
}
