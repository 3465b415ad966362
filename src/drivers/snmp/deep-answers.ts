/** What the objects of a managed device say to a deep query: its system group, one of its interfaces, the ports of a bridge, one entry of its table. */
import type { DeepReadId } from "../../domain/deep-reads.ts";
import { hardwareAddressBytes, hardwareAddressNumber, hardwareAddressWords } from "../../domain/hardware-address.ts";
import type { Answer, Identity, SaidFact } from "../../domain/outcome.ts";
import { identityOf } from "./identity.ts";
import {
  bridgeOids,
  bridgePortsMax,
  forwardingColumns,
  furtherSystemOids,
  interfaceColumnNames,
  portsFrom,
  readingOf,
  systemOids,
  type InterfaceColumn,
} from "./objects.ts";
import {
  bytesIn,
  countIn,
  found,
  integerIn,
  isAbsent,
  objectIdIn,
  portStates,
  textIn,
  ticksIn,
  upWords,
  wrong,
  type Variable,
} from "./values.ts";

/** What a deep query reads by SNMP. */
export type SnmpDeep =
  | { readonly read: Extract<DeepReadId, "snmp-system" | "snmp-bridge-ports" | "snmp-bridge-table"> }
  | { readonly read: Extract<DeepReadId, "snmp-interfaces">; readonly ifIndex: number };

/** @param from where a divided answer went on @throws MalformedReply when the objects are not those that were asked for, or of other types */
export function deepAnswer(deep: SnmpDeep, variables: readonly Variable[], from?: number): Answer {
  switch (deep.read) {
    case "snmp-system":
      return systemAnswer(variables);
    case "snmp-interfaces":
      return interfaceAnswer(deep.ifIndex, variables);
    case "snmp-bridge-ports":
      return bridgePortsAnswer(variables, from ?? 1);
    case "snmp-bridge-table":
      return tableAnswer(variables, from);
  }
}

type Of = ReturnType<typeof found>;
/** A fact, where there is anything to tell. */
const fact = (name: string, value: string | undefined): readonly SaidFact[] =>
  value === undefined ? [] : [[name, value === "" ? "empty" : value]];
const andThen = <From, To>(value: From | undefined, to: (value: From) => To): To | undefined =>
  value === undefined ? undefined : to(value);

function systemAnswer(variables: readonly Variable[]): Answer {
  const of = found(readingOf({ ports: [], deep: { read: "snmp-system" } }).oids, variables);
  const [description, objectId, upHundredths] = [
    textIn(of(systemOids.description)),
    objectIdIn(of(systemOids.objectId)),
    ticksIn(of(systemOids.upTime)),
  ];
  const facts = [
    ...fact("sysDescr", description),
    ...fact("sysObjectID", objectId),
    ...fact("sysUpTime", andThen(upHundredths, upWords)),
    ...fact("sysContact", textIn(of(furtherSystemOids.contact))),
    ...fact("sysName", textIn(of(systemOids.name))),
    ...fact("sysLocation", textIn(of(furtherSystemOids.location))),
    ...fact("sysServices", andThen(integerIn(of(furtherSystemOids.services)), layersWords)),
  ];
  const identity = identityOf(description, objectId);
  return {
    said: "alive",
    facts,
    ...(Object.keys(identity).length > 0 && { identity }),
    ...(upHundredths !== undefined && { upHundredths }),
    ...(facts.length === 0 && { note: "it has no system group" }),
  };
}

/** RFC 3418: of each layer L that it serves, 2 to the power of L - 1. */
function layersWords(services: number): string {
  const layers = [1, 2, 3, 4, 5, 6, 7].filter((layer) => (services & (1 << (layer - 1))) !== 0);
  return `${services}${layers.length === 0 ? "" : ` (${layers.length === 1 ? "layer" : "layers"} ${layers.join(", ")})`}`;
}

function interfaceAnswer(ifIndex: number, variables: readonly Variable[]): Answer {
  const { oids } = readingOf({ ports: [], deep: { read: "snmp-interfaces", ifIndex } });
  const of = found(oids, variables);
  const facts = interfaceColumnNames.flatMap((name, at) => fact(name, columnWords[name](of(oids[at]!))));
  if (facts.length === 0) return { said: "alive", facts, note: `it has no interface ${ifIndex}` };
  return { said: "alive", facts, ...withAddress(bytesIn(of(oids[interfaceColumnNames.indexOf("ifPhysAddress")]!))) };
}

/** IANA, ifType: those that are met in plants. */
const interfaceTypes: ReadonlyMap<number, string> = new Map([
  [1, "other"],
  [6, "ethernetCsmacd"],
  [22, "propPointToPointSerial"],
  [23, "ppp"],
  [24, "softwareLoopback"],
  [53, "propVirtual"],
  [131, "tunnel"],
  [135, "l2vlan"],
  [136, "l3ipvlan"],
  [161, "ieee8023adLag"],
  [209, "bridge"],
]);
const adminStates: ReadonlyMap<number, string> = new Map([
  [1, "up"],
  [2, "down"],
  [3, "testing"],
]);
const known = (value: number, names: ReadonlyMap<number | undefined, string>): string =>
  `${value}${names.has(value) ? ` (${names.get(value)!})` : ""}`;

