/** Takes a captured frame apart down to TCP, UDP, ICMP and ARP; everything else keeps its name and its addresses. */
import type { CapturedFrame } from "./capture-file.ts";

export interface PacketHead {
  readonly number: number;
  readonly atNs: bigint;
  readonly source: string;
  readonly destination: string;
}

export type Packet =
  | (PacketHead & {
      readonly kind: "tcp";
      readonly sourcePort: number;
      readonly destinationPort: number;
      readonly sequence: number;
      readonly syn: boolean;
      readonly ack: boolean;
      readonly fin: boolean;
      readonly rst: boolean;
      readonly payload: Uint8Array;
    })
  | (PacketHead & { readonly kind: "udp"; readonly sourcePort: number; readonly destinationPort: number; readonly payload: Uint8Array })
  | (PacketHead & { readonly kind: "icmp"; readonly type: number; readonly code: number; readonly message: Uint8Array })
  /** `source` asks who has `destination` (or tells, where `request` is false). */
  | (PacketHead & { readonly kind: "arp"; readonly request: boolean; readonly broadcast: boolean })
  /** IGMP, neighbour discovery, fragments and whatever else; `what` is for a person. */
  | (PacketHead & { readonly kind: "other"; readonly what: string });

const etherIpv4 = 0x0800;
const etherArp = 0x0806;
const etherIpv6 = 0x86dd;
const neighbourSolicitation = 135;
const vlanTags: ReadonlySet<number> = new Set([0x8100, 0x88a8]);

/** Undefined for frames without any IP or ARP in them (LLDP, spanning tree): no device is spoken to by address there. */
export function packetOf(frame: CapturedFrame): Packet | undefined {
  const { bytes } = frame;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const link = linkHeader(frame.linkType, view);
  if (!link) return undefined;
  if (link.ether === etherArp) return arp(frame, view, link.at, link.broadcast);
  if (link.ether === etherIpv4) return ipv4(frame, view, link.at);
  return link.ether === etherIpv6 ? ipv6(frame, view, link.at) : undefined;
}

/** Ethernet 1, raw IP 101 (and 12, 14), Linux cooked 113 and 276, loopback 0 and 108 (tcpdump.org/linktypes.html). */
function linkHeader(
  linkType: number,
  view: DataView,
): { readonly ether: number; readonly at: number; readonly broadcast: boolean } | undefined {
  if (linkType === 1) {
    if (view.byteLength < 14) return undefined;
    let at = 12;
    while (vlanTags.has(view.getUint16(at)) && at + 6 <= view.byteLength) at += 4;
    return { ether: view.getUint16(at), at: at + 2, broadcast: (view.getUint8(0) & 1) === 1 };
  }
  if (linkType === 113) return view.byteLength < 16 ? undefined : { ether: view.getUint16(14), at: 16, broadcast: view.getUint16(0) === 1 };
  if (linkType === 276) return view.byteLength < 20 ? undefined : { ether: view.getUint16(0), at: 20, broadcast: view.getUint8(10) === 1 };
  const at = linkType === 0 || linkType === 108 ? 4 : linkType === 101 || linkType === 12 || linkType === 14 ? 0 : undefined;
  if (at === undefined || view.byteLength <= at) return undefined;
  return { ether: view.getUint8(at) >> 4 === 6 ? etherIpv6 : etherIpv4, at, broadcast: false };
}

function arp({ number, atNs }: CapturedFrame, view: DataView, at: number, broadcast: boolean): Packet | undefined {
  if (view.byteLength < at + 28 || view.getUint16(at + 2) !== etherIpv4) return undefined;
  const [source, destination] = [ipv4Text(view, at + 14), ipv4Text(view, at + 24)];
  return { kind: "arp", number, atNs, source, destination, request: view.getUint16(at + 6) === 1, broadcast };
}

