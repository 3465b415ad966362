/** Whether a check may go at this moment and whether its permit still holds: what the rules want to know, gathered in one place. */
import type { Outcome, Scope, Trip } from "../domain/outcome.ts";
import { isPlanned, type Check, type Plan, type PlannedDevice, type Trigger } from "../domain/plan.ts";
import type { Preparing } from "../domain/taking-over.ts";
import type { MonotonicMs } from "../domain/units.ts";
import { Budgets } from "./budgets.ts";
import { Connections } from "./connections.ts";
import { Experience, type LeftOver } from "./experience.ts";
import type { GateParts } from "./gate-parts.ts";
import { firstObjection, standing, starting, type Situation, type Standing } from "./rules.ts";
import { TrippedPlaces } from "./tripped-places.ts";
import { Trips } from "./trips.ts";

/** What only the gate itself knows of a start. */
export interface Start {
  readonly check: Check;
  readonly trigger: Trigger;
  readonly draining: boolean;
  /** A connection would have to be opened for it. */
  readonly opens: boolean;
}

export class Admission {
  readonly trips: Trips;
  readonly #places: TrippedPlaces;
  readonly budgets: Budgets = new Budgets();
  readonly experience: Experience;
  readonly connections: Connections;
  readonly #parts: GateParts;
  #plan: Plan;

  constructor(parts: GateParts, plan: Plan) {
    this.#parts = parts;
    const standingTrips = [...parts.trips];
    this.trips = new Trips(standingTrips);
    this.#places = new TrippedPlaces(parts.notes);
    this.experience = new Experience(standingTrips, parts.notes, parts.proven);
    this.connections = new Connections(parts.inFlight);
    this.#plan = plan;
  }

  /** Throws, where it must, before anything of the new plan is in force. The trips that a renaming would have lifted come back: they are to trip. So does what earlier runs left. */
  *preparing(plan: Plan): Preparing<(now: MonotonicMs) => LeftOver & { readonly moved: readonly Trip[] }> {
    const budgets = yield* this.budgets.preparing(plan);
    const experience = yield* this.experience.preparing(plan);
    return (now) => {
      budgets(now);
      this.#plan = plan;
      const left = experience(now);
      this.connections.adopt(plan);
      return { ...left, moved: this.#places.adopt(plan, this.trips) };
    };
  }

  decide({ check, trigger, draining, opens }: Start, now: MonotonicMs): ReturnType<typeof firstObjection> {
    const device = this.deviceOf(check);
    const situation: Situation = {
      ...this.#standing(check, device, draining, now),
      trigger,
      askedAt: this.budgets.askedAt(check, now),
      ...this.experience.of(check, device),
      connectionFreeAt: opens ? this.connections.freeAt(check, now) : undefined,
      lineReadyAt: this.budgets.lineReadyAt(check, now),
      segmentReadyAt: this.budgets.segmentReadyAt(device.segment, now),
      siteReadyAt: this.budgets.siteReadyAt(now),
    };
    return firstObjection(standing, situation) ?? firstObjection(starting, situation);
  }

  /** What was decided is about to be told: a question of a deep query that waits for its line has its turn kept. */
  waits(check: Check, objection: ReturnType<typeof firstObjection>, now: MonotonicMs): void {
    if (check.deep && objection?.reason === "line_budget") this.budgets.keepTurn(check, objection.retryAt!, now);
  }

  /** Why nothing may be sent for the check at this very moment, whatever was decided before. */
  objects(check: Check, draining: boolean): Extract<Outcome, { readonly kind: "refused" }>["reason"] | undefined {
    if (!this.planned(check)) return "plan_changed";
    return firstObjection(standing, this.#standing(check, this.deviceOf(check), draining, this.#parts.clock.monotonic()))?.reason;
  }

  /** True where it was not tripped before. */
  trip(trip: Trip, place: string | undefined): boolean {
    if (!this.trips.add(trip)) return false;
    this.#places.tripped(trip.scope, this.#plan, place);
    return true;
  }

  /** True when there was something to reset. Of a device its history goes with it: the person has looked. */
  reset(scope: Scope): boolean {
    const lost = this.trips.all().some((trip) => trip.scope === scope && trip.cause === "connections_lost");
    if (!this.trips.reset(scope)) return false;
    for (const { device, line } of this.#plan.checks.values()) if (lost && scope === `device:${device}`) this.connections.forget(line);
    this.#places.reset(scope);
    for (const check of this.#plan.checks.values()) if (scope === `device:${check.device}`) this.experience.forget(check);
    return true;
  }

  isTripped(check: Check): boolean {
    return this.planned(check) && this.trips.covers(this.deviceOf(check));
  }

  /** The same bytes to the same place are still in the plan. */
  planned(check: Check): boolean {
    return isPlanned(this.#plan, check);
  }

  deviceOf(check: Check): PlannedDevice {
    const device = this.#plan.devices.get(check.device);
    if (!device) throw new RangeError(`plan: check ${check.id} belongs to no device`);
    return device;
  }

  #standing(check: Check, device: PlannedDevice, draining: boolean, now: MonotonicMs): Standing {
    const { clock, circumstances, suspect } = this.#parts;
    const tripped = this.trips.covers(device);
    return { check, device, now, wall: clock.wall(), circumstances, draining, suspect: suspect(now), tripped };
  }
}
