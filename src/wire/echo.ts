/** A guarded way for ICMP echo: one process of the system's ping for each echo, started only once the permit has granted it. */
import type { Cancel, Clock } from "../domain/clock.ts";
import { isAddress, kindOf, parseAddress } from "../domain/address.ts";
import { echoesAtOnceMax } from "../domain/limits.ts";
import type { Permit, Spending } from "../domain/permit.ts";
import type { Target } from "../domain/plan.ts";
import type { FailureKind } from "../domain/reasons.ts";
import { after, milliseconds, monotonicMs, seconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { Closed, Dial, FramePolicy, OwnedWire } from "../domain/wire.ts";
import { shown } from "./inbound.ts";
import { findPing, noPing, startPing, type PingResult, type RunningPing } from "./ping.ts";
import type { Violation } from "./tcp.ts";

export interface EchoDiallerParts {
  readonly clock: Clock;
  readonly onViolation: (violation: Violation) => void;
  /** Why a packet to the target would leave by another interface than its segment's; undefined when it would not. */
  readonly cutOff: (target: Target) => string | undefined;
  /** Absent: the system's own; undefined where the machine has none. */
  readonly ping?: string | undefined;
}

const headerBytes = 8;
/** Whatever comes after so long came for want of a neighbour, or from a router: the echo itself had left, or never did. */
const startedWithin: Milliseconds = seconds(1);
/** A ping that has not ended by itself so long after the deadline is ended. */
const endedWithin: Milliseconds = milliseconds(1500);

/** No connection is spent: there is none, and nothing leaves before the echo. */
export function echoDialler(parts: EchoDiallerParts): Dial {
  const path = "ping" in parts ? parts.ping : findPing();
  const running = new Set<RunningPing>();
  return (permit, policy) => {
    const { target } = permit.check;
    const fault = faultOf(target);
    if (fault !== undefined) {
      permit.violated(fault);
      return Promise.resolve({ by: "us", failure: "guard_blocked", detail: fault });
    }
    const away = parts.cutOff(target);
    if (away !== undefined) return Promise.resolve(unavailable(away));
    if (path === undefined) return Promise.resolve(unavailable(noPing));
    const wire = new EchoWire({ path, target, policy, clock: parts.clock, onViolation: parts.onViolation, running });
    wire.lend(permit);
    return Promise.resolve(wire);
  };
}

function unavailable(detail: string): Closed {
  return { by: "us", failure: "driver_unavailable", detail };
}

function faultOf({ address, transport }: Target): string | undefined {
  if (transport !== "icmp") return `a ${transport} target for an ICMP wire`;
  const parsed = parseAddress(address);
  if (!isAddress(parsed)) return `target ${address}: expected a literal IP address`;
  const kind = kindOf(parsed);
  return kind === "unicast" || kind === "loopback" ? undefined : `target ${address}: expected a unicast address, found ${kind}`;
}

interface EchoWireParts {
  readonly path: string;
  readonly clock: Clock;
  readonly target: Target;
  readonly policy: FramePolicy;
  readonly onViolation: (violation: Violation) => void;
  /** Of all wires together. */
  readonly running: Set<RunningPing>;
}

/** `closed` resolves when no process of it runs any more. */
class EchoWire implements OwnedWire {
  readonly target: Target;
  readonly closed: Promise<Closed>;
  readonly #parts: EchoWireParts;
  readonly #settle: (closed: Closed) => void;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];
  #permit: Permit | undefined;
  #ping: RunningPing | undefined;
  #verdict: Closed | undefined;
  #deadline: MonotonicMs = monotonicMs(0);
  #cancelKill: Cancel = () => {};

  constructor(parts: EchoWireParts) {
    this.#parts = parts;
    this.target = parts.target;
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#settle = resolve;
  }

  get quiet(): boolean {
    return this.#verdict === undefined && this.#ping === undefined;
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  lend(permit: Permit): void {
    if (this.#permit === permit) return;
    this.#permit = permit;
    const { target } = permit.check;
    if (target.address !== this.target.address || target.localAddress !== this.target.localAddress)
      return this.#violated(`a permit for ${target.address}, lent elsewhere`);
    permit.onRevoked((why) => {
      if (this.#permit === permit) this.abort("timeout", `the permit was taken back: ${why}`);
    });
  }

  reclaim(): void {
    this.#permit = undefined;
  }

  /** The frame stands for what ping will send: identifier and checksum are ping's, every other byte is as it stands here. */
  send(frame: Uint8Array): void {
    if (this.#verdict) return;
    const copy = new Uint8Array(frame);
    if (!this.#permit) return this.#violated(`a frame without a permit: ${shown(copy)}`);
    if (this.#ping) return this.#violated(`a further frame before the answer: ${shown(copy)}`);
    const operation = this.#parts.policy.operation(copy);
    if (operation === undefined) return this.#violated(`not on the read-only list: ${shown(copy)}`);
    if (this.#parts.running.size >= echoesAtOnceMax) return this.#end(unavailable(`${echoesAtOnceMax} echoes are under way already`));
    const spending = this.#permit.spendFrame(copy, operation);
    if (!spending.granted) return this.abort(failureOf(spending), spending.detail);
    this.#start(copy, this.#permit);
  }

  /** When its echo left, only ping knows: on a busy machine tens of milliseconds after it was started (measured). The latest that it can have been is counted. */
  #start(request: Uint8Array, permit: Permit): void {
    const { address, localAddress } = this.target;
    const { clock } = this.#parts;
    const startedAt = clock.monotonic();
    this.#deadline = permit.deadline;
    // Whole seconds, no fewer than the deadline, by which whoever waits is told.
    const waits = seconds(Math.ceil(permit.check.answerWithin / 1000));
    const ping = startPing({
      path: this.#parts.path,
      address,
      ...(localAddress !== undefined && { localAddress }),
      payloadBytes: request.length - headerBytes,
      waitSeconds: waits / 1000,
    });
    this.#ping = ping;
    this.#parts.running.add(ping);
    void ping.ended.then((result) => {
      this.#parts.running.delete(ping);
      this.#ping = undefined;
      this.#cancelKill();
      permit.left(latestLeft(result, startedAt, clock.monotonic(), waits));
      if (this.#verdict) this.#settle(this.#verdict);
      else this.#heard(request, result);
    });
  }

  #heard(request: Uint8Array, result: PingResult): void {
    switch (result.is) {
      case "answered":
        return this.#deliver(Uint8Array.of(0, 0, ...request.subarray(2)));
      case "silent":
        return this.#end({ by: "us", failure: "timeout", detail: "no echo came" });
      case "unreachable":
        return this.#end({ by: "peer", failure: "unreachable", detail: "no way to the device, says this machine or a router" });
      case "unable":
        return this.#end(unavailable(result.detail));
    }
  }

  /** The reply that ping vouches for. A driver that cannot take it ends this exchange, not the process. */
  #deliver(reply: Uint8Array): void {
    try {
      for (const listener of this.#listeners) listener(new Uint8Array(reply));
    } catch (error) {
      this.abort("malformed", `the driver could not take the answer (${error instanceof Error ? error.message : String(error)})`);
    }
  }

  finish(): void {
    if (this.#ping) this.abort("timeout", "ended before the answer");
    else this.#end({ by: "us", detail: "over after the answer" });
  }

  abort(failure: FailureKind, detail: string): void {
    this.#end({ by: "us", failure, detail });
  }

  /** The first cause stands. */
  #end(closed: Closed): void {
    if (this.#verdict) return;
    this.#verdict = closed;
    const ping = this.#ping;
    if (!ping) return this.#settle(closed);
    const { clock } = this.#parts;
    const now = clock.monotonic();
    // At the deadline it is about to end by itself, and its end says when it began.
    if (now >= this.#deadline) this.#cancelKill = clock.at(after(now, endedWithin), () => ping.kill());
    else ping.kill();
  }

  #violated(detail: string): void {
    const permit = this.#permit;
    this.abort("guard_blocked", detail);
    if (permit) permit.violated(detail);
    else this.#parts.onViolation({ target: this.target, detail });
  }
}

/** The latest moment at which the echo can have left. A ping that was ended from outside may have sent it in its last moment. */
function latestLeft({ is }: PingResult, startedAt: MonotonicMs, endedAt: MonotonicMs, waits: Milliseconds): MonotonicMs {
  if (is === "silent") return monotonicMs(Math.max(startedAt, endedAt - waits));
  if (is === "unreachable") return monotonicMs(Math.min(endedAt, startedAt + startedWithin));
  return endedAt;
}

/** Too late is a lost exchange; off the plan is the guard's affair. */
function failureOf(spending: Spending & { readonly granted: false }): FailureKind {
  return spending.because === "violation" ? "guard_blocked" : "timeout";
}
