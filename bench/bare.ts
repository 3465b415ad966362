/** The same exchange with nothing but node:net: what any poller in Node pays at least. */
import { once } from "node:events";
import { Socket } from "node:net";

export interface Place {
  readonly address: string;
  readonly port: number;
}

/** FC 43/14, basic, from object 0, of unit 1. */
const request = Uint8Array.of(0, 1, 0, 0, 0, 5, 1, 0x2b, 0x0e, 1, 0);

/** Connects, asks, reads one whole answer, closes. Resolves when the socket is closed. */
export function bareFresh({ address, port }: Place): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new Socket({ noDelay: true });
    let answered = false;
    socket.on("connect", () => socket.write(request));
    socket.on("data", (reply) => {
      answered = whole(reply);
      socket.end();
    });
    socket.on("error", reject);
    socket.on("close", () => (answered ? resolve() : reject(new Error("bench: no whole answer"))));
    socket.connect({ host: address, port, autoSelectFamily: false });
  });
}

export interface BareKept {
  ask(): Promise<void>;
  close(): Promise<void>;
}

export async function bareKept({ address, port }: Place): Promise<BareKept> {
  const socket = new Socket({ noDelay: true });
  let settle: ((reply: Buffer) => void) | undefined;
  socket.on("data", (reply) => settle?.(reply));
  socket.connect({ host: address, port, autoSelectFamily: false });
  await once(socket, "connect");
  return {
    ask: () =>
      new Promise((resolve, reject) => {
        settle = (reply) => (whole(reply) ? resolve() : reject(new Error("bench: no whole answer")));
        socket.write(request);
      }),
    async close() {
      socket.end();
      await once(socket, "close");
    },
  };
}

function whole(reply: Uint8Array): boolean {
  return reply.length > 8 && reply.length === 6 + reply[5]! && reply[7] === 0x2b;
}
