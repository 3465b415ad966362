/** What else this machine says on an interface towards devices, by itself: the poller cannot hold it back, a person can. Read from /proc; nothing is sent. */
import { readFileSync } from "node:fs";
import { contains, isAddress, parseAddress, parseSubnet } from "../../domain/address.ts";
import type { Plan } from "../../domain/plan.ts";
import { notChecked, passed, warned, type SelfTestItem } from "../../domain/self-test.ts";
import { isFileError } from "../../store/durable-file.ts";

/** Names of interfaces with their own addresses. */
export type Interfaces = ReadonlyMap<string, readonly string[]>;
/** Content of a file of /proc; undefined where there is none. */
export type ReadProc = (path: string) => string | undefined;

interface Talker {
  readonly what: string;
  readonly toDo: string;
}

/** UDP services that speak to a whole segment, by their port. */
const byPort: ReadonlyMap<number, Talker> = new Map([
  [68, { what: "a DHCP client", toDo: "give the interface a fixed address and no DHCP" }],
  [67, { what: "a DHCP server", toDo: "let it serve another interface only" }],
  [137, { what: "NetBIOS name service", toDo: "stop nmbd, or bind it to another interface" }],
  [138, { what: "NetBIOS datagram service", toDo: "stop nmbd, or bind it to another interface" }],
  [1900, { what: "SSDP (UPnP)", toDo: "stop the service that `ss -ulpn` names" }],
  [3702, { what: "WS-Discovery", toDo: "stop the service that `ss -ulpn` names" }],
  [5353, { what: "mDNS", toDo: "stop avahi-daemon, or systemd-resolved with MulticastDNS=no" }],
  [5355, { what: "LLMNR", toDo: "systemd-resolved with LLMNR=no" }],
]);
/** Groups in /proc/net/igmp as it writes them: the address's bytes reversed. 224.0.0.1 is everybody's and is never reported. */
const everybody = "010000E0";
const groups: ReadonlyMap<string, string> = new Map([
  ["FB0000E0", "mDNS (224.0.0.251)"],
  ["FC0000E0", "LLMNR (224.0.0.252)"],
  ["FAFFFFEF", "SSDP (239.255.255.250)"],
  ["010100E0", "NTP (224.0.1.1)"],
]);

export function talkers(plan: Pick<Plan, "segments">, interfaces: Interfaces, read: ReadProc): readonly SelfTestItem[] {
  const towards = facing(plan, interfaces);
  if (towards.size === 0) return [notChecked("host", "no interface of this machine has an address in a segment")];
  return [...towards].flatMap(([name, addresses]) => {
    if (name === "lo") return [passed("host lo", "the loopback interface reaches nobody")];
    const found = [...sockets(addresses, read), ...joined(name, read), ...ipv6(name, read)];
    if (found.length === 0) return [passed(`host ${name}`, "nothing was found that speaks by itself there")];
    return found.map(({ what, toDo }) => warned(`host ${name}`, what, toDo));
  });
}

export function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (!isFileError(error)) throw error;
    return undefined;
  }
}

function facing({ segments }: Pick<Plan, "segments">, interfaces: Interfaces): Interfaces {
  const subnets = Array.from(segments.values(), ({ subnet }) => parseSubnet(subnet)).filter((subnet) => subnet !== undefined);
  const isOurs = (text: string): boolean => {
    const address = parseAddress(text);
    return isAddress(address) && subnets.some((subnet) => contains(subnet, address));
  };
  return new Map([...interfaces].filter(([, addresses]) => addresses.some(isOurs)));
}

/** Column 2 of /proc/net/udp: `00000000:14E9`, the address's bytes reversed. Those bound to another interface's address do not speak here. */
function sockets(addresses: readonly string[], read: ReadProc): readonly Talker[] {
  const own = new Set(["00000000", ...addresses.map(reversedHex)]);
  const v4 = (read("/proc/net/udp") ?? "").split("\n").map((line) => line.trim().split(/\s+/u)[1]?.split(":") ?? []);
  const v6 = (read("/proc/net/udp6") ?? "").split("\n").map((line) => line.trim().split(/\s+/u)[1]?.split(":") ?? []);
  const open = [...v4.filter(([address]) => own.has(address ?? "")), ...v6.filter(([address]) => /^0{32}$/u.test(address ?? ""))];
  const ports = new Set(open.map(([, port]) => Number.parseInt(port ?? "", 16)));
  return [...byPort].flatMap(([port, { what, toDo }]) => (ports.has(port) ? [{ what: `${what} is open on UDP port ${port}`, toDo }] : []));
}

/** A group that was joined is reported to the segment (IGMP). A block begins with the interface's line; its groups are indented. */
function joined(name: string, read: ReadProc): readonly Talker[] {
  const found: string[] = [];
  let here = false;
  for (const line of (read("/proc/net/igmp") ?? "").split("\n")) {
    const block = /^\d+\s+(\S+)/u.exec(line);
    if (block) here = block[1] === name;
    const group = /^\s+([0-9A-F]{8})\s/u.exec(line)?.[1];
    if (here && !block && group !== undefined && group !== everybody) found.push(groups.get(group) ?? `group ${dotted(group)}`);
  }
  if (found.length === 0) return [];
  return [
    { what: `multicast groups are joined, and reported to the segment: ${found.join(", ")}`, toDo: "end the services that joined them" },
  ];
}

function ipv6(name: string, read: ReadProc): readonly Talker[] {
  const setting = (key: string): string | undefined => read(`/proc/sys/net/ipv6/conf/${name}/${key}`)?.trim();
  // Without IPv6 in the kernel there is no such file.
  if ((setting("disable_ipv6") ?? "1") === "1") return [];
  const solicits = setting("accept_ra") !== "0" && setting("router_solicitations") !== "0";
  const says = ["neighbour discovery", "multicast reports", ...(solicits ? ["router solicitations"] : [])];
  return [
    { what: `IPv6 is on: ${says.join(", ")}`, toDo: `sysctl -w net.ipv6.conf.${name}.disable_ipv6=1, unless devices are asked over IPv6` },
  ];
}

function reversedHex(address: string): string {
  const parts = address.split(".").map((part) => Number(part).toString(16).padStart(2, "0").toUpperCase());
  return parts.toReversed().join("");
}

function dotted(reversed: string): string {
  return [6, 4, 2, 0].map((at) => Number.parseInt(reversed.slice(at, at + 2), 16)).join(".");
}
