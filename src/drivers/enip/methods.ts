/** The pure half of EtherNet/IP: what may be asked, as exact frames. */
import type { Method } from "../../domain/driver.ts";
import { deepQuerySlotsMax } from "../../domain/limits.ts";
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
  /** For a deep query: everything that it says is told. */
  readonly whole?: true;
}

/** The same of the module in a slot of the backplane; the module that has the address passes the question on. */
export interface SlotIdentityAsk {
  readonly what: "slot-identity";
  /** Counted from 0. */
  readonly slot: number;
}

export type EnipAsk = ListIdentityAsk | IdentityObjectAsk | SlotIdentityAsk;

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
/** For how long the module that passes a question on waits for the one in the slot: so it says itself that there was no answer, before we stop waiting. */
export const slotTimeoutMs = 2000;
/** The same as the protocol writes it: 125 times 2 to the power of 4 milliseconds (CIP Vol 1, 3-5.5.1.3). */
const slotTimeout: readonly number[] = [4, 125];
/** By which a module reaches its backplane; no other port has this number (CIP Vol 1, C-1.4.1). */
export const backplanePort = 1;

const sessionAt = 4;
const sessionBytes = 4;

const nothing: Allowance = Object.freeze({ connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: Object.freeze([]) });
const connection: Allowance = Object.freeze({ ...nothing, connectionsMax: 1 });

/** Command 0x63, no data (CIP Vol 2, 2-4.2). */
const listIdentity: Allowance = oneFrame(0, template("enip-list-identity", 0x63, []));
/** Command 0x65: protocol version 1, no options (2-4.4). The connection is charged with it. */
const registerSession: Allowance = oneFrame(1, template("enip-register-session", 0x65, [1, 0, 0, 0]));
/** Get_Attributes_All, path 20 01 24 01. */
const identityMessage: readonly number[] = [0x01, 0x02, 0x20, 0x01, 0x24, 0x01];
/** Command 0x6f (2-4.7): interface handle, timeout, a null address item, and an unconnected message. */
const readIdentity: Allowance = oneFrame(0, template("enip-read-identity", 0x6f, unconnected(identityMessage), "in-session"));

/**
 * The same around Unconnected_Send (0x52, CIP Vol 1, 3-5.5.4) to the Connection Manager, path 20 06 24 01: for how long, the message above
 * with its length, and a route of 1 word: the backplane and the slot in it.
 */
function readSlotIdentity(slot: number): Allowance {
  const passOn = [0x52, 0x02, 0x20, 0x06, 0x24, 0x01, ...slotTimeout, identityMessage.length, 0];
  const data = unconnected([...passOn, ...identityMessage, 1, 0, backplanePort, slot]);
  return oneFrame(0, template("enip-read-slot-identity", 0x6f, data, "in-session"));
}

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

const identityObjectMethod: Method<IdentityObjectAsk | SlotIdentityAsk> = {
  id: "enip-identity-object",
  protocol: "enip",
  transport: "tcp",
  defaultPort: port,
  proves: "comms-module",
  parse({ unitId, register, deep }) {
    const problems = strayProblems(unitId, register);
    if (deep?.read === "enip-slots") {
      const { number: slot = -1 } = deep;
      if (slot < 0 || slot >= deepQuerySlotsMax) problems.push(`slot: found ${slot}, expected 0 to ${deepQuerySlotsMax - 1}`);
      return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "slot-identity", slot }) };
    }
    return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "identity-object", ...(deep && { whole: true }) }) };
  },
  opening: () => registerSession,
  asking: (ask) => (ask.what === "slot-identity" ? readSlotIdentity(ask.slot) : readIdentity),
  closing: () => unregisterSession,
  describe: (ask) =>
    ask.what === "slot-identity"
      ? `RegisterSession, Unconnected_Send of Get_Attributes_All of Identity object 1 to port ${backplanePort} (backplane), slot ${ask.slot}, UnregisterSession`
      : "RegisterSession, Get_Attributes_All of Identity object 1 (unconnected), UnregisterSession",
};

export const enipMethods: readonly Method<EnipAsk>[] = [listIdentityMethod, identityObjectMethod];

function strayProblems(unitId: number | undefined, register: object | undefined): string[] {
  return [
    ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: EtherNet/IP has no units`]),
    ...(register === undefined ? [] : ["register: found one, expected none: an identity is read, no register"]),
  ];
}

/** At most 255 bytes. */
function unconnected(message: readonly number[]): readonly number[] {
  return [0, 0, 0, 0, requestTimeoutSeconds, 0, 2, 0, 0, 0, 0, 0, 0xb2, 0, message.length, 0, ...message];
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
