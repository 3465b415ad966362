/** Modbus TCP frames as bytes: cuts a stream into requests and builds replies (Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3). */

/** Transaction id, protocol id, length (2 bytes each), then the unit id, which the length counts. */
export const headerBytes = 7;
const prefixBytes = 6;
/** The length field counts the unit id and a PDU of 1 to 253 bytes. */
const lengthMin = 2;
const lengthMax = 254;

export interface ModbusRequest {
  readonly transactionId: number;
  readonly unitId: number;
  readonly functionCode: number;
  readonly pdu: Buffer;
  /** The whole frame as it came. */
  readonly bytes: Buffer;
}

export type Cut =
  | { readonly found: "request"; readonly request: ModbusRequest; readonly rest: Buffer }
  | { readonly found: "too-little" }
  | { readonly found: "malformed" };

/** Takes the first request off what has arrived so far. */
export function cutRequest(stream: Buffer): Cut {
  if (stream.length < prefixBytes) return { found: "too-little" };
  const length = stream.readUInt16BE(4);
  if (stream.readUInt16BE(2) !== 0 || length < lengthMin || length > lengthMax) return { found: "malformed" };
  const end = prefixBytes + length;
  if (stream.length < end) return { found: "too-little" };
  const bytes = Buffer.from(stream.subarray(0, end));
  const pdu = bytes.subarray(headerBytes);
  const request = { transactionId: bytes.readUInt16BE(0), unitId: bytes.readUInt8(6), functionCode: pdu.readUInt8(0), pdu, bytes };
  return { found: "request", request, rest: stream.subarray(end) };
}

/** A whole frame. Header fields are given one by one because the badly behaved devices lie in each of them. */
export function buildFrame(
  header: { transactionId: number; unitId: number; protocolId?: number; length?: number },
  pdu: Uint8Array,
): Buffer {
  const frame = Buffer.alloc(headerBytes + pdu.length);
  frame.writeUInt16BE(header.transactionId, 0);
  frame.writeUInt16BE(header.protocolId ?? 0, 2);
  frame.writeUInt16BE(header.length ?? pdu.length + 1, 4);
  frame.writeUInt8(header.unitId, 6);
  frame.set(pdu, headerBytes);
  return frame;
}

/** Modbus Application Protocol V1.1b3, 7. */
export const exceptionCodes = {
  illegalFunction: 0x01,
  illegalDataAddress: 0x02,
  illegalDataValue: 0x03,
  serverDeviceBusy: 0x06,
  gatewayPathUnavailable: 0x0a,
  gatewayTargetSilent: 0x0b,
} as const;

/** An exception reply: the function code with its high bit set, then the code. */
export function exceptionPdu(functionCode: number, exceptionCode: number): Buffer {
  return Buffer.from([functionCode | 0x80, exceptionCode]);
}
