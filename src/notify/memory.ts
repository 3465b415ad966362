/** What the notifier remembers from one look at the journal to the next, and how records of the journal change it. */
import type { AlarmName } from "../domain/alarm-kinds.ts";
import type { AuditEntry, Transition } from "../domain/board.ts";
import type { Cause, Liveness } from "../domain/liveness.ts";
import type { JournalNews, NoticeItem, Numbered } from "../domain/notify.ts";
import { failureKinds, passingReasons, standingReasons } from "../domain/reasons.ts";
import type { WallMs } from "../domain/units.ts";

export interface Happened {
  readonly since: WallMs;
  readonly detail: string;
}

export interface KnownDevice extends Happened {
  readonly liveness: Liveness;
  readonly cause: Cause;
  /** Since it was called down, until it is heard again: a poller that starts anew knows nothing, and that is no recovery. */
  readonly down?: Happened;
}

/** An alarm that stands. */
export interface StandingAlarm extends Happened {
  readonly alarm: AlarmName;
  readonly subject: string;
  readonly name: string;
  /** Somebody was told, or will be with the next message. */
  readonly told: boolean;
}

/** For the next message. */
export interface Pending {
  readonly item: NoticeItem;
  readonly at: WallMs;
}

/** All of it; as JSON it is what outlives the process. */
export interface Memory {
  readonly schema: "notifier/v1";
  /** Tells the messages of this outbox from those of another. */
  readonly born: string;
  number: number;
  transitions: number;
  audit: number;
  mark: string;
  /** The site was seen stopped. */
  stoppedAt: WallMs | null;
  /** The poller's last word on itself. */
  poller: { readonly what: "started" | "ended"; readonly at: WallMs } | null;
  clock: Happened | null;
  reload: Happened | null;
  devices: Record<string, KnownDevice>;
  holds: Record<string, Happened>;
  /** What says of itself something else than was accepted, by device, method and place. */
  identities: Record<string, Happened>;
  alarms: Record<string, StandingAlarm>;
  pending: Record<string, Pending>;
  lastAt: Record<string, WallMs>;
}

export function newMemory(now: WallMs, cursors: Pick<Memory, "transitions" | "audit">): Memory {
  return {
    schema: "notifier/v1",
    born: now.toString(36),
    number: 0,
    ...cursors,
    mark: "",
    stoppedAt: null,
    poller: null,
    clock: null,
    reload: null,
    devices: {},
    holds: {},
    identities: {},
    alarms: {},
    pending: {},
    lastAt: {},
  };
}

/** What came of records and has no state to stand in. */
export interface FoldedEvents {
  /** Devices that were down and are heard again, in the same batch perhaps. */
  readonly back: readonly { readonly device: string; readonly down: Happened; readonly until: WallMs }[];
  readonly events: readonly (Happened & { readonly alarm: AlarmName; readonly subject: string })[];
}

/** Takes over what is new, in the journal's order. */
export function foldNews(memory: Memory, { transitions, audit, mark }: Pick<JournalNews, "transitions" | "audit" | "mark">): FoldedEvents {
  const back: FoldedEvents["back"][number][] = [];
  const events: FoldedEvents["events"][number][] = [];
  // By time: a start makes everything unknown, what was heard afterwards is not.
  const rows = [
    ...transitions.map((row) => ({ at: row.at, take: () => foldTransition(memory, row, back) })),
    ...audit.map((row) => ({ at: row.at, take: () => foldAudit(memory, row, events) })),
  ];
  for (const { take } of rows.toSorted((a, b) => a.at - b.at)) take();
  memory.mark = mark;
  return { back, events };
}

function foldTransition(memory: Memory, row: Transition & Numbered, back: FoldedEvents["back"][number][]): void {
  memory.transitions = Math.max(memory.transitions, row.sequence);
  const { device, to, cause, at } = row;
  const known = memory.devices[device];
  const detail = row.detail === "" ? causeWords(cause) : row.detail;
  const heard = to === "up" || to === "degraded";
  if (heard && known?.down) back.push({ device, down: known.down, until: at });
  const down = to === "down" ? (known?.down ?? { since: at, detail }) : heard ? undefined : known?.down;
  memory.devices[device] = { liveness: to, cause, since: at, detail, ...(down && { down }) };
}

function foldAudit(memory: Memory, row: AuditEntry & Numbered, events: FoldedEvents["events"][number][]): void {
  memory.audit = Math.max(memory.audit, row.sequence);
  const { at: since, type, result } = row;
  const detail = row.detail.replace(/^\d+ times within a minute, the last: /u, "");
  const happen = (alarm: AlarmName, subject = "site"): unknown => events.push({ alarm, subject, since, detail });
  switch (type) {
    case "started":
      return started(memory, since);
    case "ended":
      memory.poller = { what: "ended", at: since };
      return;
    case "hold":
    case "hold_ended": {
      const [, scope = "", words = ""] = /^((?:device|segment|profile):[^:]+|[^:]+): (.*)$/su.exec(detail) ?? [];
      if (type === "hold") memory.holds[scope] ??= { since, detail: words };
      else delete memory.holds[scope];
      return;
    }
    case "identity_changed":
      memory.identities[sourceIn(detail)] ??= { since, detail: detail.slice(sourceIn(detail).length + 2) };
      return;
    case "identity_as_accepted":
    case "identity_accepted":
      delete memory.identities[sourceIn(detail)];
      return;
    case "blocked":
      happen("WatchkeeperGuardBlocked", detail.split(/[:/]/u)[0]);
      return;
    case "records_lost":
      happen("WatchkeeperAuditFailing");
      return;
    case "journal_replaced":
      happen("WatchkeeperAuditReplaced");
      return;
    case "clock_suspect":
      memory.clock ??= { since, detail };
      return;
    case "clock_right":
    case "clock_accepted":
      memory.clock = null;
      return;
    case "reload":
      memory.reload = result === "success" ? null : (memory.reload ?? { since, detail });
  }
}

/** `plc, modbus-fc43 at 192.0.2.11 unit 1`, as such records begin. */
function sourceIn(detail: string): string {
  return detail.split(": ", 1)[0] ?? "";
}

/** Holds and causes live in the poller's memory alone, and devices are unknown until they have answered. */
function started(memory: Memory, since: WallMs): void {
  memory.poller = { what: "started", at: since };
  memory.holds = {};
  memory.clock = null;
  memory.reload = null;
  for (const [id, { down }] of Object.entries(memory.devices))
    memory.devices[id] = {
      liveness: "unknown",
      cause: "not_asked_yet",
      since,
      detail: "nothing was heard of it since the poller was started",
      ...(down && { down }),
    };
}

const words: Readonly<Record<string, string>> = { ...standingReasons, ...passingReasons, ...failureKinds };

export function causeWords(cause: Cause): string {
  return words[cause] ?? cause.replaceAll("_", " ");
}
