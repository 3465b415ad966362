/** What a command may ask a running poller over its control socket, and what it is told: one request and one result type a command. */
import type { BaselineControlCommands, IdentityStatus } from "./baseline-control.ts";
import type { DeepControlCommands, DeepQueryStatus } from "./deep-control.ts";
import type { AuditEntry } from "./board.ts";
import type { CauseStatus } from "./cause-words.ts";
import type { Cause, Liveness } from "./liveness.ts";
import type { MethodId } from "./operations.ts";
import type { Scope, Trip } from "./outcome.ts";
import type { Proof, Stage } from "./plan.ts";
import type { FailureKind, PassingReason, StandingReason } from "./reasons.ts";
import type { ShownCertificate } from "./security.ts";
import type { ApprovalAge } from "./stages.ts";
import type { WindowKind, WindowScope } from "./windows.ts";

/** `<stateDir>/control.sock`: HTTP/1.1, `POST /v1/<command>` with a JSON body. */
export const controlSocketName = "control.sock";
/** Linux takes 107 bytes for a socket's path; what is left over is for the folder a test or a container puts before it. */
export const controlPathBytesMax = 100;
export const controlBodyBytesMax = 16_384;
/** 10,000 devices with their checks are about 8 MB. */
export const controlReplyBytesMax: number = 64 * 1024 * 1024;

/** ISO 8601 in UTC, `2026-11-21T12:00:00.000Z`. */
export type Instant = string;

/** Who changes something, and why: records for the audit, not authentication. Neither may be empty. */
export interface Signed {
  readonly by: string;
  readonly reason: string;
}

export interface CheckStatus {
  readonly check: string;
  readonly method: MethodId;
  readonly proves: Proof;
  /** Asked and missed as often as would make it down, had it ever answered. */
  readonly neverAnswered: boolean;
  readonly intervalMs: number;
  readonly lastAskedAt: Instant | null;
  readonly lastAnswerAt: Instant | null;
  readonly lastTookMs: number | null;
  readonly nextDueAt: Instant | null;
  readonly answered: number;
  readonly failed: Readonly<Partial<Record<FailureKind, number>>>;
  readonly refused: Readonly<Partial<Record<PassingReason | "approval_expired", number>>>;
  /** What the latest exchange came to, in one line. */
  readonly last: string | null;
}

export interface RefusedStatus {
  readonly check: string;
  readonly method: MethodId;
  readonly reason: StandingReason;
  readonly detail: string;
}

export interface DeviceStatus {
  readonly device: string;
  readonly name: string;
  readonly segment: string;
  readonly profile: string;
  readonly stage: Stage;
  readonly liveness: Liveness;
  readonly cause: Cause;
  /** With the cause `behind`: the gateway or device that is down, by id; else null. */
  readonly behind: string | null;
  /** The most that its answers prove while they count; null when none does. */
  readonly proves: Proof | null;
  readonly lastHeardAt: Instant | null;
  readonly nextDueAt: Instant | null;
  /** One for each method and place by which it said something of itself. */
  readonly identities: readonly IdentityStatus[];
  readonly checks: readonly CheckStatus[];
  readonly refused: readonly RefusedStatus[];
}

export interface TripStatus {
  readonly scope: Scope;
  readonly cause: Trip["cause"];
  readonly detail: string;
  readonly since: Instant;
}

export interface HoldStatus {
  readonly scope: Scope;
  readonly detail: string;
  readonly since: Instant;
  /** When the next device of it is tried at the earliest. */
  readonly nextTrialAt: Instant | null;
}

export interface AuditStatus {
  readonly records: number;
  readonly recordsMax: number;
  /** SHA-256 of the last record on disk. */
  readonly head: string;
  /** Null while records can be written. */
  readonly unwritableSince: Instant | null;
  /** What the disk last said; null while records can be written. */
  readonly problem: string | null;
  /** When polling ends for want of an audit; null while records can be written. */
  readonly pollingEndsAt: Instant | null;
}

export interface ClockStatus {
  /** The highest trusted time. */
  readonly trusted: Instant;
  /** By how much the wall clock is behind it; 0 while it is not suspect. */
  readonly behindMs: number;
}

export interface FamilyStatus {
  readonly profile: string;
  readonly stage: Stage;
  readonly since: Instant | null;
  /** null where nobody has signed. */
  readonly approval: {
    readonly age: ApprovalAge;
    readonly expiresAt: Instant;
    readonly endsAt: Instant;
    readonly warning: string | null;
  } | null;
  /** What is proposed next, in one line; null where nothing is. */
  readonly proposed: string | null;
}

export interface CertificateStatus {
  /** Null of the poller's own. */
  readonly device: string | null;
  readonly sha256: string;
  readonly notAfterAt: Instant;
  /** From 60 days before its end on. */
  readonly warning: string | null;
}

export interface WindowStatus {
  readonly id: string;
  readonly kind: WindowKind;
  readonly scope: WindowScope;
  readonly from: Instant;
  readonly until: Instant;
  /** East of UTC: how the person who opened it reads a clock. */
  readonly offsetMinutes: number;
  /** False: it is planned, or another clock does not agree yet. */
  readonly open: boolean;
  readonly by: string;
  readonly reason: string;
  readonly change: string | null;
}

/** What stands now, and what a person should know of it. */
export interface WindowDone {
  readonly window: WindowStatus;
  readonly warnings: readonly string[];
}

