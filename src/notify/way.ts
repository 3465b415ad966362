/** Whom the notifier may speak to: nobody in a segment of the watchlist, and nobody by an interface that leads into one. */
import { contains, isAddress, kindOf, networkOf, parseAddress, parseSubnet } from "../domain/address.ts";

/** What the watchlist says of a segment. */
export interface OtSegment {
  readonly id: string;
  readonly subnet: string;
  readonly localAddress: string;
}

/** How this machine would send, as its tables say at this moment. */
export interface OwnWays {
  /** Interfaces by which packets to the address would leave; none where no route leads there. `onLink`: only without a router. */
  leavesBy(address: string, onLink: boolean): readonly string[];
  /** Interfaces that hold the address. */
  holding(address: string): readonly string[];
}

/** Why nothing may be sent there, in a sentence; undefined when it may. Loopback reaches nobody else and is allowed. */
export function forbidden(text: string, segments: readonly OtSegment[], ways: OwnWays | { readonly problem: string }): string | undefined {
  const address = parseAddress(text);
  if (!isAddress(address)) return `${text} is no address`;
  const kind = kindOf(address);
  const inside = segments.find(({ subnet }) => {
    const parsed = parseSubnet(subnet);
    return parsed !== undefined && contains(parsed, address);
  });
  if (inside)
    return `found ${text}, which lies in the segment ${inside.id} (${inside.subnet}) of the watchlist; expected a host outside every OT segment: nothing is sent there`;
  if (kind === "loopback") return undefined;
  if (kind !== "unicast") return `found ${text}, a ${kind} address; expected one host`;
  if ("problem" in ways) return ways.problem;
  const by = ways.leavesBy(text, false);
  for (const { id, subnet, localAddress } of segments) {
    const shared = interfacesOf(subnet, localAddress, ways).find((name) => by.includes(name));
    if (shared !== undefined)
      return `found ${text}, which packets would reach by ${shared}, the interface of the segment ${id}; expected one that is reached by another interface: nothing is sent there`;
  }
  return by.length === 0 ? `there is no route to ${text}` : undefined;
}

function interfacesOf(subnet: string, localAddress: string, ways: OwnWays): readonly string[] {
  const parsed = parseSubnet(subnet);
  const network = parsed === undefined ? [] : ways.leavesBy(networkOf(parsed).address.text, true);
  return [...ways.holding(localAddress), ...network];
}
