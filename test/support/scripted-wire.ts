/** A wire without a network: it asks the permit as the real one does, writes down every packet that would leave, and plays the device. */
import type { Clock } from "../../src/domain/clock.ts";
import type { Permit } from "../../src/domain/permit.ts";
import type { Check, Target } from "../../src/domain/plan.ts";
import type { FailureKind } from "../../src/domain/reasons.ts";
import { milliseconds, after } from "../../src/domain/units.ts";
import type { Closed, FramePolicy, OwnedWire } from "../../src/domain/wire.ts";

/** What the device, the network or the kernel does in one exchange. */
export type Script =
  | { readonly does: "answer"; readonly afterMs: number; readonly connectMs?: number }
  /** `vanish`: the device is gone by the time the request leaves; `silence`: its TCP acknowledges and nobody answers. */
  | { readonly does: "silence" | "vanish" | "refuse" | "no-connect" | "malformed" | "late-close" }
  /** Answers, and takes its time with the FIN. */
  | { readonly does: "late-close-after-answer" }
  | { readonly does: "reset"; readonly afterMs: number }
  | { readonly does: "answer-then-close"; readonly afterMs: number };

/** One thing that left for a device, as a capture would show it. */
export interface Packet {
  readonly at: number;
  readonly kind: "connect" | "frame" | "fin" | "rst";
  readonly check: Check;
  readonly frame?: Uint8Array;
}

export interface Connection {
  readonly check: Check;
  readonly from: number;
  to: number;
  /** Of an end that was not a clean one: whether the device was there to see it. */
  unclean?: "seen" | "unseen";
}

export interface Witness {
  readonly packets: Packet[];
  /** From connect to closed, in order of opening. */
  readonly connections: Connection[];
}

export interface ScriptedNetwork {
  readonly clock: Clock;
  readonly witness: Witness;
  readonly scriptFor: (check: Check) => Script;
  readonly onUnlent: (target: Target, detail: string) => void;
  /** A kept connection meets the world as it is at each asking, not as it was at its first. */
  readonly live?: boolean;
  readonly onNearEnd?: () => void;
}

export function scriptedDial(network: ScriptedNetwork): (permit: Permit, policy: FramePolicy) => Promise<OwnedWire | Closed> {
  return async (permit, policy) => {
    const { clock, witness } = network;
    const { check } = permit;
    const spending = permit.spendConnection();
    if (!spending.granted)
      return { by: "us", failure: spending.because === "violation" ? "guard_blocked" : "timeout", detail: spending.detail };
    const script = network.scriptFor(check);
    witness.packets.push({ at: clock.monotonic(), kind: "connect", check });
    const connection: Connection = { check, from: clock.monotonic(), to: Number.POSITIVE_INFINITY };
    witness.connections.push(connection);
    const ended = (closed: Closed): Closed => {
      connection.to = clock.monotonic();
      return closed;
    };
    const revoked = Promise.withResolvers<"revoked">();
    permit.onRevoked(() => revoked.resolve("revoked"));
    const wait = (ms: number): Promise<"waited"> =>
      new Promise((resolve) => clock.at(after(clock.monotonic(), milliseconds(ms)), () => resolve("waited")));
    if (script.does === "refuse") return ended({ by: "peer", failure: "refused", detail: "ECONNREFUSED" });
    if (script.does === "no-connect") {
      await Promise.race([wait(check.connectWithin), revoked.promise]);
      return ended({ by: "us", failure: "timeout", detail: "no connection in time" });
    }
    if (script.does === "answer" && script.connectMs) {
      const first = await Promise.race([wait(script.connectMs), revoked.promise]);
      if (first === "revoked") return ended({ by: "us", failure: "timeout", detail: "revoked" });
    }
    return new ScriptedWire(network, permit, policy, script, connection);
  };
}

class ScriptedWire implements OwnedWire {
  nearEnd(): void {
    this.#network.onNearEnd?.();
  }

  readonly target: Target;
  readonly closed: Promise<Closed>;
  #resolve: (closed: Closed) => void;
  #permit: Permit | undefined;
  #outstanding = false;
  #asked = false;
  #open = true;
  readonly #network: ScriptedNetwork;
  readonly #policy: FramePolicy;
  /** Of the latest permit: a connection may serve several units. */
  #check: Check;
  #script: Script;
  readonly #connection: Connection;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];

