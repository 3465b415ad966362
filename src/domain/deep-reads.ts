/** The closed list of what a deep query may read beyond the heartbeat, each read beside the method whose rules hold for it. */
import { hardwareAddressOf, hardwareAddressWords } from "./hardware-address.ts";
import { deepQueryTableEntriesMax } from "./limits.ts";
import type { MethodId } from "./operations.ts";

export const deepReadIds = [
  "modbus-identification-regular",
  "modbus-identification-extended",
  "modbus-server-id",
  "enip-identity",
  "enip-slots",
  "s7-module",
  "s7-components",
  "s7-protection",
  "snmp-system",
  "snmp-interfaces",
  "snmp-bridge-ports",
  "snmp-bridge-table",
  "opcua-endpoints",
  "opcua-server",
] as const;
export type DeepReadId = (typeof deepReadIds)[number];

export interface DeepReadFacts {
  /** What the profile, its advisories and the watchdog say of this method holds for the read too. */
  readonly method: MethodId;
  /** In words for a person. */
  readonly words: string;
  /** Each is asked by itself: a site file names the slots, and says how many interfaces there are. Absent: there is one. */
  readonly counts?: "slots" | "interfaces";
  /** Heartbeats by these methods keep a session, in which it is asked where one stands: no second one is opened. Absent: it is asked by itself. */
  readonly within?: readonly MethodId[];
  /** Takes a session, so it stands beside such a heartbeat alone: a device gives no more sessions than its heartbeat has. */
  readonly takesSession?: true;
  /** A divided answer is followed for so many parts; absent: for `deepQueryPartsMax`. */
  readonly partsMax?: number;
  /** A divided answer goes on behind a hardware address, as a number; absent: by a number as it is. */
  readonly goesOnBehind?: "hardware address";
}

/** Heartbeats that keep a session of OPC UA. */
const opcuaSessions: readonly MethodId[] = ["opcua-keepalive", "opcua-read"];

export const deepReads: Readonly<Record<DeepReadId, DeepReadFacts>> = {
  "modbus-identification-regular": { method: "modbus-fc43", words: "Modbus FC 43/14 device identification, regular objects" },
  "modbus-identification-extended": { method: "modbus-fc43", words: "Modbus FC 43/14 device identification, extended objects" },
  "modbus-server-id": { method: "modbus-fc17", words: "Modbus FC 17 report server id" },
  "enip-identity": { method: "enip-identity-object", words: "EtherNet/IP Identity object" },
  "enip-slots": {
    method: "enip-identity-object",
    words: "EtherNet/IP Identity object of a module in the backplane",
    counts: "slots",
  },
  "s7-module": { method: "s7-cpu-status", words: "S7 module identification, SZL 0x0011" },
  "s7-components": { method: "s7-cpu-status", words: "S7 component identification, SZL 0x001C, or 0x011C one by one" },
  "s7-protection": { method: "s7-cpu-status", words: "S7 protection level, SZL 0x0232 index 4" },
  "snmp-system": { method: "snmp-get", words: "SNMP system group" },
  "snmp-interfaces": {
    method: "snmp-get",
    words: "SNMP description, type, speed, address, state and errors of an interface",
    counts: "interfaces",
  },
  "snmp-bridge-ports": { method: "snmp-get", words: "SNMP address of a bridge, and the interface of each of its ports" },
  "snmp-bridge-table": {
    method: "snmp-get",
    words: "SNMP table of a bridge: which hardware addresses are behind which port",
    partsMax: deepQueryTableEntriesMax,
    goesOnBehind: "hardware address",
  },
  "opcua-endpoints": { method: "opcua-get-endpoints", words: "OPC UA GetEndpoints", within: opcuaSessions },
  "opcua-server": {
    method: "opcua-read",
    words: "OPC UA Read of BuildInfo, ServerCapabilities and NamespaceArray",
    within: opcuaSessions,
    takesSession: true,
  },
};

/** One read as it is asked: where there are several, the number of this one. */
export interface DeepRead {
  readonly read: DeepReadId;
  /** Of a slot, counted from 0, or of an interface, from 1. */
  readonly number?: number;
  /** Of a list of nodes, how many at most are asked for; absent: all. */
  readonly nodesMax?: number;
}

/** `enip-slots slot 3`, `snmp-system`: the same in approvals, plans and records. */
export function deepReadName({ read, number }: DeepRead): string {
  if (number === undefined) return read;
  return `${read} ${deepReads[read].counts === "slots" ? "slot" : "interface"} ${number}`;
}

/** @param read as `deepReadName` has it: `from 3`, `behind 00:80:f4:0a:0b:0c`. */
export function goesOnWords(read: string, from: number): string {
  const facts = (deepReads as Readonly<Record<string, DeepReadFacts>>)[read];
  return facts?.goesOnBehind === undefined ? `from ${from}` : `behind ${hardwareAddressWords(hardwareAddressOf(from))}`;
}
