/** The messages of OPC UA without security, byte for byte, with a name for every part that differs from one to the next (Part 6, 5.2 and 6.7). */
import type { Operation } from "../src/domain/operations.ts";
import { opcuaServerNodes } from "../src/domain/opcua.ts";
import { applicationName, applicationUri } from "../src/drivers/opcua/own-keys.ts";
import { endpointUrl, helloLimits, type Endpoint } from "../src/drivers/opcua/templates.ts";
import type { Terms } from "../src/drivers/opcua/terms.ts";

/** A part that differs; `bytes` undefined: as many as the device has made it. */
export interface Varying {
  readonly holds: string;
  readonly bytes: number | undefined;
}
/** Bytes as lower-case hexadecimal, or a part that differs. */
export type Part = string | Varying;

export interface OpcuaFacts {
  readonly endpoint: Endpoint;
  /** Where a session is kept. */
  readonly terms: Terms | undefined;
  /** Of a question that otherwise goes without one. */
  readonly withinSession?: true;
}

/** The whole message; undefined where there is none of this name. */
export function opcuaMessage(operation: Operation, facts: OpcuaFacts): readonly Part[] | undefined {
  const body = bodies[operation]?.(facts);
  if (body === undefined) return undefined;
  const type = { "opcua-open-channel": "OPNF", "opcua-close-channel": "CLOF" }[operation as string] ?? "MSGF";
  const security = type === "OPNF" ? [text(policyNone), none, none] : [differs("channel token", 4)];
  const parts = [differs("channel", 4), ...security, differs("sequence number", 4), differs("request", 4), ...body];
  return [ascii(type), length(parts), ...parts];
}

const policyNone = "http://opcfoundation.org/UA/SecurityPolicy#None";
const none = "ffffffff";
const openChannel = 446;

function differs(holds: string, bytes?: number): Varying {
  return { holds, bytes };
}

/** Of the whole message: known where every part is. */
function length(parts: readonly Part[]): Part {
  const sizes = parts.map((part) => (typeof part === "string" ? part.length / 2 : part.bytes));
  const known = sizes.every((size) => size !== undefined);
  return known ? uint32(8 + sizes.reduce((sum, size) => sum + size, 0)) : differs("length", 4);
}

/** Type id, and what begins every request (Part 4, 7.33): who asks, when, and how long it will wait. */
function request(id: number, session: "within a session" | "without", timeout: Part): readonly Part[] {
  const token: Part = session === "without" ? "0000" : differs("authentication token");
  const noDiagnostics = uint32(0);
  // node-opcua says it in two ways: as a text that is not there, and as an empty one.
  const noAuditEntry = id === openChannel ? none : uint32(0);
  return [`0100${uint16(id)}`, token, differs("time", 8), differs("request handle", 4), noDiagnostics, noAuditEntry, timeout, "000000"];
}

const timeoutByInterval = differs("timeout hint, by the interval", 4);
/** Of a channel without a session, for GetEndpoints alone. */
const endpointsLifetimeMs = 60_000;
const endpointsTimeout = uint32(60_000);

const bodies: Readonly<Partial<Record<Operation, (facts: OpcuaFacts) => readonly Part[]>>> = {
  "opcua-open-channel": ({ terms }) => [
    ...request(openChannel, "without", terms ? timeoutByInterval : endpointsTimeout),
    uint32(0),
    terms ? differs("0 to open it, 1 to renew it", 4) : uint32(0),
    uint32(1),
    none,
    uint32(terms?.channelLifetime ?? endpointsLifetimeMs),
  ],
  "opcua-get-endpoints": ({ endpoint, withinSession }) => [
    ...request(428, withinSession ? "within a session" : "without", endpointsTimeout),
    text(endpointUrl(endpoint)),
    uint32(0),
    uint32(0),
  ],
  "opcua-create-session": ({ endpoint }) => [
    ...request(461, "without", timeoutByInterval),
    // The client: its URI, no product URI, its name, type 1 (client), nothing else.
    text(applicationUri),
    none.replaceAll("f", "0"),
    `02${text(applicationName)}`,
    uint32(1),
    uint32(0),
    uint32(0),
    uint32(0),
    uint32(0),
    text(endpointUrl(endpoint)),
    text(applicationName),
    none,
    none,
    differs("session timeout, 4 intervals", 8),
    uint32(helloLimits.maxMessageSize),
  ],
  "opcua-activate-session": () => [
    ...request(467, "within a session", timeoutByInterval),
    none,
    none,
    uint32(0),
    uint32(0),
    // An anonymous user, by the name that the server gives its policy.
    `0100${uint16(321)}01`,
    differs("length", 4),
    differs("policy of anonymous users"),
    none,
    none,
  ],
  "opcua-create-subscription": () => [
    ...request(787, "within a session", timeoutByInterval),
    differs("publishing interval, by the interval", 8),
    differs("lifetime count, by the interval", 4),
    differs("keep-alive count, by the interval", 4),
    uint32(1),
    "0100",
  ],
  "opcua-publish": () => [...request(826, "within a session", timeoutByInterval), uint32(0)],
  // ServerStatus.State and CurrentTime.
  "opcua-read": () => readOf([2259, 2258]),
  "opcua-read-server": () => readOf(opcuaServerNodes.map(([id]) => id)),
  "opcua-close-session": () => [...request(473, "within a session", timeoutByInterval), "01"],
  "opcua-close-channel": ({ terms }) => [
    ...request(452, terms ? "within a session" : "without", terms ? timeoutByInterval : endpointsTimeout),
  ],
};

/** Of the nodes `i=…` the attribute 13, the value. */
function readOf(nodes: readonly number[]): readonly Part[] {
  const asked = nodes.map((node) => `0100${uint16(node)}${uint32(13)}${none}0000${none}`);
  return [...request(631, "within a session", timeoutByInterval), "0000000000000000", uint32(3), uint32(nodes.length), ...asked];
}

function uint16(value: number): string {
  return little(value, 2);
}
function uint32(value: number): string {
  return little(value, 4);
}
function little(value: number, bytes: number): string {
  return Array.from({ length: bytes }, (_, at) => ((value >>> (8 * at)) & 255).toString(16).padStart(2, "0")).join("");
}
function ascii(value: string): string {
  return Buffer.from(value, "latin1").toString("hex");
}
/** With its length before it. */
function text(value: string): string {
  return `${uint32(value.length)}${ascii(value)}`;
}
