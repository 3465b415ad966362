/** One exchange over UDP, or several under one permit after the other: what it sends, what it takes for an answer, and how it ends. */
import type { Permit, Spending } from "../domain/permit.ts";
import type { Target } from "../domain/plan.ts";
import type { FailureKind } from "../domain/reasons.ts";
import type { Closed, FramePolicy, OwnedWire } from "../domain/wire.ts";
import { shown } from "./inbound.ts";
import type { Violation } from "./tcp.ts";

/** The socket that several wires share. */
export interface Outlet {
  /** Hands the datagram to the kernel within this call, or ends the wire. */
  send(wire: UdpWire, frame: Uint8Array): void;
  leave(wire: UdpWire): void;
}

export interface UdpWireParts {
  readonly outlet: Outlet;
  readonly target: Target;
  readonly policy: FramePolicy;
  readonly onViolation: (violation: Violation) => void;
}

export function placeOf({ address, port }: Pick<Target, "address" | "port">): string {
  return `${address} ${port}`;
}

export class UdpWire implements OwnedWire {
  readonly target: Target;
  readonly closed: Promise<Closed>;
  readonly #outlet: Outlet;
  readonly #policy: FramePolicy;
  readonly #onViolation: (violation: Violation) => void;
  readonly #settle: (closed: Closed) => void;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];
  #permit: Permit | undefined;
  /** The request that has no answer yet, and is to have one. */
  #outstanding: Uint8Array | undefined;
  /** What came from the device meanwhile and answered nothing. */
  #unanswering: { count: number; readonly first: string } | undefined;
  #verdict: Closed | undefined;

  constructor({ outlet, target, policy, onViolation }: UdpWireParts) {
    this.#outlet = outlet;
    this.target = target;
    this.#policy = policy;
    this.#onViolation = onViolation;
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#settle = resolve;
  }

  get quiet(): boolean {
    return this.#verdict === undefined && this.#outstanding === undefined;
  }

  /** How it ended; undefined while it has not. */
  get verdict(): Closed | undefined {
    return this.#verdict;
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  lend(permit: Permit): void {
    if (this.#permit === permit) return;
    this.#permit = permit;
    const { target } = permit.check;
    const isHere = placeOf(target) === placeOf(this.target) && target.localAddress === this.target.localAddress;
    // Leave to send to one device is no leave to send to another.
    if (!isHere) return this.#violated(`a permit for ${target.address}, lent elsewhere`);
    permit.onRevoked((why) => {
      if (this.#permit === permit) this.abort("timeout", `the permit was taken back: ${why}`);
    });
  }

  reclaim(): void {
    this.#permit = undefined;
  }

  send(frame: Uint8Array): void {
    if (this.#verdict) return;
    // The copy is what is checked and what is sent, so that nobody can change the bytes in between.
    const copy = new Uint8Array(frame);
    const foreign = this.#foreign(copy);
    if (foreign !== undefined) return this.#violated(foreign);
    const operation = this.#policy.operation(copy);
    if (operation === undefined) return this.#violated(`not on the read-only list: ${shown(copy)}`);
    const spending = this.#permit!.spendFrame(copy, operation);
    if (!spending.granted) return this.abort(failureOf(spending), spending.detail);
    if (!this.#policy.unanswered.has(operation)) this.#outstanding = copy;
    this.#outlet.send(this, copy);
  }

  finish(): void {
    if (this.#outstanding) this.abort("timeout", "ended before the answer");
    else this.fail({ by: "us", detail: "over after the answer" });
  }

  /** Says nothing to the device: there is no connection to reset. */
  abort(failure: FailureKind, detail: string): void {
    const { count = 0, first = "" } = this.#unanswering ?? {};
    const dropped =
      count === 0 ? "" : `; ${count} ${count === 1 ? "datagram" : "datagrams"} of the device answered something else: ${first}`;
    this.fail({ by: "us", failure, detail: `${detail}${dropped}` });
  }

  /** The first cause stands. */
  fail(closed: Closed): void {
    if (this.#verdict) return;
    this.#verdict = closed;
    this.#outstanding = undefined;
    this.#outlet.leave(this);
    this.#settle(closed);
  }

  /** Whether the datagram concerned this exchange. One that is whole and answers something else may be late: it is dropped, and the wait goes on. */
  take(datagram: Uint8Array): boolean {
    const request = this.#outstanding;
    if (!request) return false;
    const isWhole = datagram.length <= this.#policy.inboundBytesMax && this.#policy.frameLength(datagram, "in") === datagram.length;
    if (datagram.length === 0 || !isWhole) {
      this.abort("malformed", `the answer is not one whole frame: ${shown(datagram)}`);
      return true;
    }
    if (!this.#policy.answers(request, datagram)) {
      if (this.#unanswering) this.#unanswering.count += 1;
      else this.#unanswering = { count: 1, first: shown(datagram) };
      return false;
    }
    this.#outstanding = undefined;
    for (const listener of this.#listeners) this.#deliver(listener, datagram);
    return true;
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
    else this.#onViolation({ target: this.target, detail });
  }
}

/** Too late is a lost exchange; off the plan is the guard's affair. */
function failureOf(spending: Spending & { readonly granted: false }): FailureKind {
  return spending.because === "violation" ? "guard_blocked" : "timeout";
}
