/** Which sockets the wires made themselves: every other one is stopped by the tripwire. */
import { Socket } from "node:net";

/** The TCP socket of a wire. Known by a private field, which nobody else can set, and which costs no look-up and no garbage collection. */
export class WireSocket extends Socket {
  readonly #ours: true = true;

  static is(socket: object): boolean {
    return #ours in socket && socket.#ours;
  }
}

let making = false;

/** Makes a UDP socket of a wire. Node shows it to the tripwire while its constructor still runs, before anyone could mark it. */
export function makingOwn<S>(make: () => S): S {
  making = true;
  try {
    return make();
  } finally {
    making = false;
  }
}

export function isOurs(socket: object): boolean {
  return making || WireSocket.is(socket);
}