function ipv4({ number, atNs }: CapturedFrame, view: DataView, at: number): Packet | undefined {
  if (view.byteLength < at + 20) return undefined;
  const head: PacketHead = { number, atNs, source: ipv4Text(view, at + 12), destination: ipv4Text(view, at + 16) };
  const headerBytes = (view.getUint8(at) & 0x0f) * 4;
  const totalBytes = view.getUint16(at + 2);
  // Segmentation offload may leave the length at 0; then the frame's own end counts.
  const end = totalBytes === 0 ? view.byteLength : Math.min(at + totalBytes, view.byteLength);
  if ((view.getUint16(at + 6) & 0x3fff) !== 0) return { ...head, kind: "other", what: "a fragment of an IP packet" };
  return transport(head, view.getUint8(at + 9), view, at + headerBytes, end);
}

function ipv6({ number, atNs }: CapturedFrame, view: DataView, at: number): Packet | undefined {
  if (view.byteLength < at + 40) return undefined;
  const head: PacketHead = { number, atNs, source: ipv6Text(view, at + 8), destination: ipv6Text(view, at + 24) };
  const payloadBytes = view.getUint16(at + 4);
  const end = payloadBytes === 0 ? view.byteLength : Math.min(at + 40 + payloadBytes, view.byteLength);
  return transport(head, view.getUint8(at + 6), view, at + 40, end);
}

function transport(head: PacketHead, protocol: number, view: DataView, at: number, end: number): Packet {
  const bytes = (from: number): Uint8Array => new Uint8Array(view.buffer, view.byteOffset + from, Math.max(end - from, 0));
  if (protocol === 6 && at + 20 <= end) {
    const flags = view.getUint8(at + 13);
    return {
      ...head,
      kind: "tcp",
      sourcePort: view.getUint16(at),
      destinationPort: view.getUint16(at + 2),
      sequence: view.getUint32(at + 4),
      fin: (flags & 0x01) !== 0,
      syn: (flags & 0x02) !== 0,
      rst: (flags & 0x04) !== 0,
      ack: (flags & 0x10) !== 0,
      payload: bytes(at + (view.getUint8(at + 12) >> 4) * 4),
    };
  }
  if (protocol === 17 && at + 8 <= end)
    return { ...head, kind: "udp", sourcePort: view.getUint16(at), destinationPort: view.getUint16(at + 2), payload: bytes(at + 8) };
  if (protocol === 1 && at + 8 <= end)
    return { ...head, kind: "icmp", type: view.getUint8(at), code: view.getUint8(at + 1), message: bytes(at) };
  if (protocol === 58 && at + 24 <= end && view.getUint8(at) === neighbourSolicitation) return solicitation(head, view, at);
  return { ...head, kind: "other", what: protocol === 58 ? `ICMPv6 type ${view.getUint8(at)}` : `IP protocol ${protocol}` };
}

/** What ARP is to IPv4, neighbour solicitation is to IPv6 (RFC 4861, 4.3): `destination` becomes the address asked for. */
function solicitation(head: PacketHead, view: DataView, at: number): Packet {
  const broadcast = head.destination.startsWith("ff02::1:ff");
  return { ...head, kind: "arp", destination: ipv6Text(view, at + 8), request: true, broadcast };
}

function ipv4Text(view: DataView, at: number): string {
  return [0, 1, 2, 3].map((octet) => view.getUint8(at + octet)).join(".");
}

/** RFC 5952: the longest run of at least two zero groups is left out. */
function ipv6Text(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, group) => view.getUint16(at + 2 * group));
  const runs = groups.flatMap((_, start) => {
    const after = groups.findIndex((group, index) => index >= start && group !== 0);
    return [{ start, length: (after === -1 ? 8 : after) - start }];
  });
  const best = runs.reduce((a, b) => (b.length > a.length ? b : a));
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (best.length < 2) return text(groups);
  return `${text(groups.slice(0, best.start))}::${text(groups.slice(best.start + best.length))}`;
}
