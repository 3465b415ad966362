/** Lawful answers of an OPC UA server without security, put together from bytes: they echo what the request carries and grant what it asks. */
import { serverValue, usualFacts } from "../../simulators/opcua/server-nodes.ts";

export interface ReplyOptions {
  /** In place of the answer's own. */
  readonly typeId?: number;
  /** So many bytes are left out at the end of the body. */
  readonly cut?: number;
}

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
const double = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
};
const none = uint32(0xffffffff);
const time = Buffer.from("0080d5dede5adc01", "hex");
const typeId = (id: number): Buffer => Buffer.of(1, 0, id & 255, id >> 8);
const channel = uint32(7);
const token = uint32(1);
const subscription = uint32(9);

/** @param requestHex one whole chunk; the answer to what is none of ours is empty */
export function opcuaReply(requestHex: string, { typeId: id, cut = 0 }: ReplyOptions = {}): string {
  const request = Buffer.from(requestHex, "hex");
  const kind = request.toString("latin1", 0, 3);
  if (kind === "HEL") return chunk("ACKF", uint32(0), uint32(65_536), uint32(65_536), uint32(0), uint32(0));
  // Channel, policy and two empty fields come before what a message has after channel and token.
  const at = kind === "OPN" ? 12 + 4 + request.readUInt32LE(12) + 8 : 16;
  const sequence = request.subarray(at, at + 8);
  const service = request.readUInt16LE(at + 10);
  const handle = request.subarray(at + 22, at + 26);
  const made = bodies[service]?.(request);
  if (!made || kind === "CLO") return "";
  const header = [time, handle, uint32(0), Buffer.of(0), none, Buffer.of(0, 0, 0)];
  const body = Buffer.concat([typeId(id ?? made.id), ...header, ...made.rest]);
  const cutBody = body.subarray(0, body.length - cut);
  if (kind === "OPN") return chunk("OPNF", channel, request.subarray(12, at), sequence, cutBody);
  return chunk("MSGF", channel, token, sequence, cutBody);
}

/** As text for people: no locale, no text. */
const nameless = Buffer.of(0);
const policyNone = Buffer.from("http://opcfoundation.org/UA/SecurityPolicy#None");
/** URL; application URI, product URI, name, type, gateway, profile, discovery URLs; certificate, mode, policy, tokens, transport, level. */
const server = Buffer.concat([none, none, nameless, uint32(0), none, none, none]);
const endpoint = Buffer.concat([none, server, none, uint32(1), uint32(policyNone.length), policyNone, none, none, Buffer.of(0)]);

/** By the request's number within its channel, in steps of 1.7 s. */
function later(request: Buffer): Buffer {
  const steps = Buffer.from(time);
  steps.writeUInt8(request.readUInt8(16), 3);
  return steps;
}

/** Behind the header of a request whose handle has two bytes, its age and its time stamps. */
const readCountAt = 69;

/** Of each node that is asked for in its four-byte form, what the simulator says. */
function serverFacts(request: Buffer): Buffer {
  const count = request.readInt32LE(readCountAt);
  const values = Array.from({ length: count }, (_, at) =>
    serverValue(`i=${request.readUInt16LE(readCountAt + 4 + 18 * at + 2)}`, usualFacts),
  );
  const missing = Buffer.concat([Buffer.of(2), uint32(0x80340000)]);
  return Buffer.concat([uint32(count), ...values.map((value) => (value ? Buffer.concat([Buffer.of(1), value]) : missing))]);
}

interface Body {
  readonly id: number;
  readonly rest: readonly Buffer[];
}

const bodies: Readonly<Record<number, (request: Buffer) => Body>> = {
  446: () => ({ id: 449, rest: [uint32(0), channel, token, time, uint32(3_600_000), none] }),
  461: () => ({
    id: 464,
    rest: [Buffer.of(0, 5), Buffer.of(0, 6), double(240_000), none, none, none, none, none, none, uint32(0)],
  }),
  // One endpoint, without a certificate.
  428: () => ({ id: 431, rest: [uint32(1), endpoint] }),
  // State 0 (Running), and a time that is another at each request; or what a deep query reads.
  631: (request) =>
    request.readInt32LE(readCountAt) > 2
      ? { id: 634, rest: [serverFacts(request), none] }
      : { id: 634, rest: [uint32(2), Buffer.of(1, 6), uint32(0), Buffer.of(1, 13), later(request), none] },
  467: () => ({ id: 470, rest: [none, none, none] }),
  473: () => ({ id: 476, rest: [] }),
  787: () => ({ id: 790, rest: [subscription, double(15_000), uint32(16), uint32(3)] }),
  826: () => ({ id: 829, rest: [subscription, none, Buffer.of(0), uint32(1), time, none, none, none] }),
};

function chunk(type: string, ...parts: readonly Uint8Array[]): string {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from(type), uint32(8 + body.length), body]).toString("hex");
}
