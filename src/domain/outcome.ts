/** What one exchange came to, and every other fact that can change what we believe. */
import type { IdentityChange, IdentityView } from "./baseline.ts";
import type { Check, DeviceId, PlannedDevice, SegmentId } from "./plan.ts";
import type { FailureKind, PassingReason } from "./reasons.ts";
import type { ShownCertificate } from "./security.ts";
import type { Milliseconds, MonotonicMs } from "./units.ts";
import type { Window, WindowChange } from "./windows.ts";

/** What a device said of itself, as printable text; absent where it said nothing. */
export interface Identity {
  readonly vendor?: string;
  /** The maker's number in the protocol's own list, by which the name was found: names are added to our table, and that changes nobody. */
  readonly vendorCode?: string;
  readonly product?: string;
  /** What names the product alone, where the text beside it holds more: SNMP's sysObjectID. */
  readonly code?: string;
  readonly revision?: string;
  readonly serial?: string;
  /** SHA-256 of the DER, lower-case hex; of several all, with a blank between them. */
  readonly certificate?: string;
  /** `00:80:f4:0a:0b:0c`. */
  readonly hardwareAddress?: string;
}

/** What a well-formed reply means. A protocol error is an answer: something there is alive. */
export type Answer =
  | {
      readonly said: "alive";
      readonly identity?: Identity;
      readonly more?: true;
      readonly note?: string;
      /** What was read, where one value was; a bit is 0 or 1. Whether it is as expected is not the driver's to say. */
      readonly value?: number;
      readonly upHundredths?: number;
      /** Of an OPC UA server that was asked for its endpoints; absent where it shows none. */
      readonly certificates?: readonly ShownCertificate[];
      /** To a deep query: everything that was said, name by name, as printable text. */
      readonly facts?: readonly SaidFact[];
      /** To a deep query, with `more`: by which number the device would go on. */
      readonly next?: number;
    }
  | {
      readonly said: "degraded";
      readonly failure: "protocol_error" | "cpu_not_running" | "expectation_failed";
      readonly detail: string;
      readonly identity?: Identity;
      /** Since the device's management started, in hundredths of a second, beginning again at 0 after 2^32 - 1 (sysUpTime, RFC 3418). */
      readonly upHundredths?: number;
      readonly facts?: readonly SaidFact[];
      readonly next?: number;
    }
  /** A gateway answered for a device that did not: life for the gateway, a miss for the device. */
  | { readonly said: "gateway_only"; readonly detail: string };

/** `["object 0x03 VendorUrl", "https://example.com"]`. */
export type SaidFact = readonly [name: string, value: string];

/** What left for the device in one exchange, counted at the wire. */
export interface Sent {
  readonly connections: number;
  readonly requests: number;
  readonly bytes: number;
}
export const nothingSent: Sent = Object.freeze({ connections: 0, requests: 0, bytes: 0 });

export type Answered = {
  readonly kind: "answered";
  readonly check: Check;
  readonly at: MonotonicMs;
  readonly took: Milliseconds;
  readonly answer: Answer;
  readonly sent: Sent;
};
export type Failed = {
  readonly kind: "failed";
  readonly check: Check;
  readonly at: MonotonicMs;
  readonly failure: FailureKind;
  readonly detail: string;
  readonly sent: Sent;
  /** Of a timeout: whether the device's TCP had acknowledged the request when the time was over. Absent where nobody could say. */
  readonly acknowledged?: boolean;
};
/** Not asked; or cut off in the middle because leave was taken back, or unanswered for a cause that is not the device's own (`sent` then says what had left). `retryAt` is the earliest time at which asking again could help; undefined when only a person or a file can. */
export type Refused = {
  readonly kind: "refused";
  readonly check: Check;
  readonly at: MonotonicMs;
  readonly reason: PassingReason | "approval_expired";
  readonly retryAt: MonotonicMs | undefined;
  readonly sent: Sent;
  /** With `behind`: the gateway or device that is down, by id. */
  readonly behind?: string;
};
export type Outcome = Answered | Failed | Refused;

/** What a trip or a stop applies to. */
export type Scope = "site" | `device:${string}` | `segment:${string}` | `profile:${string}`;

/** False of a bare segment id. */
export function isScope(text: string): text is Scope {
  return text === "site" || /^(device|segment|profile):/u.test(text);
}

/** Whose trip keeps from the device, and whose pause: a piece of hardware that rests under one address rests under each. */
export function scopesOver({
  id,
  segment,
  profile,
  hardware = [],
}: Pick<PlannedDevice, "id" | "segment" | "profile" | "hardware">): readonly Scope[] {
  return ["site", `device:${id}`, ...hardware.map((other): Scope => `device:${other}`), `segment:${segment}`, `profile:${profile}`];
}

export interface Trip {
  readonly scope: Scope;
  readonly cause: "guard_violation" | "identity_mismatch" | "refusal_episodes" | "harm" | "slower" | "poison_reply" | "connections_lost";
  readonly detail: string;
}

/**
 * Why several devices cannot be heard at once: the poller has no way out to their segment, nothing on the segment answers,
 * or a gateway or a device (a switch) that they stand behind is out.
 */
export type SharedCause = "way_out" | "segment" | "gateway" | "device";

/** All that can change what we believe enters the recorder here, asked or overheard. */
export type Fact =
  | Outcome
  /** Found at the start, or at a reload that brings the check: it was missed so often before, last `at`, and has not answered since. `stands`: so lately that what it was then it still is. */
  | {
      readonly kind: "missed_before";
      readonly found: "start" | "reload";
      readonly check: Check;
      readonly at: MonotonicMs;
      readonly missed: number;
      readonly failure: FailureKind;
      readonly stands: boolean;
    }
  | { readonly kind: "presence"; readonly device: DeviceId; readonly at: MonotonicMs; readonly source: "trap" | "sensor" }
  | { readonly kind: "link"; readonly device: DeviceId; readonly at: MonotonicMs; readonly up: boolean }
  | { readonly kind: "tripped"; readonly at: MonotonicMs; readonly trip: Trip }
  | { readonly kind: "reset"; readonly at: MonotonicMs; readonly scope: Scope; readonly by: string; readonly reason: string }
  | { readonly kind: "stopped"; readonly at: MonotonicMs; readonly stopped: boolean; readonly by: string }
  /** A mass-loss hold has a scope; with a cause it is the bare id of a segment, gateway or device, and nothing is held back. */
  | {
      readonly kind: "held";
      readonly at: MonotonicMs;
      readonly scope: SegmentId | string;
      readonly cause?: SharedCause;
      readonly held: boolean;
      readonly detail: string;
    }
  /** The guard stopped something; `check` is known when a permit was lent. Nothing left. */
  | { readonly kind: "blocked"; readonly at: MonotonicMs; readonly address: string; readonly check?: Check; readonly detail: string }
  /** What a device says of itself was first said, is other than it was, or was accepted: then by a person. */
  | {
      readonly kind: "identity";
      readonly at: MonotonicMs;
      readonly change: IdentityChange;
      readonly identity: IdentityView;
      readonly detail: string;
      readonly by: string;
    }
  | { readonly kind: "window"; readonly at: MonotonicMs; readonly change: WindowChange; readonly window: Window; readonly by: string }
  | { readonly kind: "stalled"; readonly at: MonotonicMs; readonly detail: string };
