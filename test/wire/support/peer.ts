/** A device's end of a connection that does only what a test tells it, and a witness of every byte that Node handed to the kernel. */
import diagnosticsChannel from "node:diagnostics_channel";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface Visit {
  readonly socket: Socket;
  /** Everything that came so far, as hex. */
  readonly received: string;
  /** How the other side ended; settles when it has. */
  readonly ended: Promise<"fin" | "rst">;
  say(hex: string): void;
}

export interface Peer {
  readonly port: number;
  /** In order of arrival. */
  readonly visits: readonly Visit[];
  /** The nth connection, 0 the first, once it is there. */
  visit(index: number): Promise<Visit>;
  close(): Promise<void>;
}

export interface PeerOptions {
  readonly host?: string;
  /** Answers each chunk that comes; silent where absent. */
  readonly onData?: (visit: Visit, hex: string) => unknown;
  readonly onVisit?: (visit: Visit) => void;
  /** Ends its side when the other does; true where absent. */
  readonly closes?: boolean;
}

export async function startPeer(options: PeerOptions = {}): Promise<Peer> {
  const { host = "127.0.0.1", closes = true } = options;
  const visits: Visit[] = [];
  const waiting: (() => void)[] = [];
  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    visits.push(receive(socket, options, closes));
    for (const wake of waiting.splice(0)) wake();
  });
  server.listen(0, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    visits,
    async visit(index) {
      while (visits.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
      return visits[index]!;
    },
    async close() {
      for (const { socket } of visits) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function receive(socket: Socket, options: PeerOptions, closes: boolean): Visit {
  let received = "";
  const { promise: ended, resolve } = Promise.withResolvers<"fin" | "rst">();
  const visit: Visit = {
    socket,
    get received() {
      return received;
    },
    ended,
    say: (hex) => void socket.write(Buffer.from(hex.replaceAll(" ", ""), "hex")),
  };
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("hex");
    void options.onData?.(visit, chunk.toString("hex"));
  });
  socket.on("end", () => {
    resolve("fin");
    if (closes) socket.end();
  });
  socket.on("error", () => resolve("rst"));
  options.onVisit?.(visit);
  return visit;
}

/** Sees each client socket of this process as it connects: a reset may swallow bytes on the way, the count of its bytes may not. */
export interface Kernel {
  /** Bytes written by every socket so far. */
  readonly bytes: number;
  readonly connects: number;
  /** In order of their first connect. */
  readonly sockets: readonly Socket[];
  stopWatching(): void;
}

export function watchKernel(): Kernel {
  const sockets = new Set<Socket>();
  const see = (message: unknown): void => void sockets.add((message as { readonly socket: Socket }).socket);
  diagnosticsChannel.subscribe("net.client.socket", see);
  return {
    get bytes() {
      return [...sockets].reduce((sum, socket) => sum + (socket.bytesWritten ?? 0), 0);
    },
    get connects() {
      return sockets.size;
    },
    get sockets() {
      return [...sockets];
    },
    stopWatching: () => void diagnosticsChannel.unsubscribe("net.client.socket", see),
  };
}
