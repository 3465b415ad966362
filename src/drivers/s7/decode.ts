/** Reads S7 replies strictly, against the one request that is out: only what fits to the byte is shown to node-snap7. */
import { MalformedReply } from "../../domain/driver.ts";
import { hex } from "../../domain/template.ts";

/** What a reply comes to. `refused`: the device turns the connection away; `error`: it answers that it will not or cannot. */
export type Decoded =
  | { readonly is: "confirmed" }
  | { readonly is: "refused"; readonly detail: string }
  | { readonly is: "error"; readonly code: number; readonly source: "header" | "parameter" | "item" }
  | { readonly is: "list"; readonly list: SystemList }
  | { readonly is: "bytes"; readonly bytes: Uint8Array };

/** A system status list, as far as one PDU holds it. */
export interface SystemList {
  readonly recordBytes: number;
  /** Whole ones. */
  readonly records: readonly Uint8Array[];
  /** The rest stands in further PDUs, which are not asked for. */
  readonly more: boolean;
}

const headerAt = 7;
const kindAt = 8;
const ackHeaderBytes = 12;
const jobHeaderBytes = 10;
const functionAt = 17;
const setupFunction = 0xf0;
const readFunction = 0x04;
const userDataKind = 7;
const success = 0xff;
const octets = 0x09;
/** Transport sizes of a read: their length counts bits (ISO 8073 has no part in this). */
const bitsOfBytes = 0x04;

/** @param request a frame of ours that the policy let out @param reply a whole frame that answers it, as the policy sees it @throws MalformedReply */
export function decodeReply(request: Uint8Array, reply: Uint8Array): Decoded {
  if (reply[5] === 0x80) return disconnection(reply);
  if (request[5] === 0xe0) return confirmation(reply);
  if (request[kindAt] === userDataKind) return listReply(request, reply);
  return jobReply(request, reply);
}

/** COTP DR: both references, a reason, and perhaps parameters (ISO 8073, 13.5). */
function disconnection(reply: Uint8Array): Decoded {
  return { is: "refused", detail: `COTP disconnect request, reason 0x${byteHex(reply[10] ?? 0)}` };
}

/** COTP CC: our reference, the device's, class 0, then parameters of one kind each: 0xc0 the size of a frame, 0xc1 and 0xc2 the TSAPs (13.4). */
function confirmation(reply: Uint8Array): Decoded {
  if (reply[6] !== 0 || reply[7] !== 1) throw malformed("a connection confirmed under another reference", reply);
  if (reply[10] !== 0) throw malformed(`class 0x${byteHex(reply[10] ?? 0)}, expected 0`, reply);
  const seen = new Set<number>();
  let at = 11;
  while (at < reply.length) {
    const [code, length] = [reply[at]!, reply[at + 1]];
    const expected = code === 0xc0 ? 1 : code === 0xc1 || code === 0xc2 ? 2 : undefined;
    if (expected === undefined || length !== expected || at + 2 + length > reply.length || seen.has(code))
      throw malformed(`a connection parameter 0x${byteHex(code)} that does not belong there`, reply);
    seen.add(code);
    at += 2 + length;
  }
  return { is: "confirmed" };
}

function jobReply(request: Uint8Array, reply: Uint8Array): Decoded {
  const [parameterBytes, dataBytes] = lengths(reply, ackHeaderBytes);
  const error = word(reply, functionAt);
  if (error !== 0) {
    if (dataBytes > 0) throw malformed("data behind an error", reply);
    return { is: "error", code: error, source: "header" };
  }
  const at = headerAt + ackHeaderBytes;
  const asked = request[functionAt]!;
  if (reply[kindAt] !== 3 || reply[at] !== asked) throw malformed("the answer to another function", reply);
  if (asked === setupFunction) return setupReply(reply, at, parameterBytes, dataBytes);
  if (asked !== readFunction || parameterBytes !== 2 || reply[at + 1] !== 1) throw malformed("not one item, as it was asked for", reply);
  return itemReply(request[24]!, reply, at + 2, dataBytes);
}

/** Jobs each way, and the size of a PDU: no more than was asked for, and enough for an answer. */
function setupReply(reply: Uint8Array, at: number, parameterBytes: number, dataBytes: number): Decoded {
  if (parameterBytes !== 8 || dataBytes !== 0 || reply[at + 1] !== 0) throw malformed("a setup of another shape", reply);
  const [calling, called, pduBytes] = [word(reply, at + 2), word(reply, at + 4), word(reply, at + 6)];
  if (calling < 1 || called < 1) throw malformed("a setup that allows no job", reply);
  if (pduBytes < 112 || pduBytes > 480) throw malformed(`a PDU of ${pduBytes} bytes, expected 112 to 480`, reply);
  return { is: "confirmed" };
}

