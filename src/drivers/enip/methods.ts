/** The pure half of EtherNet/IP: what may be asked, as exact frames. */
import type { Method } from "../../domain/driver.ts";
import type { Operation } from "../../domain/operations.ts";
import type { Allowance } from "../../domain/plan.ts";
import { frameTemplate, type FrameTemplate } from "../../domain/template.ts";

/** List Identity: one frame, one reply, no session. */
export interface ListIdentityAsk {
  readonly what: "list-identity";
  readonly transport: "udp" | "tcp";
}

/** Attributes of the Identity object, class 1, instance 1, over an unconnected message within a session. */
export interface IdentityObjectAsk {
  readonly what: "identity-object";
}

export type EnipAsk = ListIdentityAsk | IdentityObjectAsk;

/** Where the sender context stands in a frame, and what of it is the same in all of ours. */
export const contextAt = 12;
export const contextBytes = 8;
/**
 * In a List Identity the first two bytes say for how long at most, in milliseconds, the device may put off its reply; zero stands for
 * 2000, and 500 is the least (CIP Vol 2, 2-4.2.2). It matters to devices that take a datagram of ours for a broadcast.
 */
export const contextFixed: readonly number[] = [0xf4, 0x01, 0, 0];

/** For how long a device may work on the read before it gives up. */
export const requestTimeoutSeconds = 5;

const sessionAt = 4;
const sessionBytes = 4;

const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });
const connection: Allowance = Object.freeze({ ...nothing, connectionsMax: 1 });

/** Command 0x63, no data (CIP Vol 2, 2-4.2). */
const listIdentity: Allowance = oneFrame(0, template("enip-list-identity", 0x63, []));
/** Command 0x65: protocol version 1, no options (2-4.4). The connection is charged with it. */
const registerSession: Allowance = oneFrame(1, template("enip-register-session", 0x65, [1, 0, 0, 0]));
/** Command 0x6f (2-4.7): interface handle, timeout, a null address item, and an unconnected message of 6 bytes: Get_Attributes_All, path 20 01 24 01. */
const readIdentity: Allowance = oneFrame(
  0,
  template(
    "enip-read-identity",
    0x6f,
    [0, 0, 0, 0, requestTimeoutSeconds, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0, 6, 0, 0x01, 0x02, 0x20, 0x01, 0x24, 0x01],
    "in-session",
  ),
);
/** Command 0x66 (2-4.5). It has no reply. */
const unregisterSession: Allowance = oneFrame(0, template("enip-unregister-session", 0x66, [], "in-session"));

const port = 44_818;

const listIdentityMethod: Method<ListIdentityAsk> = {
  id: "enip-list-identity",
  protocol: "enip",
  transport: "udp",
  otherTransports: ["tcp"],
  defaultPort: port,
  // The adapter answers by itself; it may know nothing of a controller that has stopped.
  proves: "comms-module",
  parse({ unitId, register, transport = "udp" }) {
    const problems = strayProblems(unitId, register);
    const usable = transport === "udp" || transport === "tcp";
    if (!usable) problems.push(`transport: found ${transport}, expected udp or tcp`);
    if (!usable || problems.length > 0) return { problems };
    return { ask: Object.freeze({ what: "list-identity", transport }) };
  },
  opening: ({ transport }) => (transport === "tcp" ? connection : nothing),
  asking: () => listIdentity,
  closing: () => nothing,
  describe: ({ transport }) => `List Identity (0x63), unicast over ${transport.toUpperCase()}`,
};

const identityObjectMethod: Method<IdentityObjectAsk> = {
  id: "enip-identity-object",
  protocol: "enip",
  transport: "tcp",
  defaultPort: port,
  proves: "comms-module",
  parse({ unitId, register }) {
    const problems = strayProblems(unitId, register);
    return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "identity-object" }) };
  },
  opening: () => registerSession,
  asking: () => readIdentity,
  closing: () => unregisterSession,
  describe: () => "RegisterSession, Get_Attributes_All of Identity object 1 (unconnected), UnregisterSession",
};

export const enipMethods: readonly Method<EnipAsk>[] = [listIdentityMethod, identityObjectMethod];

function strayProblems(unitId: number | undefined, register: object | undefined): string[] {
  return [
    ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: EtherNet/IP has no units`]),
    ...(register === undefined ? [] : ["register: found one, expected none: an identity is read, no register"]),
  ];
}

/** The end of the sender context is a counter, the session handle is the device's; every other byte is fixed. */
function template(operation: Operation, command: number, data: readonly number[], within?: "in-session"): FrameTemplate {
  const bytes = Uint8Array.of(command, 0, data.length, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...contextFixed, 0, 0, 0, 0, 0, 0, 0, 0, ...data);
  const mask = new Uint8Array(bytes.length).fill(0xff);
  mask.fill(0x00, contextAt + contextFixed.length, contextAt + contextBytes);
  if (within) mask.fill(0x00, sessionAt, sessionAt + sessionBytes);
  return frameTemplate(operation, bytes, mask);
}

function oneFrame(connectionsMax: 0 | 1, frame: FrameTemplate): Allowance {
  return Object.freeze({ connectionsMax, requestsMax: 1, bytesMax: frame.bytes.length, templates: Object.freeze([frame]) });
}
