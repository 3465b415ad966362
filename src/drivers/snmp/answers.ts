/** What the objects of a managed device say about it: who it is, since when it runs, and which of its ports are not up. */
import { Buffer } from "node:buffer";
import { MalformedReply } from "../../domain/driver.ts";
import { formatDuration } from "../../domain/duration.ts";
import type { Answer, Identity } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import { milliseconds } from "../../domain/units.ts";
import { oidsOf, systemOids, type SnmpAsk } from "./methods.ts";

/** One object as it came; the type is the ASN.1 tag. */
export interface Variable {
  readonly oid: string;
  readonly type?: number;
  readonly value?: unknown;
}

const types = { integer: 0x02, octets: 0x04, oid: 0x06, timeTicks: 0x43 } as const;
/** noSuchObject, noSuchInstance, endOfMibView (RFC 3416, 3). */
const absent: ReadonlySet<number> = new Set([0x80, 0x81, 0x82]);

const textCharactersMax = 255;
const ticksMost = 2 ** 32 - 1;

/**
 * Alive; degraded where a port is not up that is expected to be, or where it does not tell its own time.
 * @throws MalformedReply when the objects are not those that were asked for, or of other types
 */
export function answerFrom(ask: SnmpAsk, variables: readonly Variable[]): Answer {
  const oids = oidsOf(ask);
  if (variables.length !== oids.length || variables.some(({ oid }, at) => oid !== oids[at]))
    throw new MalformedReply("SNMP: the objects that came are not those that were asked for");
  const found = new Map(variables.map((one) => [one.oid, one]));
  const of = (oid: string): Variable | undefined => {
    const variable = found.get(oid);
    return variable?.type !== undefined && absent.has(variable.type) ? undefined : variable;
  };
  const upHundredths = ticksOf(of(systemOids.upTime));
  const identity = identityOf(textOf(of(systemOids.description)), objectIdOf(of(systemOids.objectId)));
  const name = textOf(of(systemOids.name));
  const common = { ...(Object.keys(identity).length > 0 && { identity }), ...(upHundredths !== undefined && { upHundredths }) };
  const down = ask.ports.flatMap((port, at) => portFlaw(port, variables[Object.keys(systemOids).length + at]!) ?? []);
  if (down.length > 0) return { said: "degraded", failure: "expectation_failed", detail: down.join("; "), ...common };
  if (upHundredths === undefined)
    return { said: "degraded", failure: "protocol_error", detail: "it does not tell since when it runs (sysUpTime)", ...common };
  const since = `up for ${formatDuration(milliseconds(Math.floor(upHundredths / 100) * 1000))}`;
  const ports = ask.ports.length === 0 ? "" : `; ${ask.ports.length === 1 ? "1 port" : `${ask.ports.length} ports`} up`;
  return { said: "alive", note: `${name === undefined || name === "" ? "" : `${name}, `}${since}${ports}`, ...common };
}

/** RFC 2863; unknown and dormant say nothing of a fault. */
const portStates: ReadonlyMap<unknown, string> = new Map([
  [1, "up"],
  [2, "down"],
  [3, "testing"],
  [4, "unknown"],
  [5, "dormant"],
  [6, "notPresent"],
  [7, "lowerLayerDown"],
]);
const notUp: ReadonlySet<unknown> = new Set([2, 6, 7]);

function portFlaw({ ifIndex, name }: SnmpAsk["ports"][number], { type, value }: Variable): string | undefined {
  const port = name === `port ${ifIndex}` ? name : `${name} (port ${ifIndex})`;
  if (type !== undefined && absent.has(type)) return `${port}: there is no such port`;
  const state = type === types.integer ? portStates.get(value) : undefined;
  if (state === undefined) throw new MalformedReply("SNMP: the state of a port is none that there is");
  return notUp.has(value) ? `${port} is ${state}, expected up` : undefined;
}

function ticksOf(variable: Variable | undefined): number | undefined {
  if (variable === undefined) return undefined;
  const { type, value } = variable;
  if (type === types.timeTicks && typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= ticksMost) return value;
  throw new MalformedReply("SNMP: sysUpTime is no time");
}

function textOf(variable: Variable | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const { type, value } = variable;
  if (type !== types.octets || !(value instanceof Uint8Array)) throw new MalformedReply("SNMP: a text is none");
  return printable(Buffer.from(value).toString("utf8").trim(), textCharactersMax);
}

function objectIdOf(variable: Variable | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const { type, value } = variable;
  if (type !== types.oid || typeof value !== "string") throw new MalformedReply("SNMP: sysObjectID is no object's id");
  return value;
}

function enterpriseOf(objectId: string | undefined): number | undefined {
  const enterprise = /^1\.3\.6\.1\.4\.1\.(\d{1,10})(\.|$)/u.exec(objectId ?? "")?.[1];
  return enterprise === undefined ? undefined : Number(enterprise);
}

/** IANA, Private Enterprise Numbers: makers of managed devices that are met in plants. */
const makers: ReadonlyMap<number, string> = new Map([
  [9, "Cisco"],
  [95, "Rockwell Automation"],
  [248, "Hirschmann"],
  [318, "APC"],
  [2356, "LANCOM"],
  [3181, "Microsens"],
  [4196, "Siemens"],
  [4329, "Siemens"],
  [4346, "Phoenix Contact"],
  [8072, "Net-SNMP"],
  [8691, "Moxa"],
  [12_356, "Fortinet"],
  [13_576, "WAGO"],
  [15_004, "RuggedCom"],
  [16_177, "Westermo"],
]);

/** Agents without an id of their own answer 0.0 (RFC 3418, 2): that names nothing. */
function identityOf(description: string | undefined, objectId: string | undefined): Identity {
  const enterprise = enterpriseOf(objectId);
  return {
    ...(objectId !== undefined && objectId !== "0.0" && { code: printable(objectId, textCharactersMax) }),
    ...(enterprise !== undefined && { vendor: makers.get(enterprise) ?? `enterprise ${enterprise}`, vendorCode: String(enterprise) }),
    ...(description !== undefined && description !== "" && { product: description }),
  };
}
