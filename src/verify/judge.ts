/** Judges a capture by a plan: every packet from the poller is listed, approved, in time and within its bound, or it is named. */
import { asks, type Approved, type ApprovedCheck, fits } from "./approved.ts";
import { Askings, type Fault, type Talk } from "./asking.ts";
import type { CapturedFrame } from "./capture-file.ts";
import type { DeepRun } from "./deep-run.ts";
import type { Judgement, LineFigures, Quiet, Violation, ViolationKind } from "./judgement.ts";
import { packetOf, type Packet } from "./packet.ts";
import { QuietTimes } from "./quiet-times.ts";
import { Resolving } from "./resolving.ts";
import { SentStream } from "./stream.ts";

export interface Evidence {
  readonly frames: Iterable<CapturedFrame>;
  readonly approved: Approved;
  /** The poller's own addresses; where none is given, those that the plan's targets name. */
  readonly pollerAddresses?: readonly string[];
  readonly quiet?: readonly Quiet[];
  /** When deep queries ran. */
  readonly deepRuns?: readonly DeepRun[];
}

interface Connection {
  readonly checks: readonly ApprovedCheck[];
  readonly line: string;
  readonly stream: SentStream;
  readonly talk: Talk;
  packets: number;
  /** Established, and not yet given up by us. */
  open: boolean;
  over: boolean;
  tooMany: boolean;
}

interface LineCount {
  connections: number;
  open: number;
  most: number;
}

type Of<Kind extends Packet["kind"]> = Extract<Packet, { readonly kind: Kind }>;

/** @throws RangeError when nobody says which addresses are the poller's. */
export function judge({ frames, approved, pollerAddresses, quiet = [], deepRuns = [] }: Evidence): Judgement {
  const own = new Set(pollerAddresses ?? approved.checks.flatMap(({ localAddress }) => localAddress ?? []));
  if (own.size === 0) throw new RangeError("the plan names no address of the poller: say which it is");
  const judging = new Judging(approved, own, quiet, deepRuns);
  for (const frame of frames) judging.take(frame);
  return judging.end();
}

class Judging {
  readonly #own: ReadonlySet<string>;
  readonly #quiet: QuietTimes;
  readonly #deepRuns: readonly DeepRun[];
  readonly #askings: Askings;
  readonly #byPlace: ReadonlyMap<string, readonly ApprovedCheck[]>;
  readonly #byAddress: ReadonlyMap<string, readonly ApprovedCheck[]>;
  readonly #connections = new Map<string, Connection>();
  readonly #datagrams = new Map<string, Talk>();
  readonly #lines = new Map<string, LineCount>();
  readonly #resolving = new Resolving();
  readonly #violations: Violation[] = [];
  readonly #others = new Map<string, number>();
  #packets = 0;
  #ours = 0;
  #fromNs: bigint | undefined;
  #toNs = 0n;

  constructor(approved: Approved, own: ReadonlySet<string>, quiet: readonly Quiet[], deepRuns: readonly DeepRun[]) {
    this.#own = own;
    this.#quiet = new QuietTimes(quiet);
    this.#deepRuns = deepRuns;
    this.#askings = new Askings(approved);
    this.#byPlace = Map.groupBy(approved.checks, ({ address, port, transport }) => `${transport} ${address} ${port}`);
    this.#byAddress = Map.groupBy(approved.checks, ({ address }) => address);
  }

