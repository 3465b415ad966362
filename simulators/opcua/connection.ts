/** One client's TCP connection to a simulated OPC UA server: chunks in, the server's behaviour acted out. */
import type { Socket } from "node:net";
import { Timers } from "../timers.ts";
import { lateMs, type OpcuaBehaviour } from "./behaviour.ts";
import {
  acknowledge,
  type Channel,
  type Chunk,
  cutChunk,
  errorChunk,
  headerOnly,
  messageReply,
  openReply,
  readHello,
  readSecure,
} from "./chunks.ts";
import type { OpcuaTally } from "./counts.ts";
import { serve, type ServiceHost } from "./serve.ts";
import { answered, channelToken, readRequestHeader, statusCodes } from "./services.ts";

export interface ConnectionOwner extends ServiceHost {
  readonly behaviour: OpcuaBehaviour;
  readonly tally: OpcuaTally;
  /** Behind the port of its URL; empty: whatever a client says. */
  readonly path: string;
  newChannel(): number;
  hasUnanswered(): boolean;
  connectionClosed(connection: Connection): void;
}

/** 2 GB. */
const hugeBytes = 0x7fff_ffff;
const partBytes = 16;
const longestTokenMs = 3_600_000;

export class Connection {
  readonly closed: Promise<void>;
  /** Requests without an answer so far; a Publish that waits for its keep-alive is none. */
  unanswered = 0;
  readonly #socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #timers = new Timers();
  #stream: Buffer = Buffer.alloc(0);
  #channel: Channel | undefined;
  #sequenceNumber = 0;
  #greeted = false;
  #clientEnded = false;
  #serverEnded = false;

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.closed = new Promise((resolve) => {
      socket.on("close", () => {
        this.#timers.clear();
        this.unanswered = 0;
        if (this.#stream.length > 0) owner.tally.add("malformedRequests");
        if (!this.#clientEnded && !this.#serverEnded) owner.tally.add("uncleanCloses");
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
    if (owner.behaviour === "closes-at-once") this.#end();
  }

  destroy(): void {
    this.#serverEnded = true;
    this.#socket.destroy();
  }

  #onData(chunk: Buffer): void {
    const { tally } = this.#owner;
    tally.add("bytes", chunk.length);
    this.#stream = Buffer.concat([this.#stream, chunk]);
    // What shares a segment with an earlier request was sent before that one was answered.
    for (let pipelined = false; !this.#socket.destroyed; pipelined = true) {
      const cut = cutChunk(this.#stream);
      if (cut.found === "too-little") return;
      if (cut.found === "malformed") return this.#malformed();
      this.#stream = cut.rest;
      const unanswered = pipelined || this.#owner.hasUnanswered();
      try {
        this.#onChunk(cut.chunk);
      } catch (cause) {
        if (!(cause instanceof RangeError)) throw cause;
        this.#malformed();
      }
      // Counted last: whoever waits for the count finds the server's first move already made.
      tally.received(cut.chunk.bytes, unanswered);
    }
  }

  #malformed(): void {
    this.#stream = Buffer.alloc(0);
    this.destroy();
    this.#owner.tally.add("malformedRequests");
  }

  #onChunk(chunk: Chunk): void {
    switch (chunk.type) {
      case "HEL":
        return this.#onHello(chunk);
      case "OPN":
        return this.#onOpen(chunk);
      case "MSG":
        return this.#onMessage(chunk);
      case "CLO":
        readSecure(chunk);
        this.#owner.tally.add("channelCloses");
        // No reply: the server closes the connection (OPC 10000-6, 7.1.4).
        if (this.#owner.behaviour !== "never-closes") this.#end();
    }
  }

  #onHello(chunk: Chunk): void {
    const { behaviour, tally } = this.#owner;
    const { endpointUrl } = readHello(chunk);
    if (this.#greeted) throw new RangeError("a second HEL");
    this.#greeted = true;
    tally.hello(endpointUrl);
    if (behaviour === "silent") this.unanswered += 1;
    else if (behaviour === "busy") {
      this.#write(errorChunk(statusCodes.badTcpServerTooBusy, "too many clients"));
      this.#end();
    } else if (!endpointUrl.endsWith(this.#owner.path)) {
      this.#write(errorChunk(statusCodes.badTcpEndpointUrlInvalid, "no such endpoint"));
      this.#end();
    } else this.#write(behaviour === "garbage-after-ack" ? Buffer.concat([acknowledge(), Buffer.alloc(64, 0xa5)]) : acknowledge());
  }

  #onOpen(chunk: Chunk): void {
    const { behaviour, tally } = this.#owner;
    const { requestId, body } = readSecure(chunk);
    body.nodeId();
    const { requestHandle } = readRequestHeader(body);
    body.skip(4);
    const renewal = body.uint32() === 1;
    body.skip(4);
    body.bytes();
    const wantedMs = body.uint32();
    if (!this.#greeted || renewal !== (this.#channel !== undefined)) throw new RangeError("an OPN out of place");
    tally.add(renewal ? "renewals" : "channels");
    this.#channel = { channelId: this.#channel?.channelId ?? this.#owner.newChannel(), tokenId: (this.#channel?.tokenId ?? 0) + 1 };
    if (behaviour === "huge-chunk") return this.#write(headerOnly("OPN", hugeBytes));
    const shortest = typeof behaviour === "object" && behaviour.kind === "short-token" ? behaviour.lifetimeMs : longestTokenMs;
    const token = channelToken(this.#channel.channelId, this.#channel.tokenId, Math.min(wantedMs, shortest), this.#owner.nowMs());
    this.#write(openReply(this.#channel, this.#next(), requestId, answered("openChannel", requestHandle, this.#owner.nowMs(), token)));
  }

  #onMessage(chunk: Chunk): void {
    const { behaviour } = this.#owner;
    const { channelId, requestId, body } = readSecure(chunk);
    if (channelId !== this.#channel?.channelId) throw new RangeError("a message outside a channel");
    if (behaviour === "reset") {
      this.#serverEnded = true;
      this.#socket.resetAndDestroy();
      return;
    }
    this.unanswered += 1;
    const answer = (reply: Buffer): boolean => this.#answer(requestId, reply);
    if (serve(body, this.#owner, answer) === "waits") this.unanswered -= 1;
  }

  /** False where nobody is there to answer to any more. */
  #answer(requestId: number, body: Buffer): boolean {
    if (!this.#socket.writable || this.#channel === undefined) return false;
    const { behaviour } = this.#owner;
    const channel = behaviour === "wrong-channel" ? { ...this.#channel, channelId: this.#channel.channelId + 1 } : this.#channel;
    const id = behaviour === "wrong-request-id" ? requestId + 1000 : requestId;
    const parts = behaviour === "chunked" ? partsOf(body) : [body];
    const chunks = parts.map((part, index) => messageReply(channel, this.#next(), id, part, index < parts.length - 1 ? "C" : "F"));
    const send = (): void => {
      this.unanswered = Math.max(0, this.unanswered - 1);
      for (const reply of chunks) this.#write(reply);
    };
    if (lateMs(behaviour) > 0) this.#timers.after(lateMs(behaviour), send);
    else send();
    return true;
  }

  #next(): number {
    this.#sequenceNumber += 1;
    return this.#sequenceNumber;
  }

  /** What is written in one tick leaves together: whether two replies come as one segment must not hang on a busy machine. */
  #write(reply: Buffer): void {
    if (!this.#socket.writable) return;
    this.#socket.cork();
    this.#socket.write(reply);
    process.nextTick(() => this.#socket.uncork());
  }

  #end(): void {
    this.#serverEnded = true;
    this.#socket.end();
  }
}

function partsOf(body: Buffer): readonly Buffer[] {
  return Array.from({ length: Math.ceil(body.length / partBytes) }, (_, index) =>
    body.subarray(index * partBytes, (index + 1) * partBytes),
  );
}
