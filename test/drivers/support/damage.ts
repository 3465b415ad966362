/** Lawful Modbus replies, and ways in which they come to harm. */
import { withCrc } from "../../../src/domain/crc16.ts";
import type { Random } from "../../support/random.ts";

const bodies: Readonly<Record<number, readonly string[]>> = {
  1: ["0102ff01", "01020000"],
  2: ["020101", "0201fe"],
  3: ["030400004248", "03047fc00000"],
  4: ["04020007", "0402ffff"],
  17: ["110bb4ff4c4d42332e312e3600", "1102b4ff", "1105b400504c43"],
  43: [
    "2b0e01010000030005 4d616b65720103502d3102027632",
    "2b0e0101ff030300054d616b65720103502d3102027632",
    "2b0e0182000000",
    "2b0e01810000010003414243",
  ],
};

/** Whole frames that would answer the request, exceptions of every kind among them. */
export function repliesTo(request: Uint8Array): readonly Uint8Array[] {
  return pdusTo(request[7]!).map((pdu) => framed(request, pdu));
}

/** The same as raw RTU frames, in answer to one. */
export function rtuRepliesTo(request: Uint8Array): readonly Uint8Array[] {
  return pdusTo(request[1]!).map((pdu) => withCrc(Buffer.concat([request.subarray(0, 1), pdu])));
}

function pdusTo(functionCode: number): readonly Uint8Array[] {
  const exceptions = [1, 2, 4, 5, 6, 10, 11].map((code) => Buffer.from([functionCode | 0x80, code]));
  return [...(bodies[functionCode] ?? []).map((body) => Buffer.from(body.replaceAll(" ", ""), "hex")), ...exceptions];
}

function framed(request: Uint8Array, pdu: Uint8Array): Uint8Array {
  const frame = Buffer.concat([request.subarray(0, 7), pdu]);
  frame.writeUInt16BE(pdu.length + 1, 4);
  return new Uint8Array(frame);
}

type Damage = (frame: Uint8Array, random: Random) => Uint8Array;
const spot = (frame: Uint8Array, random: Random): number => random.integer(0, Math.max(0, frame.length - 1));
const noise = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: random.integer(1, most) }, () => random.integer(0, 255));

function changed(frame: Uint8Array, at: number, byte: number): Uint8Array {
  const copy = Uint8Array.from(frame);
  if (at < copy.length) copy[at] = byte;
  return copy;
}

const damages: readonly Damage[] = [
  (frame) => frame,
  (frame, random) => {
    const at = spot(frame, random);
    return changed(frame, at, (frame[at] ?? 0) ^ (1 << random.integer(0, 7)));
  },
  (frame, random) => changed(frame, spot(frame, random), random.pick([0, 1, 2, 0x7f, 0x80, 0xfe, 0xff])),
  (frame, random) => changed(frame, random.integer(6, Math.max(6, frame.length - 1)), random.integer(0, 255)),
  (frame, random) => frame.slice(0, random.integer(0, frame.length)),
  (frame, random) => Buffer.concat([frame, noise(random, 300)]),
  (frame, random) => {
    const at = spot(frame, random);
    return Buffer.concat([frame.subarray(0, at), noise(random, 8), frame.subarray(at)]);
  },
  (frame, random) => {
    const at = spot(frame, random);
    return Buffer.concat([frame.subarray(0, at), frame.subarray(at + random.integer(1, 4))]);
  },
  (frame) => Buffer.concat([frame, frame]),
  (_frame, random) => noise(random, 300),
];

/** Up to three kinds of harm; half of the time the header's length is set right again, so that the harm gets past it. */
export function damaged(frame: Uint8Array, random: Random): Uint8Array {
  const result = harmed(frame, random);
  if (result.length < 8 || random.chance(0.5)) return new Uint8Array(result);
  const repaired = Uint8Array.from(result);
  repaired.set(frame.subarray(0, 7));
  repaired[4] = (repaired.length - 6) >> 8;
  repaired[5] = (repaired.length - 6) & 0xff;
  return repaired;
}

/** The same for a raw RTU frame; half of the time its unit and check sum are set right again. */
export function damagedRtu(frame: Uint8Array, random: Random): Uint8Array {
  const result = harmed(frame, random);
  if (result.length < 4 || random.chance(0.5)) return new Uint8Array(result);
  const body = Uint8Array.from(result.subarray(0, -2));
  body[0] = frame[0]!;
  return withCrc(body);
}

function harmed(frame: Uint8Array, random: Random): Uint8Array {
  let result = frame;
  for (let count = random.integer(1, 3); count > 0; count--) result = random.pick(damages)(result, random);
  return result;
}
