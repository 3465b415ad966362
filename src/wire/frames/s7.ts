/** Reads S7 frames (TPKT, COTP, S7) in both directions; lets out nothing but a connection, its setup, named lists and reads of a few bytes. */
import type { Operation } from "../../domain/operations.ts";
import { s7Areas, s7ByteMax, s7BytesMax, s7Component, s7ConnectionTypes, s7Lists } from "../../domain/s7.ts";
import type { FramePolicy } from "../../domain/wire.ts";

/** Version 3, a reserved zero, and the length of everything (RFC 1006, 6). */
const tpktBytes = 4;
/** The shortest COTP frame behind it: a disconnection. */
const frameBytesMin = 11;
/** A PDU of 480 bytes, which is what is asked for in the setup, behind TPKT and COTP. */
const frameBytesMax = 7 + 480;

// COTP, ISO 8073, 13.
const connectRequest = 0xe0;
const connectConfirm = 0xd0;
const disconnectRequest = 0x80;
const data = 0xf0;
const codeAt = 5;
/** Length, code, and the mark that nothing follows. */
const cotpData: readonly number[] = [2, data, 0x80];

const protocolAt = 7;
const protocolId = 0x32;
const kindAt = 8;
const acknowledgement = 3;
const userData = 7;
const referenceAt = 11;
const functionAt = 17;

export const s7Policy: FramePolicy = {
  protocol: "s7",
  inboundBytesMax: frameBytesMax,
  frameLength,
  operation,
  unanswered: new Set(),
  answers,
};

/** Refused on the earliest byte that is wrong. */
function frameLength(buffered: Uint8Array, direction: "out" | "in"): number | "malformed" {
  const { length } = buffered;
  if ((length > 0 && buffered[0] !== 3) || (length > 1 && buffered[1] !== 0)) return "malformed";
  if (length < tpktBytes) return 0;
  const whole = word(buffered, 2);
  if (whole < frameBytesMin || whole > frameBytesMax) return "malformed";
  if (length > tpktBytes && !cotpFits(buffered, whole, direction)) return "malformed";
  return length < whole ? 0 : whole;
}

/** COTP's own length counts what follows it: all of a connection's or disconnection's frame, two bytes of a data frame. */
function cotpFits(buffered: Uint8Array, whole: number, direction: "out" | "in"): boolean {
  const code = buffered[codeAt];
  const own = buffered[tpktBytes]!;
  if (code === undefined) return own === whole - tpktBytes - 1 || own === cotpData[0];
  if (code !== data) {
    const known = direction === "out" ? code === connectRequest : code === connectConfirm || code === disconnectRequest;
    return known && own === whole - tpktBytes - 1;
  }
  if (own !== cotpData[0] || (buffered.length > codeAt + 1 && buffered[codeAt + 1] !== cotpData[2])) return false;
  return buffered.length <= protocolAt || buffered[protocolAt] === protocolId;
}

function operation(frame: Uint8Array): Operation | undefined {
  if (frameLength(frame, "out") !== frame.length) return undefined;
  if (frame[codeAt] === connectRequest) return connects(frame) ? "s7-connect" : undefined;
  if (fits(frame, setupRequest)) return "s7-setup";
  if (fits(frame, listRequest)) return isNamedList(word(frame, 29), word(frame, 31)) ? "s7-read-szl" : undefined;
  return fits(frame, areaRequest) && readsFewBytes(frame) ? "s7-read-area" : undefined;
}

/**
 * Our reference 1, class 0, 1024 bytes a frame at most; calling TSAP 01.00; called TSAP: who is asking, and rack and slot (any).
 * A programming device would be 0x01: it is not among the connection types, so it cannot leave.
 */
const connection = pattern("0300 0016 11 e0 0000 0001 00 c0010a c1020100 c202....");
const calledTypeAt = 20;
const knownTypes: ReadonlySet<number> = new Set(Object.values(s7ConnectionTypes));

function connects(frame: Uint8Array): boolean {
  return fits(frame, connection) && knownTypes.has(frame[calledTypeAt]!);
}

/** One job at a time each way, a PDU of 480 bytes. The reference is free: snap7 leaves whatever its memory holds there (measured). */
const setupRequest = pattern("0300 0019 02f080 32 01 0000 .... 0008 0000 f0 00 0001 0001 01e0");

/** Group 4 (CPU functions), subfunction 1 (read a system status list), sequence 0, which list and index. The reference is free. */
const listRequest = pattern("0300 0021 02f080 32 07 0000 .... 0008 0008 000112 04 11 44 01 00 ff 09 0004 .... ....");

function isNamedList(id: number, index: number): boolean {
  if (id === s7Component.id) return index >= s7Component.least && index <= s7Component.most;
  return Object.values(s7Lists).some((list) => list.id === id && list.index === index);
}

/** One item, any-pointer, in bytes: their count, data block, area, and the address in bits. The reference is free. */
const areaRequest = pattern("0300 001f 02f080 32 01 0000 .... 000e 0000 04 01 12 0a 10 02 00.. .... .. ......");
const countAt = 24;
const dbAt = 25;
const areaAt = 27;
const bitAddressAt = 28;
const knownAreas: ReadonlySet<number> = new Set(Object.values(s7Areas));

function readsFewBytes(frame: Uint8Array): boolean {
  const count = frame[countAt]!;
  const area = frame[areaAt]!;
  const bits = (frame[bitAddressAt]! << 16) | word(frame, bitAddressAt + 1);
  const inBlock = area === s7Areas.DB;
  if (!knownAreas.has(area) || inBlock !== word(frame, dbAt) > 0) return false;
  return count >= 1 && count <= s7BytesMax && bits % 8 === 0 && bits / 8 + count - 1 <= s7ByteMax;
}

/** A confirmation or a refusal to a connection; to everything else the same reference and function. What it holds beyond that, the driver reads strictly. */
function answers(request: Uint8Array, reply: Uint8Array): boolean {
  const code = reply[codeAt];
  if (request[codeAt] === connectRequest) return code === connectConfirm || code === disconnectRequest;
  if (code === disconnectRequest) return true;
  if (code !== data || reply.length <= functionAt) return false;
  if (word(reply, referenceAt) !== word(request, referenceAt)) return false;
  if (request[kindAt] === userData) return reply[kindAt] === userData;
  // A job is acknowledged with a function of the same number, or with an error alone.
  return reply[kindAt] === acknowledgement || reply[kindAt] === acknowledgement - 1;
}

/** Of hexadecimal digits, dots for what may be anything. */
function pattern(text: string): readonly (number | undefined)[] {
  return (text.replaceAll(" ", "").match(/../gu) ?? []).map((digits) => (digits === ".." ? undefined : Number.parseInt(digits, 16)));
}

function fits(frame: Uint8Array, expected: readonly (number | undefined)[]): boolean {
  return frame.length === expected.length && expected.every((byte, at) => byte === undefined || byte === frame[at]);
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}
