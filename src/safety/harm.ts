/** Harm with a witness: a device acknowledged our very request and vanished, while its neighbours live. Twice a day in one family stops the family. */
import type { Notebook } from "../domain/gate.ts";
import { harmAfter, harmsToStopFamily, harmWindow } from "../domain/limits.ts";
import type { Answered, Failed, Trip } from "../domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice, ProfileId } from "../domain/plan.ts";
import type { MonotonicMs } from "../domain/units.ts";
import { isContact } from "./common-cause.ts";
import { momentOf, recent } from "./noted.ts";

interface Lost {
  readonly device: PlannedDevice;
  /** The first miss. */
  readonly since: MonotonicMs;
  /** The device was well, and its first miss was a request that its TCP had acknowledged. */
  readonly acknowledged: boolean;
}

/**
 * What reboots, is downloaded to, switched off or unplugged comes back within `harmAfter`, refuses or breaks connections meanwhile, goes
 * without having acknowledged a request in its last moment, or does not go alone: none of that is harm.
 */
export class Harm {
  #lost = new Map<DeviceId, Lost>();
  #harmed = new Map<ProfileId, readonly MonotonicMs[]>();
  /** Trips of earlier runs: when they happened this clock cannot say, so they count from the start, unless it was noted. */
  #earlier: readonly Trip[];
  readonly #notes: Notebook;

  /** `notes`: who was lost, and when which family was harmed, in earlier runs. */
  constructor(earlier: Iterable<Trip>, notes: Notebook) {
    this.#earlier = [...earlier].filter(({ cause }) => cause === "harm");
    this.#notes = notes;
  }

  adopt(plan: Plan, now: MonotonicMs): void {
    for (const id of this.#lost.keys()) if (!plan.devices.has(id)) this.excused(id);
    const families = new Set([...plan.devices.values()].map(({ profile }) => profile));
    for (const device of plan.devices.values()) this.#recallLoss(device, now);
    for (const profile of families) this.#recallHarms(profile, plan, now);
    this.#earlier = [];
  }

  #recallLoss(device: PlannedDevice, now: MonotonicMs): void {
    const noted = recent(this.#notes.recall(`lost ${device.id}`), harmWindow);
    const { since, acknowledged } = (noted?.value ?? {}) as Readonly<Record<keyof Lost, unknown>>;
    if (noted) this.#lost.set(device.id, { device, since: momentOf(since, noted, now), acknowledged: acknowledged === true });
  }

  #recallHarms(profile: ProfileId, { devices }: Plan, now: MonotonicMs): void {
    const noted = recent(this.#notes.recall(`harmed ${profile}`), harmWindow);
    const moments: readonly unknown[] = Array.isArray(noted?.value) ? noted.value : [];
    if (noted && moments.length > 0) {
      const harmed = moments.map((moment) => momentOf(moment, noted, now));
      this.#harmed.set(profile, harmed);
      return;
    }
    for (const { scope } of this.#earlier)
      if (devices.get(scope.slice("device:".length) as DeviceId)?.profile === profile) this.#count(profile, now);
  }

  /** It answers, or something other than itself is to blame: nothing of its silence counts. */
  excused(device: DeviceId): void {
    if (this.#lost.delete(device)) this.#notes.note(`lost ${device}`, undefined);
  }

  /** `witnessed` says whether a neighbour was heard since a moment. `wasWell`: the outcome before was an answer. */
  learn(device: PlannedDevice, outcome: Answered | Failed, wasWell: boolean, witnessed: (since: MonotonicMs) => boolean): readonly Trip[] {
    const { at } = outcome;
    const before = this.#lost.get(device.id);
    const acknowledged = outcome.kind === "failed" && outcome.acknowledged === true;
    if (!before) {
      // Who was not well, or was not heard in this run yet, cannot be harmed by us now; but it may be what another one went together with.
      if (outcome.kind === "failed" && (wasWell || !isContact(outcome))) this.#lose(device, at, wasWell && acknowledged);
      return [];
    }
    if (isContact(outcome)) {
      // Somebody is there: a device that only does not answer has not vanished.
      this.excused(device.id);
      return [];
    }
    if (!before.acknowledged || at - before.since < harmAfter || !witnessed(before.since) || this.#wentTogether(before)) return [];
    this.excused(device.id);
    return this.#trips(device, at);
  }

  #lose(device: PlannedDevice, since: MonotonicMs, acknowledged: boolean): void {
    this.#lost.set(device.id, { device, since, acknowledged });
    this.#notes.note(`lost ${device.id}`, { since, acknowledged });
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
    this.#notes.note(`harmed ${profile}`, within);
    return within.length;
  }
}
