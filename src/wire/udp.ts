/** A guarded way over UDP: one long-lived socket a segment and protocol, whose every datagram was copied, checked and charged at that very moment. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import type { Permit } from "../domain/permit.ts";
import type { Target } from "../domain/plan.ts";
import type { Closed, Dial, FramePolicy, OwnedWire } from "../domain/wire.ts";
import { closedBy } from "./errors.ts";
import { makingOwn } from "./own-sockets.ts";
import type { Violation } from "./tcp.ts";
import { type Outlet, placeOf, UdpWire } from "./udp-wire.ts";

export interface UdpDiallerParts {
  readonly onViolation: (violation: Violation) => void;
  /** Why a packet to the target would leave by another interface than its segment's; undefined when it would not. */
  readonly cutOff: (target: Target) => string | undefined;
}

/** Datagrams that reached nobody. `late`: from an address that was asked, and no answer to what is open now; `foreign`: from any other. */
export interface Dropped {
  readonly late: number;
  readonly foreign: number;
}

export interface UdpDialler {
  readonly dial: Dial;
  readonly dropped: Dropped;
  /** How many sockets are open. */
  readonly sockets: number;
  /** Ends every wire and closes every socket. Replies that come after it draw an ICMP error from the kernel. */
  close(): void;
}

/** One for each of the poller's own addresses and protocols; more than any site has segments. */
const socketsMax = 1024;
/** Addresses remembered for telling late from foreign; beyond that they are forgotten, and late ones count as foreign. */
const askedMax = 20_000;

/**
 * No permit's connection is spent: UDP has none, and nothing leaves before the first frame. A socket stays open when a wire over it ends,
 * because the kernel would answer a reply to a closed port with an ICMP error, which a PLC need not survive.
 */
export function udpDialler(parts: UdpDiallerParts): UdpDialler {
  const doors = new Map<string, Door>();
  const dropped = { late: 0, foreign: 0 };
  return {
    dropped,
    get sockets() {
      return doors.size;
    },
    dial: (permit, policy) => {
      const { target } = permit.check;
      const fault = faultOf(target);
      if (fault !== undefined) {
        permit.violated(fault);
        return Promise.resolve({ by: "us", failure: "guard_blocked", detail: fault });
      }
      // Binding to localAddress chooses the source address, not the interface. The permit asks again with every frame.
      const away = parts.cutOff(target);
      if (away !== undefined) return Promise.resolve(unavailable(away));
      const name = `${policy.protocol} ${isIP(target.address)} ${target.localAddress ?? ""}`;
      let door = doors.get(name);
      if (!door) {
        if (doors.size >= socketsMax) return Promise.resolve(unavailable(`${socketsMax} UDP sockets are open already`));
        const opened = Door.open(target, dropped, () => doors.delete(name));
        if (!(opened instanceof Door)) return Promise.resolve(opened);
        doors.set(name, opened);
        door = opened;
      }
      return Promise.resolve(door.begin(parts, permit, policy));
    },
    close: () => {
      for (const door of doors.values()) door.close({ by: "us", failure: "timeout", detail: "the socket was closed" });
    },
  };
}

function unavailable(detail: string): Closed {
  return { by: "us", failure: "driver_unavailable", detail };
}

/** Names are never looked up, and one datagram reaches one device: no group, no broadcast. */
function faultOf({ address, port, transport }: Target): string | undefined {
  if (transport !== "udp") return `a ${transport} target for a UDP wire`;
  const parsed = parseAddress(address);
  if (!isAddress(parsed)) return `target ${address}: expected a literal IP address`;
  const kind = kindOf(parsed);
  if (kind !== "unicast" && kind !== "loopback") return `target ${address}: expected a unicast address, found ${kind}`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `target port ${port}: expected 1 to 65535`;
  return undefined;
}

/** Literal addresses only reach Node, which would look them up all the same, and so send a tick after the decision to send. */
function sameAddress(address: string, family: unknown, done: (error: null, address: string, family: number) => void): void {
  done(null, address, typeof family === "number" ? family : isIP(address));
}

/** One socket and the wires that go through it, at most one to each address and port. */
class Door implements Outlet {
  readonly #socket: Socket;
  readonly #dropped: { late: number; foreign: number };
  readonly #forget: () => void;
  readonly #wires = new Map<string, UdpWire>();
  readonly #asked = new Set<string>();
  #closed = false;

  private constructor(socket: Socket, dropped: { late: number; foreign: number }, forget: () => void) {
    this.#socket = socket;
    this.#dropped = dropped;
    this.#forget = forget;
  }

  /** Bound before this returns, or the reason why not. */
  static open({ address, localAddress }: Target, dropped: { late: number; foreign: number }, forget: () => void): Door | Closed {
    const six = isIP(address) === 6;
    const socket = makingOwn(() =>
      createSocket({ type: six ? "udp6" : "udp4", reuseAddr: false, ...(six && { ipv6Only: true }), lookup: sameAddress as never }),
    );
    const door = new Door(socket, dropped, forget);
    let failure: Closed | undefined;
    socket.on("error", (error) => {
      const closed = closedBy(error);
      if (!closed) throw error;
      failure = closed;
      door.close(closed);
    });
    socket.on("message", (datagram, from) => door.#receive(datagram, from));
    socket.bind({ address: localAddress ?? (six ? "::" : "0.0.0.0"), port: 0, exclusive: true });
    // Exchanges have timers that keep the process alive; a socket that waits for late replies does not.
    socket.unref();
    return failure ?? door;
  }

  begin(parts: UdpDiallerParts, permit: Permit, policy: FramePolicy): OwnedWire | Closed {
    const { target } = permit.check;
    const place = placeOf(target);
    if (this.#wires.has(place)) return unavailable(`another exchange with ${place} is not over`);
    const wire = new UdpWire({ outlet: this, target, policy, onViolation: parts.onViolation });
    this.#wires.set(place, wire);
    if (this.#asked.size >= askedMax) this.#asked.clear();
    this.#asked.add(place);
    wire.lend(permit);
    return wire.verdict ?? wire;
  }

  /** Hands it to the kernel within this call, or closes the socket: what waits in a queue would leave later, after a stop perhaps. */
  send(wire: UdpWire, frame: Uint8Array): void {
    const { address, port } = wire.target;
    this.#socket.send(frame, port, address, (error) => {
      if (!error) return;
      const closed = closedBy(error);
      if (!closed) throw error;
      wire.fail(closed);
    });
    if (this.#socket.getSendQueueCount() > 0)
      this.close({ by: "us", failure: "driver_unavailable", detail: "the kernel did not take the datagram at once" });
  }

  leave(wire: UdpWire): void {
    const place = placeOf(wire.target);
    if (this.#wires.get(place) === wire) this.#wires.delete(place);
  }

  close(why: Closed): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#forget();
    this.#socket.close();
    for (const wire of this.#wires.values()) wire.fail(why);
  }

  #receive(datagram: Uint8Array, { address, port }: RemoteInfo): void {
    const place = placeOf({ address, port });
    if (this.#wires.get(place)?.take(datagram)) return;
    if (this.#asked.has(place)) this.#dropped.late += 1;
    else this.#dropped.foreign += 1;
  }
}
