/** OPC UA Connection Protocol as bytes: cuts a stream into chunks, reads their headers, and builds replies (OPC 10000-6, 6.7 and 7.1). */
import { Reader, text, uint32 } from "./binary.ts";

export type ChunkType = "HEL" | "OPN" | "MSG" | "CLO";

/** No request of a heartbeat comes near it; a client is told so in the ACK. */
export const bufferBytes = 65_535;
const headerBytes = 8;
const chunkTypes: ReadonlySet<string> = new Set<ChunkType>(["HEL", "OPN", "MSG", "CLO"]);
const policyNone = "http://opcfoundation.org/UA/SecurityPolicy#None";

export interface Chunk {
  readonly type: ChunkType;
  /** The whole chunk as it came. */
  readonly bytes: Buffer;
}

export type Cut =
  | { readonly found: "chunk"; readonly chunk: Chunk; readonly rest: Buffer }
  | { readonly found: "too-little" }
  | { readonly found: "malformed" };

/** Takes the first chunk off what has arrived so far. A request in several chunks is none that a device should get from a heartbeat. */
export function cutChunk(stream: Buffer): Cut {
  if (stream.length < headerBytes) return { found: "too-little" };
  const type = stream.toString("latin1", 0, 3);
  const size = stream.readUInt32LE(4);
  if (!chunkTypes.has(type) || stream.toString("latin1", 3, 4) !== "F" || size < headerBytes || size > bufferBytes)
    return { found: "malformed" };
  if (stream.length < size) return { found: "too-little" };
  return {
    found: "chunk",
    chunk: { type: type as ChunkType, bytes: Buffer.from(stream.subarray(0, size)) },
    rest: stream.subarray(size),
  };
}

export interface Hello {
  readonly endpointUrl: string;
}

export function readHello({ bytes }: Chunk): Hello {
  const reader = new Reader(bytes, headerBytes);
  reader.skip(5 * 4);
  return { endpointUrl: reader.text() ?? "" };
}

/** What every message within a secure channel begins with; security None only. */
export interface SecureRequest {
  readonly channelId: number;
  readonly requestId: number;
  readonly sequenceNumber: number;
  readonly body: Reader;
}

/** Throws RangeError where the bytes end early or the policy is not None. */
export function readSecure({ type, bytes }: Chunk): SecureRequest {
  const reader = new Reader(bytes, headerBytes);
  const channelId = reader.uint32();
  if (type === "OPN") {
    const policy = reader.text();
    if (policy !== policyNone) throw new RangeError(`security policy ${policy ?? "null"}`);
    reader.bytes();
    reader.bytes();
  } else reader.uint32();
  const sequenceNumber = reader.uint32();
  return { channelId, sequenceNumber, requestId: reader.uint32(), body: reader };
}

export interface Channel {
  readonly channelId: number;
  readonly tokenId: number;
}

export function acknowledge(): Buffer {
  return framed("ACK", "F", uint32(0, bufferBytes, bufferBytes, 0, 0));
}

/** @param status a StatusCode such as 0x807d0000 */
export function errorChunk(status: number, reason: string): Buffer {
  return framed("ERR", "F", Buffer.concat([uint32(status), text(reason)]));
}

export function openReply({ channelId }: Channel, sequenceNumber: number, requestId: number, body: Buffer): Buffer {
  const security = Buffer.concat([text(policyNone), text(), text()]);
  return framed("OPN", "F", Buffer.concat([uint32(channelId), security, uint32(sequenceNumber, requestId), body]));
}

/** @param kind F for a whole message, C for a part of one that goes on */
export function messageReply(
  { channelId, tokenId }: Channel,
  sequenceNumber: number,
  requestId: number,
  body: Buffer,
  kind: "C" | "F" = "F",
): Buffer {
  return framed("MSG", kind, Buffer.concat([uint32(channelId, tokenId, sequenceNumber, requestId), body]));
}

/** A chunk header alone, which promises `size` bytes. */
export function headerOnly(type: ChunkType, size: number): Buffer {
  return Buffer.concat([Buffer.from(`${type}F`, "latin1"), uint32(size)]);
}

function framed(type: string, kind: "C" | "F", body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${type}${kind}`, "latin1"), uint32(headerBytes + body.length), body]);
}