/** Return code, transport size, length in bits, and as many bytes as were asked for. */
function itemReply(count: number, reply: Uint8Array, at: number, dataBytes: number): Decoded {
  if (dataBytes < 4) throw malformed(`${dataBytes} bytes of data`, reply);
  const code = reply[at]!;
  if (code !== success) {
    if (dataBytes !== 4) throw malformed("data behind an error", reply);
    return { is: "error", code, source: "item" };
  }
  if (dataBytes !== 4 + count || reply[at + 1] !== bitsOfBytes || word(reply, at + 2) !== count * 8)
    throw malformed(`not ${count} bytes, as they were asked for`, reply);
  return { is: "bytes", bytes: reply.slice(at + 4, at + 4 + count) };
}

/** Parameters of 12 bytes: head, length, method 0x12 response, group 8.4, subfunction 1, sequence, data unit, whether it is the last, error. */
function listReply(request: Uint8Array, reply: Uint8Array): Decoded {
  const [parameterBytes, dataBytes] = lengths(reply, jobHeaderBytes);
  const at = headerAt + jobHeaderBytes;
  const head = [0x00, 0x01, 0x12, 0x08, 0x12, 0x84, 0x01];
  if (parameterBytes !== 12 || head.some((byte, index) => reply[at + index] !== byte))
    throw malformed("the answer to another function", reply);
  const isLast = reply[at + 9] === 0;
  const error = word(reply, at + 10);
  const dataAt = at + parameterBytes;
  if (dataBytes < 4) throw malformed(`${dataBytes} bytes of data`, reply);
  const [code, size, length] = [reply[dataAt]!, reply[dataAt + 1], word(reply, dataAt + 2)];
  if (length !== dataBytes - 4) throw malformed(`${dataBytes - 4} bytes of a list, but a length of ${length}`, reply);
  if (error !== 0 || code !== success) {
    if (length !== 0) throw malformed("data behind an error", reply);
    return error !== 0 ? { is: "error", code: error, source: "parameter" } : { is: "error", code, source: "item" };
  }
  if (reply[at + 9]! > 1 || size !== octets || length < 8) throw malformed("a list of another shape", reply);
  return { is: "list", list: listOf(request, reply, dataAt + 4, isLast) };
}

/** Id and index as they were asked for, the length of a record, their count, the records. */
function listOf(request: Uint8Array, reply: Uint8Array, at: number, isLast: boolean): SystemList {
  if (word(reply, at) !== word(request, 29) || word(reply, at + 2) !== word(request, 31))
    throw malformed("another list than was asked for", reply);
  const [recordBytes, count] = [word(reply, at + 4), word(reply, at + 6)];
  const body = reply.subarray(at + 8);
  if (recordBytes === 0 || recordBytes > body.length) throw malformed(`records of ${recordBytes} bytes in ${body.length}`, reply);
  const whole = recordBytes * count;
  if (isLast ? body.length !== whole : body.length >= whole)
    throw malformed(`${body.length} bytes for ${count} records of ${recordBytes}`, reply);
  const there = Math.floor(body.length / recordBytes);
  const records = Array.from({ length: there }, (_, index) => body.slice(index * recordBytes, (index + 1) * recordBytes));
  return { recordBytes, records, more: !isLast };
}

/** Of parameters and data; everything else of the frame is its header. */
function lengths(reply: Uint8Array, headerBytes: number): readonly [parameterBytes: number, dataBytes: number] {
  const [parameterBytes, dataBytes] = [word(reply, 13), word(reply, 15)];
  if (reply[9] !== 0 || reply[10] !== 0) throw malformed("a header whose reserved bytes are not zero", reply);
  if (headerAt + headerBytes + parameterBytes + dataBytes !== reply.length)
    throw malformed(`${parameterBytes} bytes of parameters and ${dataBytes} of data in a frame of ${reply.length}`, reply);
  return [parameterBytes, dataBytes];
}

function malformed(what: string, reply: Uint8Array): MalformedReply {
  return new MalformedReply(`S7: ${what} (${hex(reply.subarray(0, 48))})`);
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function byteHex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
