/** A device's UDP port that does only what a test tells it, and a witness of everything that reached it. */
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";

export interface UdpPeer {
  readonly port: number;
  /** Datagrams as hex, in order of arrival. */
  readonly received: readonly string[];
  /** Where the latest came from. */
  readonly from: RemoteInfo | undefined;
  /** Resolves once so many have come. */
  until(count: number): Promise<void>;
  /** Sends to where the latest came from, or to a port of the same address. */
  say(hex: string, port?: number): Promise<void>;
  /** Everything that was sent to this port before this call has come; resolves with the number of datagrams then. */
  settled(): Promise<number>;
  close(): Promise<void>;
}

const fence = "fence";

/** @param onDatagram answers each that comes; silent where absent */
export async function startUdpPeer(onDatagram?: (peer: UdpPeer, hex: string) => unknown, host = "127.0.0.1"): Promise<UdpPeer> {
  const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
  const fences = createSocket(host.includes(":") ? "udp6" : "udp4");
  const received: string[] = [];
  const waiting: (() => void)[] = [];
  let from: RemoteInfo | undefined;
  let passed = 0;
  socket.bind(0, host);
  await once(socket, "listening");
  const { port } = socket.address();
  const peer: UdpPeer = {
    port,
    received,
    get from() {
      return from;
    },
    until: (count) => waitFor(() => received.length >= count),
    say: async (hex, to) => {
      await new Promise<void>((resolve, reject) => {
        socket.send(Buffer.from(hex.replaceAll(" ", ""), "hex"), to ?? from!.port, from!.address, (error) =>
          error ? reject(error) : resolve(),
        );
      });
    },
    async settled() {
      const before = passed;
      fences.send(fence, port, host);
      await waitFor(() => passed > before);
      return received.length;
    },
    async close() {
      socket.close();
      fences.close();
      await once(socket, "close");
    },
  };
  socket.on("message", (datagram, sender) => {
    if (datagram.toString() === fence) passed += 1;
    else {
      received.push(datagram.toString("hex"));
      from = sender;
      void onDatagram?.(peer, datagram.toString("hex"));
    }
    for (const wake of waiting.splice(0)) wake();
  });
  return peer;

  async function waitFor(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => waiting.push(resolve));
  }
}
