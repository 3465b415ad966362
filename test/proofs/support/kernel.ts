/** What a host's kernel still holds: its TCP sockets, orphans included, which no application can see or stop. */
import type { Network } from "./netns.ts";
import { waitFor } from "./wait.ts";

/** As numbered in the kernel's include/net/tcp_states.h, from 1. */
const states = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
] as const;

export type TcpState = (typeof states)[number] | "other";

export interface KernelSocket {
  readonly localAddress: string;
  readonly localPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly state: TcpState;
  /** Bytes sent and not acknowledged, or waiting to be sent. For a listening socket: 0. */
  readonly unacknowledgedBytes: number;
  /** Copies that its timer has sent since the peer last acknowledged anything. */
  readonly copiesSent: number;
  /** True when no process holds it any more, yet the kernel goes on sending for it. */
  readonly orphan: boolean;
}

/** Every IPv4 TCP socket of the host, read from /proc/net/tcp, and from tcp6 for listeners on "::". */
export async function tcpSockets(network: Network, host: string): Promise<readonly KernelSocket[]> {
  const table = await network.run(host, ["cat", "/proc/net/tcp", "/proc/net/tcp6"]);
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => /^\d+:$/.test(fields[0] ?? ""))
    .map(toSocket);
}

/** Resolves when a process of the host listens on the port. Asks the kernel, so that the device is not sent a packet to find out. */
export async function waitForListener(
  network: Network,
  host: string,
  port: number,
  deadlineMs: number,
  context?: () => string,
): Promise<void> {
  const listens = async (): Promise<boolean> =>
    (await tcpSockets(network, host)).some(({ state, localPort }) => state === "LISTEN" && localPort === port);
  await waitFor(listens, {
    what: `${host} to listen on TCP port ${port}`,
    deadlineMs,
    everyMs: 25,
    ...(context === undefined ? {} : { context }),
  });
}

/**
 * Resolves when the host's kernel has nothing left that could make it send to the peer, or to any of several. TIME_WAIT is let pass: it only
 * answers.
 */
export async function waitForKernelToLetGo(
  network: Network,
  host: string,
  peer: string | readonly string[],
  deadlineMs: number = 60_000,
): Promise<void> {
  const peers = new Set([peer].flat());
  const gone = async (): Promise<boolean> =>
    !(await tcpSockets(network, host)).some(({ state, remoteAddress }) => peers.has(remoteAddress) && state !== "TIME_WAIT");
  await waitFor(gone, { what: `the kernel of ${host} to let go of every connection to ${[...peers].join(", ")}`, deadlineMs });
}

function toSocket(fields: readonly string[]): KernelSocket {
  const [, local = "", remote = "", stateHex = "", queues = "", , copies = "", , , inode = ""] = fields;
  const state = states[Number.parseInt(stateHex, 16) - 1] ?? "other";
  const [localAddress, localPort] = toEndpoint(local);
  const [remoteAddress, remotePort] = toEndpoint(remote);
  // "tx_queue:rx_queue"; parseInt stops at the colon. A listener has its backlog there instead.
  const unacknowledgedBytes = state === "LISTEN" ? 0 : Number.parseInt(queues, 16);
  const copiesSent = Number.parseInt(copies, 16);
  const orphan = inode === "0" && state !== "TIME_WAIT" && state !== "SYN_RECV";
  return { localAddress, localPort, remoteAddress, remotePort, state, unacknowledgedBytes, copiesSent, orphan };
}

/** "0100007F:01F6" is 127.0.0.1 port 502: the address as a little-endian word. In tcp6 the last word of a mapped address is the IPv4 one. */
function toEndpoint(text: string): readonly [address: string, port: number] {
  const [addressHex = "", portHex = ""] = text.split(":");
  const bytes = Buffer.from(addressHex.slice(-8), "hex").reverse();
  return [[...bytes].join("."), Number.parseInt(portHex, 16)];
}
