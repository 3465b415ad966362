/** A wire without a network that keeps the real one's promises: whole frames out, copies in, silence after the end. */
import type { Target } from "../../../src/domain/plan.ts";
import type { Closed, FramePolicy, Wire } from "../../../src/domain/wire.ts";

export class FakeWire implements Wire {
  readonly target: Target = { address: "192.0.2.7", port: 502, transport: "tcp" };
  readonly closed: Promise<Closed>;
  /** What the driver sent, as hex. */
  readonly sent: string[] = [];
  readonly #settle: (closed: Closed) => void;
  readonly #listeners: ((frame: Uint8Array) => void)[] = [];
  readonly #policy: FramePolicy;
  #over = false;

  constructor(policy: FramePolicy) {
    const { promise, resolve } = Promise.withResolvers<Closed>();
    this.closed = promise;
    this.#settle = resolve;
    this.#policy = policy;
  }

  send(frame: Uint8Array): void {
    if (this.#over) return;
    if (this.#policy.frameLength(frame, "out") !== frame.length) throw new Error("the driver sent something that is not one whole frame");
    this.sent.push(Buffer.from(frame).toString("hex"));
  }

  onFrame(listener: (frame: Uint8Array) => void): void {
    this.#listeners.push(listener);
  }

  /** A whole frame. */
  deliver(frameHex: string): void {
    for (const listener of this.#listeners) listener(Uint8Array.from(Buffer.from(frameHex, "hex")));
  }

  /** A PDU as the answer to the latest Modbus request. */
  answer(pduHex: string): void {
    const request = Buffer.from(this.sent.at(-1) ?? "", "hex");
    const pdu = Buffer.from(pduHex.replaceAll(" ", ""), "hex");
    const frame = Buffer.concat([request.subarray(0, 7), pdu]);
    frame.writeUInt16BE(pdu.length + 1, 4);
    this.deliver(frame.toString("hex"));
  }

  end(closed: Closed): void {
    this.#over = true;
    this.#settle(closed);
  }
}
