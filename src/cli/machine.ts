/** What this computer says of itself: addresses that are never a device's, and how its kernel repeats packets. */
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { isAddress, parseAddress } from "../domain/address.ts";
import { usualSysctls, type Sysctls } from "../config/compile/worst-case.ts";

export interface Machine {
  readonly ownAddresses: readonly string[];
  /** Addresses by the interface that has them. */
  readonly interfaces: ReadonlyMap<string, readonly string[]>;
  readonly defaultGateways: readonly string[];
  readonly sysctls: Sysctls;
}

/** Reads Linux's own files; what cannot be read is taken as Linux has it where nobody set anything. */
export function machine(): Machine {
  const interfaces = new Map(Object.entries(networkInterfaces()).map(([name, list]) => [name, (list ?? []).map(({ address }) => address)]));
  return {
    ownAddresses: [...interfaces.values()].flat(),
    interfaces,
    defaultGateways: [...gatewaysV4(contentOf("/proc/net/route")), ...gatewaysV6(contentOf("/proc/net/ipv6_route"))],
    sysctls: {
      tcp_retries2: sysctl("tcp_retries2"),
      tcp_syn_retries: sysctl("tcp_syn_retries"),
      tcp_orphan_retries: sysctl("tcp_orphan_retries"),
    },
  };
}

/** Columns: interface, destination, gateway; addresses in hexadecimal, the byte order reversed. `0100A8C0` is 192.168.0.1. */
export function gatewaysV4(table: string): readonly string[] {
  return table.split("\n").flatMap((line) => {
    const [, destination, gateway] = line.split(/\s+/u);
    if (destination !== "00000000" || gateway === undefined || !/^[0-9A-F]{8}$/u.test(gateway) || gateway === "00000000") return [];
    return [[6, 4, 2, 0].map((at) => Number.parseInt(gateway.slice(at, at + 2), 16)).join(".")];
  });
}

/** Columns: destination, prefix length, source, its prefix length, next hop; 32 hexadecimal digits each, in order. */
export function gatewaysV6(table: string): readonly string[] {
  return table.split("\n").flatMap((line) => {
    const [destination, prefix, , , hop] = line.split(/\s+/u);
    if (destination === undefined || !/^0{32}$/u.test(destination) || prefix !== "00" || hop === undefined || /^0{32}$/u.test(hop))
      return [];
    const address = parseAddress(hop.match(/.{4}/gu)?.join(":") ?? "");
    return isAddress(address) ? [address.text] : [];
  });
}

function sysctl(name: keyof Sysctls): number {
  const value = Number.parseInt(contentOf(`/proc/sys/net/ipv4/${name}`), 10);
  return Number.isNaN(value) ? usualSysctls[name] : value;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "syscall" in error) return "";
    throw error;
  }
}
