/** One client's TCP connection to a simulated EtherNet/IP device: sessions, counting, and the device's behaviour acted out. */
import type { Socket } from "node:net";
import { Timers } from "../timers.ts";
import { answer, type EnipAnswer, type EnipFacts, encapsulationStatus } from "./answers.ts";
import { type EnipBehaviour, type Reaction, react } from "./behaviour.ts";
import type { EnipTally } from "./counts.ts";
import { commands, cutRequest, type EnipRequest } from "./frames.ts";

export interface ConnectionOwner extends EnipFacts {
  readonly tally: EnipTally;
  readonly behaviour: EnipBehaviour;
  newSession(): number;
  hasUnanswered(): boolean;
  connectionClosed(connection: Connection): void;
}

export class Connection {
  readonly closed: Promise<void>;
  #unanswered = 0;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #timers = new Timers();
  #stream: Buffer = Buffer.alloc(0);
  #handle: number | undefined;
  #clientEnded = false;
  #deviceEnded = false;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#timers.clear();
        this.#unanswered = 0;
        if (this.#stream.length > 0) owner.tally.add("malformedRequests");
        if (!this.#clientEnded && !this.#deviceEnded) owner.tally.add("uncleanCloses");
        owner.connectionClosed(this);
        resolve();
      });
    });
    // A client may reset at any moment; "close" follows and tells all there is to know.
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => {
      this.#clientEnded = true;
      this.#timers.clear();
      if (owner.behaviour !== "never-closes") socket.end();
    });
  }

  get unanswered(): number {
    return this.#unanswered;
  }

  destroy(): void {
    this.#deviceEnded = true;
    this.#socket.destroy();
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

  #onRequest(request: EnipRequest, pipelined: boolean): void {
    const { behaviour, tally } = this.#owner;
    if (request.command === commands.unregisterSession) this.#giveBack(request);
    else if (request.command !== commands.nop) {
      this.#unanswered += 1;
      this.#perform(react(behaviour, request, this.#answerTo(request)));
    }
    // Counted last: whoever waits for the count finds the device's first move already made.
    tally.request(request, pipelined);
  }

  /** No reply: the device closes the connection (CIP Vol 2, 2-4.5). */
  #giveBack({ sessionHandle }: EnipRequest): void {
    if (sessionHandle !== this.#handle) return this.#owner.tally.add("malformedRequests");
    this.#handle = undefined;
    this.#owner.tally.add("sessionsGivenBack");
    if (this.#owner.behaviour === "never-closes") return;
    this.#deviceEnded = true;
    this.#socket.end();
  }

  #answerTo(request: EnipRequest): EnipAnswer {
    const { behaviour } = this.#owner;
    if (request.command !== commands.registerSession) return answer(request, this.#owner, request.sessionHandle === this.#handle);
    if (behaviour === "session-refused" || behaviour === "silent") return { status: 0, sessionHandle: 0, data: request.data };
    if (this.#handle !== undefined) return { status: encapsulationStatus.unsupportedCommand, sessionHandle: 0, data: Buffer.alloc(0) };
    this.#handle = this.#owner.newSession();
    return { status: 0, sessionHandle: this.#handle, data: request.data };
  }

  #perform(reaction: Reaction): void {
    switch (reaction.act) {
      case "ignore":
        return;
      case "reset":
        this.#deviceEnded = true;
        this.#socket.resetAndDestroy();
        return;
      case "send":
        if (reaction.afterMs > 0) this.#timers.after(reaction.afterMs, () => this.#send(reaction.frames));
        else this.#send(reaction.frames);
    }
  }

  #send(frames: readonly Buffer[]): void {
    this.#unanswered -= 1;
    for (const frame of frames) if (this.#socket.writable) this.#socket.write(frame);
  }
}
