/** Reads the replies to function codes 1 to 4 and 17 strictly, before any library sees them (Modbus Application Protocol V1.1b3, 6.1 to 6.4, 6.13). */
import { MalformedReply } from "../../domain/driver.ts";
import type { ValueType } from "../../domain/expectation.ts";
import type { Answer } from "../../domain/outcome.ts";
import { hex } from "../../domain/template.ts";
import type { ReadAsk } from "./methods.ts";
import { textOf } from "./text.ts";

/** Function code and byte count. */
const headBytes = 2;

/**
 * The value that was asked for; undefined where nothing is to be made of the registers.
 * @param pdu from the function code on
 * @throws MalformedReply when the byte count or the length is not that of the request.
 */
export function decodeRead(pdu: Uint8Array, { functionCode, count, value }: ReadAsk): number | undefined {
  const bytes = functionCode <= 2 ? Math.ceil(count / 8) : 2 * count;
  const counted = countedBytes(pdu, functionCode);
  if (counted !== bytes) throw malformed(functionCode, `a byte count of ${counted}, expected ${bytes}`, pdu);
  return value === undefined ? undefined : read(new DataView(pdu.buffer, pdu.byteOffset + headBytes, bytes), value);
}

/**
 * Who the device says it is. The standard leaves the layout to the device: one byte of server id and one of run indicator nearly always,
 * then text. Devices that begin with text are read as well.
 * @throws MalformedReply when the byte count is not that of what came, or leaves no room for server id and run indicator.
 */
export function decodeServerId(pdu: Uint8Array): Answer {
  const counted = countedBytes(pdu, 17);
  if (counted < 2) throw malformed(17, `a byte count of ${counted}, expected at least 2`, pdu);
  const body = pdu.subarray(headBytes);
  const product = longestText(body);
  const identity = product === undefined ? undefined : { product };
  if (body[1] === 0x00) {
    return { said: "degraded", failure: "protocol_error", detail: "FC 17: the run indicator is off", ...(identity && { identity }) };
  }
  return { said: "alive", ...(identity && { identity }) };
}

/** The count that the reply states, which must be that of what came. */
function countedBytes(pdu: Uint8Array, functionCode: number): number {
  const counted = pdu[1];
  if (pdu[0] !== functionCode || counted === undefined) throw malformed(functionCode, `${pdu.length} bytes, expected a byte count`, pdu);
  if (pdu.length !== headBytes + counted)
    throw malformed(functionCode, `a byte count of ${counted}, ${pdu.length - headBytes} are there`, pdu);
  return counted;
}

/** Each register comes with its high byte first (4.2); how two registers make one value is the device's own affair. */
function read(data: DataView, value: ValueType): number {
  switch (value.type) {
    case "bit":
      return data.getUint8(0) & 1;
    case "uint16":
      return data.getUint16(0);
    case "int16":
      return data.getInt16(0);
    case "uint32":
      return ordered(data, value.wordOrder).getUint32(0);
    case "int32":
      return ordered(data, value.wordOrder).getInt32(0);
    case "float32":
      return ordered(data, value.wordOrder).getFloat32(0);
  }
}

function ordered(data: DataView, wordOrder: "big" | "little"): DataView {
  if (wordOrder === "big") return data;
  const swapped = new DataView(new ArrayBuffer(4));
  swapped.setUint16(0, data.getUint16(2));
  swapped.setUint16(2, data.getUint16(0));
  return swapped;
}

/** Shorter runs of printable bytes come about by chance. */
const textBytesMin = 3;

function longestText(body: Uint8Array): string | undefined {
  let longest = body.subarray(0, 0);
  let start = 0;
  for (let at = 0; at <= body.length; at++) {
    const byte = body[at];
    if (byte !== undefined && byte >= 0x20 && byte <= 0x7e) continue;
    if (at - start > longest.length) longest = body.subarray(start, at);
    start = at + 1;
  }
  const text = textOf(longest);
  return text === undefined || text.length < textBytesMin ? undefined : text;
}

function malformed(functionCode: number, what: string, pdu: Uint8Array): MalformedReply {
  return new MalformedReply(`FC ${functionCode}: ${what} (${hex(pdu.subarray(0, 32))})`);
}