const columnWords: Readonly<Record<InterfaceColumn, (variable: Variable | undefined) => string | undefined>> = {
  ifDescr: textIn,
  ifType: (one) => andThen(integerIn(one), (type) => known(type, interfaceTypes)),
  ifSpeed: (one) => andThen(countIn(one), (speed) => `${speed} bit/s${speed === 2 ** 32 - 1 ? " or more" : ""}`),
  ifPhysAddress: (one) => andThen(bytesIn(one), addressWords),
  ifAdminStatus: (one) => andThen(integerIn(one), (state) => known(state, adminStates)),
  ifOperStatus: (one) => andThen(integerIn(one), (state) => known(state, portStates)),
  ifLastChange: (one) => andThen(ticksIn(one), (at) => `${upWords(at)} after its management started`),
  ifInErrors: (one) => andThen(countIn(one), String),
  ifOutErrors: (one) => andThen(countIn(one), String),
};

/** The longest of a link is InfiniBand's. */
const addressBytesMax = 20;

function addressWords(bytes: readonly number[]): string {
  return `${hardwareAddressWords(bytes.slice(0, addressBytesMax))}${bytes.length > addressBytesMax ? "…" : ""}`;
}

/** Of an interface without one, and of a loopback, it names nobody. */
function withAddress(bytes: readonly number[] | undefined): { readonly identity?: Identity } {
  if (bytes?.length !== hardwareAddressBytes || bytes.every((byte) => byte === 0)) return {};
  return { identity: { hardwareAddress: hardwareAddressWords(bytes) } };
}

function bridgePortsAnswer(variables: readonly Variable[], first: number): Answer {
  const { oids } = readingOf({ ports: [], deep: { read: "snmp-bridge-ports" } }, first);
  const of = found(oids, variables);
  const [address, count] = [bytesIn(of(bridgeOids.address)), integerIn(of(bridgeOids.ports)) ?? 0];
  const ports = portsFrom(first);
  const facts = [
    ...(first === 1
      ? [
          ...fact("dot1dBaseBridgeAddress", andThen(address, addressWords)),
          ...fact("dot1dBaseNumPorts", andThen(integerIn(of(bridgeOids.ports)), String)),
        ]
      : []),
    ...ports.flatMap((port) =>
      fact(
        `bridge port ${port}`,
        andThen(interfaceOf(of, oids, port, first), (ifIndex) => `interface ${ifIndex}`),
      ),
    ),
  ];
  if (facts.length === 0 && first === 1) return { said: "alive", facts, note: "it says nothing of a bridge (BRIDGE-MIB)" };
  const next = first + ports.length;
  const left = count > bridgePortsMax ? { note: `it has ${count} ports, of which ${bridgePortsMax} are asked about` } : {};
  return {
    said: "alive",
    facts,
    ...withAddress(address),
    ...left,
    ...(next <= Math.min(count, bridgePortsMax) && { more: true, next }),
  };
}

function interfaceOf(of: Of, oids: readonly string[], port: number, first: number): number | undefined {
  return integerIn(of(oids[Object.keys(bridgeOids).length + port - first]!));
}

/** RFC 4188, dot1dTpFdbStatus. */
const entryStates: ReadonlyMap<number | undefined, string> = new Map([
  [1, "other"],
  [2, "invalid"],
  [3, "learned"],
  [4, "its own"],
  [5, "entered by hand"],
]);

/** One entry; whatever lies beyond the column is the end of the table. */
function tableAnswer([port, status, ...others]: readonly Variable[], from: number | undefined): Answer {
  if (port === undefined || status === undefined || others.length > 0) throw wrong("other than the two objects that were asked for");
  const index = indexIn(port, forwardingColumns[0]);
  if (index === undefined)
    return {
      said: "alive",
      facts: [],
      ...(from === undefined && { note: "its table of addresses is empty, or it has none (BRIDGE-MIB)" }),
    };
  const next = hardwareAddressNumber(index);
  if (from !== undefined && next <= from) throw wrong("a table that goes on with what lies behind");
  const learnt = andThen(integerIn(port), (number) => (number === 0 ? "port not known" : `port ${number}`))!;
  // A row that came or went between the two columns has another index: nothing is known of it then.
  const state = indexIn(status, forwardingColumns[1])?.join(".") === index.join(".") ? entryStates.get(integerIn(status)) : undefined;
  return {
    said: "alive",
    facts: [[hardwareAddressWords(index), [learnt, ...(state === undefined ? [] : [state])].join(", ")]],
    more: true,
    next,
  };
}

/** The address by which the entry is sorted; undefined beyond the column. @throws MalformedReply where it is none */
function indexIn(variable: Variable, column: string): readonly number[] | undefined {
  if (isAbsent(variable) || !variable.oid.startsWith(`${column}.`)) return undefined;
  const parts = variable.oid.slice(column.length + 1).split(".");
  if (parts.length !== hardwareAddressBytes || parts.some((part) => !/^\d{1,3}$/u.test(part) || Number(part) > 255))
    throw wrong("an entry of the table under no hardware address");
  return parts.map(Number);
}
