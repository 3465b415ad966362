/** The pure half of SNMP: which objects are read, and how the messages look that read them. */
import type { CredentialShape } from "../../domain/credentials.ts";
import type { Method } from "../../domain/driver.ts";
import type { Allowance, PortUp } from "../../domain/plan.ts";
import { frameTemplate, longest, openEndedTemplate, type FrameTemplate } from "../../domain/template.ts";
import { discovery, getRequest, sealedBeginnings } from "./messages.ts";

export interface SnmpAsk {
  readonly version: "v2c" | "v3";
  /** In this order, after those of the system group. */
  readonly ports: readonly PortUp[];
  /** Of the community or the user's name. */
  readonly nameBytes: number;
}

/** RFC 3418: time since the management started, what it is, its maker's words, its name. */
export const systemOids = {
  upTime: "1.3.6.1.2.1.1.3.0",
  objectId: "1.3.6.1.2.1.1.2.0",
  description: "1.3.6.1.2.1.1.1.0",
  name: "1.3.6.1.2.1.1.5.0",
} as const;
/** RFC 2863. */
const operStatus = "1.3.6.1.2.1.2.2.1.8";

export function oidsOf({ ports }: Pick<SnmpAsk, "ports">): readonly string[] {
  return [...Object.values(systemOids), ...ports.map(({ ifIndex }) => `${operStatus}.${ifIndex}`)];
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
  parse({ unitId, register, credentials, portsUp = [] }) {
    const problems = [
      ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: SNMP has no units`]),
      ...(register === undefined ? [] : ["register: found one, expected none: objects are read, no register"]),
      ...(versionOf(credentials) === undefined ? ["credentials: found none, expected those of kind snmp-v2c or snmp-v3"] : []),
    ];
    const version = versionOf(credentials);
    if (problems.length > 0 || version === undefined || credentials === undefined) return { problems };
    return { ask: Object.freeze({ version, ports: portsUp, nameBytes: credentials.nameBytes }) };
  },
  opening: ({ version }) => (version === "v3" ? once([discovered]) : nothing),
  asking: (ask) => once(ask.version === "v2c" ? [plain(ask)] : sealed(ask)),
  closing: () => nothing,
  describe: ({ version, ports }) => {
    const read = ["sysUpTime", "sysObjectID", "sysDescr", "sysName", ...ports.map(({ ifIndex }) => `ifOperStatus.${ifIndex}`)];
    return `SNMP${version} Get of ${read.join(", ")}${version === "v3" ? ", authenticated and encrypted, after engine discovery" : ""}`;
  },
};

export const snmpMethods: readonly Method<SnmpAsk>[] = [get];

function versionOf(credentials: CredentialShape | undefined): SnmpAsk["version"] | undefined {
  if (credentials?.kind === "snmp-v2c") return "v2c";
  return credentials?.kind === "snmp-v3" ? "v3" : undefined;
}

const discovered = frameTemplate("snmp-discover-engine", ...discovery());

/** Every byte is fixed but the community's and the request's number. */
function plain(ask: SnmpAsk): FrameTemplate {
  return frameTemplate("snmp-get", ...getRequest(ask.nameBytes, oidsOf(ask)));
}

/** Encrypted: how the message begins, and how long it may be. */
function sealed(ask: SnmpAsk): readonly FrameTemplate[] {
  return sealedBeginnings(ask.nameBytes, oidsOf(ask)).map(({ bytes, mask, lengthMax }) =>
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
