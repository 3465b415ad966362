/** What the owner has excluded for good: an address, a range, or a unit behind a gateway; one address of a piece of hardware excludes all of it. */
import { contains, isAddress, parseAddress, parseSubnet, type Address } from "../../domain/address.ts";
import type { Exclusion } from "../schema/watchlist.ts";
import type { Candidate } from "./candidate.ts";
import type { Place } from "./place.ts";

/** The position of the first exclusion that covers the check, in the watchlist's `excluded`. */
export type ExclusionsOf = (candidate: Candidate) => number | undefined;

export function exclusions(excluded: readonly Exclusion[], places: readonly Place[]): ExclusionsOf {
  const tests = excluded.map(covers);
  const addresses = new Map(places.map((place) => [place, parsed(place.address)]));
  const groups = Map.groupBy(
    places.filter(({ hardware }) => hardware !== undefined),
    ({ hardware }) => hardware,
  );
  return ({ place, entry }) => {
    const siblings = (groups.get(place.hardware) ?? []).filter((other) => other !== place);
    const found = tests.findIndex(
      (test) =>
        test(place, addresses.get(place), entry.unitId) ||
        siblings.some((sibling) => unitsOf(sibling).some((unitId) => test(sibling, addresses.get(sibling), unitId))),
    );
    return found < 0 ? undefined : found;
  };
}

/** An address is excluded whether or not it has checks. */
function unitsOf({ entry }: Place): readonly (number | undefined)[] {
  return [undefined, ...entry.checks.map(({ unitId }) => unitId)];
}

type Test = (place: Place, address: Address | undefined, unitId: number | undefined) => boolean;

/** A bus of the poller's own has no address: its units are excluded by gateway and unit id. */
function addressed({ gateway }: Place): boolean {
  return gateway?.serialPort === undefined;
}

/** What cannot be read is refused when the file is loaded; should it come this far, it excludes everything. */
function covers({ address, range, gateway, unitId }: Exclusion): Test {
  if (gateway !== undefined) return (place, _, unit) => place.bus?.id === gateway && unit === unitId;
  const subnet = range === undefined ? undefined : parseSubnet(range);
  if (subnet !== undefined) return (place, own) => addressed(place) && (own === undefined || contains(subnet, own));
  const single = address === undefined ? undefined : parsed(address);
  return (place, own) =>
    addressed(place) && (own === undefined || single === undefined || (own.family === single.family && own.bits === single.bits));
}

function parsed(text: string): Address | undefined {
  const address = parseAddress(text);
  return isAddress(address) ? address : undefined;
}
