/** What is known now, in memory: everything that exporters, status and explain read, so that no reader can cause a packet or wait for a disk. */
import type { IdentityView } from "./baseline.ts";
import type { WindowStatus } from "./control.ts";
import type { DeepQueryStatus } from "./deep-control.ts";
import type { Cause, Judgement } from "./liveness.ts";
import type { Fact, Identity, Outcome, Scope, Sent, SharedCause, Trip } from "./outcome.ts";
import type { Check, CheckId, DeviceId, Plan, PlannedDevice, Proof, SegmentId, StandingRefusal } from "./plan.ts";
import type { CertificateEnd } from "./security.ts";
import type { FailureKind, PassingReason } from "./reasons.ts";
import type { Milliseconds, WallMs } from "./units.ts";

export interface CheckView {
  readonly check: Check;
  readonly last: Outcome | undefined;
  readonly lastRun: WallMs | undefined;
  readonly lastSuccess: WallMs | undefined;
  readonly lastTook: Milliseconds | undefined;
  readonly answered: number;
  readonly failed: ReadonlyMap<FailureKind, number>;
  readonly refused: ReadonlyMap<PassingReason | "approval_expired", number>;
}

export interface DeviceView {
  readonly device: PlannedDevice;
  readonly judgement: Judgement;
  readonly lastHeard: WallMs | undefined;
  /** Heard without being asked. */
  readonly lastOverheard: WallMs | undefined;
  readonly identity: Identity | undefined;
}

/** What a device's answers come to, beyond what it is. */
export interface Evidence {
  /** The most that its answers prove while they count; undefined when none does. */
  readonly proves: Proof | undefined;
  /** Checks that never answered although they were asked often enough to notice: silent, and nobody knows whether they ever would answer. */
  readonly neverAnswered: readonly CheckId[];
}

export interface ReloadView {
  readonly successful: boolean;
  readonly lastSuccess: WallMs | undefined;
  readonly problems: number;
}

/** Several devices of the scope fell silent together: none of it is asked but one trial at a time, until one answers. */
export interface Hold {
  readonly scope: Scope;
  readonly since: WallMs;
  /** One line: whose silence began it. */
  readonly detail: string;
}

/** Nothing can be heard of a segment, or of what stands behind a gateway or device; its devices are unknown and none of them goes down. */
export interface StandingCause {
  readonly cause: SharedCause;
  /** The bare id of the segment, gateway or device. */
  readonly scope: string;
  readonly since: WallMs;
  readonly detail: string;
}

export interface Board {
  readonly plan: Plan;
  devices(): Iterable<DeviceView>;
  device(id: DeviceId): DeviceView | undefined;
  /** What the device says of itself, beside what a person has accepted; empty where it has said nothing. */
  readonly identitiesOf: (id: DeviceId) => readonly IdentityView[];
  /** Maintenance windows that are open or planned. */
  readonly windows: () => readonly WindowStatus[];
  /** The deep query that is under way; null where none is. */
  readonly deepQuery: () => DeepQueryStatus | null;
  evidenceOf(id: DeviceId): Evidence;
  checks(): Iterable<CheckView>;
  checksOf(id: DeviceId): readonly CheckView[];
  refusals(): Iterable<StandingRefusal>;
  trips(): readonly (Trip & { readonly since: WallMs })[];
  holds(): readonly Hold[];
  readonly causes: Iterable<StandingCause>;
  readonly stopped: boolean;
  readonly reload: ReloadView;
  /** Settings that were changed in the file since the start and hold only from the next one, by name. */
  readonly restartFor: readonly string[];
  /** Bytes, requests and connections that left, by segment: what an IDS may subtract. */
  sent(): ReadonlyMap<SegmentId, Sent>;
  readonly blocked: number;
  readonly stalls: number;
  /** The poller's own certificate; undefined where it has none. */
  readonly ownCertificate: CertificateEnd | undefined;
}

export interface Transition {
  readonly device: DeviceId;
  readonly at: WallMs;
  readonly from: Judgement["liveness"];
  readonly to: Judgement["liveness"];
  readonly cause: Cause;
  readonly detail: string;
}

/** One audit record before it is numbered and chained. */
export interface AuditEntry {
  readonly at: WallMs;
  readonly source: string;
  readonly category: "configuration" | "approval" | "stop" | "trip" | "guard" | "lifecycle" | "command";
  readonly type: string;
  readonly result: "success" | "failure" | "refused";
  readonly detail: string;
}

/** The last record of the audit chain; sequence 0 with 64 zeros before the first. */
export interface AuditHead {
  readonly sequence: number;
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string;
}

/** What outlives the process. Calls return at once; `settled` resolves when everything accepted so far is on disk. */
export interface Journal {
  transition(transition: Transition): void;
  audit(entry: AuditEntry): void;
  tripped(trip: Trip, at: WallMs): void;
  reset(scope: Scope, at: WallMs): void;
  settled(): Promise<void>;
  close(): Promise<void>;
  /** Since when records could not be written; undefined while they can. */
  readonly unwritableSince: WallMs | undefined;
}

/** Folds every fact into the board and the journal. */
export interface Recorder {
  record(fact: Fact): void;
}
