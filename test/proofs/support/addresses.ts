/** The address ranges the wire proofs may use: those reserved for documentation and benchmarks, which are routed nowhere. */
import { isIPv4 } from "node:net";

/** RFC 5737 and RFC 2544. */
const ranges: readonly (readonly [network: string, prefixLength: number])[] = [
  ["192.0.2.0", 24],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["198.18.0.0", 15],
];

/** The prefix length of the range that holds the address; throws for any address that could be somebody's. */
export function prefixLengthOf(address: string): number {
  if (!isIPv4(address)) throw new RangeError(`"${address}" is not an IPv4 address in dotted form`);
  for (const [network, prefixLength] of ranges) {
    const size = 2 ** (32 - prefixLength);
    const offset = toNumber(address) - toNumber(network);
    if (offset > 0 && offset < size - 1) return prefixLength;
  }
  const allowed = ranges.map(([network, prefixLength]) => `${network}/${prefixLength}`).join(", ");
  throw new RangeError(`${address} is not a host address in one of ${allowed}`);
}

function toNumber(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