  take(frame: CapturedFrame): void {
    this.#packets += 1;
    this.#fromNs ??= frame.atNs;
    this.#toNs = frame.atNs;
    const packet = packetOf(frame);
    if (!packet) return;
    if (!this.#own.has(packet.source)) return this.#foreign(packet);
    if (this.#own.has(packet.destination)) return;
    this.#ours += 1;
    if (packet.kind === "arp") return this.#resolve(packet);
    this.#notQuiet(packet, this.#quiet.packet(packet.destination, packet.atNs, this.#at(packet.destination)));
    if (packet.kind === "tcp") this.#tcp(packet);
    else if (packet.kind === "udp") this.#udp(packet);
    else if (packet.kind === "icmp") this.#icmp(packet);
    else this.#blame("destination-not-listed", packet, `${packet.what} to ${packet.destination}`);
  }

  end(): Judgement {
    this.#judgeArp();
    for (const [key, { stream }] of this.#connections) this.#blameUnjudged(key, stream);
    return {
      packets: this.#packets,
      ours: this.#ours,
      fromNs: this.#fromNs ?? 0n,
      toNs: this.#toNs,
      pollerAddresses: [...this.#own],
      others: [...this.#others].map(([address, packets]) => ({ address, packets })),
      checks: this.#askings.checks(),
      lines: this.#askings.lines().map((line): LineFigures => {
        const { connections, most } = this.#lines.get(line.line) ?? { connections: 0, most: 0 };
        return { ...line, connections, connectionsAtOnceMost: most };
      }),
      arpRequests: this.#resolving.requests,
      quiet: this.#quiet.within(this.#fromNs ?? 0n, this.#toNs).map(({ why }) => why),
      unjudged: this.#quiet.unjudged(this.#fromNs ?? 0n, this.#toNs).map(({ why }) => why),
      violations: this.#violations,
    };
  }

  #tcp(packet: Of<"tcp">): void {
    const checks = this.#listed(packet, packet.destinationPort, "tcp");
    if (!checks) return;
    const key = `${packet.source}:${packet.sourcePort}>${packet.destination}:${packet.destinationPort}`;
    const known = this.#connections.get(key);
    // A SYN of another number begins anew: of a connection that nobody answered no end is seen, and its port is used again.
    const fresh = packet.syn && !packet.ack && (!known || known.over || !known.stream.isBegunBy(packet.sequence));
    if (fresh && known) {
      this.#blameUnjudged(key, known.stream);
      this.#ended(known);
    }
    const connection = fresh || !known ? this.#begun(packet, checks, fresh) : known;
    this.#connections.set(key, connection);
    connection.packets += 1;
    if (!packet.syn && !packet.rst) this.#establish(connection, packet);
    // A SYN counts as one byte before what it brings.
    if (connection.stream.take((packet.sequence + Number(packet.syn)) >>> 0, packet.payload)) this.#said(connection, packet);
    if (packet.fin || packet.rst) this.#ended(connection);
    this.#bounded(connection, packet);
  }

  #begun(packet: Of<"tcp">, checks: readonly ApprovedCheck[], bySyn: boolean): Connection {
    const { line } = checks[0]!;
    const stream = new SentStream();
    if (bySyn) {
      stream.begin(packet.sequence);
      this.#fault(this.#askings.connecting(line, packet.atNs, this.#now(checks, packet)), packet);
    }
    const talk: Talk = { opened: 0, closed: 0, exchanges: 0, connected: bySyn };
    // Its beginning was not captured: what opened it can no longer be told from what it asks.
    if (!bySyn) talk.opened = Math.max(...checks.map(({ opening }) => opening.requestsMax));
    this.#line(line).connections += 1;
    return { checks, line, stream, talk, packets: 0, open: false, over: false, tooMany: false };
  }

  /** An acknowledgement of ours says that the connection stands; a SYN that nobody answered never was one. */
  #establish(connection: Connection, packet: Of<"tcp">): void {
    if (connection.open || connection.over) return;
    connection.open = true;
    const line = this.#line(connection.line);
    line.open += 1;
    line.most = Math.max(line.most, line.open);
    if (line.open > 1) this.#blame("two-connections", packet, `line ${connection.line}: ${line.open} connections at once; one is approved`);
  }

