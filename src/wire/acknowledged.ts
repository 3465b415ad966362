/** Whether a peer's TCP has acknowledged all that a socket sent, read from the kernel's own table: Node does not say it. */
import { readFileSync } from "node:fs";
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

/** Takes a fraction of a millisecond with few sockets, and is to be asked before the reset: after it the kernel has forgotten. Undefined when it cannot be told. */
export function acknowledged(ends: Ends, read: (path: string) => string | undefined = readTable): boolean | undefined {
  const [local, remote] = [parseAddress(ends.localAddress), parseAddress(ends.remoteAddress)];
  if (!isAddress(local) || !isAddress(remote)) return undefined;
  const [here, there] = [written(local, ends.localPort), written(remote, ends.remotePort)];
  const table = read(local.family === 4 ? "/proc/net/tcp" : "/proc/net/tcp6") ?? "";
  for (const line of table.split("\n")) {
    // sl, local_address, rem_address, st, tx_queue:rx_queue (Documentation/networking/proc_net_tcp.rst)
    const [, from, to, state = "", queues = ""] = line.trim().split(/\s+/u);
    if (from !== here || to !== there) continue;
    return tellingStates.has(state) ? queues.startsWith("00000000:") : undefined;
  }
  return undefined;
}

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
