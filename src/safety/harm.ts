/** Harm with a witness: a device acknowledged our very request and vanished, while its neighbours live. Twice a day in one family stops the family. */
import { harmAfter, harmsToStopFamily, harmWindow } from "../domain/limits.ts";
import type { Answered, Failed, Trip } from "../domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice, ProfileId } from "../domain/plan.ts";
import type { MonotonicMs } from "../domain/units.ts";
import { isContact } from "./common-cause.ts";

interface Lost {
  readonly device: PlannedDevice;
  /** The first miss. */
  readonly since: MonotonicMs;
  /** The first miss was a request that the device's TCP had acknowledged. */
  readonly acknowledged: boolean;
}

/**
 * What reboots, is downloaded to, switched off or unplugged comes back within `harmAfter`, refuses or breaks connections meanwhile, goes
 * without having acknowledged a request in its last moment, or does not go alone: none of that is harm.
 */
export class Harm {
  #lost = new Map<DeviceId, Lost>();
  #harmed = new Map<ProfileId, readonly MonotonicMs[]>();
  /** Trips of earlier runs: when they happened this clock cannot say, so they count from the start. */
  #earlier: readonly Trip[];

  constructor(earlier: Iterable<Trip> = []) {
    this.#earlier = [...earlier].filter(({ cause }) => cause === "harm");
  }

  adopt(plan: Plan, now: MonotonicMs): void {
    for (const id of this.#lost.keys()) if (!plan.devices.has(id)) this.#lost.delete(id);
    for (const { scope } of this.#earlier) {
      const device = plan.devices.get(scope.slice("device:".length) as DeviceId);
      if (device) this.#count(device.profile, now);
    }
    this.#earlier = [];
  }

  /** It answers, or something other than itself is to blame: nothing of its silence counts. */
  excused(device: DeviceId): void {
    this.#lost.delete(device);
  }

  /** `witnessed` says whether a neighbour was heard since a moment. `wasWell`: the outcome before was an answer. */
  learn(device: PlannedDevice, outcome: Answered | Failed, wasWell: boolean, witnessed: (since: MonotonicMs) => boolean): readonly Trip[] {
    const { at } = outcome;
    const before = this.#lost.get(device.id);
    const acknowledged = outcome.kind === "failed" && outcome.acknowledged === true;
    if (!before) {
      if (outcome.kind === "failed" && wasWell) this.#lost.set(device.id, { device, since: at, acknowledged });
      return [];
    }
    if (isContact(outcome)) {
      // Somebody is there: a device that only does not answer has not vanished.
      this.#lost.delete(device.id);
      return [];
    }
    if (!before.acknowledged || at - before.since < harmAfter || !witnessed(before.since) || this.#wentTogether(before)) return [];
    this.#lost.delete(device.id);
    return this.#trips(device, at);
  }

  #wentTogether({ device, since }: Lost): boolean {
    for (const other of this.#lost.values()) {
      const related = other.device.segment === device.segment || other.device.profile === device.profile;
      if (related && other.device.id !== device.id && Math.abs(other.since - since) <= harmAfter) return true;
    }
    return false;
  }

  #trips({ id, profile }: PlannedDevice, at: MonotonicMs): readonly Trip[] {
    const detail = "it acknowledged our request and vanished, while its neighbours live";
    const one: Trip = { scope: `device:${id}`, cause: "harm", detail };
    const count = this.#count(profile, at);
    if (count < harmsToStopFamily) return [one];
    return [one, { scope: `profile:${profile}`, cause: "harm", detail: `${count} devices within 24 h, the last of them ${id}: ${detail}` }];
  }

  #count(profile: ProfileId, at: MonotonicMs): number {
    const within = [...(this.#harmed.get(profile) ?? []), at].filter((moment) => at - moment < harmWindow);
    this.#harmed.set(profile, within);
    return within.length;
  }
}
