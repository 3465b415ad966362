/** A wire without a socket, for memory alone: it asks the permit as the real one does, and the device's answer is there at the next turn. */
import type { Permit } from "../src/domain/permit.ts";
import type { Target } from "../src/domain/plan.ts";
import type { FailureKind } from "../src/domain/reasons.ts";
import type { Closed, Dial, FramePolicy, OwnedWire } from "../src/domain/wire.ts";

/** FC 43/14 with vendor, product and revision; the first two bytes repeat the question's. */
const reply = frameOf([
  0x2b,
  0x0e,
  1,
  1,
  0,
  0,
  3,
  ...object(0, "Schneider Electric"),
  ...object(1, "TM221CE24R"),
  ...object(2, "v1.10.2.2"),
]);

export const loopbackDial: Dial = (permit, policy) => {
  const spending = permit.spendConnection();
  if (!spending.granted) return Promise.resolve({ by: "us", failure: "timeout", detail: spending.detail });
  return Promise.resolve(new LoopbackWire(permit, policy));
};

class LoopbackWire implements OwnedWire {
  readonly target: Target;
  readonly closed: Promise<Closed>;
  readonly #settle: (closed: Closed) => void;
  readonly #policy: FramePolicy;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];
  #permit: Permit | undefined;
  #outstanding = false;
  #open = true;

  constructor(permit: Permit, policy: FramePolicy) {
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#settle = resolve;
    this.#policy = policy;
    this.target = permit.check.target;
    this.#permit = permit;
  }

  get quiet(): boolean {
    return this.#open && !this.#outstanding;
  }

  lend(permit: Permit): void {
    this.#permit = permit;
  }

  reclaim(): void {
    this.#permit = undefined;
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  send(frame: Uint8Array): void {
    const spending = this.#permit?.spendFrame(frame, this.#policy.operation(frame));
    if (!spending?.granted) throw new Error(`bench: not granted: ${spending?.detail ?? "no permit"}`);
    this.#outstanding = true;
    const answer = Uint8Array.from(reply);
    answer.set(frame.subarray(0, 2));
    setImmediate(() => {
      this.#outstanding = false;
      for (const listener of this.#listeners) listener(answer);
    });
  }

  finish(): void {
    this.#open = false;
    this.#settle({ by: "us", detail: "finished" });
  }

  abort(failure: FailureKind, detail: string): void {
    this.#open = false;
    this.#settle({ by: "us", failure, detail });
  }
}

function frameOf(pdu: readonly number[]): Uint8Array {
  return Uint8Array.of(0, 0, 0, 0, 0, pdu.length + 1, 1, ...pdu);
}

function object(id: number, text: string): readonly number[] {
  return [id, text.length, ...Buffer.from(text, "latin1")];
}
