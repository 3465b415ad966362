/** One client's connection to a simulated device: counts what comes in and acts out the device's behaviour. */
import type { Socket } from "node:net";
import { monotonicMs, Timers } from "../timers.ts";
import { type ModbusBehaviour, type Reaction, react } from "./behaviour.ts";
import type { ModbusTally } from "./counts.ts";
import { cutRequest, type ModbusRequest } from "./frames.ts";

export interface ConnectionOwner {
  readonly tally: ModbusTally;
  readonly behaviour: ModbusBehaviour;
  /** The correct answer, or undefined where this device answers nothing to that unit id. */
  answerTo(request: ModbusRequest): Buffer | undefined;
  hasUnanswered(): boolean;
  connectionClosed(connection: Connection): void;
}

export class Connection {
  readonly closed: Promise<void>;
  #lastUsedMs = monotonicMs();
  #unanswered = 0;
  #endedUncleanly = false;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #timers = new Timers();
  #stream: Buffer = Buffer.alloc(0);
  #afterClose: Buffer | undefined;
  #clientEnded = false;
  #deviceEnded = false;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#onClose();
        resolve();
      });
    });
    // A client may reset at any moment; "close" follows and tells all there is to know.
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
  }

  /** When the last request came, in monotonic milliseconds; at first, when the connection did. */
  get lastUsedMs(): number {
    return this.#lastUsedMs;
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  /** True once the client has ended it without a FIN. */
  get endedUncleanly(): boolean {
    return this.#endedUncleanly;
  }

  /** FIN; whatever still arrives is counted and not answered. */
  finish(): void {
    this.#deviceEnded = true;
    this.#giveUp();
    this.#socket.end();
  }

  /** RST. */
  reset(): void {
    this.#deviceEnded = true;
    this.#socket.resetAndDestroy();
  }

  /** Lets go of the socket at once. */
  destroy(): void {
    this.#deviceEnded = true;
    this.#socket.destroy();
  }

  write(bytes: Uint8Array): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  #onData(chunk: Buffer): void {
    this.#owner.tally.add("bytes", chunk.length);
    this.#stream = Buffer.concat([this.#stream, chunk]);
    // What shares a segment with an earlier request was sent before that one was answered.
    for (let pipelined = false; !this.#socket.destroyed; pipelined = true) {
      const cut = cutRequest(this.#stream);
      if (cut.found === "too-little") return;
      if (cut.found === "malformed") {
        this.#stream = Buffer.alloc(0);
        this.destroy();
        this.#owner.tally.add("malformedRequests");
        return;
      }
      this.#stream = cut.rest;
      this.#onRequest(cut.request, pipelined || this.#owner.hasUnanswered());
    }
  }

  #onRequest(request: ModbusRequest, pipelined: boolean): void {
    this.#lastUsedMs = monotonicMs();
    if (!this.#deviceEnded) {
      this.#unanswered += 1;
      const pdu = this.#owner.answerTo(request);
      if (pdu) this.#perform(react(this.#owner.behaviour, request, pdu));
    }
    // Counted last: whoever waits for the count finds the device's first move already made.
    this.#owner.tally.request(request, pipelined);
  }

  #perform(reaction: Reaction): void {
    switch (reaction.act) {
      case "ignore":
        return;
      case "reset":
        return this.reset();
      case "send-after-close":
        this.#afterClose = reaction.frame;
        return;
      case "send":
        return this.#send(reaction.writes, reaction.everyMs, reaction.answers);
    }
  }

  #send(writes: readonly Buffer[], everyMs: number, answers: boolean): void {
    if (everyMs > 0 && writes.length > 0) {
      const [first, ...others] = writes;
      this.#timers.after(everyMs, () => {
        if (first) this.write(first);
        this.#send(others, everyMs, answers);
      });
      return;
    }
    for (const bytes of writes) this.write(bytes);
    if (answers) this.#unanswered -= 1;
  }

  #onEnd(): void {
    this.#clientEnded = true;
    const late = this.#afterClose;
    this.#giveUp();
    if (late) this.write(late);
    if (this.#owner.behaviour !== "never-closes") this.#socket.end();
  }

  #onClose(): void {
    this.#endedUncleanly = !this.#clientEnded && !this.#deviceEnded;
    this.#giveUp();
    if (this.#stream.length > 0) this.#owner.tally.add("malformedRequests");
    if (this.#endedUncleanly) this.#owner.tally.add("uncleanCloses");
    this.#owner.connectionClosed(this);
  }

  /** Nobody is there for the answers that are still due. */
  #giveUp(): void {
    this.#timers.clear();
    this.#unanswered = 0;
    this.#afterClose = undefined;
  }
}
