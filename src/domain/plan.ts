/** Everything that may be sent, compiled and frozen: what is not in the plan is not sent. */
import type { CredentialRef } from "./credentials.ts";
import type { DeepRead } from "./deep-reads.ts";
import type { ExpectedValue } from "./expectation.ts";
import type { MethodId, Operation, Protocol } from "./operations.ts";
import type { StandingReason } from "./reasons.ts";
import type { CertificateEnd, ChannelSecurity } from "./security.ts";
import type { PlannedFamily } from "./stages.ts";
import type { FrameTemplate } from "./template.ts";
import type { Milliseconds, WallMs } from "./units.ts";

declare const name: unique symbol;
type Id<Kind extends string> = string & { readonly [name]: Kind };
export type DeviceId = Id<"device">;
/** `<device>/<method>`, with `#2`, `#3` where a device has one method several times. */
export type CheckId = Id<"check">;
/** What takes one request at a time: `address:192.0.2.11`, `gateway:fw-serial` or `hardware:main-plc`. By address, not by device name: renaming a device does not refill its bucket. */
export type LineId = Id<"line">;
export type SegmentId = Id<"segment">;
export type ProfileId = Id<"profile">;

/** What makes a check be asked. */
export type Trigger = "schedule" | "ask-now" | "deep-query";

export type Transport = "tcp" | "udp" | "icmp" | "serial";
/** Raw Modbus RTU frames with their CRC: inside a TCP connection, as some serial gateways take them instead of Modbus TCP, or on a serial port of our own. */
export type Framing = "rtu-over-tcp" | "rtu";
/** How the bytes stand on a serial line (Modbus over Serial Line V1.02, 2.5.1): 8 data bits always. */
export interface SerialSettings {
  readonly baudRate: number;
  readonly parity: "none" | "even" | "odd";
  readonly stopBits: 1 | 2;
}
/** A port of a switch that is expected to be up, and what hangs on it in words for people. */
export interface PortUp {
  readonly ifIndex: number;
  readonly name: string;
}
/** What an answer proves to be alive, from the least to the most, in words for a person. */
export const proofs = {
  "network-interface": "network interface answers",
  "comms-module": "communication module answers",
  cpu: "CPU answers",
  program: "program answers",
} as const;
export type Proof = keyof typeof proofs;
/** What of the owner's devices this is; the last three are never asked. */
export type DeviceFunction = "control" | "monitoring" | "network" | "safety" | "protection" | "navigation";

/**
 * One literal unicast address and port. `localAddress` is the poller's own on that segment: packets leave by its interface. Over a serial
 * port it is the device file, port 0, and how the line is set: no network, no address, no way out.
 */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly transport: Transport;
  readonly localAddress?: string;
  /** There when and only when the transport is serial. */
  readonly serial?: SerialSettings;
}

/** All that one phase of an exchange may put on the wire. Every figure is a ceiling; none may be absent. Of several templates each is good for one frame. */
export interface Allowance {
  readonly connectionsMax: 0 | 1;
  readonly requestsMax: number;
  readonly bytesMax: number;
  readonly templates: readonly FrameTemplate[];
}

export interface Segment {
  readonly id: SegmentId;
  readonly zone: string;
  readonly subnet: string;
  /** The poller's own; packets leave by its interface. */
  readonly localAddress: string;
  readonly startsPerSecondMax: number;
  /** Everything in it is held back, whatever its families may do; absent where nothing is. */
  readonly heldBack?: HeldSegment;
}

export interface HeldSegment {
  readonly stage: "dry-run" | "suspended";
  /** The latest of several. */
  readonly since: WallMs;
}

export interface Line {
  readonly id: LineId;
  readonly segment: SegmentId;
  /** The shortest time between two requests on this line: the check's interval; for several checks of one device its floor or 0.7 of a turn, whichever is longer; for the units of a bus 0.7 of an even share, and less than half of the shortest interval. */
  readonly gap: Milliseconds;
  /** How long after a timeout a gateway may still be sending the old request; zero where nothing queues. */
  readonly holdAfterTimeout: Milliseconds;
  readonly connections: LineConnections;
}

/** What the device at the end of a line has for us. */
export interface LineConnections {
  /** Of its pool, less those of others, less the reserve. Ours and those that it may still count for ours are never more. */
  readonly free: number;
  /** How long a connection is counted that we reset while the device was there to see it. */
  readonly countedAfterReset: Milliseconds;
  /** How long one is counted whose end the device may not have seen: its documented idle timeout, else the longest that is documented anywhere; `countedForGood` where it closes none by itself. */
  readonly countedAfterLoss: Milliseconds;
}

export interface ExpectedIdentity {
  /** Compared without case, spaces and padding; an empty list expects nothing. */
  readonly vendors: readonly string[];
  readonly products: readonly string[];
}

/** Between any two packets to one device, whichever of its checks they belong to. */
export interface DeviceFloor {
  /** What is asked: the line, or behind a gateway `gateway:fw-serial unit 7`. */
  readonly device: string;
  readonly gap: Milliseconds;
}

