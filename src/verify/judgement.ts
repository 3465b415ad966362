/** What the checker says of a capture: every packet that the plan does not allow, and the figures of those it does. */

export const violationKinds = {
  "destination-not-listed": "a packet to an address, port or protocol that the plan does not list",
  "payload-not-approved": "bytes that no approved operation has",
  "too-early": "asked again before the interval or the line's gap had passed",
  "too-many-requests": "more requests in one exchange or connection than approved",
  "two-connections": "two connections of one line at once",
  "too-many-packets": "more packets for one exchange than the plan's worst case",
  "not-quiet": "a packet during a stop or a pause",
  "arp-beyond-bound": "more address resolution than the plan's worst case, or for an address that it does not list",
} as const;
export type ViolationKind = keyof typeof violationKinds;

export interface Violation {
  readonly kind: ViolationKind;
  /** As Wireshark numbers it; undefined where no single packet is to blame. */
  readonly packet: number | undefined;
  readonly atNs: bigint;
  readonly destination: string;
  /** One line: what was found, what was expected. */
  readonly detail: string;
}

export interface CheckFigures {
  readonly check: string;
  readonly line: string;
  readonly requests: number;
  readonly intervalMs: number;
  /** Between the last packet of a request and the first of the next; undefined with fewer than two. */
  readonly smallestGapMs: number | undefined;
}

export interface LineFigures {
  readonly line: string;
  readonly requests: number;
  readonly gapMs: number;
  readonly smallestGapMs: number | undefined;
  readonly connections: number;
  readonly connectionsAtOnceMost: number;
}

export interface Judgement {
  readonly packets: number;
  /** Of them from the poller. */
  readonly ours: number;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly pollerAddresses: readonly string[];
  /** Who else speaks to places of the plan. Not judged: SCADA, or the poller under an address that nobody named. */
  readonly others: readonly { readonly address: string; readonly packets: number }[];
  readonly checks: readonly CheckFigures[];
  readonly lines: readonly LineFigures[];
  readonly arpRequests: number;
  /** Stops and pauses that the capture has to do with. */
  readonly quiet: readonly string[];
  /** Pauses that the capture has to do with, of which nobody knows any more whom they covered. */
  readonly unjudged: readonly string[];
  readonly violations: readonly Violation[];
}

/** A time in which nothing may leave: a stop (the last packet at most `graceMs` after it) or a pause. */
export interface Quiet {
  readonly why: string;
  readonly fromNs: bigint;
  readonly toNs: bigint;
  readonly graceMs: number;
  /** Undefined: every address. */
  readonly addresses: ReadonlySet<string> | undefined;
  /** Devices of the plan that are meant besides, by id: of several at one address, what these are asked. */
  readonly devices?: ReadonlySet<string>;
  /** Whom it covered was not kept: what left in it cannot be judged. */
  readonly whomUnknown?: true;
}
