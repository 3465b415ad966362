/** Static neighbours: the kernel then knows who has a device's address, and need not ask the whole segment by broadcast. */
import type { WatchlistDevice } from "../config/schema/watchlist.ts";
import { isAddress, parseAddress } from "../domain/address.ts";
import type { Destination } from "./destinations.ts";
import type { FencedSegment } from "./ruleset.ts";

/** A command each, or a remark why there is none. Only what is asked is listed. */
export function neighbourLines(
  destinations: readonly Pick<Destination, "segment" | "address">[],
  segments: readonly FencedSegment[],
  devices: readonly Pick<WatchlistDevice, "id" | "address" | "macs">[],
): readonly string[] {
  const interfaceOf = new Map(segments.map(({ id, interfaceName }) => [id, interfaceName]));
  const addresses = new Map(destinations.map(({ address, segment }) => [address, segment]));
  return [...addresses].map(([address, segment]) => {
    const owners = devices.filter((device) => spelled(device.address ?? "") === address);
    const macs = [...new Set(owners.flatMap((device) => device.macs))];
    const [mac] = macs;
    if (mac === undefined) return `# ${address}: no device with this address has a MAC address under macs`;
    if (macs.length > 1)
      return `# ${address}: found ${macs.length} MAC addresses (${macs.join(", ")}), expected one: which of them answers may change`;
    return `ip neigh replace ${address} lladdr ${mac} dev ${interfaceOf.get(segment) ?? "?"} nud permanent`;
  });
}

function spelled(address: string): string {
  const parsed = parseAddress(address);
  return isAddress(parsed) ? parsed.text : address;
}
