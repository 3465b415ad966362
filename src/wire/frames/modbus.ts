/** Reads Modbus TCP frames in both directions; lets out nothing but reads of bounded size. */
import type { Operation } from "../../domain/operations.ts";
import type { FramePolicy } from "../../domain/wire.ts";

/** Transaction id, protocol id and length; the length counts what follows (Modbus Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3). */
const prefixBytes = 6;
/** Unit id and a PDU of 1 to 253 bytes. */
const lengthMin = 2;
const lengthMax = 254;
const functionCodeAt = 7;

/** Modbus Application Protocol V1.1b3, 6.1 to 6.4. */
const bitsMax = 2000;
const registersMax = 125;
const addresses = 65_536;
const readFunctions: ReadonlyMap<number, { readonly operation: Operation; readonly countMax: number }> = new Map([
  [1, { operation: "modbus-read-coils", countMax: bitsMax }],
  [2, { operation: "modbus-read-discrete-inputs", countMax: bitsMax }],
  [3, { operation: "modbus-read-holding-registers", countMax: registersMax }],
  [4, { operation: "modbus-read-input-registers", countMax: registersMax }],
]);
const readDeviceIdentificationMei = 14;

export const modbusPolicy: FramePolicy = {
  protocol: "modbus",
  inboundBytesMax: prefixBytes + lengthMax,
  frameLength,
  operation,
  unanswered: new Set(),
  answers,
};

/** The header says no more than this about either direction; what an outbound frame may hold, `operation` says. */
function frameLength(buffered: Uint8Array): number | "malformed" {
  // Refused on the earliest byte that is wrong: a length of 65535 must not be waited for.
  if (buffered.length > 2 && buffered[2] !== 0) return "malformed";
  if (buffered.length > 3 && buffered[3] !== 0) return "malformed";
  if (buffered.length > 4 && buffered[4] !== 0) return "malformed";
  if (buffered.length < prefixBytes) return 0;
  const length = buffered[5]!;
  if (length < lengthMin || length > lengthMax) return "malformed";
  return buffered.length < prefixBytes + length ? 0 : prefixBytes + length;
}

function operation(frame: Uint8Array): Operation | undefined {
  if (frameLength(frame) !== frame.length || !isUnit(frame[prefixBytes]!)) return undefined;
  switch (frame[functionCodeAt]!) {
    case 1:
    case 2:
    case 3:
    case 4:
      return frame.length === 12 ? readOperation(frame[functionCodeAt]!, word(frame, 8), word(frame, 10)) : undefined;
    case 17:
      return frame.length === 8 ? "modbus-report-server-id" : undefined;
    case 43:
      return readsIdentification(frame) ? "modbus-read-device-identification" : undefined;
    default:
      return undefined;
  }
}

/** 0 is the broadcast and 248 to 254 are reserved; 255 is the device itself where nothing is behind it (Implementation Guide V1.0b, 4.4.1.2). */
function isUnit(unit: number): boolean {
  return (unit >= 1 && unit <= 247) || unit === 255;
}

/** The operation of a read with function code 1 to 4, whatever frames it; undefined beyond the bounds of the standard. */
export function readOperation(functionCode: number, address: number, count: number): Operation | undefined {
  const reads = readFunctions.get(functionCode);
  return reads && count >= 1 && count <= reads.countMax && address + count <= addresses ? reads.operation : undefined;
}

/** Read codes 1 basic, 2 regular, 3 extended, 4 one object (6.21). */
function readsIdentification(frame: Uint8Array): boolean {
  const readCode = frame[9]!;
  return frame.length === 11 && frame[8] === readDeviceIdentificationMei && readCode >= 1 && readCode <= 4;
}

/** An exception carries the function code with its high bit set. */
function answers(request: Uint8Array, reply: Uint8Array): boolean {
  const sameTransaction = reply[0] === request[0] && reply[1] === request[1];
  const sameUnit = reply[prefixBytes] === request[prefixBytes];
  const asked = request[functionCodeAt]!;
  const code = reply[functionCodeAt];
  return sameTransaction && sameUnit && (code === asked || code === (asked | 0x80));
}

function word(frame: Uint8Array, at: number): number {
  return (frame[at]! << 8) | frame[at + 1]!;
}
