/**
 * Stops every socket that no wire announced, before it sends anything: a library that dials by itself reaches nobody.
 *
 * Stopped are TCP connections (also those of TLS, HTTP and fetch), the look-up of the name they would go to, and UDP sockets. Sockets with a
 * path (unix domain, abstract) reach no device and pass; nothing in the poller needs one. Not seen from here: other processes, worker
 * threads (each has sockets of its own), and name look-ups without a socket (node:dns). The kernel fence is behind this.
 */
import type { Socket as UdpSocket } from "node:dgram";
import diagnosticsChannel from "node:diagnostics_channel";
import { BlockList, Socket } from "node:net";
import { isOurs } from "./own-sockets.ts";

export interface TripwireParts {
  /** `address` as the culprit gave it, a name perhaps; absent where it had not yet said whereto. */
  readonly onBlocked: (detail: string, address?: string) => void;
}

/** The returned function disarms. Throws when armed twice: one of the two would be disarmed unnoticed. */
export function armTripwire(parts: TripwireParts): () => void {
  if (armed) throw new Error("the tripwire is armed already");
  armed = true;
  const restore = guardConnect(parts);
  const everything = new EveryAddress(parts);
  const onTcp = (message: unknown): void => fence((message as { readonly socket: Socket }).socket, everything);
  const onUdp = (message: unknown): void => closeForeign((message as { readonly socket: UdpSocket }).socket, parts);
  diagnosticsChannel.subscribe("net.client.socket", onTcp);
  diagnosticsChannel.subscribe("udp.socket", onUdp);
  return () => {
    restore();
    diagnosticsChannel.unsubscribe("net.client.socket", onTcp);
    diagnosticsChannel.unsubscribe("udp.socket", onUdp);
    armed = false;
  };
}

let armed = false;

/**
 * The first of two locks. A subscriber of `net.client.socket` can neither throw (Node catches it) nor destroy the socket (connect() goes on
 * and makes it a new handle): measured on Node 24.21. So connect() itself is put behind a guard, which stops name look-ups too.
 */
function guardConnect({ onBlocked }: TripwireParts): () => void {
  const connect = Reflect.get(Socket.prototype, "connect") as Connect;
  const guarded: Connect = function (...args) {
    const place = isOurs(this) ? undefined : placeOf(args);
    if (place === undefined) return Reflect.apply(connect, this, args);
    onBlocked(`a TCP connection to ${place.address}:${place.port} was begun outside the wires, by ${culprit()}`, place.address);
    failSoon(this, `a connection to ${place.address}:${place.port} outside the wires`);
    return this;
  };
  Socket.prototype.connect = guarded;
  return () => {
    Socket.prototype.connect = connect;
  };
}

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** The second lock, for whoever took hold of the real connect() earlier: Node asks the list right before the SYN. */
function fence(socket: Socket, everything: BlockList): void {
  if (isOurs(socket)) return;
  socket.on("error", () => {});
  (socket as Socket & { blockList?: BlockList }).blockList = everything;
}

class EveryAddress extends BlockList {
  readonly #parts: TripwireParts;

  constructor(parts: TripwireParts) {
    super();
    this.#parts = parts;
  }

  override check(address: unknown): boolean {
    const shown = typeof address === "string" ? address : "an unknown address";
    this.#parts.onBlocked(`a TCP connection to ${shown} was begun outside the wires, past the guard`, shown);
    return true;
  }
}

/** A UDP socket is announced from its constructor: closed there, it refuses to bind and to send. */
function closeForeign(socket: UdpSocket, { onBlocked }: TripwireParts): void {
  if (isOurs(socket)) return;
  onBlocked(`a UDP socket was made outside the wires, by ${culprit()}`);
  socket.on("error", () => {});
  try {
    socket.close();
  } catch (error) {
    // Made with a signal that is aborted already, it is closed before anyone hears of it.
    if (!(error instanceof Error && "code" in error && error.code === "ERR_SOCKET_DGRAM_NOT_RUNNING")) throw error;
  }
}

/** To its owner it looks like a failed connection; without an owner that listens it must not end the process. */
function failSoon(socket: Socket, what: string): void {
  const error = Object.assign(new Error(`the tripwire stopped ${what}`), { code: "EACCES" });
  socket.on("error", () => {});
  process.nextTick(() => {
    if (!socket.destroyed) socket.destroy(error);
    else socket.emit("error", error);
  });
}

interface Place {
  readonly address: string;
  readonly port: string;
}

/** Where connect() was told to go: options, port and host, a path, or Node's own array of these. Undefined for a path, which passes. */
function placeOf(args: readonly unknown[]): Place | undefined {
  const first: unknown = Array.isArray(args[0]) ? (args[0] as unknown[])[0] : args[0];
  if (typeof first === "object" && first !== null) {
    const { path, host, port } = first as { readonly path?: unknown; readonly host?: unknown; readonly port?: unknown };
    return typeof path === "string" && path !== "" ? undefined : { address: text(host), port: text(port) };
  }
  // As Node reads it: a text that is no number is a path.
  if (typeof first === "string" && !(Number(first) >= 0)) return undefined;
  return { address: text(args[1]), port: text(first) };
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "localhost";
}

/** The first line of the stack that is neither Node's nor ours. */
function culprit(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  const lines = (new Error("who dials?").stack ?? "").split("\n").slice(1);
  Error.stackTraceLimit = limit;
  const line = lines.find((one) => /:\d+:\d+\)?$/u.test(one) && !one.includes("node:") && !one.includes(import.meta.filename));
  return line?.trim().replace(/^at /u, "") ?? "code that left no trace";
}
