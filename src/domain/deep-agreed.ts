/** What a site has agreed to that a deep query may read of a device, where nothing comes of it: in words for whoever agreed. */
import { deepReadName, deepReads, type DeepRead } from "./deep-reads.ts";
import type { Plan, PlannedDevice } from "./plan.ts";

/**
 * Reads that the site has agreed to and that no heartbeat of the device can be stood beside, one line each: neither in `plan.deep` nor in
 * `plan.deepRefused`. Empty for a device that is not asked at all.
 */
export function readsInVain({ deep, deepRefused, families, refused }: Plan, { id, profile, checks }: PlannedDevice): readonly string[] {
  const beats = checks.length > 0 || [...refused.values()].some(({ device }) => device === id);
  if (!beats) return [];
  const names = [...deep.keys(), ...deepRefused.keys()];
  const isThere = ({ read, number }: DeepRead): boolean => {
    const own = `${id}/deep-${read}${number === undefined ? "" : `-${number}`}`;
    return names.some((name) => name === own || name.startsWith(`${own}#`));
  };
  const missing = (families.get(profile)?.deepReads?.agreed ?? []).filter((one) => !isThere(one));
  // Of slots and interfaces all or none.
  return [...new Map(missing.map((one) => [one.read, one])).values()].map((one) => {
    const { takesSession, within, words } = deepReads[one.read];
    const wanted = takesSession ? `one that keeps a session (${within!.join(" or ")})` : "one of its protocol over a network";
    return `${id}: ${one.number === undefined ? deepReadName(one) : one.read} (${words}): found no heartbeat of this device beside which it could be asked, expected ${wanted}`;
  });
}

/** Why there is nothing that a deep query could ask of the device, where nothing is refused; one line, with what to do about it. */
export function nothingAgreed(plan: Plan, device: PlannedDevice): string {
  const { id, profile } = device;
  const reads = plan.families.get(profile)?.deepReads;
  if (reads === undefined) return `${id}: profile ${profile} leaves nothing to a deep query`;
  if (reads.agreed.length > 0)
    return readsInVain(plan, device).join("; ") || `${id}: it has no check in the watchlist, and a deep query asks only beside a heartbeat`;
  return `${id}: found nothing that the site has agreed to: name it under deepQuery in device-profiles/${profile}.yaml (profile ${profile} leaves ${reads.offered.join(", ")} to the site), and approve it`;
}
