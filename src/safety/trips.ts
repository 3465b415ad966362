/** What only a person may put back into service. */
import { scopesOver, type Scope, type Trip } from "../domain/outcome.ts";
import type { PlannedDevice } from "../domain/plan.ts";

export class Trips {
  readonly #trips = new Map<Scope, Trip>();

  /** `standing` are the trips of earlier runs: no start, reload or rollback lifts one. */
  constructor(standing: Iterable<Trip> = []) {
    for (const trip of standing) this.#trips.set(trip.scope, trip);
  }

  /** True when this scope was not tripped before; the first cause is the one that a person must look into. */
  add(trip: Trip): boolean {
    if (this.#trips.has(trip.scope)) return false;
    this.#trips.set(trip.scope, trip);
    return true;
  }

  /** True when there was something to reset. */
  reset(scope: Scope): boolean {
    return this.#trips.delete(scope);
  }

  all(): readonly Trip[] {
    return [...this.#trips.values()];
  }

  covers(device: PlannedDevice): boolean {
    return this.#trips.size > 0 && scopesOver(device).some((scope) => this.#trips.has(scope));
  }
}
