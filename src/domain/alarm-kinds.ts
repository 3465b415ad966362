/** What people are told of without Prometheus: the same alarms under the same names as the shipped alert rules, each with its runbook. */
import { seconds, type Milliseconds } from "./units.ts";

export type Severity = "critical" | "warning";

/** The most urgent first. */
export const alarmNames = [
  "WatchkeeperSilent",
  "WatchkeeperAuditFailing",
  "WatchkeeperAuditReplaced",
  "WatchkeeperIdentityChanged",
  "WatchkeeperTripped",
  "WatchkeeperGuardBlocked",
  "WatchkeeperCutOff",
  "WatchkeeperHeld",
  "WatchkeeperCpuNotRunning",
  "WatchkeeperDeviceDown",
  "WatchkeeperDeviceDegraded",
  "WatchkeeperDeviceUnknown",
  "WatchkeeperStopped",
  "WatchkeeperApprovalEnded",
  "WatchkeeperApprovalExpiring",
  "WatchkeeperCertificateExpiring",
  "WatchkeeperReloadFailed",
  "WatchkeeperClockSuspect",
] as const;
export type AlarmName = (typeof alarmNames)[number];

export interface AlarmKind {
  readonly severity: Severity;
  /** How long it must stand before anybody is told; as in deploy/prometheus/watchkeeper.rules.yaml, but a stop is told at once. */
  readonly after: Milliseconds;
  /** One word or two, for a subject line. */
  readonly word: string;
  /** Said of it in words for a person, behind a name: `Fresh water plant PLC is down`. */
  readonly says: string;
  /** The same for its end: `Fresh water plant PLC is back`. */
  readonly over: string;
  /** What to do, one sentence; the runbook of the kind's name says more. `<subject>` stands for the device or scope. */
  readonly action: string;
}

const minutes = (count: number): Milliseconds => seconds(60 * count);
const atOnce = seconds(0);

export const alarmKinds: Readonly<Record<AlarmName, AlarmKind>> = {
  WatchkeeperSilent: {
    severity: "critical",
    after: atOnce,
    word: "POLLER SILENT",
    says: "writes nothing: nobody is watching the devices",
    over: "writes again",
    action: "Look whether the poller runs on its machine (`watchkeeper status`) and start it.",
  },
  WatchkeeperAuditFailing: {
    severity: "critical",
    after: atOnce,
    word: "AUDIT FAILING",
    says: "cannot write its records; after 24 h polling ends",
    over: "writes its records again",
    action: "Make room on the disk of the state folder; `watchkeeper status` says what the disk answers.",
  },
  WatchkeeperAuditReplaced: {
    severity: "critical",
    after: atOnce,
    word: "AUDIT REPLACED",
    says: "found an older or another journal in its place",
    over: "has its journal again",
    action: "Look at the plant and at the trips before anything is resumed.",
  },
  WatchkeeperIdentityChanged: {
    severity: "critical",
    after: atOnce,
    word: "OTHER DEVICE",
    says: "says that it is another than was approved or accepted",
    over: "is accepted or was reset",
    action: "Find out who it is; where that is right, `watchkeeper baseline accept` and, where it tripped, `watchkeeper reset`.",
  },
  WatchkeeperTripped: {
    severity: "critical",
    after: atOnce,
    word: "TRIPPED",
    says: "is tripped and gets no packet",
    over: "was reset",
    action: "Look at the device first; when it is well: `watchkeeper reset`.",
  },
  WatchkeeperGuardBlocked: {
    severity: "critical",
    after: atOnce,
    word: "GUARD BLOCKED",
    says: "was spared a packet that no profile allows; nothing left",
    over: "is left alone",
    action: "It never happens by accident: `watchkeeper audit export` and report it.",
  },
  WatchkeeperCutOff: {
    severity: "critical",
    after: minutes(1),
    word: "CUT OFF",
    says: "cannot be heard at all; its devices are unknown",
    over: "can be heard again",
    action: "Look at the poller's cable, the switch and the gateway before the devices.",
  },
  WatchkeeperHeld: {
    severity: "critical",
    after: atOnce,
    word: "HELD",
    says: "is held: several devices fell silent together",
    over: "is asked again",
    action: "Look for what they have in common (power, switch); one device is tried every 15 min.",
  },
  WatchkeeperCpuNotRunning: {
    severity: "critical",
    after: minutes(1),
    word: "CPU STOPPED",
    says: "answers and its CPU is not running: its program controls nothing",
    over: "runs again",
    action: "Look at the CPU's mode switch and diagnostic buffer.",
  },
  WatchkeeperDeviceDown: {
    severity: "critical",
    after: atOnce,
    word: "DOWN",
    says: "is down",
    over: "is back",
    action: "Look at its power, cable and switch port; `watchkeeper explain <subject>` says what was tried.",
  },
  WatchkeeperDeviceDegraded: {
    severity: "warning",
    after: minutes(10),
    word: "DEGRADED",
    says: "answers and is not well",
    over: "is well again",
    action: "`watchkeeper explain <subject>` says what it answers.",
  },
  WatchkeeperDeviceUnknown: {
    severity: "warning",
    after: minutes(60),
    word: "UNKNOWN",
    says: "has been unknown for an hour: nobody knows whether it lives",
    over: "is known again",
    action: "`watchkeeper explain <subject>` says why nothing is known of it.",
  },
  WatchkeeperStopped: {
    severity: "warning",
    after: atOnce,
    word: "STOPPED",
    says: "is stopped: nothing is asked, every device is unknown",
    over: "is polled again",
    action: "When the reason is gone: `watchkeeper resume --by NAME --reason TEXT`.",
  },
  WatchkeeperApprovalEnded: {
    severity: "critical",
    after: atOnce,
    word: "APPROVAL ENDED",
    says: "is not asked any more: its approval has ended",
    over: "is approved again",
    action: "Have it approved again: `watchkeeper approve`.",
  },
  WatchkeeperApprovalExpiring: {
    severity: "warning",
    after: atOnce,
    word: "APPROVAL RUNS OUT",
    says: "will soon not be asked any more: its approval runs out",
    over: "has its approval renewed, or ended",
    action: "`watchkeeper renew <subject>`, then `watchkeeper reload`.",
  },
  WatchkeeperCertificateExpiring: {
    severity: "warning",
    after: atOnce,
    word: "CERTIFICATE ENDS",
    says: "has a certificate that ends soon",
    over: "has a certificate that lasts",
    action: "Renew it and pin the new one.",
  },
  WatchkeeperReloadFailed: {
    severity: "warning",
    after: minutes(15),
    word: "FILES WRONG",
    says: "could not take over its files; the earlier plan stays in force",
    over: "has taken over its files",
    action: "`watchkeeper check-config` names file and line; then `watchkeeper reload`.",
  },
  WatchkeeperClockSuspect: {
    severity: "warning",
    after: minutes(5),
    word: "CLOCK SUSPECT",
    says: "has a clock that is behind the highest trusted time",
    over: "has a clock that is trusted again",
    action: "Set the clock right, or `watchkeeper clock accept`.",
  },
};
