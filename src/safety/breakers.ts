/** The mass-loss breakers of every segment and family, asked and told by device. */
import type { Notebook } from "../domain/gate.ts";
import type { Scope } from "../domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice, ProfileId, SegmentId } from "../domain/plan.ts";
import { atOnce, sliced, type Preparing } from "../domain/taking-over.ts";
import { later, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import { MassLossBreaker } from "./mass-loss.ts";

interface Guarded {
  readonly scope: Scope;
  readonly breaker: MassLossBreaker;
  members: number;
}

export class Breakers {
  #segments = new Map<SegmentId, Guarded>();
  #profiles = new Map<ProfileId, Guarded>();
  readonly #notes: Notebook;

  /** `notes`: what earlier runs held. */
  constructor(notes: Notebook) {
    this.#notes = notes;
  }

  /** In one go, see `preparing`. */
  adopt(plan: Plan, now: MonotonicMs): readonly Scope[] {
    return atOnce(this.preparing(plan))(now);
  }

  /** A breaker that is open stays open over a reload, and over a restart; the scopes that an earlier run held. */
  *preparing(plan: Plan): Preparing<(now: MonotonicMs) => readonly Scope[]> {
    const segments = new Map<SegmentId, Guarded>();
    const profiles = new Map<ProfileId, Guarded>();
    const counting = new Set<DeviceId>();
    yield* sliced(plan.checks.values(), ({ device: id }) => {
      const device = counting.has(id) ? undefined : plan.devices.get(id);
      if (!device) return;
      counting.add(id);
      const { segment, profile } = device;
      counted(segments, segment, `segment:${segment}`, this.#segments.get(segment));
      counted(profiles, profile, `profile:${profile}`, this.#profiles.get(profile));
    });
    return (now) => {
      const before = this.#all();
      [this.#segments, this.#profiles] = [segments, profiles];
      const known = new Set(before.map(({ breaker }) => breaker));
      const fresh = this.#all().filter(({ breaker }) => !known.has(breaker));
      for (const { breaker, scope } of fresh) breaker.recall(this.#notes.recall(keyOf(scope)), now);
      // A hold that ends with its scope is not to come back with it.
      const planned = new Set(this.#all().map(({ scope }) => scope));
      for (const { breaker, scope } of before) if (breaker.open && !planned.has(scope)) this.#notes.note(keyOf(scope), undefined);
      return scopes(fresh.filter(({ breaker }) => breaker.open));
    };
  }

  /** A device that an earlier run lost, and that has not answered since. */
  recallLost(device: PlannedDevice, ago: Milliseconds, now: MonotonicMs): void {
    for (const { breaker } of this.#of(device)) breaker.recallLost(device.id, ago, now);
  }

  /** The scopes that this loss opened. */
  lost(device: PlannedDevice, now: MonotonicMs): readonly Scope[] {
    return scopes(this.#noted(this.#of(device).filter(({ breaker, members }) => breaker.lost(device.id, members, now))));
  }

  /** The scopes that this answer closed, and the devices that were lost together with the one that answers. */
  answered(device: PlannedDevice, now: MonotonicMs): { readonly scopes: readonly Scope[]; readonly recovered: ReadonlySet<DeviceId> } {
    const closed = this.#of(device).flatMap((guarded) => {
      const ended = guarded.breaker.answered(device.id, now);
      if (!ended) return [];
      this.#noted([guarded]);
      return [{ scope: guarded.scope, ...ended }];
    });
    return { scopes: closed.map(({ scope }) => scope), recovered: new Set(closed.flatMap(({ recovered }) => recovered)) };
  }

  /** A start was taken: where a scope is held, it is the trial. */
  tried(device: PlannedDevice, now: MonotonicMs): void {
    this.#noted(this.#of(device).filter(({ breaker }) => breaker.tried(device.id, now)));
  }

  /** When the device may be tried again; undefined when nothing holds it. */
  heldUntil(device: PlannedDevice): MonotonicMs | undefined {
    let end: MonotonicMs | undefined;
    for (const { breaker } of this.#of(device)) {
      const until = breaker.heldUntil(device.id);
      if (until !== undefined) end = end === undefined ? until : later(end, until);
    }
    return end;
  }

  /** The earliest moment at which one of `devices` may be the scope's trial; undefined while the scope is not held. */
  trialAt(scope: Scope, devices: Iterable<PlannedDevice>): MonotonicMs | undefined {
    let first: MonotonicMs | undefined;
    for (const device of devices) {
      const member = device.checks.length > 0 && this.#of(device).some((guarded) => guarded.scope === scope && guarded.breaker.open);
      const until = member ? this.heldUntil(device) : undefined;
      if (until !== undefined && (first === undefined || until < first)) first = until;
    }
    return first;
  }

  #all(): readonly Guarded[] {
    return [...this.#segments.values(), ...this.#profiles.values()];
  }

  #noted(changed: readonly Guarded[]): readonly Guarded[] {
    for (const { breaker, scope } of changed) this.#notes.note(keyOf(scope), breaker.kept);
    return changed;
  }

  /** Asked several times at every exchange: nothing is put together from names here. */
  #of({ segment, profile }: PlannedDevice): readonly Guarded[] {
    return [this.#segments.get(segment), this.#profiles.get(profile)].filter((guarded) => guarded !== undefined);
  }
}

function keyOf(scope: Scope): string {
  return `held ${scope}`;
}

function counted<Id>(into: Map<Id, Guarded>, id: Id, scope: Scope, before: Guarded | undefined): void {
  const guarded = into.get(id) ?? { scope, breaker: before?.breaker ?? new MassLossBreaker(), members: 0 };
  guarded.members += 1;
  into.set(id, guarded);
}

function scopes(guarded: readonly Guarded[]): readonly Scope[] {
  return guarded.map(({ scope }) => scope);
}
