/** Where an S7 CPU stands and as whom it is asked: the watchlist's word before the profile's, S7-basic unless the owner states otherwise. */
import type { Method, MethodInput } from "../../domain/driver.ts";
import type { Family } from "./family.ts";
import type { Place } from "./place.ts";

/** Empty where neither says, which the method complains of, and for other protocols. */
export function s7RouteOf({ protocol }: Method, { entry }: Place, family: Family): Pick<MethodInput, "s7"> {
  if (protocol !== "s7") return {};
  const stands = entry.s7 ?? profileS7(family);
  return stands === undefined ? {} : { s7: { ...stands, connectionType: entry.statements.s7ConnectionType?.type ?? "basic" } };
}

/** For an envelope, which stands for every device of the family: where the profile has no slot, the first; each device's own is in its digest. */
export function s7RouteOfFamily({ protocol }: Method, family: Family): Pick<MethodInput, "s7"> {
  return protocol === "s7" ? { s7: { ...(profileS7(family) ?? { rack: 0, slot: 0 }), connectionType: "basic" } } : {};
}

function profileS7({ shipped }: Family): { readonly rack: number; readonly slot: number } | undefined {
  const { rack, slot } = shipped.value.s7 ?? {};
  if (rack === undefined || slot === undefined || rack.value === null || slot.value === null) return undefined;
  return { rack: rack.value, slot: slot.value };
}