  constructor(network: ScriptedNetwork, permit: Permit, policy: FramePolicy, script: Script, connection: Connection) {
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#resolve = resolve;
    this.#network = network;
    this.#policy = policy;
    this.#check = permit.check;
    this.target = permit.check.target;
    this.#script = script;
    this.#connection = connection;
    this.lend(permit);
  }

  get quiet(): boolean {
    return this.#open && !this.#outstanding;
  }

  lend(permit: Permit): void {
    if (this.#permit === permit) return;
    const again = this.#permit !== undefined || this.#asked;
    this.#permit = permit;
    if (permit.check.id !== this.#check.id || (this.#network.live === true && again)) this.#script = this.#network.scriptFor(permit.check);
    this.#check = permit.check;
    permit.onRevoked((why) => {
      if (this.#permit === permit) this.abort("timeout", why);
    });
  }

  reclaim(): void {
    this.#permit = undefined;
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  send(frame: Uint8Array): void {
    if (!this.#open) return;
    const copy = Uint8Array.from(frame);
    const permit = this.#permit;
    if (!permit) {
      this.#network.onUnlent(this.target, "a frame without a permit");
      this.abort("guard_blocked", "a frame without a permit");
      return;
    }
    if (this.#policy.frameLength(copy, "out") !== copy.length) permit.violated("not one whole frame");
    const spending = permit.spendFrame(copy, this.#policy.operation(copy));
    if (!spending.granted) {
      this.abort(spending.because === "violation" ? "guard_blocked" : "timeout", spending.detail);
      return;
    }
    this.#left({ kind: "frame", frame: copy });
    this.#outstanding = true;
    this.#asked = true;
    this.#play(copy);
  }

  finish(): void {
    if (!this.#open) return;
    this.#left({ kind: "fin" });
    this.#close({ by: "us", detail: "finished" }, this.#script.does.startsWith("late-close") ? 1900 : 1);
  }

  abort(failure: FailureKind, detail: string): void {
    if (!this.#open) return;
    this.#left({ kind: "rst" });
    // A kernel that takes its time: nobody may be asked on this line meanwhile.
    const silent = this.#outstanding && failure === "timeout";
    const acknowledged = this.#script.does !== "vanish" && this.#script.does !== "no-connect";
    this.#close({ by: "us", failure, detail, ...(silent && { acknowledged }) }, this.#script.does === "late-close" ? 1900 : 0);
  }

  #play(request: Uint8Array): void {
    const script = this.#script;
    switch (script.does) {
      case "answer":
      case "late-close-after-answer":
      case "answer-then-close":
        this.#later(script.does === "late-close-after-answer" ? 5 : script.afterMs, () => {
          this.#outstanding = false;
          for (const listener of this.#listeners) listener(request);
          if (script.does === "answer-then-close") this.#later(1, () => this.#close({ by: "peer", detail: "closed by the device" }, 0));
        });
        return;
      case "reset":
        this.#later(script.afterMs, () => this.#close({ by: "peer", failure: "reset", detail: "ECONNRESET" }, 0));
        return;
      case "malformed":
        this.#later(1, () => this.abort("malformed", "not a frame"));
        return;
      default:
    }
  }

  #later(ms: number, run: () => void): void {
    const { clock } = this.#network;
    clock.at(after(clock.monotonic(), milliseconds(ms)), () => {
      if (this.#open) run();
    });
  }

  #left(packet: Pick<Packet, "kind" | "frame">): void {
    this.#network.witness.packets.push({ at: this.#network.clock.monotonic(), check: this.#check, ...packet });
  }

  #close(closed: Closed, afterMs: number): void {
    this.#open = false;
    const { clock } = this.#network;
    const done = (): void => {
      this.#connection.to = clock.monotonic();
      if (closed.failure !== undefined && closed.by === "us")
        this.#connection.unclean = closed.acknowledged === true || closed.failure === "malformed" ? "seen" : "unseen";
      this.#resolve(closed);
    };
    if (afterMs === 0) done();
    else clock.at(after(clock.monotonic(), milliseconds(afterMs)), done);
  }
}
