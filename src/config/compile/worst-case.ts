/** What leaves at most, retransmissions of the kernel included: printed for the person who signs, because no rule of ours can take them back. */
import { finishWithin } from "../../domain/limits.ts";
import type { Check, Target } from "../../domain/plan.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";

/** As /proc/sys/net/ipv4 has them; reading them is the caller's. */
export interface Sysctls {
  readonly tcp_retries2: number;
  readonly tcp_syn_retries: number;
  /** 0 stands for 8 (net/ipv4/tcp_timer.c, tcp_orphan_retries). */
  readonly tcp_orphan_retries: number;
}

/** What Linux has where nobody set anything. */
export const usualSysctls: Sysctls = Object.freeze({ tcp_retries2: 15, tcp_syn_retries: 6, tcp_orphan_retries: 0 });

/** IP packets to one device for one connection; each figure is a ceiling. */
export interface KernelWorstCase {
  /** The poller lives and gives up after connectWithin. */
  readonly synUnanswered: number;
  /** The poller stands still while connecting. */
  readonly synUnansweredFrozen: number;
  /** The peer vanished: copies of one request, and the RST at the deadline, which is connectWithin and answerWithin after the start. */
  readonly peerVanished: number;
  /** The peer vanished before it acknowledged the end: copies of the FIN, and the RST. */
  readonly finUnanswered: number;
  /** The peer vanished and the poller stands still: copies of one request, and the RST once it goes on. */
  readonly peerVanishedFrozen: number;
  /** The peer vanished and the poller was killed: copies of one request, and one FIN. */
  readonly peerVanishedKilled: number;
}

/** Measured (Linux 6.18): SYNs at 0, 1, 2, 3, 4 s (tcp_syn_linear_timeouts 4). */
const synEvery = milliseconds(1000);
/** Where Linux waits 1 s and not twice as long as before (tcp_syn_linear_timeouts, since 6.5); these come on top of the retries. */
const synLinearTimeouts = 4;
/** Given up by time here too: 2^(retries + 1) - 1 seconds after the first. Measured with 1: 3 SYNs. */
const synsOf = (retries: number): number => Math.min(1 + retries + synLinearTimeouts, 2 ** (retries + 1) - 1);
/** TCP_RTO_MIN. Measured: copies 0.2, 0.4, 0.85, 1.7, 3.3, 6.9 s after the first; the first of them is the tail loss probe. */
const firstCopyAfter = milliseconds(200);
const tailLossProbes = 1;
/**
 * The kernel gives up by time: `retries` stands for 2^(retries + 1) - 1 times TCP_RTO_MIN since the first copy (retransmits_timed_out in
 * net/ipv4/tcp_timer.c), which lets one copy more pass than its name says. Measured with 1: 2; with 3: 4.
 */
const copiesOf = (retries: number): number => retries + 1;
/** One frame that ends a connection in one go. */
const reset = 1;

/**
 * Worked example: a request that waits 500 ms leaves 3 times, and the RST follows: 4 packets, as measured. At 5.8 s it is 6 and the RST.
 * A killed poller's request leaves 1 + 1 + 9 times, and its FIN once: 12. Measured with tcp_orphan_retries 1: 5, as computed.
 */
export function kernelWorstCase(
  sysctls: Sysctls,
  { connectWithin, answerWithin }: Pick<Check, "connectWithin" | "answerWithin">,
): KernelWorstCase {
  const orphanRetries = sysctls.tcp_orphan_retries === 0 ? 8 : sysctls.tcp_orphan_retries;
  const atMost = 1 + tailLossProbes + copiesOf(sysctls.tcp_retries2);
  return {
    synUnanswered: Math.min(Math.floor(connectWithin / synEvery) + 1, synsOf(sysctls.tcp_syn_retries)),
    synUnansweredFrozen: synsOf(sysctls.tcp_syn_retries),
    peerVanished: Math.min(copiesWithin(milliseconds(connectWithin + answerWithin)), atMost) + reset,
    finUnanswered: Math.min(copiesWithin(finishWithin), atMost) + reset,
    peerVanishedFrozen: atMost + reset,
    peerVanishedKilled: 1 + tailLossProbes + copiesOf(orphanRetries) + 1,
  };
}

/** The first sending and its repetitions, each after twice the time of the one before. */
function copiesWithin(span: Milliseconds): number {
  let copies = 1;
  for (let after: number = firstCopyAfter; after <= span; after *= 2) copies++;
  return copies;
}

export interface PacketCount {
  readonly fromPoller: number;
  readonly fromDevice: number;
}

export interface CheckWorstCase {
  /** With a connection of its own: SYN, ACK, then a request and an ACK each, FIN, ACK. Measured: 10 packets for one request, 6 of them ours. */
  readonly fresh: PacketCount;
  /** Over a connection that stands: request, reply, ACK. null where a check needs no connection. */
  readonly kept: PacketCount | null;
  /** From the poller to the device, in one check, whatever happens to the device. */
  readonly packetsMax: number;
  /** The same when the poller is frozen or killed in the middle of it. */
  readonly packetsMaxFrozen: number;
  readonly packetsMaxKilled: number;
  /** ARP requests for an address that is not there, broadcast to the whole segment (arp(7): mcast_solicit 3), and probes of one that was (ucast_solicit 3). */
  readonly arpBroadcastsMax: number;
  readonly arpProbesMax: number;
  readonly kernel: KernelWorstCase | null;
}

const arpSolicitations = { arpBroadcastsMax: 3, arpProbesMax: 3 } as const;

export function checkWorstCase(
  sysctls: Sysctls,
  check: Pick<Check, "opening" | "asking" | "closing" | "connectWithin" | "answerWithin"> & { readonly target?: Target },
): CheckWorstCase {
  const requests = check.opening.requestsMax + check.asking.requestsMax + check.closing.requestsMax;
  if (check.opening.connectionsMax === 0) {
    const packets = { fromPoller: requests, fromDevice: requests };
    const most = { packetsMax: requests, packetsMaxFrozen: requests, packetsMaxKilled: requests };
    // A serial bus has frames in place of packets, and nobody to ask for an address.
    const solicitations = check.target?.transport === "serial" ? { arpBroadcastsMax: 0, arpProbesMax: 0 } : arpSolicitations;
    return { fresh: packets, kept: null, ...most, ...solicitations, kernel: null };
  }
  const kernel = kernelWorstCase(sysctls, check);
  const connected = kernel.synUnanswered + 1;
  // A device may let each request be repeated until its time is nearly over, then answer, and let the FIN be repeated as well:
  // measured with an acknowledgement 2.6 s late, 6 copies of the request and then the whole end.
  const copies = kernel.peerVanished - reset;
  const answered = requests * (copies + 1);
  const unanswered = (requests - 1) * (copies + 1);
  const asked = check.asking.requestsMax;
  return {
    fresh: { fromPoller: 4 + 2 * requests, fromDevice: 2 + 2 * requests },
    kept: { fromPoller: 2 * asked, fromDevice: asked },
    packetsMax: connected + answered + kernel.finUnanswered,
    packetsMaxFrozen: Math.max(kernel.synUnansweredFrozen, connected + answered + kernel.peerVanishedFrozen),
    // Killed with the FIN out, its copies go on as a request's would; with a request out, its copies and one FIN.
    packetsMaxKilled: Math.max(connected + answered + kernel.peerVanishedKilled - 1, connected + unanswered + kernel.peerVanishedKilled),
    ...arpSolicitations,
    kernel,
  };
}
