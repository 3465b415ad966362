/** How often: the largest of the floor in code, the profile's minimum and the site's value. */
import { labLimits, limits } from "../../domain/limits.ts";
import type { MethodId } from "../../domain/operations.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import { directions } from "./direction.ts";

/** The floor below which nothing can go. */
export function intervalFloor(method: MethodId, lab: boolean): Milliseconds {
  const { intervalFloor: floor, intervalFloorIcmp, intervalFloorOpcuaGetEndpoints } = lab ? labLimits : limits;
  if (method === "icmp-echo") return intervalFloorIcmp;
  return method === "opcua-get-endpoints" ? intervalFloorOpcuaGetEndpoints : floor;
}

/** The shortest interval of a method in a family: what an approval covers. */
export function shortestInterval(floor: Milliseconds, ...stated: readonly (Milliseconds | undefined)[]): Milliseconds {
  return milliseconds(directions.intervalMinMs.tightest(floor, ...stated.filter((value) => value !== undefined)));
}

/** Worked example: floor 30 s, profile 60 s, watchlist 45 s: 60 s. A check that names no interval gets 60 s, or the shortest where that is longer. */
export function effectiveInterval(shortest: Milliseconds, siteValue: Milliseconds | undefined): Milliseconds {
  return milliseconds(directions.intervalMinMs.tightest(shortest, siteValue ?? limits.intervalDefault));
}
