/** A guarded TCP connection: every byte that leaves was copied, checked and charged at that very moment. */
import { isIP, type OnReadOpts } from "node:net";
import type { Clock } from "../domain/clock.ts";
import { finishWithin, releaseWithin } from "../domain/limits.ts";
import type { Permit, Spending } from "../domain/permit.ts";
import type { Target } from "../domain/plan.ts";
import type { FailureKind } from "../domain/reasons.ts";
import { after, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { Closed, Dial, FramePolicy, OwnedWire } from "../domain/wire.ts";
import { Arrival } from "./acknowledged.ts";
import { closedBy } from "./errors.ts";
import { Inbound, shown } from "./inbound.ts";
import { WireSocket } from "./own-sockets.ts";

/** A guard stopped something that no check can be blamed for, because no permit was lent. */
export interface Violation {
  readonly target: Target;
  readonly detail: string;
}

export interface TcpDiallerParts {
  readonly clock: Clock;
  readonly onViolation: (violation: Violation) => void;
  /** Why a packet to the target would leave by another interface than its segment's; undefined when it would not. */
  readonly cutOff: (target: Target) => string | undefined;
}

/** Charges the permit's connection, then connects, both before it returns its promise. */
export function tcpDialler(parts: TcpDiallerParts): Dial {
  return (permit, policy) => {
    const fault = faultOf(permit.check.target);
    if (fault !== undefined) {
      permit.violated(fault);
      return Promise.resolve({ by: "us", failure: "guard_blocked", detail: fault });
    }
    const spending = permit.spendConnection();
    if (!spending.granted) return Promise.resolve({ by: "us", failure: failureOf(spending), detail: spending.detail });
    // Binding to localAddress chooses the source address, not the interface.
    const away = parts.cutOff(permit.check.target);
    if (away !== undefined) return Promise.resolve({ by: "us", failure: "driver_unavailable", detail: away });
    return new TcpWire(parts, permit, policy).opened();
  };
}

/** Names are never looked up: a wire goes to one literal address. */
function faultOf({ address, port, transport }: Target): string | undefined {
  if (transport !== "tcp") return `a ${transport} target for a TCP wire`;
  if (isIP(address) === 0) return `target ${address}: expected a literal IP address`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `target port ${port}: expected 1 to 65535`;
  return undefined;
}

/** Too late is a lost exchange; off the plan is the guard's affair. */
function failureOf(spending: Spending & { readonly granted: false }): FailureKind {
  return spending.because === "violation" ? "guard_blocked" : "timeout";
}

/**
 * `open`: connected and both directions stand. `closing`: a FIN has gone or come. `cut`: reset or destroyed, waiting for the kernel.
 * `over`: the kernel has let go.
 */
type Phase = "connecting" | "open" | "closing" | "cut" | "over";

const readAtOnceBytes = 4096;
/** Read and copied from within one callback, so that no wire sees another one's bytes. */
const readBuffer = new Uint8Array(readAtOnceBytes);

class TcpWire implements OwnedWire {
  readonly target: Target;
  readonly closed: Promise<Closed>;
  readonly #parts: TcpDiallerParts;
  readonly #policy: FramePolicy;
  readonly #inbound: Inbound;
  readonly #socket: WireSocket;
  readonly #arrival: Arrival;
  readonly #settle: (closed: Closed) => void;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];
  #phase: Phase = "connecting";
  #permit: Permit | undefined;
  /** The request that has no answer yet, and is to have one. */
  #outstanding: Uint8Array | undefined;
  /** How it ended; the first cause stands. */
  #verdict: Closed | undefined;
  #cancelTimer: () => void = () => {};

  constructor(parts: TcpDiallerParts, permit: Permit, policy: FramePolicy) {
    this.#parts = parts;
    this.#policy = policy;
    this.#inbound = new Inbound(policy);
    this.target = permit.check.target;
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#settle = resolve;
    this.#socket = new WireSocket({ allowHalfOpen: false, noDelay: true, keepAlive: false, onread: this.#reading() });
    this.#arrival = new Arrival(this.#socket);
    this.#socket.on("end", () => this.#peerFinished());
    this.#socket.on("error", (error) => this.#failed(error));
    this.#socket.on("close", () => this.#release());
    this.lend(permit);
  }

  /** Once connected the wire itself, else how it ended. */
  opened(): Promise<OwnedWire | Closed> {
    // The permit was taken back between its charge and now: no connection, no packet.
    if (this.#verdict) return this.closed;
    const { connectWithin } = this.#permit!.check;
    const { clock } = this.#parts;
    const until = earlier(after(clock.monotonic(), connectWithin), this.#permit!.deadline);
    // Linux repeats the SYN after 1 s: the timer is what keeps it at one.
    this.#cancelTimer = clock.at(until, () => this.abort("timeout", `no connection within ${connectWithin} ms`));
    return new Promise((resolve) => {
      this.#socket.once("connect", () => {
        this.#cancelTimer();
        this.#phase = "open";
        resolve(this);
      });
      void this.closed.then(resolve);
      const { address, port, localAddress } = this.target;
      this.#socket.connect({ host: address, port, autoSelectFamily: false, ...(localAddress === undefined ? {} : { localAddress }) });
    });
  }

  get quiet(): boolean {
    return this.#phase === "open" && this.#outstanding === undefined;
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  lend(permit: Permit): void {
    if (this.#permit === permit) return;
    this.#permit = permit;
    // Leave to send to one device is no leave to send to another.
    if (!leadsTo(this.target, permit.check.target)) return this.#violated(`a permit for ${permit.check.target.address}, lent elsewhere`);
    permit.onRevoked((why) => {
      if (this.#permit === permit) this.abort("timeout", `the permit was taken back: ${why}`);
    });
  }

  reclaim(): void {
    this.#permit = undefined;
  }

  send(frame: Uint8Array): void {
    // A library that speaks after the end has not broken anything: nothing can leave any more.
    if (this.#phase !== "open") return;
    // The copy is what is checked and what is sent, so that nobody can change the bytes in between.
    const copy = new Uint8Array(frame);
    const foreign = this.#foreign(copy);
    if (foreign !== undefined) return this.#violated(foreign);
    const operation = this.#policy.operation(copy);
    if (operation === undefined) return this.#violated(`not on the read-only list: ${shown(copy)}`);
    if (this.#socket.writableLength !== 0) return this.abort("timeout", "an earlier frame had not left");
    const spending = this.#permit!.spendFrame(copy, operation);
    if (!spending.granted) return this.abort(failureOf(spending), spending.detail);
    if (!this.#policy.unanswered.has(operation)) this.#outstanding = copy;
    this.#socket.write(copy);
    // What the kernel did not take at once would leave later, after a stop perhaps.
    if (this.#socket.writableLength !== 0) this.abort("timeout", "the kernel did not take the frame at once");
  }

  finish(): void {
    if (this.#phase !== "open") return;
    // A FIN would leave the kernel repeating a request that nobody answers; only a reset ends that.
    if (this.#outstanding) return this.abort("timeout", "ended before the answer");
    this.#phase = "closing";
    this.#socket.end();
    this.#within(finishWithin, () => {
      const detail = `the device did not close within ${finishWithin} ms`;
      this.#verdict ??= { by: "us", failure: "timeout", detail, ...this.#arrival.of(undefined) };
      this.#cut();
    });
  }

  abort(failure: FailureKind, detail: string): void {
    if (this.#phase === "over") return;
    // Only where the time is over: a stop ends many at once, and has no time to look.
    const late = this.#outstanding !== undefined && this.#permit !== undefined && this.#parts.clock.monotonic() >= this.#permit.deadline;
    this.#verdict ??= { by: "us", failure, detail, ...(late && this.#arrival.of(this.#outstanding)) };
    this.#cut();
  }

  nearEnd(): void {
    if (this.#outstanding) this.#arrival.look(this.#outstanding);
  }

  /** What no lawful driver sends, as the wire itself can see; the permit sees the rest. */
  #foreign(copy: Uint8Array): string | undefined {
    if (!this.#permit) return `a frame without a permit: ${shown(copy)}`;
    if (copy.length === 0 || this.#policy.frameLength(copy, "out") !== copy.length) return `not one whole frame: ${shown(copy)}`;
    return this.#outstanding ? `a further frame before the answer: ${shown(copy)}` : undefined;
  }

  #violated(detail: string): void {
    const permit = this.#permit;
    this.abort("guard_blocked", detail);
    if (permit) permit.violated(detail);
    else this.#parts.onViolation({ target: this.target, detail });
  }

  /** What the kernel has comes at most `readAtOnceBytes` at a time into one buffer of all wires: a device cannot make us hold more. */
  #reading(): OnReadOpts {
    return {
      buffer: readBuffer,
      callback: (length) => {
        this.#receive(readBuffer.subarray(0, length));
        return true;
      },
    };
  }

  #receive(chunk: Uint8Array): void {
    if (this.#verdict) return;
    const request = this.#outstanding;
    if (!request) return this.abort("malformed", `bytes that nobody asked for: ${shown(chunk)}`);
    const taken = this.#inbound.take(chunk);
    if (taken.is === "part") return;
    if (taken.is === "malformed") return this.abort("malformed", taken.detail);
    if (!this.#policy.answers(request, taken.frame))
      return this.abort("malformed", `not the answer to what was asked: ${shown(taken.frame)}`);
    this.#outstanding = undefined;
    for (const listener of this.#listeners) this.#deliver(listener, taken.frame);
  }

  /** A reply that makes a library throw must end this exchange, not the process. */
  #deliver(listener: (frame: Uint8Array) => void, frame: Uint8Array): void {
    try {
      listener(new Uint8Array(frame));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.abort("malformed", `the driver could not take the answer (${reason}): ${shown(frame)}`);
    }
  }

  /** Node answers with a FIN of its own. */
  #peerFinished(): void {
    if (this.#phase !== "open") return;
    this.#verdict = this.#outstanding
      ? { by: "peer", failure: "reset", detail: "the device closed the connection before it answered" }
      : { by: "peer", detail: "the device closed the connection" };
    this.#phase = "closing";
    this.#within(finishWithin, () => this.#cut());
  }

  #failed(error: Error): void {
    if (this.#verdict) return;
    const closed = closedBy(error);
    if (!closed) throw error;
    this.#verdict = closed;
  }

  #cut(): void {
    if (this.#phase === "cut" || this.#phase === "over") return;
    this.#phase = "cut";
    this.#within(releaseWithin, () => this.#release());
    const socket = this.#socket;
    // A reset of a socket that still connects would wait for the connection, and the SYNs would go on.
    if (socket.pending) socket.destroy();
    // libuv refuses to reset between the call for a FIN and the FIN; the handle would be left open for ever.
    else if (socket.writableEnded && !socket.writableFinished) socket.once("finish", () => socket.resetAndDestroy());
    else socket.resetAndDestroy();
  }

  #release(): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#cancelTimer();
    this.#outstanding = undefined;
    this.#socket.destroy();
    this.#settle(this.#verdict ?? { by: "us", detail: "closed after the answer" });
  }

  /** One timer at a time: the next phase takes the place of the last. */
  #within(span: Milliseconds, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#parts.clock.at(after(this.#parts.clock.monotonic(), span), run);
  }
}

function leadsTo(a: Target, b: Target): boolean {
  return a.address === b.address && a.port === b.port && a.localAddress === b.localAddress;
}

function earlier(a: MonotonicMs, b: MonotonicMs): MonotonicMs {
  return a < b ? a : b;
}