/** A method applied to a device. `ask` is the driver's own frozen request, made once by its method's `parse`. */
export interface Check<Ask = unknown> {
  readonly id: CheckId;
  readonly device: DeviceId;
  readonly method: MethodId;
  readonly protocol: Protocol;
  readonly target: Target;
  /** Absent: the protocol's own. */
  readonly framing?: Framing;
  readonly line: LineId;
  /** The largest of floor, profile minimum and site value: nothing goes below it. */
  readonly interval: Milliseconds;
  /** Offset within the period, counted from the poller's start. */
  readonly slot: Milliseconds;
  /** From one slot to the next, where the checks of one device take turns; absent: the interval and the usual slack. */
  readonly period?: Milliseconds;
  /** Where several checks ask one device; absent where this is the only one. */
  readonly floor?: DeviceFloor;
  readonly missesToDown: number;
  readonly connection: "fresh" | "kept";
  readonly connectWithin: Milliseconds;
  readonly answerWithin: Milliseconds;
  readonly ask: Ask;
  /** By which it is let in: looked up when it is opened, so that no plan, digest or record holds it. */
  readonly credentials?: CredentialRef;
  /** How its channel is secured; absent: not at all. */
  readonly security?: ChannelSecurity;
  /** To open (kept: once per connection; fresh: each time), to ask, to say goodbye. A permit sums those that its exchange needs. */
  readonly opening: Allowance;
  readonly asking: Allowance;
  readonly closing: Allowance;
  readonly proves: Proof;
  readonly expectedIdentity?: ExpectedIdentity;
  /** An advisory allows it from this firmware on only; absent: whichever runs. */
  readonly firmwareFrom?: string;
  readonly expectedValue?: ExpectedValue;
  /** End of the approval with its grace; the gate refuses from here on even when no file is read again. */
  readonly approvedUntil: WallMs;
  /** What a deep query reads by it; such a check stands in `Plan.deep` alone. */
  readonly deep?: DeepRead;
  /** The heartbeat in whose session it is asked, where that stands; where it does not, and where this is absent, it opens and closes by itself. */
  readonly within?: CheckId;
  /** Where a divided answer goes on, by the number that the device gave for it; absent: at its beginning. */
  readonly from?: number;
  /** Equal digests mean the same bytes to the same place: a kept session survives a reload only then. */
  readonly digest: string;
}

export interface PlannedDevice {
  readonly id: DeviceId;
  readonly name: string;
  readonly segment: SegmentId;
  readonly zone: string;
  readonly function: DeviceFunction;
  readonly category: "I" | "II" | "III";
  readonly profile: ProfileId;
  readonly stage: Stage;
  /** Gateways and devices (switches among them) through which it is reached, by id; the nearest first. */
  readonly behind: readonly string[];
  /** The other devices of the watchlist that are the same piece of hardware under other addresses; absent where there is none. */
  readonly hardware?: readonly DeviceId[];
  /** Where it is asked, and where its hardware's others are, by address and unit: the same under another name. */
  readonly places?: readonly string[];
  readonly checks: readonly CheckId[];
  /** Its server's, as a person has pinned it; absent where no check wants one, or none is pinned. */
  readonly serverCertificate?: CertificateEnd;
}

export type Stage = "draft" | "dry-run" | "trial" | "approved" | "suspended";

/** A check that is in the files and not in the plan, with the one line that `explain` prints. */
export interface StandingRefusal {
  readonly check: CheckId;
  readonly device: DeviceId;
  readonly method: MethodId;
  readonly reason: StandingReason;
  /** One line: what was found, what is expected, what to do. */
  readonly detail: string;
  /** What would be sent, where it could be worked out (dry run, not approved); empty where it could not. */
  readonly templates: readonly FrameTemplate[];
}

/** Frozen; replaced as a whole, never edited. */
export interface Plan {
  readonly site: string;
  readonly lab: boolean;
  readonly digest: string;
  readonly siteStartsPerSecondMax: number;
  readonly segments: ReadonlyMap<SegmentId, Segment>;
  readonly lines: ReadonlyMap<LineId, Line>;
  /** Those of which the watchlist has a device. */
  readonly families: ReadonlyMap<ProfileId, PlannedFamily>;
  readonly devices: ReadonlyMap<DeviceId, PlannedDevice>;
  readonly checks: ReadonlyMap<CheckId, Check>;
  readonly refused: ReadonlyMap<CheckId, StandingRefusal>;
  /** What a deep query may ask inside its window, and nothing else may: neither scheduler nor heartbeat ever sees it. */
  readonly deep: ReadonlyMap<CheckId, Check>;
  readonly deepRefused: ReadonlyMap<CheckId, StandingRefusal>;
}

/** The check of that name that the trigger may ask: a deep query asks nothing of the schedule, and nobody else asks what is a deep query's. */
export function checkFor(plan: Pick<Plan, "checks" | "deep">, id: CheckId, trigger: Trigger): Check | undefined {
  return (trigger === "deep-query" ? plan.deep : plan.checks).get(id);
}

/** The same bytes to the same place are in the plan. */
export function isPlanned(plan: Pick<Plan, "checks" | "deep">, { id, digest, deep }: Pick<Check, "id" | "digest" | "deep">): boolean {
  return (deep ? plan.deep : plan.checks).get(id)?.digest === digest;
}

/** Every operation that the check's templates carry, in order of sending, without repeats. */
export function operationsOf(check: Pick<Check, "opening" | "asking" | "closing">): readonly Operation[] {
  const all = [check.opening, check.asking, check.closing].flatMap((allowance) =>
    allowance.templates.map((template) => template.operation),
  );
  return [...new Set(all)];
}
