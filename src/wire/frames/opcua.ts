/** Reads OPC UA chunks in both directions; lets out nothing but what a heartbeat asks, each in one final chunk. */
import type { Operation } from "../../domain/operations.ts";
import type { FramePolicy } from "../../domain/wire.ts";
import { clearOperation } from "./opcua-body.ts";

/** Message type, chunk type and size (Part 6, 7.1.2.2); little-endian throughout. */
const headerBytes = 8;
const sizeAt = 4;
const channelAt = 8;
/** Behind channel and token: sequence number and request id, in the clear unless the channel encrypts. */
const requestIdAt = 20;
const symmetricHeaderBytes = 24;
/** Channel, three length fields, sequence number and request id, around nothing. */
const openBytesMin = 32;

/** One request is one chunk; what a request of ours may have is far less, and its template says how much. */
const outboundBytesMax = 8192;
/**
 * A reply may come in parts: a server with small buffers cannot say in one chunk what CreateSession and GetEndpoints have to say (all its
 * endpoints, each with a certificate; 10 kB measured). HEL tells it these same two figures.
 */
export const inboundBytesMax = 65_536;
export const inboundChunksMax = 64;
/** A status code and a reason of at most 4096 bytes (Part 6, 7.1.2.5). */
const errorBytesMax = headerBytes + 4 + 4 + 4096;
const acknowledgeBytes = 28;

const ascii = (text: string): number => (text.charCodeAt(0) << 16) | (text.charCodeAt(1) << 8) | text.charCodeAt(2);
const [hello, acknowledge, failure, open, message, close] = ["HEL", "ACK", "ERR", "OPN", "MSG", "CLO"].map(ascii) as [
  number,
  number,
  number,
  number,
  number,
  number,
];
const [final, intermediate, aborted] = [0x46, 0x43, 0x41] as const;

/** For channels whose messages can be read at the wire: without security, and signed. */
export const opcuaPolicy: FramePolicy = {
  protocol: "opcua",
  inboundBytesMax,
  frameLength,
  operation: (frame) => (isOneChunk(frame) ? clearOperation(frame) : undefined),
  unanswered: new Set<Operation>(["opcua-close-channel"]),
  answers: (request, reply) => answersInKind(request, reply) && sameRequest(request, reply),
};

/** For encrypted channels: here only the kind of a message, its size and its number can be judged. */
export const opcuaEncryptedPolicy: FramePolicy = {
  protocol: "opcua",
  inboundBytesMax,
  frameLength,
  operation: (frame) => (isOneChunk(frame) ? kindOf(frame) : undefined),
  unanswered: new Set<Operation>(["opcua-close-channel"]),
  answers: answersInKind,
};

function kindOf(frame: Uint8Array): Operation | undefined {
  switch (typeOf(frame)) {
    case hello:
      return "opcua-hello";
    case open:
      return "opcua-open-channel";
    case message:
      return "opcua-secured-message";
    case close:
      return "opcua-close-channel";
    default:
      return undefined;
  }
}

function isOneChunk(frame: Uint8Array): boolean {
  return frame.length <= outboundBytesMax && chunkLength(frame, 0, "out") === frame.length;
}

/** A reply of several chunks counts as one frame. Refused on the earliest byte that is wrong: no size is waited for that could not be right. */
function frameLength(buffered: Uint8Array, direction: "out" | "in"): number | "malformed" {
  let at = 0;
  for (let chunks = 1; chunks <= inboundChunksMax; chunks++) {
    const length = chunkLength(buffered, at, direction);
    if (length === "malformed" || length === 0) return length;
    const isLast = buffered[at + 3] !== intermediate;
    if (at > 0 && typeAt(buffered, at) !== message) return "malformed";
    at += length;
    if (at > inboundBytesMax) return "malformed";
    if (isLast) return at;
  }
  return "malformed";
}

/** Length of the whole chunk at `at`; 0 when more bytes are needed. */
function chunkLength(buffered: Uint8Array, at: number, direction: "out" | "in"): number | "malformed" {
  const there = buffered.length - at;
  if (!mayBegin(buffered, at, direction)) return "malformed";
  if (there < headerBytes) return 0;
  const type = typeAt(buffered, at);
  const size = uint32(buffered, at + sizeAt);
  const [least, most] = sizes(type, direction);
  if (size < least || size > most) return "malformed";
  return there < size ? 0 : size;
}

/** Whether the first bytes, as far as they are there, can be the beginning of a chunk. */
function mayBegin(buffered: Uint8Array, at: number, direction: "out" | "in"): boolean {
  const types = direction === "out" ? [hello, open, message, close] : [acknowledge, failure, open, message];
  const there = Math.min(3, buffered.length - at);
  const begun = types.filter((type) => {
    for (let byte = 0; byte < there; byte++) if (buffered[at + byte] !== ((type >> (16 - 8 * byte)) & 0xff)) return false;
    return true;
  });
  if (begun.length === 0) return false;
  const kind = buffered[at + 3];
  if (kind === undefined || kind === final) return true;
  return direction === "in" && begun[0] === message && (kind === intermediate || kind === aborted);
}

function sizes(type: number, direction: "out" | "in"): readonly [least: number, most: number] {
  switch (type) {
    case hello:
      return [32, outboundBytesMax];
    case acknowledge:
      return [acknowledgeBytes, acknowledgeBytes];
    case failure:
      return [16, errorBytesMax];
    case open:
      return [openBytesMin, direction === "out" ? outboundBytesMax : inboundBytesMax];
    default:
      return [symmetricHeaderBytes, direction === "out" ? outboundBytesMax : inboundBytesMax];
  }
}

/** ERR answers everything: with it the server ends the connection (Part 6, 7.1.5). */
function answersInKind(request: Uint8Array, reply: Uint8Array): boolean {
  const kind = typeOf(reply);
  if (kind === failure) return true;
  const asked = typeOf(request);
  if (asked === hello) return kind === acknowledge;
  if (kind !== asked) return false;
  const channel = uint32(request, channelAt);
  // The first OpenSecureChannel has no channel yet.
  return (asked === open && channel === 0) || everyChunk(reply, (at) => uint32(reply, at + channelAt) === channel);
}

/** What goes with a message of ours comes back with its answer; that of OpenSecureChannel is encrypted where there is security, and the library looks. */
function sameRequest(request: Uint8Array, reply: Uint8Array): boolean {
  if (typeOf(request) !== message || typeOf(reply) !== message) return true;
  const id = uint32(request, requestIdAt);
  return everyChunk(reply, (at) => uint32(reply, at + requestIdAt) === id);
}

function everyChunk(reply: Uint8Array, holds: (at: number) => boolean): boolean {
  for (let at = 0; at < reply.length; at += uint32(reply, at + sizeAt)) if (!holds(at)) return false;
  return true;
}

function typeOf(frame: Uint8Array): number {
  return typeAt(frame, 0);
}

function typeAt(frame: Uint8Array, at: number): number {
  return (frame[at]! << 16) | (frame[at + 1]! << 8) | frame[at + 2]!;
}

function uint32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at, true);
}
