/** A guarded way to one address: the only thing through which bytes reach a device. */
import type { Operation, Protocol } from "./operations.ts";
import type { Permit } from "./permit.ts";
import type { Target } from "./plan.ts";
import type { FailureKind } from "./reasons.ts";

/** Reads one protocol's frames in both directions; never makes one. */
export interface FramePolicy {
  readonly protocol: Protocol;
  /** The longest frame that this protocol may ever send us. */
  readonly inboundBytesMax: number;
  /** Length of the first whole frame; 0 when more bytes are needed; "malformed" for ever after. */
  frameLength(buffered: Uint8Array, direction: "out" | "in"): number | "malformed";
  /** The operation that an outbound frame asks for; undefined when it is not on the read-only list. */
  operation(frame: Uint8Array): Operation | undefined;
  /** Those that the protocol answers with nothing, such as a goodbye: nothing is waited for. */
  readonly unanswered: ReadonlySet<Operation>;
  /** Whether `reply` answers `request`; a reply to nothing we asked is malformed. */
  answers(request: Uint8Array, reply: Uint8Array): boolean;
}

/** How a wire ended. `failure` is absent after a clean end. */
export interface Closed {
  readonly by: "us" | "peer";
  readonly failure?: FailureKind;
  readonly detail: string;
  /** Of a deadline that passed on an open TCP connection: whether the peer's TCP had acknowledged all that was sent. */
  readonly acknowledged?: boolean;
}

/** What a driver holds; only the connection keeper opens it and lends it permits. */
export interface Wire {
  readonly target: Target;
  /** Sends one whole frame at once under the lent permit; without one, or off the template, nothing leaves, the wire aborts and the device trips. Never throws. */
  send(frame: Uint8Array): void;
  /** Whole, well-framed replies to what was asked, each a copy of its own. */
  onFrame(listener: (frame: Uint8Array) => void): void;
  /** Resolves when the kernel has let go of the socket: FIN confirmed, or RST sent. */
  readonly closed: Promise<Closed>;
}

/** What the keeper, not the driver, may do with it. */
export interface OwnedWire extends Wire {
  lend(permit: Permit): void;
  /** Takes the permit back: from here on a frame on the open wire is a violation. On a wire that is ending or ended, `send` does nothing. */
  reclaim(): void;
  /** True when no request of ours is unanswered and the socket still stands. */
  readonly quiet: boolean;
  /** The time for the answer is nearly over: what takes long to look at before the end is looked at now. */
  nearEnd?(): void;
  /** FIN, and RST when the peer has not followed within 2 s. */
  finish(): void;
  /** RST (or, still connecting, the end of the SYNs) at once; `failure` is what `closed` reports. */
  abort(failure: FailureKind, detail: string): void;
}

/** Never rejects. Spends the permit's connection first; resolves once connected, with the permit lent, or with the reason why not. */
export type Dial = (permit: Permit, policy: FramePolicy) => Promise<OwnedWire | Closed>;

export function isOpen(dialled: OwnedWire | Closed): dialled is OwnedWire {
  return "lend" in dialled;
}
