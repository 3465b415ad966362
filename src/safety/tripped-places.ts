/** Where tripped devices stand: another name in the watchlist takes nothing out of its trip. */
import type { Notebook } from "../domain/gate.ts";
import { scopesOver, type Scope, type Trip } from "../domain/outcome.ts";
import type { Plan, PlannedDevice } from "../domain/plan.ts";
import type { Trips } from "./trips.ts";

/** Of one scope, a whole site being the widest; those of today stay in any case, and of earlier ones the oldest go first. */
export const trippedPlacesMax = 20_000;

export class TrippedPlaces {
  readonly #places = new Map<Scope, readonly string[]>();
  readonly #notes: Notebook;

  constructor(notes: Notebook) {
    this.#notes = notes;
  }

  /** To be called when something has tripped. `place`: where else it stood, which the plan may not know. */
  tripped(scope: Scope, plan: Plan, place: string | undefined): void {
    const places = [...new Set([...standingIn(plan, scope), ...(place ? [place] : [])])];
    if (places.length > 0) this.#keep(scope, places);
  }

  reset(scope: Scope): void {
    if (this.#places.delete(scope)) this.#notes.note(keyOf(scope), undefined);
  }

  /**
   * The trips that a new plan would lose: of what stands where something tripped, and is covered by no trip under its own name. Every place
   * counts at which the tripped one has stood since, until its reset: it may leave one in a reload, and be given another name there in the next.
   */
  adopt(plan: Plan, trips: Trips): readonly Trip[] {
    const moved = new Map<Scope, Trip>();
    for (const { scope, cause, detail } of trips.all()) {
      const known = this.#placesOf(scope);
      const before = new Set(known);
      const there = ({ places = [] }: PlannedDevice): boolean => places.some((place) => before.has(place));
      for (const device of plan.devices.values())
        if (there(device) && !trips.covers(device)) {
          const own: Scope = `device:${device.id}`;
          moved.set(own, { scope: own, cause, detail: `it stands where ${scope} tripped, which is to be reset as well: ${detail}` });
        }
      const today = standingIn(plan, scope);
      if (today.some((place) => !before.has(place)))
        this.#keep(scope, [...new Set([...today, ...known])].slice(0, Math.max(today.length, trippedPlacesMax)));
    }
    return [...moved.values()];
  }

  #keep(scope: Scope, places: readonly string[]): void {
    this.#places.set(scope, places);
    this.#notes.note(keyOf(scope), places);
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

function standingIn(plan: Plan, scope: Scope): readonly string[] {
  const covered = [...plan.devices.values()].filter((device) => scopesOver(device).includes(scope));
  return [...new Set(covered.flatMap(({ places = [] }) => places))];
}

function keyOf(scope: Scope): string {
  return `tripped-at ${scope}`;
}