export interface Status {
  readonly schema: "status/v1";
  readonly site: string;
  readonly lab: boolean;
  readonly at: Instant;
  readonly planDigest: string;
  readonly stopped: boolean;
  readonly reload: { readonly successful: boolean; readonly lastSuccessAt: Instant | null; readonly problems: number };
  /** Settings that were changed since the start and hold only from the next one. */
  readonly restartFor: readonly string[];
  readonly audit: AuditStatus;
  readonly clock: ClockStatus;
  readonly trips: readonly TripStatus[];
  readonly holds: readonly HoldStatus[];
  readonly causes: readonly CauseStatus[];
  /** Open and planned. */
  readonly windows: readonly WindowStatus[];
  /** The one under way; null where none is. */
  readonly deepQuery: DeepQueryStatus | null;
  readonly families: readonly FamilyStatus[];
  readonly certificates: readonly CertificateStatus[];
  /** Segments that are held back as a whole, one line each. */
  readonly heldSegments: readonly string[];
  readonly devices: readonly DeviceStatus[];
}

/** What came of asking one check now. */
export type CheckOutcome =
  | {
      readonly check: string;
      readonly kind: "answered";
      readonly said: "alive" | "degraded" | "gateway_only";
      readonly tookMs: number;
      readonly detail: string;
    }
  | { readonly check: string; readonly kind: "failed"; readonly failure: FailureKind; readonly detail: string }
  /** Nothing was sent. `retryAt` is null when only a person or a file can help. */
  | {
      readonly check: string;
      readonly kind: "refused";
      readonly reason: PassingReason | StandingReason;
      readonly detail: string;
      readonly retryAt: Instant | null;
    };

/** What a server said of its certificates. */
export interface ShownBy {
  readonly device: string;
  readonly check: string;
  readonly at: Instant;
  /** Asked for this command; otherwise it had been asked on schedule before. */
  readonly askedNow: boolean;
  readonly certificates: readonly ShownCertificate[];
}

/** Every command: what is sent, and what comes back when it was done. */
export interface ControlCommands extends BaselineControlCommands, DeepControlCommands {
  readonly status: { readonly request: Readonly<Record<never, never>>; readonly result: Status };
  /** Asks through the gate, never early. Without `method`: every check of the device, one after the other. */
  readonly check: {
    readonly request: { readonly device: string; readonly method?: MethodId };
    readonly result: { readonly device: string; readonly outcomes: readonly CheckOutcome[] };
  };
  /**
   * What an OPC UA server shows of itself: asks its `opcua-get-endpoints` once through the gate, never early. Where that is too early, what
   * it last said in this run.
   */
  readonly certificates: { readonly request: { readonly device: string }; readonly result: ShownBy };
  /** The poller has stopped when this answers. */
  readonly stop: { readonly request: Signed; readonly result: { readonly wasStopped: boolean } };
  readonly resume: { readonly request: Signed; readonly result: { readonly wasStopped: boolean } };
  /** Lifts the trips of exactly this scope; none tripped is a problem. */
  readonly reset: { readonly request: Signed & { readonly scope: Scope }; readonly result: { readonly lifted: readonly TripStatus[] } };
  /** Reads the files again; with a problem in them the running plan stays and the problems come back. */
  readonly reload: {
    readonly request: { readonly by: string };
    readonly result: {
      readonly planDigest: string;
      readonly devices: number;
      readonly checks: number;
      readonly refused: number;
      /** Settings that were changed and hold only from the next start. */
      readonly restartFor: readonly string[];
    };
  };
  /** The wall clock is right: the highest trusted time is forgotten. */
  readonly clock: { readonly request: Signed; readonly result: { readonly before: Instant; readonly now: Instant } };
  /** Exactly one of `until` and `forMs`. Without `from` it begins at once; a pause when its connections have been given back. */
  readonly "window-open": {
    readonly request: Signed & {
      readonly kind: WindowKind;
      readonly scope: string;
      readonly from?: Instant;
      readonly until?: Instant;
      readonly forMs?: number;
      readonly offsetMinutes?: number;
      readonly change?: string;
    };
    readonly result: WindowDone;
  };
  /** `forMs` counts from its present end. */
  readonly "window-extend": {
    readonly request: Signed & { readonly id: string; readonly until?: Instant; readonly forMs?: number };
    readonly result: WindowDone;
  };
  readonly "window-close": { readonly request: Signed & { readonly id: string }; readonly result: WindowDone };
  readonly "window-list": {
    readonly request: Readonly<Record<never, never>>;
    readonly result: { readonly now: Instant; readonly windows: readonly WindowStatus[] };
  };
  /** Takes a record for the audit chain that a command made by itself; the poller puts the time to it. */
  readonly audit: {
    readonly request: Omit<AuditEntry, "at">;
    readonly result: { readonly at: Instant };
  };
}

export type ControlCommand = keyof ControlCommands;
export type ControlRequest<Name extends ControlCommand> = ControlCommands[Name]["request"];
export type ControlResult<Name extends ControlCommand> = ControlCommands[Name]["result"];

/** Problems are whole sentences: where, what was found, what is expected, what to do. */
export type ControlReply<Name extends ControlCommand> =
  | { readonly ok: true; readonly result: ControlResult<Name> }
  | { readonly ok: false; readonly problems: readonly string[] };

/** What the poller gives the control socket's server: one function a command. Expected failures are replies; a rejection is a bug. */
export type ControlHandlers = {
  readonly [Name in ControlCommand]: (request: ControlRequest<Name>) => Promise<ControlReply<Name>>;
};
