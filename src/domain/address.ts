/** IP addresses as values: what a text is, which kind of address it names, and whether a subnet holds it. Hand-written, so that no library guesses at what an operator meant. */

export interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
  /** The one spelling: dotted decimal, or RFC 5952. */
  readonly text: string;
}

/** What a text is that is not an address. Each has its own message in the configuration. */
export type AddressFlaw =
  | "blank"
  | "scoped"
  | "range"
  | "with-port"
  | "hexadecimal"
  | "decimal"
  | "short"
  | "leading-zero"
  | "octet-too-large"
  | "name"
  | "malformed";

/** Only `unicast` may be asked. `mapped` is IPv4 in IPv6 clothes; `translated` carries an IPv4 address that a router takes out. */
export type AddressKind =
  | "unicast"
  | "unspecified"
  | "this-network"
  | "loopback"
  | "multicast"
  | "broadcast"
  | "reserved"
  | "link-local"
  | "mapped"
  | "translated";

export interface Subnet {
  readonly address: Address;
  readonly prefix: number;
}

/** An address with its `text` in the one spelling, which may differ from what was given, or what the text is instead. */
export function parseAddress(text: string): Address | AddressFlaw {
  const four = ipv4Bits(text);
  if (four !== undefined) return { family: 4, bits: four, text };
  const six = ipv6Bits(text);
  if (six !== undefined) return { family: 6, bits: six, text: ipv6Text(six) };
  return flawOf(text);
}

export function isAddress(parsed: Address | AddressFlaw): parsed is Address {
  return typeof parsed !== "string";
}

/** `10.20.1.0/24`; `address` keeps host bits where the text has some, so that a caller can name the right subnet. */
export function parseSubnet(text: string): Subnet | undefined {
  const [, head, tail] = /^([^/]+)\/(0|[1-9]\d{0,2})$/u.exec(text) ?? [];
  if (head === undefined || tail === undefined) return undefined;
  const address = parseAddress(head);
  const prefix = Number(tail);
  return isAddress(address) && prefix <= width(address) ? { address, prefix } : undefined;
}

/** The subnet with its host bits cleared, and how it is written. */
export function networkOf({ address, prefix }: Subnet): Subnet & { readonly text: string } {
  const bits = (address.bits >> hostBits({ address, prefix })) << hostBits({ address, prefix });
  const network = fromBits(address.family, bits);
  return { address: network, prefix, text: `${network.text}/${prefix}` };
}

export function contains(subnet: Subnet, { family, bits }: Address): boolean {
  const shift = hostBits(subnet);
  return family === subnet.address.family && bits >> shift === subnet.address.bits >> shift;
}

export function overlap(a: Subnet, b: Subnet): boolean {
  return a.prefix <= b.prefix ? contains(a, b.address) : contains(b, a.address);
}

/** What an address inside the subnet is there. /31, /32, /127 and /128 have hosts only (RFC 3021, RFC 6164). */
export function roleIn(subnet: Subnet, { bits }: Address): "host" | "network" | "broadcast" {
  const size = hostBits(subnet);
  if (size <= 1n) return "host";
  const all = (1n << size) - 1n;
  if ((bits & all) === 0n) return "network";
  return subnet.address.family === 4 && (bits & all) === all ? "broadcast" : "host";
}

export function kindOf(address: Address): AddressKind {
  const table = address.family === 4 ? kinds4 : kinds6;
  return table.find(([subnet]) => contains(subnet, address))?.[1] ?? (address.family === 4 ? "unicast" : "reserved");
}

/** Loopback and the ranges for documentation and benchmarks: all that lab mode may ask. */
export function isLabAddress(address: Address): boolean {
  return labSubnets.some((subnet) => contains(subnet, address));
}

