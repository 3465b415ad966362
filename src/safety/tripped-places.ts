/** Where tripped devices stand: another name in the watchlist takes nothing out of its trip. */
import type { Notebook } from "../domain/gate.ts";
import { scopesOver, type Scope, type Trip } from "../domain/outcome.ts";
import type { Plan, PlannedDevice } from "../domain/plan.ts";
import type { Trips } from "./trips.ts";

export class TrippedPlaces {
  readonly #places = new Map<Scope, readonly string[]>();
  readonly #notes: Notebook;

  constructor(notes: Notebook) {
    this.#notes = notes;
  }

  /** To be called when something has tripped. */
  tripped(scope: Scope, plan: Plan): void {
    const covered = [...plan.devices.values()].filter((device) => scopesOver(device).includes(scope));
    const places = [...new Set(covered.flatMap(({ places: own = [] }) => own))];
    // What the watchlist has no more is remembered by where it stood last: it may come back under another name.
    if (places.length === 0) return;
    this.#places.set(scope, places);
    this.#notes.note(keyOf(scope), places);
  }

  reset(scope: Scope): void {
    if (this.#places.delete(scope)) this.#notes.note(keyOf(scope), undefined);
  }

  /** The trips that a new plan would lose: of what stands where something tripped, and is covered by no trip under its own name. */
  adopt(plan: Plan, trips: Trips): readonly Trip[] {
    const moved = new Map<Scope, Trip>();
    for (const { scope, cause, detail } of trips.all()) {
      const before = new Set(this.#placesOf(scope));
      const there = ({ places = [] }: PlannedDevice): boolean => places.some((place) => before.has(place));
      for (const device of plan.devices.values())
        if (there(device) && !trips.covers(device)) {
          const own: Scope = `device:${device.id}`;
          moved.set(own, { scope: own, cause, detail: `it stands where ${scope} tripped, which is to be reset as well: ${detail}` });
        }
      this.tripped(scope, plan);
    }
    return [...moved.values()];
  }

  #placesOf(scope: Scope): readonly string[] {
    const known = this.#places.get(scope);
    if (known) return known;
    const noted = this.#notes.recall(keyOf(scope))?.value;
    const places = Array.isArray(noted) ? noted.filter((place) => typeof place === "string") : [];
    this.#places.set(scope, places);
    return places;
  }
}

function keyOf(scope: Scope): string {
  return `tripped-at ${scope}`;
}
