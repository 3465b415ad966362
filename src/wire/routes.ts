/** Which way the kernel would send a packet, read from its own tables: whether it would leave by the interface of the device's segment. */
import { contains, isAddress, kindOf, parseAddress, type Address, type Subnet } from "../domain/address.ts";
import type { Target } from "../domain/plan.ts";

/** One row of the kernel's main table. */
export interface Route {
  readonly interfaceName: string;
  readonly subnet: Subnet;
  /** `on-link`: to the device itself; `router`: to a gateway; `nowhere`: the kernel keeps or refuses it. */
  readonly leads: "on-link" | "router" | "nowhere";
  /** The lowest wins among rows of one prefix length. */
  readonly metric: number;
}

/** An address of this machine, on an interface that is up and has carrier. */
export interface OwnAddress {
  readonly interfaceName: string;
  readonly address: string;
  readonly internal: boolean;
}

/** What was seen at one moment. */
export interface Ways {
  readonly routes: readonly Route[];
  readonly own: readonly OwnAddress[];
}

/** A table that cannot be understood is no permission: the line says which row. */
export type Rows = readonly Route[] | { readonly problem: string };

export function isProblem<T extends object>(read: T | { readonly problem: string }): read is { readonly problem: string } {
  return "problem" in read;
}

// include/uapi/linux/route.h, ipv6_route.h
const flag = { gateway: 0x0002, reject: 0x0200, anycast: 0x0010_0000, local: 0x8000_0000 } as const;

/**
 * `/proc/net/route`. Columns: interface, destination, gateway, flags, two counters, metric, mask; addresses in hexadecimal, the byte order
 * reversed (little-endian machines, which are all that this product is made for). Interface `*` has no way out at all.
 */
export function routesV4(table: string): Rows {
  return rows(table.split("\n").slice(1), (line) => {
    const [interfaceName = "", destination = "", gateway = "", flags = "", , , metric = "", mask = ""] = line.split(/\s+/u);
    if (![destination, gateway, mask].every((word) => /^[0-9A-F]{8}$/u.test(word))) return undefined;
    if (!/^[0-9A-F]{4,8}$/u.test(flags) || !/^\d+$/u.test(metric)) return undefined;
    const prefix = /^(1*)0*$/u.exec(reversed(mask).toString(2).padStart(32, "0"))?.[1]?.length;
    const address = parseAddress(octets(reversed(destination)).join("."));
    if (prefix === undefined || !isAddress(address)) return undefined;
    const bits = Number.parseInt(flags, 16);
    const isNowhere = interfaceName === "*" || (bits & flag.reject) !== 0;
    const isRouter = gateway !== "00000000" || (bits & flag.gateway) !== 0;
    return { interfaceName, subnet: { address, prefix }, leads: leadsBy(isNowhere, isRouter), metric: Number(metric) };
  });
}

/**
 * `/proc/net/ipv6_route`. Columns: destination, prefix length, source, its prefix length, next hop, metric, two counters, flags, interface;
 * all hexadecimal. Unlike the table of IPv4 it shows the machine's own addresses too.
 */
export function routesV6(table: string): Rows {
  return rows(table.split("\n"), (line) => {
    const [destination = "", length = "", , , hop = "", metric = "", , , flags = "", interfaceName = ""] = line.split(/\s+/u);
    if (![destination, hop].every((word) => /^[0-9a-f]{32}$/u.test(word)) || !/^[0-9a-f]{2}$/u.test(length)) return undefined;
    if (![metric, flags].every((word) => /^[0-9a-f]{8}$/u.test(word)) || interfaceName === "") return undefined;
    const address = parseAddress(destination.match(/.{4}/gu)?.join(":") ?? "");
    const prefix = Number.parseInt(length, 16);
    if (!isAddress(address) || prefix > 128) return undefined;
    const bits = Number.parseInt(flags, 16);
    const isNowhere = [flag.reject, flag.anycast, flag.local].some((bit) => (bits & bit) !== 0);
    const isRouter = !/^0{32}$/u.test(hop) || (bits & flag.gateway) !== 0;
    return { interfaceName, subnet: { address, prefix }, leads: leadsBy(isNowhere, isRouter), metric: Number.parseInt(metric, 16) };
  });
}

/**
 * Why a packet to the target would not leave by the interface of its segment, in one line; undefined when it would.
 *
 * `localAddress` binds the source address only: Linux chooses the interface by the destination. So the longest match must be on-link, on an
 * interface that is up and holds `localAddress`; of several equal rows each must be, because which one wins the table does not say.
 * Policy routing (`ip rule`, further tables, marks, VRFs, several next hops of one route) is not in these tables and not looked at.
 */