function ipv4Bits(text: string): bigint | undefined {
  const octets = text.split(".");
  if (octets.length !== 4 || !octets.every((octet) => /^(0|[1-9]\d{0,2})$/u.test(octet) && Number(octet) <= 255)) return undefined;
  return octets.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

function ipv6Bits(text: string): bigint | undefined {
  const expanded = withoutDots(text);
  if (expanded === undefined || !/^[0-9a-f:]+$/iu.test(expanded)) return undefined;
  const halves = expanded.split("::");
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const missing = 8 - head.length - tail.length;
  // "::" stands for at least one group of zeros.
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...Array<string>(missing).fill("0"), ...tail];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/iu.test(group))) return undefined;
  return groups.reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n);
}

/** `::ffff:10.0.0.1` as `::ffff:a00:1`; undefined where the dotted end is no IPv4 address. */
function withoutDots(text: string): string | undefined {
  if (!text.includes(".")) return text;
  const end = text.lastIndexOf(":") + 1;
  const bits = end === 0 ? undefined : ipv4Bits(text.slice(end));
  return bits === undefined ? undefined : `${text.slice(0, end)}${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`;
}

/** RFC 5952: lower case, no leading zeros, the first of the longest runs of at least two zero groups as "::". */
function ipv6Text(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => (bits >> BigInt(16 * (7 - index))) & 0xffffn).map((group) => group.toString(16));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === "0") length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(":");
  return `${groups.slice(0, best.start).join(":")}::${groups.slice(best.start + best.length).join(":")}`;
}

function ipv4Text(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => ((bits >> shift) & 0xffn).toString()).join(".");
}

function fromBits(family: 4 | 6, bits: bigint): Address {
  return { family, bits, text: family === 4 ? ipv4Text(bits) : ipv6Text(bits) };
}

/** In order: the first that fits names the text. */
const flaws: readonly (readonly [RegExp, AddressFlaw])[] = [
  [/^\s*$|^\s|\s$/u, "blank"],
  [/%/u, "scoped"],
  [/\/|\*|^[0-9a-f.:]*[.:][0-9a-f.:]*\s*(-|–|,|\.\.)/iu, "range"],
  [/^\[|^[\d.]+\.[\d.]+:\d+$/u, "with-port"],
  [/^(0x[0-9a-f]+)$|^0x[0-9a-f]+\.|\.0x[0-9a-f]+(\.|$)/iu, "hexadecimal"],
  [/^\d+$/u, "decimal"],
  [/^\d+\.\d+(\.\d+)?$/u, "short"],
  [/^(\d+\.){3}\d+$(?<=(^|\.)0\d.*)/u, "leading-zero"],
  [/^(\d+\.){3}\d+$/u, "octet-too-large"],
  [/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, "name"],
];

function flawOf(text: string): AddressFlaw {
  return flaws.find(([form]) => form.test(text))?.[1] ?? "malformed";
}

function width({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

function hostBits({ address, prefix }: Subnet): bigint {
  return BigInt(width(address) - prefix);
}

/** The rows below are all subnets; one that was none would fail the first test that loads this file. */
function known(text: string): Subnet {
  return parseSubnet(text)!;
}

function table(rows: readonly (readonly [string, AddressKind])[]): readonly (readonly [Subnet, AddressKind])[] {
  return rows.map(([text, kind]) => [known(text), kind]);
}

/** RFC 6890, in order of precedence. */
const kinds4 = table([
  ["0.0.0.0/32", "unspecified"],
  ["0.0.0.0/8", "this-network"],
  ["127.0.0.0/8", "loopback"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255/32", "broadcast"],
  ["240.0.0.0/4", "reserved"],
]);

/** RFC 4291, RFC 6890; what is neither global unicast nor unique local is reserved. */
const kinds6 = table([
  ["::/128", "unspecified"],
  ["::1/128", "loopback"],
  ["::ffff:0:0/96", "mapped"],
  ["::/96", "translated"],
  ["64:ff9b::/96", "translated"],
  ["64:ff9b:1::/48", "translated"],
  ["2001::/32", "translated"],
  ["2002::/16", "translated"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
  ["2000::/3", "unicast"],
  ["fc00::/7", "unicast"],
]);

const labSubnets = ["127.0.0.0/8", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "::1/128", "2001:db8::/32"].map(
  known,
);
