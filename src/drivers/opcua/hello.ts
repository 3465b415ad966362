/** HEL and its ACK, by ourselves: 28 bytes to read, and no library to load. */
import { MalformedReply, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Wire } from "../../domain/wire.ts";
import type { HelloAsk, OpcuaAsk } from "./methods.ts";
import { errorOf, refusalAnswer } from "./refusal.ts";
import { statusName } from "./status-names.ts";
import { helloTemplate } from "./templates.ts";

/** The least that a side must be able to take in one chunk (Part 6, 7.1.2.4). */
const bufferBytesMin = 8192;
const [receiveBufferAt, sendBufferAt, maxMessageAt] = [12, 16, 20] as const;

/** What is wrong with what ACK says of the server, as far as it matters to us. Length and type have been checked by the wire. */
export function flawOfAcknowledge(frame: Uint8Array): MalformedReply | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const figures: readonly (readonly [at: number, what: string])[] = [
    [receiveBufferAt, "a receive buffer"],
    [sendBufferAt, "a send buffer"],
    // 0: no limit.
    ...(view.getUint32(maxMessageAt, true) === 0 ? [] : ([[maxMessageAt, "a message size"]] as const)),
  ];
  const small = figures.find(([at]) => view.getUint32(at, true) < bufferBytesMin);
  return small && new MalformedReply(`ACK: ${small[1]} of ${view.getUint32(small[0], true)} bytes, expected at least ${bufferBytesMin}`);
}

export function isError(frame: Uint8Array): boolean {
  return frame[0] === 0x45;
}

export class HelloSession implements Session<OpcuaAsk> {
  readonly #wire: Wire;
  readonly #hello: Uint8Array;
  #pending: ((frame: Uint8Array) => void) | undefined;

  constructor(wire: Wire, { endpoint }: HelloAsk) {
    this.#wire = wire;
    const { address, port } = wire.target;
    this.#hello = helloTemplate({ address, port, ...(endpoint?.path !== undefined && { path: endpoint.path }) }).bytes;
    wire.onFrame((frame) => {
      this.#pending?.(frame);
      this.#pending = undefined;
    });
  }

  ask(): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#pending = (frame) => {
        if (isError(frame)) return resolve(refusalAnswer(errorOf(frame, statusName)));
        const flaw = flawOfAcknowledge(frame);
        if (flaw) reject(flaw);
        else resolve({ said: "alive" });
      };
      this.#wire.send(this.#hello);
    });
  }

  leave(): Promise<void> {
    this.#pending = undefined;
    return Promise.resolve();
  }
}
