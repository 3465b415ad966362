/** Which objects are read: of a heartbeat, and of each question of a deep query. */
import { hardwareAddressOf } from "../../domain/hardware-address.ts";
import { deepQueryInterfacesMax } from "../../domain/limits.ts";
import type { SnmpAsk } from "./methods.ts";

/** RFC 3418: time since the management started, what it is, its maker's words, its name. */
export const systemOids = {
  upTime: "1.3.6.1.2.1.1.3.0",
  objectId: "1.3.6.1.2.1.1.2.0",
  description: "1.3.6.1.2.1.1.1.0",
  name: "1.3.6.1.2.1.1.5.0",
} as const;
/** The rest of the group. */
export const furtherSystemOids = {
  contact: "1.3.6.1.2.1.1.4.0",
  location: "1.3.6.1.2.1.1.6.0",
  services: "1.3.6.1.2.1.1.7.0",
} as const;
/** RFC 2863. */
const interfaceTable = "1.3.6.1.2.1.2.2.1";
const operStatus = `${interfaceTable}.8`;

/** Columns of the table of interfaces, by their names. */
export const interfaceColumns = {
  ifDescr: 2,
  ifType: 3,
  ifSpeed: 5,
  ifPhysAddress: 6,
  ifAdminStatus: 7,
  ifOperStatus: 8,
  ifLastChange: 9,
  ifInErrors: 14,
  ifOutErrors: 20,
} as const;
export type InterfaceColumn = keyof typeof interfaceColumns;
export const interfaceColumnNames = Object.keys(interfaceColumns) as readonly InterfaceColumn[];

/** RFC 4188: the bridge itself, and which interface each of its ports is. */
export const bridgeOids = { address: "1.3.6.1.2.1.17.1.1.0", ports: "1.3.6.1.2.1.17.1.2.0" } as const;
const portInterface = "1.3.6.1.2.1.17.1.4.1.2";
/** So many ports in one request: it and its answer stay below 484 bytes, which every agent takes (RFC 3417, 3.2.1). */
export const bridgePortsOfOne = 16;
export const bridgePortsMax: number = deepQueryInterfacesMax;

/** RFC 4188, dot1dTpFdbTable: behind which port an address was seen last, and how that is known. Sorted by the address, which is the index. */
export const forwardingColumns: readonly [port: string, status: string] = ["1.3.6.1.2.1.17.4.3.1.2", "1.3.6.1.2.1.17.4.3.1.3"];

/** What one request reads. `get-next`: of each column the entry after the one named, in one request for one entry. */
export interface Reading {
  readonly request: "get" | "get-next";
  readonly oids: readonly string[];
}

/** @param from where a divided answer goes on: the first port of a bridge, or the address after which its table goes on; undefined: at its beginning */
export function readingOf({ ports, deep }: Pick<SnmpAsk, "ports" | "deep">, from?: number): Reading {
  switch (deep?.read) {
    case undefined:
      return get(...Object.values(systemOids), ...ports.map(({ ifIndex }) => `${operStatus}.${ifIndex}`));
    case "snmp-system":
      return get(...Object.values(systemOids), ...Object.values(furtherSystemOids));
    case "snmp-interfaces":
      return get(...Object.values(interfaceColumns).map((column) => `${interfaceTable}.${column}.${deep.ifIndex}`));
    case "snmp-bridge-ports":
      return get(...Object.values(bridgeOids), ...portsFrom(from ?? 1).map((port) => `${portInterface}.${port}`));
    case "snmp-bridge-table": {
      const behind = from === undefined ? "" : `.${hardwareAddressOf(from).join(".")}`;
      return { request: "get-next", oids: forwardingColumns.map((column) => `${column}${behind}`) };
    }
  }
}

/** The numbers of the ports that one request asks about. */
export function portsFrom(first: number): readonly number[] {
  return Array.from({ length: Math.max(0, Math.min(bridgePortsOfOne, bridgePortsMax - first + 1)) }, (_, at) => first + at);
}

/** The first port of each request that may come. */
export const firstPorts: readonly number[] = Array.from(
  { length: Math.ceil(bridgePortsMax / bridgePortsOfOne) },
  (_, at) => 1 + at * bridgePortsOfOne,
);

function get(...oids: readonly string[]): Reading {
  return { request: "get", oids };
}
