/** Whether a peer's TCP has acknowledged all that a socket sent, read from the kernel's own table: Node does not say it. */
import { readFile, readFileSync } from "node:fs";
import { isAddress, parseAddress, type Address } from "../domain/address.ts";

/** One connection of ours, as Node names it. */
export interface Ends {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
}

/** include/net/tcp_states.h: ESTABLISHED, FIN_WAIT1, FIN_WAIT2. In any other state the queue says nothing. */
const tellingStates: ReadonlySet<string> = new Set(["01", "04", "05"]);

/**
 * To be asked before the reset: after it the kernel has forgotten. The kernel walks all that it has for it, milliseconds in which the loop stands
 * still (2 to 5 measured). Undefined when it cannot be told.
 */
export function acknowledged(ends: Ends, read: (path: string) => string | undefined = readTable): boolean | undefined {
  const row = rowOf(ends);
  return row && acknowledgedIn(row, read(row.path));
}

/** The same beside the loop. */
export async function acknowledgedSoon(ends: Ends): Promise<boolean | undefined> {
  const row = rowOf(ends);
  if (!row) return undefined;
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  // A machine without the table: nothing is known, and nothing is concluded.
  readFile(row.path, "utf8", (error, table) => resolve(error ? undefined : table));
  return acknowledgedIn(row, await promise);
}

/** What of them a socket knows. */
type SocketEnds = { readonly [End in keyof Ends]?: Ends[End] | undefined };

/** Whether what a socket sent has reached its peer's TCP. */
export class Arrival {
  readonly #socket: SocketEnds;
  #reached: Uint8Array | undefined;

  constructor(socket: SocketEnds) {
    this.#socket = socket;
  }

  /** Looks beside the loop, which the kernel's table would hold up: what has arrived has arrived. */
  look(request: Uint8Array): void {
    const ends = this.#ends();
    if (!ends) return;
    void acknowledgedSoon(ends).then((seen) => {
      if (seen === true) this.#reached = request;
    });
  }

  /** Just before the reset; where it had not arrived by then it is looked at once more. Nothing where it cannot be told. */
  of(request: Uint8Array | undefined): { readonly acknowledged?: boolean } {
    if (request !== undefined && this.#reached === request) return { acknowledged: true };
    const ends = this.#ends();
    const seen = ends && acknowledged(ends);
    return seen === undefined ? {} : { acknowledged: seen };
  }

  /** Gone from the socket once it is closed. */
  #ends(): Ends | undefined {
    const { localAddress, localPort, remoteAddress, remotePort } = this.#socket;
    if (localAddress === undefined || localPort === undefined || remoteAddress === undefined || remotePort === undefined) return undefined;
    return { localAddress, localPort, remoteAddress, remotePort };
  }
}

interface Row {
  readonly path: string;
  /** Both ends, as the table has them. */
  readonly ends: string;
}

function rowOf({ localAddress, localPort, remoteAddress, remotePort }: Ends): Row | undefined {
  const [local, remote] = [parseAddress(localAddress), parseAddress(remoteAddress)];
  if (!isAddress(local) || !isAddress(remote)) return undefined;
  const path = local.family === 4 ? "/proc/net/tcp" : "/proc/net/tcp6";
  return { path, ends: ` ${written(local, localPort)} ${written(remote, remotePort)} ` };
}

function acknowledgedIn({ ends }: Row, table: string | undefined): boolean | undefined {
  const at = table?.indexOf(ends) ?? -1;
  if (table === undefined || at < 0) return undefined;
  // sl, local_address, rem_address, st, tx_queue:rx_queue (Documentation/networking/proc_net_tcp.rst)
  const [state = "", queues = ""] = table.slice(at + ends.length, at + ends.length + stateAndQueues).split(/[ \n]/u);
  return tellingStates.has(state) ? queues.startsWith("00000000:") : undefined;
}

/** `01 00000000:00000000`. */
const stateAndQueues = 20;

/** As the table has it: 32-bit words in the machine's own byte order (little-endian, all that this product is made for), the port as it is. */
function written({ family, bits }: Address, port: number): string {
  const digits = bits
    .toString(16)
    .toUpperCase()
    .padStart(family === 4 ? 8 : 32, "0");
  const words = digits.match(/.{8}/gu) ?? [];
  const swapped = words.map((word) => (word.match(/../gu) ?? []).toReversed().join(""));
  return `${swapped.join("")}:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

function readTable(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    // A machine without the table: nothing is known, and nothing is concluded.
    if (!(error instanceof Error && "code" in error)) throw error;
    return undefined;
  }
}
