/** Which alarms stand at this moment, as far as the journal, the files and the state folder say: one condition an alarm. */
import type { AlarmName } from "../domain/alarm-kinds.ts";
import type { JournalNews } from "../domain/notify.ts";
import { isScope } from "../domain/outcome.ts";
import type { RefusalReason } from "../domain/reasons.ts";
import type { Milliseconds, WallMs } from "../domain/units.ts";
import { causeWords, type Happened, type KnownDevice, type Memory } from "./memory.ts";

/** What is known beside the memory. */
export interface Circumstances {
  readonly now: WallMs;
  readonly site: string;
  readonly lab: boolean;
  /** Devices that are asked, by id. */
  readonly devices: ReadonlyMap<string, { readonly name: string }>;
  /** A window mutes or pauses the device. */
  readonly muted: (device: string) => boolean;
  readonly trips: JournalNews["trips"];
  readonly stop: Happened | undefined;
  /** Approvals and certificates that run out or have ended, in words; `subject` is a family, a device or the poller. */
  readonly endings: readonly { readonly alarm: AlarmName; readonly subject: string; readonly detail: string }[];
  /** Something was written since the look before. */
  readonly advanced: boolean;
  /** For so long nothing was written while this process watched. */
  readonly stillFor: Milliseconds;
  readonly silentAfter: Milliseconds;
  /** Why the journal cannot be read. */
  readonly unreadable: string | undefined;
  /** Whether a poller answers that writes nothing was asked, and the answer is here: before that nothing is concluded. */
  readonly pollerAsked: boolean;
  /** What it answers; undefined where none does. */
  readonly pollerSays: string | undefined;
}

export interface Condition extends Happened {
  readonly alarm: AlarmName;
  readonly subject: string;
  readonly name: string;
  /** By whose windows it is muted; what concerns safety or the poller itself never is. */
  readonly device?: string;
}

/** These have alarms of their own, or are somebody's decision; the rule of Prometheus has the same. */
export const explained: ReadonlySet<string> = new Set<RefusalReason>([
  "stopped",
  "draining",
  "tripped",
  "window_pause",
  "cut_off",
  "behind",
  "breaker_open",
  "approval_expired",
]);

export function conditionsOf(memory: Memory, now: Circumstances): readonly Condition[] {
  return [
    ...ofDevices(memory, now),
    ...ofTrips(now),
    ...ofIdentities(memory, now),
    ...ofHolds(memory),
    ...ofSite(memory, now),
    ...now.endings.map((ending) => named(ending, now)),
  ];
}

function ofDevices(memory: Memory, now: Circumstances): readonly Condition[] {
  return [...now.devices].flatMap(([id, { name }]): readonly Condition[] => {
    const known = memory.devices[id];
    const found = known && deviceAlarm(known, memory, now);
    return found ? [{ ...found, subject: id, name, device: id }] : [];
  });
}

function deviceAlarm(
  known: KnownDevice,
  { stoppedAt }: Memory,
  { stop }: Circumstances,
): (Happened & { readonly alarm: AlarmName }) | undefined {
  const { liveness, cause, since, detail, down } = known;
  if (down) return { alarm: "WatchkeeperDeviceDown", ...down };
  if (liveness === "degraded")
    return { alarm: cause === "cpu_not_running" ? "WatchkeeperCpuNotRunning" : "WatchkeeperDeviceDegraded", since, detail };
  if (liveness !== "unknown" || stop || explained.has(cause)) return undefined;
  // After a stop every device gets its hour anew.
  const from = stoppedAt !== null && stoppedAt > since ? stoppedAt : since;
  // Whether it was asked in vain or never asked no record says.
  return { alarm: "WatchkeeperDeviceUnknown", since: from, detail: cause === "not_asked_yet" ? detail : causeWords(cause) };
}

function ofTrips({ trips, devices }: Circumstances): readonly Condition[] {
  return trips.map(({ scope, cause, detail, since }) => ({
    alarm: cause === "identity_mismatch" ? "WatchkeeperIdentityChanged" : "WatchkeeperTripped",
    subject: scope,
    name: scopeName(scope, devices),
    since,
    detail,
  }));
}

/** Firmware, serial number, certificate: the device is asked on. Of one that has tripped for it the trip tells. */
function ofIdentities({ identities }: Memory, { devices, trips }: Circumstances): readonly Condition[] {
  const first = new Map<string, Happened>();
  for (const [source, happened] of Object.entries(identities)) {
    const device = source.split(",", 1)[0] ?? "";
    if (!first.has(device)) first.set(device, happened);
  }
  return [...first].flatMap(([subject, happened]): readonly Condition[] => {
    const name = devices.get(subject)?.name;
    const tripped = trips.some(({ scope, cause }) => scope === `device:${subject}` && cause === "identity_mismatch");
    return name === undefined || tripped ? [] : [{ alarm: "WatchkeeperIdentityChanged", subject, name, device: subject, ...happened }];
  });
}

/** A hold has a scope; a shared cause the bare id of a segment, gateway or device. */
function ofHolds({ holds }: Memory): readonly Condition[] {
  return Object.entries(holds).map(([subject, { since, detail }]) => ({
    alarm: isScope(subject) ? "WatchkeeperHeld" : "WatchkeeperCutOff",
    subject,
    name: subject.replace(":", " "),
    since,
    detail,
  }));
}

function ofSite(memory: Memory, now: Circumstances): readonly Condition[] {
  const { site, stop } = now;
  const of = (alarm: AlarmName, happened: Happened | null | undefined, name = `the poller of ${site}`): readonly Condition[] =>
    happened ? [{ alarm, subject: "site", name, ...happened }] : [];
  return [
    ...silence(memory, now),
    ...of("WatchkeeperStopped", stop, `the site ${site}`),
    ...of("WatchkeeperClockSuspect", memory.clock),
    ...of("WatchkeeperReloadFailed", memory.reload),
  ];
}

/** The dead-man: whatever keeps the poller from writing shows as nothing written. Once told, only a record ends it. */
function silence(
  memory: Memory,
  { now, site, advanced, stillFor, silentAfter, unreadable, pollerAsked, pollerSays }: Circumstances,
): readonly Condition[] {
  const subject = "site";
  const told = (alarm: AlarmName): boolean => memory.alarms[`${alarm} ${subject}`] !== undefined;
  const standing = told("WatchkeeperSilent") || told("WatchkeeperAuditFailing");
  if (advanced || (!standing && (stillFor < silentAfter || !pollerAsked))) return [];
  const { poller } = memory;
  const name = `the poller of ${site}`;
  const since = (now > stillFor ? now - stillFor : now) as WallMs;
  if (pollerSays !== undefined) return [{ alarm: "WatchkeeperAuditFailing", subject, name, since, detail: pollerSays }];
  const ended = poller?.what === "ended" ? `it ended as it was told to, ${new Date(poller.at).toISOString()}` : "no poller answers";
  return [{ alarm: "WatchkeeperSilent", subject, name, since, detail: unreadable ?? ended }];
}

function named(ending: Circumstances["endings"][number], { devices, now }: Circumstances): Condition {
  return { ...ending, name: devices.get(ending.subject)?.name ?? ending.subject, since: now };
}

function scopeName(scope: string, devices: Circumstances["devices"]): string {
  const id = scope.startsWith("device:") ? scope.slice("device:".length) : undefined;
  const name = id === undefined ? undefined : devices.get(id)?.name;
  return name ?? scope.replace(":", " ");
}
