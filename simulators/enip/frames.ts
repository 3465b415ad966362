/** EtherNet/IP encapsulation frames as bytes: cuts a stream into requests and builds replies (CIP Vol 2, 2-3.1). */

export const commands = {
  nop: 0x00,
  listServices: 0x04,
  listIdentity: 0x63,
  listInterfaces: 0x64,
  registerSession: 0x65,
  unregisterSession: 0x66,
  sendRRData: 0x6f,
} as const;

export const headerBytes = 24;
/** A request longer than this is none that a device should get. */
const dataBytesMax = 1024;

export interface EnipRequest {
  readonly command: number;
  readonly sessionHandle: number;
  /** 8 bytes. */
  readonly context: Buffer;
  readonly data: Buffer;
  /** The whole frame as it came. */
  readonly bytes: Buffer;
}

export type Cut =
  | { readonly found: "request"; readonly request: EnipRequest; readonly rest: Buffer }
  | { readonly found: "too-little" }
  | { readonly found: "malformed" };

/** Takes the first request off what has arrived so far. */
export function cutRequest(stream: Buffer): Cut {
  if (stream.length < headerBytes) return { found: "too-little" };
  const length = stream.readUInt16LE(2);
  if (length > dataBytesMax || stream.readUInt32LE(8) !== 0 || stream.readUInt32LE(20) !== 0) return { found: "malformed" };
  const end = headerBytes + length;
  if (stream.length < end) return { found: "too-little" };
  const bytes = Buffer.from(stream.subarray(0, end));
  const request: EnipRequest = {
    command: bytes.readUInt16LE(0),
    sessionHandle: bytes.readUInt32LE(4),
    context: bytes.subarray(12, 20),
    data: bytes.subarray(headerBytes),
    bytes,
  };
  return { found: "request", request, rest: stream.subarray(end) };
}

export interface ReplyHeader {
  readonly command: number;
  readonly sessionHandle: number;
  readonly status: number;
  readonly context: Buffer;
  /** Where it is not that of the data. */
  readonly length?: number;
}

export function buildFrame(header: ReplyHeader, data: Buffer): Buffer {
  const frame = Buffer.alloc(headerBytes + data.length);
  frame.writeUInt16LE(header.command, 0);
  frame.writeUInt16LE(header.length ?? data.length, 2);
  frame.writeUInt32LE(header.sessionHandle, 4);
  frame.writeUInt32LE(header.status, 8);
  header.context.copy(frame, 12);
  data.copy(frame, headerBytes);
  return frame;
}

/** Common Packet Format: a count, then type, length and bytes of each item. */
export function buildItems(items: readonly (readonly [type: number, bytes: Buffer])[]): Buffer {
  const parts = items.map(([type, bytes]) => Buffer.concat([words(type, bytes.length), bytes]));
  return Buffer.concat([words(items.length), ...parts]);
}

export function words(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(2 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt16LE(value, 2 * index);
  return buffer;
}
