/** Which addresses may be written into a configuration, and the message for each way of getting it wrong. */
import {
  isAddress,
  isLabAddress,
  kindOf,
  networkOf,
  parseAddress,
  parseSubnet,
  type Address,
  type AddressFlaw,
  type AddressKind,
  type Subnet,
} from "../../domain/address.ts";
import { quote, type Complaint } from "../problem.ts";

/** In lab mode only loopback and the ranges for documentation and benchmarks; else everything but loopback. */
export interface AddressRules {
  readonly lab: boolean;
}

const one = "one literal unicast address";
export const labRanges = "127.0.0.0/8, ::1, 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 198.18.0.0/15 or 2001:db8::/32";

/** What to do about each. */
export const flawHints: Readonly<Record<AddressFlaw, string>> = {
  blank: "an address without spaces around it",
  scoped: "leave out the part from % on: the segment's localAddress chooses the interface",
  range: "list each device by itself: a range is never asked",
  "with-port": "the port goes under `port:`",
  hexadecimal: "write it in decimal, four numbers with dots",
  decimal: "write it as four numbers with dots",
  short: "write all four numbers",
  "leading-zero": "without leading zeros: some programs read 010 as eight, others as ten",
  "octet-too-large": "each of the four numbers is at most 255",
  name: "names are not looked up: a changed answer of a name server must never choose who is asked",
  malformed: "such as 10.20.1.11",
};

const kindHints: Readonly<Record<Exclude<AddressKind, "unicast">, string>> = {
  unspecified: "this stands for no address at all",
  "this-network": "0.0.0.0/8 is no host's address",
  loopback: "loopback is the poller itself; simulators are asked in lab mode",
  multicast: "a multicast reaches devices that nobody approved",
  broadcast: "a broadcast reaches devices that nobody approved",
  reserved: "this range is reserved",
  "link-local": "link-local addresses of IPv6 need an interface; give the device another address",
  mapped: "write the IPv4 address itself",
  translated: "an address that carries an IPv4 address inside leads elsewhere; write that one itself",
};

export function isComplaint(result: object): result is Complaint {
  return "found" in result && "expected" in result;
}

/** One literal address in its one spelling, or what is wrong with the text. Whether a host may have it is `readHost`'s question. */
export function readAddress(text: string): Address | Complaint {
  const address = literal(text);
  return isComplaint(address) ? address : spelledOnce(address, text);
}

/** An address that a device, gateway or the poller may have, or what is wrong with the text. */
export function readHost(text: string, { lab }: AddressRules): Address | Complaint {
  const address = literal(text);
  if (isComplaint(address)) return address;
  const found = quote(text);
  const kind = kindOf(address);
  const asked = lab && isLabAddress(address);
  if (kind !== "unicast" && !asked) return { found, expected: one, hint: kindHints[kind] };
  if (lab && !asked) return { found, expected: `an address of ${labRanges}`, hint: "lab mode asks nothing else" };
  return spelledOnce(address, text);
}

function literal(text: string): Address | Complaint {
  const parsed = parseAddress(text);
  return isAddress(parsed) ? parsed : { found: quote(text), expected: one, hint: flawHints[parsed] };
}

function spelledOnce(address: Address, text: string): Address | Complaint {
  if (address.text === text) return address;
  return { found: quote(text), expected: address.text, hint: "one spelling, so that nothing is listed twice" };
}

const subnetExpected = "a subnet such as 10.20.1.0/24";

/** A range of any size without host bits, or what is wrong with the text. */
export function readRange(text: string): Subnet | Complaint {
  const found = quote(text);
  const range = parseSubnet(text);
  if (range === undefined) return { found, expected: subnetExpected, hint: "the first address, a slash and the number of fixed bits" };
  const network = networkOf(range);
  if (network.text !== text) return { found, expected: network.text, hint: "the first address of the range, so that it says which it is" };
  return range;
}

/** Shorter prefixes are no one's single segment. */
const prefixMin = { 4: 8, 6: 48 } as const;

/** The subnet of one segment, or what is wrong with the text. */
export function readSubnet(text: string, { lab }: AddressRules): Subnet | Complaint {
  const subnet = readRange(text);
  if (isComplaint(subnet)) return subnet;
  const found = quote(text);
  const { address, prefix } = subnet;
  if (prefix < prefixMin[address.family]) return { found, expected: `one segment's subnet: /${prefixMin[address.family]} or longer` };
  if (lab) return isLabAddress(address) ? subnet : { found, expected: `a subnet of ${labRanges}`, hint: "lab mode asks nothing else" };
  const kind = kindOf(address);
  // fe80::/64 and the like; the first address of an ordinary subnet is unicast to this table, its role comes later.
  return kind === "unicast" ? subnet : { found, expected: subnetExpected, hint: kindHints[kind] };
}
