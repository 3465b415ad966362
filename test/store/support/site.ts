/** A small site in memory: plans, outcomes and a journal that only remembers, for the tests of board, recorder and exporters. */
import type { KnownIdentity } from "../../../src/domain/baseline.ts";
import type { AuditEntry, AuditHead, Transition } from "../../../src/domain/board.ts";
import { frameTemplate } from "../../../src/domain/template.ts";
import type { Answer, Answered, Failed, Outcome, Refused, Scope, Sent, Trip } from "../../../src/domain/outcome.ts";
import { nothingSent } from "../../../src/domain/outcome.ts";
import type {
  Allowance,
  Check,
  CheckId,
  DeviceId,
  LineId,
  Plan,
  PlannedDevice,
  ProfileId,
  SegmentId,
  StandingRefusal,
} from "../../../src/domain/plan.ts";
import type { FailureKind } from "../../../src/domain/reasons.ts";
import type { ApprovalEnd } from "../../../src/domain/stages.ts";
import { milliseconds, seconds, wallMs, type Milliseconds, type MonotonicMs, type WallMs } from "../../../src/domain/units.ts";
import type { StoreJournal } from "../../../src/store/journal.ts";
import type { LearntRow } from "../../../src/store/journal-rows.ts";

export const hvac = "hvac" as SegmentId;

const nothing: Allowance = { connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: [] };

export function asking(): Allowance {
  const request = Buffer.from("000100000005012b0e0100", "hex");
  const template = frameTemplate("modbus-read-device-identification", request, new Uint8Array(request.length).fill(0xff));
  return { connectionsMax: 1, requestsMax: 1, bytesMax: request.length, templates: [template] };
}

/** A check of device `device`, method modbus-fc43, every 60 s, down after three misses. */
export function check(device: string, overrides: Partial<Check> = {}): Check {
  return {
    id: `${device}/modbus-fc43` as CheckId,
    device: device as DeviceId,
    method: "modbus-fc43",
    protocol: "modbus",
    target: { address: "192.0.2.11", port: 502, transport: "tcp" },
    line: `address:${device}` as LineId,
    interval: seconds(60),
    slot: milliseconds(0),
    missesToDown: 3,
    connection: "fresh",
    connectWithin: milliseconds(800),
    answerWithin: seconds(5),
    ask: undefined,
    opening: nothing,
    asking: asking(),
    closing: nothing,
    proves: "cpu",
    approvedUntil: wallMs(Date.parse("2028-02-21T00:00:00Z")),
    digest: `sha256:${device}`,
    ...overrides,
  };
}

export interface SitePart {
  readonly checks?: readonly Check[];
  readonly refused?: readonly StandingRefusal[];
  readonly device?: Partial<PlannedDevice>;
}

/** A plan with one check a device, except where a part says otherwise. */
export function plan(parts: Readonly<Record<string, SitePart>>): Plan {
  const devices = new Map<DeviceId, PlannedDevice>();
  const checks = new Map<CheckId, Check>();
  const refused = new Map<CheckId, StandingRefusal>();
  for (const [name, part] of Object.entries(parts)) {
    const own = part.checks ?? [check(name)];
    for (const each of own) checks.set(each.id, each);
    for (const each of part.refused ?? []) refused.set(each.check, each);
    devices.set(name as DeviceId, {
      id: name as DeviceId,
      name: `Device ${name}`,
      segment: hvac,
      zone: "OT-1",
      function: "control",
      category: "II",
      profile: "schneider-m221" as ProfileId,
      stage: "approved",
      behind: [],
      checks: own.map(({ id }) => id),
      ...part.device,
    });
  }
  const segments = new Map([[hvac, { id: hvac, zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.5", startsPerSecondMax: 2 }]]);
  return {
    site: "mv-test",
    lab: false,
    digest: "sha256:plan",
    siteStartsPerSecondMax: 10,
    segments,
    lines: new Map(),
    families: new Map([[m221, { id: m221, stage: "approved", since: undefined, trial: new Map(), end: approvalEnd }]]),
    devices,
    checks,
    refused,
    deep: new Map(),
    deepRefused: new Map(),
  };
}

const m221 = "schneider-m221" as ProfileId;
/** 2028-02-22 and 90 days on. */
export const approvalEnd: ApprovalEnd = { expires: wallMs(1_834_704_000_000), ends: wallMs(1_842_480_000_000) };

export function refusal(device: string, reason: StandingRefusal["reason"]): StandingRefusal {
  const id = device as DeviceId;
  return { check: `${device}/modbus-fc43` as CheckId, device: id, method: "modbus-fc43", reason, detail: "because", templates: [] };
}

const oneRequest: Sent = { connections: 1, requests: 1, bytes: 11 };
const alive: Answer = { said: "alive", identity: { vendor: "Schneider Electric", product: "TM221CE24R" } };

export function answered(of: Check, at: MonotonicMs, answer: Answer = alive): Answered {
  return { kind: "answered", check: of, at, took: milliseconds(12), answer, sent: oneRequest };
}

export function failed(of: Check, at: MonotonicMs, failure: FailureKind = "timeout", detail = "no answer within 5 s"): Failed {
  return { kind: "failed", check: of, at, failure, detail, sent: oneRequest };
}

export function refused(of: Check, at: MonotonicMs, reason: Refused["reason"]): Outcome {
  return { kind: "refused", check: of, at, reason, retryAt: undefined, sent: nothingSent };
}

/** Keeps everything that it is told, in order. */
export class RememberingJournal implements StoreJournal {
  readonly transitions: Transition[] = [];
  readonly entries: AuditEntry[] = [];
  readonly trips: Trip[] = [];
  readonly resets: Scope[] = [];
  readonly proofs: [CheckId, string][] = [];
  readonly learntRows: LearntRow[] = [];
  readonly identities: KnownIdentity[] = [];
  readonly times: WallMs[] = [];
  unwritableSince: WallMs | undefined = undefined;
  unwritableFor: Milliseconds | undefined = undefined;
  problem: string | undefined = undefined;
  readonly lost = 0;
  readonly auditHead: AuditHead = { sequence: 0, hash: "" };

  transition(transition: Transition): void {
    this.transitions.push(transition);
  }
  audit(entry: AuditEntry): void {
    this.entries.push(entry);
  }
  tripped(trip: Trip): void {
    this.trips.push(trip);
  }
  reset(scope: Scope): void {
    this.resets.push(scope);
  }
  learnt(row: LearntRow): void {
    this.learntRows.push(row);
  }
  proved(of: CheckId, digest: string): void {
    this.proofs.push([of, digest]);
  }
  identity(known: KnownIdentity): void {
    this.identities.push(known);
  }
  noteTime(highest: WallMs): void {
    this.times.push(highest);
  }
  settled(): Promise<void> {
    return Promise.resolve();
  }
  allWritten(): Promise<void> {
    return Promise.resolve();
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
