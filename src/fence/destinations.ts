/** What the plan sends where, as a packet filter sees it: addresses, ports, the beginnings of frames, and how many packets a check needs. */
import { isAddress, parseAddress } from "../domain/address.ts";
import { seconds, type Milliseconds } from "../domain/units.ts";
import type { Check, Plan, SegmentId, Transport } from "../domain/plan.ts";
import { hex, longest, type FrameTemplate } from "../domain/template.ts";

/** So many at once, and so many in every `per` on average. */
export interface Pace {
  readonly burst: number;
  readonly perHour: number;
}

/** What may go to a destination; by kind of packet, because the kernel repeats each kind by itself. */
export interface Paces {
  /** TCP: a SYN and as many copies of it as one attempt takes. */
  readonly open?: Pace;
  /** What carries bytes. TCP: one copy more than a check needs; the kernel sends the rest of them only to somebody who is gone. */
  readonly data: Pace;
  /** TCP: bare ACK. */
  readonly acknowledge?: Pace;
  /** TCP: FIN or RST without bytes. */
  readonly end?: Pace;
}

export interface Destination {
  readonly segment: SegmentId;
  readonly family: 4 | 6;
  /** In its one spelling. */
  readonly address: string;
  readonly transport: Transport;
  readonly port: number;
  readonly paces: Paces;
  /** Frames that may go there; undefined where frames are longer than a packet, so that no packet can be told by its bytes. */
  readonly frames: readonly FrameTemplate[] | undefined;
}

/** Payload that fits a packet whatever options TCP has and whatever IP it is: 1280 bytes is IPv6's least, less headers of 40 and 60. */
const packetPayloadBytes = 1180;
/** Linux repeats a SYN every second (tcp_syn_linear_timeouts). */
const synEvery = seconds(1);
/** More than a reply of several packets needs: an acknowledgement that is kept back makes the device repeat itself. */
const longReplyAcknowledgements = 64;

/** Every place of the plan's checks on a network, in the order of the plan. */
export function destinationsOf(plan: Plan): readonly Destination[] {
  // A serial port has no packets.
  const checks = [...plan.checks.values(), ...plan.deep.values()].filter(({ target }) => target.transport !== "serial");
  const byPlace = Map.groupBy(checks, ({ target }) => `${target.address} ${target.transport} ${target.port}`);
  return [...byPlace.values()].map((members) => destination(plan, members as [Check, ...Check[]]));
}

function destination(plan: Plan, checks: readonly [Check, ...Check[]]): Destination {
  const [{ device, target }] = checks;
  const parsed = parseAddress(target.address);
  if (!isAddress(parsed)) throw new TypeError(`fence: ${target.address} is no address`);
  // A deep query comes between two heartbeats, the device's floor apart from either.
  const gaps = checks.map(({ line, deep, floor }) => Math.min(plan.lines.get(line)!.gap, (deep && floor?.gap) ?? Number.POSITIVE_INFINITY));
  const templates = checks.flatMap((check) => [check.opening, check.asking, check.closing].flatMap((phase) => phase.templates));
  const told = templates.length > 0 && templates.every((template) => longest(template) <= packetPayloadBytes);
  return {
    segment: plan.devices.get(device)!.segment,
    family: parsed.family,
    address: parsed.text,
    transport: target.transport,
    port: target.port,
    paces: pacesOf(checks, Math.min(...gaps) as Milliseconds, target.transport, told),
    frames: told ? distinct(templates) : undefined,
  };
}

/**
 * Worked example: a fresh Modbus check every 60 s sends SYN, ACK, request, ACK, FIN, ACK. Between two requests of a line lies its gap, so
 * never more than the burst comes at once, nor more than the burst in each gap: 1 SYN, 1 request and a copy of it, FIN or RST thrice.
 */
function pacesOf(checks: readonly Check[], gap: Milliseconds, transport: Transport, told: boolean): Paces {
  const packets = Math.max(...checks.map(dataPackets));
  const pace = (burst: number, needed: number): Pace => ({ burst, perHour: Math.ceil((needed * seconds(3600)) / gap) });
  if (transport !== "tcp") return { data: pace(packets, packets) };
  const syns = Math.max(...checks.map(({ connectWithin }) => Math.floor(connectWithin / synEvery) + 1));
  // An answer may come late and the next at once: the ends of two checks may lie closer together than their requests.
  const acknowledgements = 2 * (packets + 2) + (told ? 2 : longReplyAcknowledgements);
  return {
    open: pace(syns, syns),
    data: pace(packets + 1, packets),
    acknowledge: pace(acknowledgements, acknowledgements),
    end: pace(3, 2),
  };
}

function dataPackets({ opening, asking, closing }: Check): number {
  return [opening, asking, closing].reduce(
    (sum, { requestsMax, bytesMax }) => sum + requestsMax + Math.floor(bytesMax / packetPayloadBytes),
    0,
  );
}

function distinct(templates: readonly FrameTemplate[]): readonly FrameTemplate[] {
  const seen = new Map(templates.map((template) => [`${hex(template.bytes)} ${hex(template.mask)} ${longest(template)}`, template]));
  return [...seen.values()];
}
