/** Reads EtherNet/IP encapsulation frames in both directions; lets out nothing but List Identity, sessions, and reads of the Identity object, of the device itself and of a module in its backplane. */
import { deepQuerySlotsMax } from "../../domain/limits.ts";
import type { Operation } from "../../domain/operations.ts";
import type { FramePolicy } from "../../domain/wire.ts";

/** Command, length, session handle, status, sender context, options (CIP Vol 2, 2-3.1); little-endian throughout. */
const headerBytes = 24;
const lengthAt = 2;
const sessionAt = 4;
const statusAt = 8;
const contextAt = 12;
const optionsAt = 20;

const listIdentity = 0x63;
const registerSession = 0x65;
const unregisterSession = 0x66;
const sendRRData = 0x6f;
const commands: ReadonlySet<number> = new Set([listIdentity, registerSession, unregisterSession, sendRRData]);

/** The longest lawful reply to any of these: an unconnected message of 504 bytes in its envelope of 16; an identity item is shorter. */
const dataBytesMax = 520;

export const enipPolicy: FramePolicy = {
  protocol: "enip",
  inboundBytesMax: headerBytes + dataBytesMax,
  frameLength,
  operation,
  unanswered: new Set<Operation>(["enip-unregister-session"]),
  answers,
};

/** Refused on the earliest byte that is wrong: a length of 65535 must not be waited for. */
function frameLength(buffered: Uint8Array): number | "malformed" {
  const { length } = buffered;
  if (length > 0 && !commands.has(buffered[0]!)) return "malformed";
  if (length > 1 && buffered[1] !== 0) return "malformed";
  if (length >= sessionAt && word(buffered, lengthAt) > dataBytesMax) return "malformed";
  // A frame whose options are not zero is to be thrown away (CIP Vol 2, 2-3.7).
  for (let at = optionsAt; at < Math.min(length, headerBytes); at++) if (buffered[at] !== 0) return "malformed";
  if (length < headerBytes) return 0;
  const whole = headerBytes + word(buffered, lengthAt);
  return length < whole ? 0 : whole;
}

function operation(frame: Uint8Array): Operation | undefined {
  if (frameLength(frame) !== frame.length || !isZero(frame, statusAt, contextAt)) return undefined;
  const inSession = !isZero(frame, sessionAt, statusAt);
  const data = frame.subarray(headerBytes);
  switch (frame[0]!) {
    case listIdentity:
      return !inSession && data.length === 0 ? "enip-list-identity" : undefined;
    case registerSession:
      return !inSession && same(data, protocolVersion) ? "enip-register-session" : undefined;
    case unregisterSession:
      return inSession && data.length === 0 ? "enip-unregister-session" : undefined;
    case sendRRData:
      return inSession ? readOf(data) : undefined;
    default:
      return undefined;
  }
}

/** Version 1, no options. */
const protocolVersion: readonly number[] = [1, 0, 0, 0];
const interfaceHandle: readonly number[] = [0, 0, 0, 0];
/** A null address, and an unconnected message. */
const envelope: readonly number[] = [2, 0, 0, 0, 0, 0, 0xb2, 0];
const envelopeBytes = 6 + envelope.length + 2;
/** Get_Attributes_All (1), path of 2 words, class 1 (Identity), instance 1. */
const identityMessage: readonly number[] = [1, 2, 0x20, 1, 0x24, 1];
/** Unconnected_Send (0x52), path of 2 words, class 6 (Connection Manager), instance 1. */
const unconnectedSend: readonly number[] = [0x52, 2, 0x20, 6, 0x24, 1];
/** For so long the device may work on it; none at all would be as long as it likes. */
const timeoutSecondsMax = 30;

/** The length that stands before the message is its own. */
function readOf(data: Uint8Array): Operation | undefined {
  if (data.length < envelopeBytes || word(data, envelopeBytes - 2) !== data.length - envelopeBytes) return undefined;
  const timeoutSeconds = word(data, 4);
  const isTimely = timeoutSeconds >= 1 && timeoutSeconds <= timeoutSecondsMax;
  if (!isTimely || !same(data.subarray(0, 4), interfaceHandle) || !same(data.subarray(6, envelopeBytes - 2), envelope)) return undefined;
  const message = data.subarray(envelopeBytes);
  if (same(message, identityMessage)) return "enip-read-identity";
  return readsSlot(message) ? "enip-read-slot-identity" : undefined;
}

/** The read above and nothing else, over one hop: port 1, which is the backplane, and a slot in it. Where the route went on, it could leave the device. */
function readsSlot(message: Uint8Array): boolean {
  const at = unconnectedSend.length;
  const end = at + 4 + identityMessage.length;
  if (message.length !== end + 4 || !same(message.subarray(0, at), unconnectedSend)) return false;
  // Ordinary priority, and so many ticks of 2 to the power of the low four bits in milliseconds.
  const [priority, ticks] = [message[at]!, message[at + 1]!];
  if (priority > 0x0f || ticks === 0 || ticks * 2 ** priority > 1000 * timeoutSecondsMax) return false;
  if (word(message, at + 2) !== identityMessage.length || !same(message.subarray(at + 4, end), identityMessage)) return false;
  return same(message.subarray(end, end + 3), [1, 0, 1]) && message[end + 3]! < deepQuerySlotsMax;
}

/** The sender context comes back as it went. The session handle means something only to messages within a session. */
function answers(request: Uint8Array, reply: Uint8Array): boolean {
  if (reply[0] !== request[0]) return false;
  for (let at = contextAt; at < optionsAt; at++) if (reply[at] !== request[at]) return false;
  if (request[0] !== sendRRData) return true;
  for (let at = sessionAt; at < statusAt; at++) if (reply[at] !== request[at]) return false;
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

function same(bytes: Uint8Array, expected: readonly number[]): boolean {
  return bytes.length === expected.length && expected.every((byte, at) => bytes[at] === byte);
}
