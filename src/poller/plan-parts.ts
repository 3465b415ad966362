/** A plan on its way from one thread to another: in parts, because whoever receives 10,000 devices at once stands still for a tenth of a second. */
import type { Plan } from "../domain/plan.ts";

/** Entries of one of the plan's maps. */
export interface PlanPart {
  readonly of: string;
  readonly entries: readonly (readonly [unknown, unknown])[];
}

/** To whoever has the plan: the next part. From it, after the last: that was all. */
export const more = "more";
export const whole = "whole";

/** Some milliseconds of work for whoever receives them. */
const partEntries = 250;

/** The plan with every map empty. */
export function headOf(plan: Plan): Plan {
  return Object.fromEntries(Object.entries(plan).map(([name, value]) => [name, isMap(value) ? new Map() : value])) as unknown as Plan;
}

/** What `headOf` left out. */
export function* partsOf(plan: Plan): Generator<PlanPart> {
  for (const [of, value] of Object.entries(plan)) {
    if (!isMap(value)) continue;
    let entries: (readonly [unknown, unknown])[] = [];
    for (const entry of value) {
      if (entries.push(entry) < partEntries) continue;
      yield { of, entries };
      entries = [];
    }
    if (entries.length > 0) yield { of, entries };
  }
}

/** @param head as it was received: the part goes into its maps */
export function addPart(head: Plan, { of, entries }: PlanPart): void {
  const map = head[of as keyof Plan] as unknown as Map<unknown, unknown>;
  for (const [key, value] of entries) map.set(key, value);
}

function isMap(value: unknown): value is ReadonlyMap<unknown, unknown> {
  return value instanceof Map;
}
