/** What a capture says, as values, and the questions the proofs ask of it. */

/** For so long Linux keeps an acknowledgement back at least: 40 ms (TCP_DELACK_MIN), less a tick of its slowest clock, 100 Hz. */
export const delayedAckMs: number = 30;

export type TcpFlag = "FIN" | "SYN" | "RST" | "PSH" | "ACK";

/** One frame on the wire as tshark dissected it. */
export interface Packet {
  /** From 1, in the order of the capture. */
  readonly number: number;
  /** Wall clock, nanoseconds since 1970. */
  readonly epochNs: bigint;
  /** Milliseconds since the first packet of the capture, with the fraction. */
  readonly atMs: number;
  /** Sent by an address of the captured host (or by the `us` of the capture). */
  readonly fromUs: boolean;
  readonly protocol: "arp" | "tcp" | "udp" | "icmp" | "other";
  /** IPv4 addresses; for ARP the protocol addresses. */
  readonly source: string;
  readonly destination: string;
  /** null unless tcp or udp. */
  readonly sourcePort: number | null;
  readonly destinationPort: number | null;
  /** Total length of the IP packet in bytes; 0 for ARP. */
  readonly ipLength: number;
  readonly flags: readonly TcpFlag[];
  /** TCP or UDP payload. */
  readonly payloadLength: number;
  readonly payloadHex: string;
  /** tshark's number of the TCP conversation, from 0; null for anything else. */
  readonly stream: number | null;
  /** A copy of something already sent: lost or unanswered data, SYN or FIN. */
  readonly retransmission: boolean;
  /** A TCP keep-alive probe. */
  readonly keepAlive: boolean;
  /** Of every Modbus message in the packet; of an exception without its high bit. */
  readonly modbusFunctionCodes: readonly number[];
  readonly modbusExceptionCodes: readonly number[];
  readonly modbusUnitIds: readonly number[];
  /** Of a COTP connection request or confirmation: hexadecimal; empty elsewhere. */
  readonly cotpCalledTsap: string;
  /** Of every S7 message in the packet: 1 job, 3 its acknowledgement, 7 user data. */
  readonly s7Kinds: readonly number[];
  /** tshark's own words: the protocol and its one-line summary. */
  readonly dissector: string;
  readonly info: string;
}

/** Everything the captured host sent. */
export function fromUs(packets: readonly Packet[]): readonly Packet[] {
  return packets.filter((packet) => packet.fromUs);
}

/** Everything the captured host was sent. */
export function toUs(packets: readonly Packet[]): readonly Packet[] {
  return packets.filter((packet) => !packet.fromUs);
}

/**
 * How many packets of an exchange the two kernels sent again, and so how many more came back for them at most. Linux repeats a FIN that is
 * not acknowledged within some milliseconds (tail loss probe); a plan counts with it.
 */
export function copiesIn(packets: readonly Packet[]): { readonly ours: number; readonly withAnswers: number } {
  const copies = packets.filter(({ retransmission }) => retransmission);
  return { ours: fromUs(copies).length, withAnswers: 2 * copies.length };
}

/** Without ARP, which the promise lists and bounds separately. */
export function onIp(packets: readonly Packet[]): readonly Packet[] {
  return packets.filter(({ protocol }) => protocol !== "arp");
}

/**
 * What passed on IP after the first so many frames and up to so many, by `Capture.count`. For stretches in which nothing may pass: a kernel
 * that asks a known neighbour anew by ARP, 5 s after it last had use for it, is none of the application's doing.
 */
export function passedBetween(packets: readonly Packet[], after: number, upTo: number): readonly Packet[] {
  return onIp(packets).filter(({ number }) => number > after && number <= upTo);
}

/** The packets from or to one address. */
export function withPeer(packets: readonly Packet[], address: string): readonly Packet[] {
  return packets.filter(({ source, destination }) => source === address || destination === address);
}

/** The packets that carry the flag. */
export function withFlag(packets: readonly Packet[], flag: TcpFlag): readonly Packet[] {
  return packets.filter(({ flags }) => flags.includes(flag));
}

/** Payload bytes the captured host put on the wire; each copy of a retransmission counts, because each reaches the device. */
export function payloadBytesFromUs(packets: readonly Packet[]): number {
  return fromUs(packets).reduce((sum, { payloadLength }) => sum + payloadLength, 0);
}

/** Packets of ours that carry something new: what the application asked for, without the kernel's copies. */
export function requestsFromUs(packets: readonly Packet[]): readonly Packet[] {
  return fromUs(packets).filter(({ payloadLength, retransmission, keepAlive }) => payloadLength > 0 && !retransmission && !keepAlive);
}

/** Milliseconds from each of our requests to the next; for one device, ask it of withPeer(packets, address). */
export function gapsBetweenRequests(packets: readonly Packet[]): readonly number[] {
  const times = requestsFromUs(packets).map(({ atMs }) => atMs);
  return times.slice(1).map((atMs, index) => atMs - (times[index] ?? Number.NaN));
}

/** How many TCP connections the packets show being opened, each attempt counting once whatever its SYN's copies. */
export function connectionsOpened(packets: readonly Packet[]): number {
  return streamsOf(packets).filter((stream) => withFlag(stream, "SYN").length > 0).length;
}

/**
 * The most TCP connections open at the same time. One is open from its first packet until a RST, until both sides have sent FIN, or, if
 * nothing but SYNs were seen, until the last of them; without any of these it stays open to the end.
 */
export function connectionsAtOnce(packets: readonly Packet[]): number {
  const spans = streamsOf(packets).map(spanOf);
  return Math.max(0, ...spans.map(({ from }) => spans.filter((other) => other.from <= from && from < other.until).length));
}

/** A table of the packets to read in a failing assertion. */
export function describe(packets: readonly Packet[]): string {
  const rows = packets.map((packet) => [
    String(packet.number),
    packet.atMs.toFixed(3),
    packet.fromUs ? "us" : "",
    `${endpoint(packet.source, packet.sourcePort)} > ${endpoint(packet.destination, packet.destinationPort)}`,
    packet.dissector,
    `${packet.payloadLength} B`,
    packet.info,
    packet.retransmission && !packet.info.includes("Retransmission") ? "(retransmission)" : "",
  ]);
  const header = ["no", "ms", "by", "from > to", "protocol", "payload", "summary", ""];
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [`${packets.length} packets, ${fromUs(packets).length} from us`, ...lines].join("\n");
}

function endpoint(address: string, port: number | null): string {
  return port === null ? address : `${address}:${port}`;
}

function streamsOf(packets: readonly Packet[]): readonly (readonly Packet[])[] {
  const streams = Map.groupBy(
    packets.filter(({ stream }) => stream !== null),
    ({ stream }) => stream,
  );
  return [...streams.values()];
}

function spanOf(stream: readonly Packet[]): { readonly from: number; readonly until: number } {
  const from = stream[0]?.number ?? 0;
  const reset = withFlag(stream, "RST")[0]?.number;
  const fins = [fromUs, toUs].map((side) => withFlag(side(stream), "FIN")[0]?.number ?? Infinity);
  const attempt = stream.every(({ flags }) => flags.includes("SYN"));
  const lastTry = attempt ? (stream.at(-1)?.number ?? from) + 0.5 : Infinity; // before the next packet, whose number is 1 higher
  return { from, until: Math.min(reset ?? Infinity, Math.max(...fins), lastTry) };
}