  #ended(connection: Connection): void {
    if (connection.open) this.#line(connection.line).open -= 1;
    connection.open = false;
    connection.over = true;
  }

  /** Of somebody else; whoever speaks to a listed place may be the poller under another address, so it is named. */
  #foreign(packet: Packet): void {
    if (packet.kind === "tcp" && this.#own.has(packet.destination)) this.#heard(packet);
    const port = packet.kind === "tcp" || packet.kind === "udp" ? packet.destinationPort : undefined;
    if (port === undefined || !this.#byPlace.has(`${packet.kind} ${packet.destination} ${port}`)) return;
    this.#others.set(packet.source, (this.#others.get(packet.source) ?? 0) + 1);
  }

  /** From the device: a reset ends the connection on both sides. */
  #heard(packet: Of<"tcp">): void {
    const connection = this.#connections.get(`${packet.destination}:${packet.destinationPort}>${packet.source}:${packet.sourcePort}`);
    if (connection && packet.rst) this.#ended(connection);
  }

  #said(connection: Connection, packet: Of<"tcp">): void {
    const { checks, stream, talk } = connection;
    const all = checks.flatMap(({ opening, asking, closing }) => [...opening.frames, ...asking.frames, ...closing.frames]);
    const byTemplate = (bytes: Uint8Array): number | undefined =>
      all.find(
        (each) => each.lengthMax === undefined && bytes.length >= each.bytes.length && fits(each, bytes.subarray(0, each.bytes.length)),
      )?.bytes.length;
    for (const frame of stream.frames(checks[0]!.protocol, byTemplate)) this.#weigh(checks, talk, frame, packet);
  }

  /** What may be said at this very time: what is a deep query's, in its run alone. */
  #now(checks: readonly ApprovedCheck[], { destination, atNs }: Packet): readonly ApprovedCheck[] {
    const runs = this.#deepRuns.some(({ addresses, fromNs, toNs }) => addresses.has(destination) && atNs >= fromNs && atNs <= toNs);
    return runs ? checks : checks.filter(({ deep }) => !deep);
  }

  #weigh(checks: readonly ApprovedCheck[], talk: Talk, frame: Uint8Array, packet: Packet): void {
    this.#notQuiet(packet, this.#quiet.frame(frame, packet, this.#at(packet.destination)));
    const fault = this.#askings.take(this.#now(checks, packet), talk, frame, packet.atNs);
    const deep = fault?.kind === "payload-not-approved" ? checks.find((check) => check.deep && asks(check, frame)) : undefined;
    const why =
      deep &&
      `${fault!.detail} outside the run of a deep query, in which ${deep.id} would have them; its record is named with --deep-query`;
    this.#fault(why === undefined ? fault : { kind: "payload-not-approved", detail: why }, packet);
  }

  #bounded(connection: Connection, packet: Of<"tcp">): void {
    const most = Math.max(...connection.checks.map(({ packetsMax }) => packetsMax)) * Math.max(connection.talk.exchanges, 1);
    if (connection.packets <= most || connection.tooMany) return;
    connection.tooMany = true;
    this.#blame("too-many-packets", packet, `${connection.packets} packets over one connection; ${most} at worst`);
  }

  #udp(packet: Of<"udp">): void {
    const checks = this.#listed(packet, packet.destinationPort, "udp");
    if (!checks) return;
    this.#datagram(`${packet.source}>${packet.destination}:${packet.destinationPort}`, checks, packet.payload, packet);
  }

  #datagram(key: string, checks: readonly ApprovedCheck[], bytes: Uint8Array, packet: Packet): void {
    const talk = this.#datagrams.get(key) ?? { opened: 0, closed: 0, exchanges: 0, connected: false };
    this.#datagrams.set(key, talk);
    this.#weigh(checks, talk, bytes, packet);
    // Nothing opens and closes a conversation in datagrams: each exchange stands for itself.
    talk.opened = 0;
    talk.closed = 0;
  }

  #icmp(packet: Of<"icmp">): void {
    const checks = this.#at(packet.destination).filter(({ transport }) => transport === "icmp");
    if (packet.type !== 8 || packet.code !== 0 || checks.length === 0) {
      const what = packet.type === 3 ? "an ICMP error" : `ICMP type ${packet.type}`;
      return this.#blame("destination-not-listed", packet, `${what} to ${packet.destination}; the plan has no such request`);
    }
    this.#datagram(`icmp>${packet.destination}`, checks, packet.message, packet);
  }

  #resolve(packet: Of<"arp">): void {
    if (!packet.request || this.#own.has(packet.destination)) return;
    const violation = this.#resolving.take(packet, this.#at(packet.destination));
    if (violation) this.#violations.push(violation);
  }

  /** A deep query's are counted where one ran. */
  #judgeArp(): void {
    const spanMs = Number(this.#toNs - (this.#fromNs ?? 0n)) / 1e6;
    const asked = (address: string): readonly ApprovedCheck[] => {
      const runs = this.#deepRuns.some(({ addresses }) => addresses.has(address));
      return this.#at(address).filter(({ deep }) => !deep || runs);
    };
    for (const { destination, detail } of this.#resolving.beyond(spanMs, asked)) this.#blameAll("arp-beyond-bound", destination, detail);
  }

  #listed(packet: Of<"tcp"> | Of<"udp">, port: number, transport: string): readonly ApprovedCheck[] | undefined {
    const checks = this.#byPlace.get(`${transport} ${packet.destination} ${port}`);
    if (checks) return checks;
    this.#blame("destination-not-listed", packet, `${transport} to ${packet.destination}:${port}, which the plan does not list`);
    return undefined;
  }

  #at(address: string): readonly ApprovedCheck[] {
    return this.#byAddress.get(address) ?? [];
  }

  #line(line: string): LineCount {
    const known = this.#lines.get(line) ?? { connections: 0, open: 0, most: 0 };
    this.#lines.set(line, known);
    return known;
  }

  #notQuiet(packet: Packet, found: readonly string[]): void {
    for (const detail of found) this.#blame("not-quiet", packet, detail);
  }

  #fault(fault: Fault | undefined, packet: Packet): void {
    if (fault) this.#blame(fault.kind, packet, fault.detail);
  }

  #blameUnjudged(key: string, { unjudged }: SentStream): void {
    const why = "no whole frame, or behind a segment that the capture does not hold";
    if (unjudged > 0) this.#blameAll("payload-not-approved", key, `${unjudged} bytes that cannot be judged: ${why}`);
  }

  #blame(kind: ViolationKind, { number, atNs, destination }: Packet, detail: string): void {
    this.#violations.push({ kind, packet: number, atNs, destination, detail });
  }

  #blameAll(kind: ViolationKind, destination: string, detail: string): void {
    this.#violations.push({ kind, packet: undefined, atNs: this.#toNs, destination, detail });
  }
}
