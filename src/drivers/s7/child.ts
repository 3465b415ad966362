/**
 * The process in which node-snap7 lives: it connects to a listener of this very process, and every byte goes to the poller, never to a device.
 *
 * It ends with its channel to the poller. That a reply can end it (SIGSEGV, measured) is why it is a process of its own; it has no access to
 * configuration or state, and where the machine allows it no network and another user (src/wire/s7-arrangements.ts).
 */
import { readlinkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import type { S7Client } from "node-snap7";
import type { FromS7Child, ToS7Child } from "../../domain/s7-messages.ts";
import type { S7Call } from "../../domain/s7.ts";

/** Longer than any answer is waited for: the poller ends a call that takes too long. */
const receiveTimeoutMs = 60_000;
/** To a listener in this process. */
const connectTimeoutMs = 5000;
/** COTP disconnect request: the library's call fails within milliseconds, where it would not notice the end of the connection itself. */
const disconnectRequest = Buffer.from("03000007028080", "hex");
const tpktBytes = 4;

type Library = typeof S7Client;

class Conversation {
  readonly #id: number;
  readonly #client: S7Client;
  readonly #server: Server;
  #socket: Socket | undefined;
  #buffered: Buffer = Buffer.alloc(0);
  #calling = false;
  #ended = false;

  constructor(id: number, Library: Library) {
    this.#id = id;
    this.#client = new Library();
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  call(call: S7Call): void {
    this.#calling = true;
    switch (call.call) {
      case "connect":
        return this.#connect(call);
      case "read-list":
        return this.#client.ReadSZL(call.list, call.index, (error) => this.#done(error));
      case "read-area": {
        const { area, db, byte, count } = call;
        return this.#client.ReadArea(area, db, byte, count, this.#client.S7WLByte, (error) => this.#done(error));
      }
    }
  }

  reply(frame: Buffer): void {
    this.#socket?.write(frame);
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    conversations.delete(this.#id);
    // Disconnect() does not end a call that is under way, and must not be called before that has ended.
    if (this.#calling) this.#socket?.write(disconnectRequest);
    else this.#close();
  }

  #connect({ rack, slot, connectionType }: Extract<S7Call, { readonly call: "connect" }>): void {
    this.#server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
      const address = this.#server.address();
      if (address === null || typeof address === "string") return this.#done(null, "no listener");
      const client = this.#client;
      client.SetParam(client.RemotePort, address.port);
      client.SetParam(client.PingTimeout, connectTimeoutMs);
      client.SetParam(client.RecvTimeout, receiveTimeoutMs);
      client.SetConnectionType(connectionType);
      client.ConnectTo("127.0.0.1", rack, slot, (error) => this.#done(error));
    });
    this.#server.on("error", (error) => this.#done(null, error.message));
  }

  /** One connection, the library's own. */
  #accept(socket: Socket): void {
    if (this.#socket) return void socket.destroy();
    this.#server.close();
    this.#socket = socket;
    socket.on("data", (chunk) => this.#cut(chunk));
    socket.on("error", () => {});
    if (this.#ended) socket.write(disconnectRequest);
  }

  /** By the length in the head alone: what the frame may hold is for the poller to judge. */
  #cut(chunk: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, chunk]);
    while (!this.#ended && this.#buffered.length >= tpktBytes) {
      const length = Math.max(tpktBytes, this.#buffered.readUInt16BE(2));
      if (this.#buffered.length < length) return;
      say({ say: "frame", id: this.#id, hex: this.#buffered.toString("hex", 0, length) });
      this.#buffered = this.#buffered.subarray(length);
    }
  }

  #done(error: number | null, problem?: string): void {
    if (!this.#calling) return;
    this.#calling = false;
    const complaint = problem ?? (error === null ? undefined : this.#client.ErrorText(error).trim());
    say({ say: "done", id: this.#id, ...(complaint === undefined ? {} : { complaint }) });
    if (this.#ended) this.#close();
  }

  /** Without Disconnect() the library's socket would stay open, and go on connecting where it had not yet connected. */
  #close(): void {
    this.#client.Disconnect();
    this.#server.close();
    this.#socket?.destroy();
  }
}

const conversations = new Map<number, Conversation>();

function say(message: FromS7Child): void {
  // A poller that is gone ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

function obey(Library: Library, message: ToS7Child): void {
  const { id } = message;
  const conversation = conversations.get(id);
  switch (message.say) {
    case "begin":
      return void conversations.set(id, new Conversation(id, Library));
    case "call":
      return conversation?.call(message.call);
    case "reply":
      return conversation?.reply(Buffer.from(message.hex, "hex"));
    case "end":
      return conversation?.end();
  }
}

function networkNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/net");
  } catch (error) {
    if (error instanceof Error && "code" in error) return "";
    throw error;
  }
}

async function start(): Promise<void> {
  process.on("disconnect", () => process.exit(0));
  // A terminal, or whoever ends a group of processes, sends these to the poller too, which still has exchanges to end.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"] as const) process.on(signal, () => {});
  try {
    const { default: snap7 } = await import("node-snap7");
    process.on("message", (message) => obey(snap7.S7Client, message as ToS7Child));
    say({ say: "ready", user: process.getuid?.() ?? 0, network: networkNamespace() });
  } catch (error) {
    // Not installed, not built, or built for another Node.
    if (!(error instanceof Error && "code" in error)) throw error;
    say({ say: "unavailable", detail: error.message.split("\n")[0] ?? "" });
  }
}

await start();
