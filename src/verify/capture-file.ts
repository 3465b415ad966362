/** Reads capture files as tcpdump and Wireshark write them: pcap (both byte orders, micro- and nanoseconds) and pcapng. */

/** One captured frame, whole. */
export interface CapturedFrame {
  /** Counted from 1, as Wireshark numbers them. */
  readonly number: number;
  /** Nanoseconds since 1970. */
  readonly atNs: bigint;
  /** LINKTYPE_ number of tcpdump.org/linktypes.html. */
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

/** The file is not a capture, is damaged, or leaves bytes of packets out; the message says what and where. */
export class CaptureUnreadable extends Error {
  override readonly name = "CaptureUnreadable";
}

const pcapngSection = 0x0a0d0d0a;
const pcapngByteOrder = 0x1a2b3c4d;
/** By magic number as the first four bytes read big-endian (pcap-savefile(5)). */
const pcapForms: ReadonlyMap<number, { readonly littleEndian: boolean; readonly nanoseconds: boolean }> = new Map([
  [0xa1b2c3d4, { littleEndian: false, nanoseconds: false }],
  [0xd4c3b2a1, { littleEndian: true, nanoseconds: false }],
  [0xa1b23c4d, { littleEndian: false, nanoseconds: true }],
  [0x4d3cb2a1, { littleEndian: true, nanoseconds: true }],
]);
/** More than any link carries; a length above it is damage. */
const frameBytesMax = 1 << 20;

/** @throws CaptureUnreadable */
export function* capturedFrames(file: Uint8Array): Generator<CapturedFrame> {
  if (file.length < 24) throw new CaptureUnreadable(`not a capture: ${file.length} bytes, expected a pcap or pcapng file`);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0);
  const form = pcapForms.get(magic);
  if (form) yield* pcap(file, view, form);
  else if (magic === pcapngSection) yield* pcapng(file, view);
  else throw new CaptureUnreadable(`not a capture: it begins with ${magic.toString(16).padStart(8, "0")}, expected a pcap or pcapng file`);
}

function* pcap(file: Uint8Array, view: DataView, form: { littleEndian: boolean; nanoseconds: boolean }): Generator<CapturedFrame> {
  const { littleEndian, nanoseconds } = form;
  const linkType = view.getUint32(20, littleEndian) & 0x0fff_ffff;
  let number = 0;
  for (let at = 24; at < file.length;) {
    number += 1;
    if (at + 16 > file.length) throw new CaptureUnreadable(`cut off in the header of packet ${number}`);
    const captured = view.getUint32(at + 8, littleEndian);
    const original = view.getUint32(at + 12, littleEndian);
    const bytes = whole(file, at + 16, captured, original, number);
    const fraction = BigInt(view.getUint32(at + 4, littleEndian)) * (nanoseconds ? 1n : 1000n);
    yield { number, atNs: BigInt(view.getUint32(at, littleEndian)) * 1_000_000_000n + fraction, linkType, bytes };
    at += 16 + captured;
  }
}

interface NgInterface {
  readonly linkType: number;
  /** Ticks per second. */
  readonly resolution: bigint;
  readonly offsetSeconds: bigint;
}

function* pcapng(file: Uint8Array, view: DataView): Generator<CapturedFrame> {
  let littleEndian = true;
  let interfaces: NgInterface[] = [];
  let number = 0;
  for (let at = 0; at < file.length;) {
    if (at + 12 > file.length) throw new CaptureUnreadable(`cut off after packet ${number}`);
    if (view.getUint32(at) === pcapngSection) {
      littleEndian = view.getUint32(at + 8, true) === pcapngByteOrder;
      interfaces = [];
    }
    const type = view.getUint32(at, littleEndian);
    const length = view.getUint32(at + 4, littleEndian);
    if (length < 12 || length % 4 !== 0 || at + length > file.length)
      throw new CaptureUnreadable(`a block of ${length} bytes after packet ${number}`);
    if (type === 1) interfaces.push(ngInterface(view, at, length, littleEndian));
    if (type === 3) throw new CaptureUnreadable("a simple packet block has no time: capture with time stamps");
    if (type === 6) {
      number += 1;
      const from = interfaces[view.getUint32(at + 8, littleEndian)];
      if (!from || length < 32) throw new CaptureUnreadable(`packet ${number} belongs to no interface`);
      const ticks = (BigInt(view.getUint32(at + 12, littleEndian)) << 32n) | BigInt(view.getUint32(at + 16, littleEndian));
      const captured = view.getUint32(at + 20, littleEndian);
      const bytes = whole(file.subarray(0, at + length - 4), at + 28, captured, view.getUint32(at + 24, littleEndian), number);
      const atNs = from.offsetSeconds * 1_000_000_000n + (ticks * 1_000_000_000n) / from.resolution;
      yield { number, atNs, linkType: from.linkType, bytes };
    }
    at += length;
  }
}

/** if_tsresol is option 9 (the highest bit: a power of 2, else of 10), if_tsoffset option 14; microseconds where nothing is said. */
function ngInterface(view: DataView, at: number, length: number, littleEndian: boolean): NgInterface {
  let resolution = 1_000_000n;
  let offsetSeconds = 0n;
  for (let option = at + 16; option + 4 <= at + length - 4;) {
    const code = view.getUint16(option, littleEndian);
    const size = view.getUint16(option + 2, littleEndian);
    if (code === 0 || option + 4 + size > at + length - 4) break;
    if (code === 9 && size === 1) {
      const exponent = view.getUint8(option + 4);
      resolution = exponent & 0x80 ? 2n ** BigInt(exponent & 0x7f) : 10n ** BigInt(exponent);
    }
    if (code === 14 && size === 8) offsetSeconds = view.getBigInt64(option + 4, littleEndian);
    option += 4 + size + ((4 - (size % 4)) % 4);
  }
  return { linkType: view.getUint16(at + 8, littleEndian), resolution, offsetSeconds };
}

function whole(file: Uint8Array, from: number, captured: number, original: number, number: number): Uint8Array {
  if (captured < original)
    throw new CaptureUnreadable(`packet ${number} was cut to ${captured} of ${original} bytes: capture whole packets (tcpdump -s 0)`);
  if (captured > frameBytesMax || from + captured > file.length) throw new CaptureUnreadable(`packet ${number} is damaged or cut off`);
  return file.subarray(from, from + captured);
}
