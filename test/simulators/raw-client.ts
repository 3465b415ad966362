/** A TCP client that knows no Modbus: sends hex, waits for bytes or for the end. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawClient {
  readonly socket: Socket;
  send(hex: string): void;
  /** The next `count` bytes as hex; rejects when the connection ends before. */
  bytes(count: number): Promise<string>;
  /** How the connection ended for this side, and the bytes that came and were not taken. */
  ended(): Promise<{ readonly how: "fin" | "rst"; readonly left: string }>;
  /** FIN. */
  finish(): void;
  /** RST. */
  reset(): void;
}

/** Half-open connections are allowed, so that a test sees what comes after its own FIN. */
export async function connectRaw(device: { readonly host: string; readonly port: number }): Promise<RawClient> {
  const socket = connect({ host: device.host, port: device.port, allowHalfOpen: true, noDelay: true });
  let arrived = Buffer.alloc(0);
  let how: "fin" | "rst" | undefined;
  const ended = new Promise<"fin" | "rst">((resolve) => {
    socket.on("end", () => resolve((how ??= "fin")));
    socket.on("error", () => resolve((how ??= "rst")));
  });
  socket.on("data", (chunk: Buffer) => {
    arrived = Buffer.concat([arrived, chunk]);
    socket.emit("arrived");
  });
  await once(socket, "connect");
  return {
    socket,
    send: (hex) => void socket.write(Buffer.from(hex.replaceAll(" ", ""), "hex")),
    bytes: async (count) => {
      while (arrived.length < count) {
        if (how) throw new Error(`the connection ended (${how}) after ${arrived.toString("hex")}`);
        await Promise.race([ended, once(socket, "arrived")]);
      }
      const taken = arrived.subarray(0, count).toString("hex");
      arrived = arrived.subarray(count);
      return taken;
    },
    ended: async () => ({ how: await ended, left: arrived.toString("hex") }),
    finish: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
  };
}