export function obstacle({ routes, own }: Ways, { address, localAddress }: Pick<Target, "address" | "localAddress">): string | undefined {
  const to = parseAddress(address);
  if (!isAddress(to)) return `${address} is no address`;
  const holders = localAddress === undefined ? own : own.filter((one) => sameAddress(one.address, localAddress));
  if (kindOf(to) === "loopback") return loopbackObstacle(own, localAddress);
  if (holders.length === 0) return `no interface that is up holds ${localAddress ?? "an address"}`;
  if (own.some((one) => sameAddress(one.address, address))) return `${address} is this machine's own address`;
  const best = bestOf(routes.filter(({ subnet }) => contains(subnet, to)));
  if (best.length === 0) return `there is no route to ${address}`;
  for (const { interfaceName, leads } of best) {
    if (leads === "nowhere") return `the route to ${address} lets nothing out`;
    if (leads === "router") return `packets to ${address} would go through a router, by ${interfaceName}`;
    if (!holders.some((one) => one.interfaceName === interfaceName)) return elsewhere(address, interfaceName, holders, localAddress);
  }
  return undefined;
}

/** Interfaces by which packets to the address would leave, for those who do not dial by a segment. `onLink`: only where no router stands between. */
export function leavesBy({ routes }: Ways, address: string, onLink: boolean): readonly string[] {
  const to = parseAddress(address);
  if (!isAddress(to)) return [];
  const matching = routes.filter(({ subnet, leads }) => contains(subnet, to) && leads !== "nowhere");
  const best = matching.length === 0 ? [] : bestOf(matching).filter(({ leads }) => !onLink || leads === "on-link");
  return [...new Set(best.map(({ interfaceName }) => interfaceName))];
}

/** Interfaces that are up and hold the address. */
export function holding({ own }: Ways, address: string): readonly string[] {
  return own.filter((one) => sameAddress(one.address, address)).map(({ interfaceName }) => interfaceName);
}

function elsewhere(address: string, by: string, holders: readonly OwnAddress[], localAddress: string | undefined): string {
  if (localAddress === undefined) return `packets to ${address} would leave by ${by}, which is down or has no address`;
  const names = [...new Set(holders.map(({ interfaceName }) => interfaceName))].join(", ");
  return `packets to ${address} would leave by ${by}, not by ${names}, which holds ${localAddress}`;
}

/** The whole of 127.0.0.0/8 is reached by lo, and held by it. */
function loopbackObstacle(own: readonly OwnAddress[], localAddress: string | undefined): string | undefined {
  if (localAddress !== undefined && !isLoopback(localAddress)) return `${localAddress} is no loopback address`;
  return own.some(({ internal }) => internal) ? undefined : "the loopback interface is down";
}

function isLoopback(text: string): boolean {
  const address = parseAddress(text);
  return isAddress(address) && kindOf(address) === "loopback";
}

/** The longest prefix, then the lowest metric; all that are equal in both. */
function bestOf(matching: readonly Route[]): readonly Route[] {
  const length = Math.max(...matching.map(({ subnet }) => subnet.prefix));
  const longest = matching.filter(({ subnet }) => subnet.prefix === length);
  const metric = Math.min(...longest.map((route) => route.metric));
  return longest.filter((route) => route.metric === metric);
}

function rows(lines: readonly string[], parse: (line: string) => Route | undefined): Rows {
  const routes: Route[] = [];
  for (const line of lines.map((each) => each.trim()).filter((each) => each !== "")) {
    const route = parse(line);
    if (!route) return { problem: `a row of the routing table cannot be read: ${line.slice(0, 160)}` };
    routes.push(route);
  }
  return routes;
}

function leadsBy(isNowhere: boolean, isRouter: boolean): Route["leads"] {
  if (isNowhere) return "nowhere";
  return isRouter ? "router" : "on-link";
}

/** Addresses are compared as values: one IPv6 address has many spellings. */
function sameAddress(a: string, b: string): boolean {
  const [one, other]: readonly (Address | string)[] = [parseAddress(a), parseAddress(b)];
  return typeof one === "object" && typeof other === "object" && one.family === other.family && one.bits === other.bits;
}

function reversed(hex: string): number {
  return Number.parseInt(hex.match(/../gu)?.toReversed().join("") ?? "", 16);
}

function octets(bits: number): readonly number[] {
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff);
}
