/** Captures made by hand: frames with their headers, in a pcap file as tcpdump writes it. */
import { capturedFrames, type CapturedFrame } from "../../../src/verify/capture-file.ts";

export const poller = "192.0.2.1";
export const device = "192.0.2.11";
const startSeconds = 1_790_000_000;

export interface Segment {
  readonly atMs: number;
  readonly from?: string;
  readonly to?: string;
  readonly sourcePort?: number;
  readonly port?: number;
  readonly sequence?: number;
  readonly flags?: string;
  readonly hex?: string;
}

/** Flags by their first letters, such as `"SA"`. */
export function tcp({
  atMs,
  from = poller,
  to = device,
  sourcePort = 40_000,
  port = 502,
  sequence = 1,
  flags = "A",
  hex = "",
}: Segment): Bytes {
  const header = new DataView(new ArrayBuffer(20));
  header.setUint16(0, sourcePort);
  header.setUint16(2, port);
  header.setUint32(4, sequence);
  header.setUint8(12, 5 << 4);
  header.setUint8(
    13,
    ["F", "S", "R", "P", "A"].reduce((bits, letter, at) => (flags.includes(letter) ? bits | (1 << at) : bits), 0),
  );
  return ip(atMs, 6, from, to, [...new Uint8Array(header.buffer), ...bytesOf(hex)]);
}

export function udp(atMs: number, to: string, port: number, hex: string): Bytes {
  const payload = bytesOf(hex);
  return ip(atMs, 17, poller, to, [...word(40_000), ...word(port), ...word(8 + payload.length), 0, 0, ...payload]);
}

/** As ping fills it: a check sum and an identifier of its own, and a payload that counts its bytes. */
export function icmp(
  atMs: number,
  to: string,
  type: number,
  payloadBytes: number,
  { code = 0, sequence = 1 }: { code?: number; sequence?: number } = {},
): Bytes {
  return ip(atMs, 1, poller, to, [type, code, 0x5a, 0xa5, 0x12, 0x34, 0, sequence, ...Array.from({ length: payloadBytes }, (_, at) => at)]);
}

/** The poller asks who has `whom`. */
export function whoHas(
  atMs: number,
  whom: string,
  { broadcast = true, from = poller }: { broadcast?: boolean; from?: string } = {},
): Bytes {
  const arp = [0, 1, 8, 0, 6, 4, 0, 1, ...mac, ...octets(from), 0, 0, 0, 0, 0, 0, ...octets(whom)];
  return { atMs, bytes: [...(broadcast ? [255, 255, 255, 255, 255, 255] : mac), ...mac, 8, 6, ...arp] };
}

export interface Bytes {
  readonly atMs: number;
  readonly bytes: readonly number[];
}

/** A whole exchange over a connection of its own, as a healthy device sees it; the first byte after the SYN has number 1. */
export function exchange(atMs: number, hex: string, more: Omit<Segment, "atMs"> = {}): readonly Bytes[] {
  const { to = device, port = 502, sourcePort = 40_000 } = more;
  const length = hex.length / 2;
  const back = (after: number, flags: string): Bytes =>
    tcp({ atMs: atMs + after, from: to, to: poller, sourcePort: port, port: sourcePort, flags });
  return [
    tcp({ atMs, ...more, sequence: 0, flags: "S" }),
    back(0.2, "SA"),
    tcp({ atMs: atMs + 0.4, ...more }),
    tcp({ atMs: atMs + 0.5, ...more, flags: "PA", hex }),
    back(1, "PA"),
    tcp({ atMs: atMs + 1.2, ...more, sequence: 1 + length }),
    tcp({ atMs: atMs + 1.3, ...more, sequence: 1 + length, flags: "FA" }),
    back(1.5, "FA"),
    tcp({ atMs: atMs + 1.6, ...more, sequence: 2 + length }),
  ];
}

export function ip(atMs: number, protocol: number, from: string, to: string, payload: readonly number[]): Bytes {
  const header = [0x45, 0, ...word(20 + payload.length), 0, 0, 0, 0, 64, protocol, 0, 0, ...octets(from), ...octets(to)];
  return { atMs, bytes: [...mac, ...mac, 8, 0, ...header, ...payload] };
}

/** pcap with microseconds; `order` as the machine that wrote it. */
export function pcapFile(frames: readonly Bytes[], order: "little" | "big" = "little"): Uint8Array {
  const little = order === "little";
  const parts = frames.map(({ atMs, bytes }) => {
    const header = new DataView(new ArrayBuffer(16));
    header.setUint32(0, startSeconds + Math.floor(atMs / 1000), little);
    header.setUint32(4, Math.round((atMs % 1000) * 1000), little);
    header.setUint32(8, bytes.length, little);
    header.setUint32(12, bytes.length, little);
    return [...new Uint8Array(header.buffer), ...bytes];
  });
  const head = new DataView(new ArrayBuffer(24));
  head.setUint32(0, 0xa1b2c3d4, little);
  head.setUint32(20, 1, little);
  return Uint8Array.from([...new Uint8Array(head.buffer), ...parts.flat()]);
}

export function frames(...sent: readonly (Bytes | readonly Bytes[])[]): readonly CapturedFrame[] {
  return [...capturedFrames(pcapFile(sent.flat() as Bytes[]))];
}

/** The moment `atMs` of these captures, in nanoseconds since 1970. */
export function instant(atMs: number): bigint {
  return BigInt(startSeconds) * 1_000_000_000n + BigInt(atMs) * 1_000_000n;
}

const mac = [2, 0, 0, 0, 0, 1];
function octets(address: string): readonly number[] {
  return address.split(".").map(Number);
}
function word(value: number): readonly number[] {
  return [value >> 8, value & 255];
}
function bytesOf(hex: string): readonly number[] {
  return Array.from(hex.match(/../gu) ?? [], (pair) => Number.parseInt(pair, 16));
}
