/** The pure half of SNMP: which objects are read, and how the messages look that read them. */
import type { CredentialShape } from "../../domain/credentials.ts";
import type { DeepRead } from "../../domain/deep-reads.ts";
import type { Method } from "../../domain/driver.ts";
import { hardwareAddressBytes } from "../../domain/hardware-address.ts";
import { deepQueryTableEntriesMax } from "../../domain/limits.ts";
import type { Allowance, PortUp } from "../../domain/plan.ts";
import { frameTemplate, longest, openEndedTemplate, type FrameTemplate } from "../../domain/template.ts";
import type { SnmpDeep } from "./deep-answers.ts";
import { discovery, plainRequest, sealedBeginnings, type Name } from "./messages.ts";
import { bridgePortsMax, bridgePortsOfOne, firstPorts, forwardingColumns, interfaceColumnNames, readingOf } from "./objects.ts";

export interface SnmpAsk {
  readonly version: "v2c" | "v3";
  /** In this order, after those of the system group. */
  readonly ports: readonly PortUp[];
  /** Of the community or the user's name. */
  readonly nameBytes: number;
  /** What a deep query reads; absent: what a heartbeat does. */
  readonly deep?: SnmpDeep;
}

const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });

const get: Method<SnmpAsk> = {
  id: "snmp-get",
  protocol: "snmp",
  transport: "udp",
  defaultPort: 161,
  credentialKinds: ["snmp-v2c", "snmp-v3"],
  // The agent runs on the switch's management processor, which forwards no frame.
  proves: "comms-module",
  parse({ unitId, register, credentials, portsUp = [], deep }) {
    const problems = [
      ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: SNMP has no units`]),
      ...(register === undefined ? [] : ["register: found one, expected none: objects are read, no register"]),
      ...(versionOf(credentials) === undefined ? ["credentials: found none, expected those of kind snmp-v2c or snmp-v3"] : []),
    ];
    const version = versionOf(credentials);
    if (problems.length > 0 || version === undefined || credentials === undefined) return { problems };
    return { ask: Object.freeze({ version, ports: portsUp, nameBytes: credentials.nameBytes, ...(deep && { deep: deepOf(deep) }) }) };
  },
  opening: ({ version }) => (version === "v3" ? once([discovered]) : nothing),
  asking: (ask) => once(ask.version === "v2c" ? plain(ask) : sealed(ask)),
  closing: () => nothing,
  describe: (ask) =>
    `SNMP${ask.version} ${readWords(ask)}${ask.version === "v3" ? ", authenticated and encrypted, after engine discovery" : ""}`,
};

export const snmpMethods: readonly Method<SnmpAsk>[] = [get];

function versionOf(credentials: CredentialShape | undefined): SnmpAsk["version"] | undefined {
  if (credentials?.kind === "snmp-v2c") return "v2c";
  return credentials?.kind === "snmp-v3" ? "v3" : undefined;
}

const discovered = frameTemplate("snmp-discover-engine", ...discovery());

/** What a question of a deep query reads; of several interfaces each is a question. */
function deepOf({ read, number = 1 }: DeepRead): SnmpDeep {
  if (read === "snmp-interfaces") return Object.freeze({ read, ifIndex: number });
  return Object.freeze({ read: read === "snmp-bridge-ports" || read === "snmp-bridge-table" ? read : "snmp-system" });
}

function readWords({ ports, deep }: SnmpAsk): string {
  switch (deep?.read) {
    case undefined:
      return `Get of ${["sysUpTime", "sysObjectID", "sysDescr", "sysName", ...ports.map(({ ifIndex }) => `ifOperStatus.${ifIndex}`)].join(", ")}`;
    case "snmp-system":
      return "Get of sysUpTime, sysObjectID, sysDescr, sysName, sysContact, sysLocation, sysServices";
    case "snmp-interfaces":
      return `Get of ${interfaceColumnNames.map((name) => `${name}.${deep.ifIndex}`).join(", ")}`;
    case "snmp-bridge-ports":
      return `Get of dot1dBaseBridgeAddress, dot1dBaseNumPorts, dot1dBasePortIfIndex.1 to ${bridgePortsOfOne}, and in further requests of as many ports each as the device says it has, ${bridgePortsMax} at most`;
    case "snmp-bridge-table":
      return `GetNext in the columns dot1dTpFdbPort and dot1dTpFdbStatus, one entry, and in further requests of the entry behind the one that came, at most ${deepQueryTableEntriesMax} in all`;
  }
}

/** Every form of what is asked, from the shortest to the longest. */
function formsOf(ask: SnmpAsk): readonly (readonly Name[])[] {
  if (ask.deep?.read === "snmp-bridge-ports") return firstPorts.map((first) => namesOf(readingOf(ask, first).oids));
  if (ask.deep?.read !== "snmp-bridge-table") return [namesOf(readingOf(ask).oids)];
  // Of the address behind which it goes on each byte takes one byte in the message, or two from 0x80 on.
  const behind = Array.from({ length: hardwareAddressBytes + 1 }, (_, wide) => hardwareAddressBytes + wide);
  return [0, ...behind].map((openBytes) => forwardingColumns.map((oid): Name => ({ oid, openBytes })));
}

function namesOf(oids: readonly string[]): readonly Name[] {
  return oids.map((oid): Name => ({ oid }));
}

/** Every byte is fixed but the community's, the request's number, and of a table the address behind which it goes on. */
function plain(ask: SnmpAsk): readonly FrameTemplate[] {
  const { request } = readingOf(ask);
  return formsOf(ask).map((names) => frameTemplate(`snmp-${request}`, ...plainRequest(ask.nameBytes, request, names)));
}

/** Encrypted: how the message begins, and how long it may be. The wire cannot see which request it is. */
function sealed(ask: SnmpAsk): readonly FrameTemplate[] {
  return sealedBeginnings(ask.nameBytes, readingOf(ask).request, formsOf(ask)).map(({ bytes, mask, lengthMax }) =>
    openEndedTemplate("snmp-get", bytes, mask, lengthMax),
  );
}

function once(templates: readonly FrameTemplate[]): Allowance {
  return Object.freeze({
    connectionsMax: 0,
    requestsMax: 1,
    bytesMax: Math.max(...templates.map(longest)),
    templates: Object.freeze([...templates]),
  });
}
