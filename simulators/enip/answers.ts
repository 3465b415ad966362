/** What a well-behaved EtherNet/IP adapter answers: List Identity, sessions, and reads of its Identity object over unconnected messages, its own or that of a module in its backplane. */
import { routedBy, unconnectedSend } from "./backplane.ts";
import { buildItems, commands, type EnipRequest, words } from "./frames.ts";

export interface EnipIdentity {
  readonly vendorId: number;
  readonly deviceType: number;
  readonly productCode: number;
  readonly revision: readonly [major: number, minor: number];
  readonly status: number;
  readonly serialNumber: number;
  readonly productName: string;
  readonly state: number;
  /** Attributes behind the state, as bytes; absent: none. */
  readonly further?: readonly number[];
}

/** Encapsulation status and data; undefined where a request has no reply. */
export interface EnipAnswer {
  readonly status: number;
  readonly sessionHandle: number;
  readonly data: Buffer;
}

export const encapsulationStatus = {
  success: 0,
  unsupportedCommand: 1,
  noMemory: 2,
  badData: 3,
  invalidSession: 0x64,
  invalidLength: 0x65,
} as const;

const getAttributesAll = 0x01;
const getAttributeSingle = 0x0e;
/** Get_Attributes_All, Get_Attribute_List, Get_Attribute_Single, Find_Next: everything else may change something. */
const readServices: ReadonlySet<number> = new Set([getAttributesAll, 0x03, getAttributeSingle, 0x11]);
/** Class 1, instance 1. */
const identityPath = Buffer.from([0x20, 0x01, 0x24, 0x01]);
export const cipStatus = { success: 0x00, connectionFailure: 0x01, pathUnknown: 0x05, serviceUnknown: 0x08 } as const;

/** A module's identity; null where the slot is empty; "silent" where its module answers nobody. */
export type EnipSlot = EnipIdentity | "silent" | null;

/** A device, and what stands in its rack. */
export interface EnipFacts {
  readonly identity: EnipIdentity;
  /** Of the backplane, from slot 0; none at all where the device has no backplane. */
  readonly slots: readonly EnipSlot[];
  /** The address that it believes to have. */
  readonly host: string;
  readonly port: number;
}

/** @param open whether the session is one of this connection's */
export function answer(request: EnipRequest, { identity, slots, host, port }: EnipFacts, open: boolean): EnipAnswer {
  const { command, data, sessionHandle } = request;
  const reply = (status: number, bytes: Buffer = Buffer.alloc(0)): EnipAnswer => ({ status, sessionHandle, data: bytes });
  switch (command) {
    case commands.listIdentity:
      return reply(encapsulationStatus.success, buildItems([[0x0c, identityItem(identity, host, port)]]));
    case commands.listServices:
      return reply(
        encapsulationStatus.success,
        buildItems([[0x100, Buffer.concat([words(1, 0x0120), Buffer.from("Communications\0\0")])]]),
      );
    case commands.listInterfaces:
      return reply(encapsulationStatus.success, buildItems([]));
    case commands.sendRRData:
      if (!open) return reply(encapsulationStatus.invalidSession);
      return data.length < 16
        ? reply(encapsulationStatus.badData)
        : reply(encapsulationStatus.success, enveloped(replyTo(data.subarray(16), identity, slots)));
    default:
      return reply(encapsulationStatus.unsupportedCommand);
  }
}

export function identityItem(identity: EnipIdentity, host: string, port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16BE(2, 0);
  address.writeUInt16BE(port, 2);
  for (const [index, octet] of host.split(".").entries()) if (index < 4) address.writeUInt8(Number(octet) & 0xff, 4 + index);
  return Buffer.concat([words(1), address, identityAttributes(identity), Buffer.from([identity.state])]);
}

/** Attributes 1 to 7. */
export function identityAttributes(identity: EnipIdentity): Buffer {
  const name = Buffer.from(identity.productName, "latin1");
  const serial = Buffer.alloc(4);
  serial.writeUInt32LE(identity.serialNumber);
  const head = words(identity.vendorId, identity.deviceType, identity.productCode);
  return Buffer.concat([head, Buffer.from(identity.revision), words(identity.status), serial, Buffer.from([name.length]), name]);
}

/** The message within SendRRData, where it is one that a device should get. */
export function messageOf({ command, data }: EnipRequest): Buffer | undefined {
  if (command !== commands.sendRRData || data.length < 16) return undefined;
  const length = data.readUInt16LE(14);
  return data.length === 16 + length && length >= 2 ? data.subarray(16) : undefined;
}

/** What another module is to be asked counts as what it is. */
export function isWrite(request: EnipRequest): boolean {
  const message = messageOf(request);
  if (message === undefined) return false;
  return !readServices.has((routedBy(message)?.message ?? message).readUInt8(0));
}

/** Interface handle, timeout, a null address and the reply of the message router. */
export function enveloped(message: Buffer): Buffer {
  const items = buildItems([
    [0x00, Buffer.alloc(0)],
    [0xb2, message],
  ]);
  return Buffer.concat([words(0, 0, 0), items]);
}

/** @param additional a further word of the status */
export function cipReply(service: number, status: number, data: Buffer = Buffer.alloc(0), additional?: number): Buffer {
  const more = additional === undefined ? Buffer.alloc(0) : words(additional);
  return Buffer.concat([Buffer.from([service | 0x80, 0, status, more.length / 2]), more, data]);
}

function replyTo(message: Buffer, identity: EnipIdentity, slots: EnipFacts["slots"]): Buffer {
  const routed = routedBy(message);
  if (routed === undefined || slots.length === 0) return answered(message, identity);
  const module = slots[routed.slot];
  if (module === undefined) return cipReply(unconnectedSend, cipStatus.connectionFailure, routeLeft, linkUnknown);
  if (module === "silent") return cipReply(unconnectedSend, cipStatus.connectionFailure, routeLeft, timedOut);
  return module === null ? cipReply(unconnectedSend, cipStatus.pathUnknown, routeLeft, 0) : answered(routed.message, module);
}

/** Link address not available: the rack has fewer slots. */
const linkUnknown = 0x0312;
const timedOut = 0x0204;
/** One word of the route was left. */
const routeLeft = Buffer.from([1, 0]);

function answered(message: Buffer, identity: EnipIdentity): Buffer {
  const service = message.length > 0 ? message.readUInt8(0) : 0;
  const path = message.length > 1 ? message.subarray(2, 2 + 2 * message.readUInt8(1)) : Buffer.alloc(0);
  if (!path.equals(identityPath)) return cipReply(service, cipStatus.pathUnknown);
  if (service !== getAttributesAll) return cipReply(service, cipStatus.serviceUnknown);
  const { state, further = [] } = identity;
  return cipReply(service, cipStatus.success, Buffer.concat([identityAttributes(identity), Buffer.from([state, ...further])]));
}
