/** What the notifier sends, to whom and under which rules: values that its parts share. */
import type { AlarmName, Severity } from "./alarm-kinds.ts";
import type { AuditEntry, Transition } from "./board.ts";
import type { Trip } from "./outcome.ts";
import type { Secret } from "./secret.ts";
import type { Milliseconds, WallMs } from "./units.ts";

/**
 * `raised`: it stands; `over`: it stood and was told; `gone`: it was told, and is not watched any more; `passed`: it came and went between two
 * messages; `event`: it happened and has no end.
 */
export type ItemState = "raised" | "over" | "gone" | "passed" | "event";

export interface NoticeItem {
  readonly alarm: AlarmName;
  readonly state: ItemState;
  /** A device's or family's id, a scope, or the site. */
  readonly subject: string;
  /** As people call it. */
  readonly name: string;
  readonly since: WallMs;
  /** There unless it stands. */
  readonly until?: WallMs;
  /** One line; may be empty. */
  readonly detail: string;
}

/** One message, the same for every target. */
export interface Notice {
  /** Never given twice, also over restarts: a receiver may drop what it has seen before. */
  readonly id: string;
  readonly number: number;
  readonly site: string;
  readonly lab: boolean;
  readonly at: WallMs;
  /** Empty in a test message. */
  readonly items: readonly NoticeItem[];
  /** How many alarms stand after it. */
  readonly standing: number;
}

interface ToHost {
  readonly id: string;
  /** A literal address or a name. */
  readonly host: string;
  readonly port: number;
  /** PEM of the authorities that are trusted instead of the system's; absent: the system's. */
  readonly ca?: string;
  readonly least: Severity;
}

export interface MailTarget extends ToHost {
  readonly kind: "mail";
  readonly tls: "implicit" | "starttls" | "none";
  readonly from: string;
  readonly to: readonly string[];
  readonly login?: { readonly user: string; readonly password: Secret };
}

export interface SyslogTarget extends ToHost {
  readonly kind: "syslog";
  readonly tls: "implicit" | "none";
  /** RFC 5424, 6.2.1. */
  readonly facility: number;
}

export const webhookFormats = ["watchkeeper", "alertmanager"] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

export interface WebhookTarget extends ToHost {
  readonly kind: "webhook";
  readonly tls: "implicit" | "none";
  /** Path and query. */
  readonly path: string;
  readonly format: WebhookFormat;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: Secret;
}

export type NotifyTarget = MailTarget | SyslogTarget | WebhookTarget;

export interface NotifyRules {
  /** So long a first alarm waits for those that come with it. */
  readonly groupWait: Milliseconds;
  /** Between two messages of one kind of alarm. */
  readonly groupInterval: Milliseconds;
  /** So long nothing may be written into the journal before the poller counts as silent. */
  readonly silentAfter: Milliseconds;
}

export interface NotifyConfig extends NotifyRules {
  /** Literal addresses; nothing else is asked for a name but the file /etc/hosts. */
  readonly nameServers: readonly string[];
  readonly targets: readonly NotifyTarget[];
}

export interface Numbered {
  readonly sequence: number;
}

/** What stands in the journal after what was read before, in its order. */
export interface JournalNews {
  readonly transitions: readonly (Transition & Numbered)[];
  readonly audit: readonly (AuditEntry & Numbered)[];
  /** All that stand now. */
  readonly trips: readonly (Trip & { readonly since: WallMs })[];
  /** Another text whenever anything was written in between. */
  readonly mark: string;
  /** The highest trusted time that stands there; 0 before the first. */
  readonly highest: WallMs;
  /** There is more to be read at once. */
  readonly more: boolean;
  /** The journal ends before what was read: it is an older one, or another. */
  readonly replaced: boolean;
}

/** What is in hand of a notice for one target. */
export interface Delivery {
  readonly number: number;
  readonly target: string;
  readonly attempts: number;
  /** Why it is not delivered yet; empty before the first attempt. */
  readonly problem: string;
}

/** How a target has fared. */
export interface TargetRecord {
  readonly target: string;
  readonly delivered: number;
  /** Notices that found the outbox full, or the oldest that made room. */
  readonly dropped: number;
  readonly lastDeliveredAt: WallMs | null;
  readonly lastFailedAt: WallMs | null;
  /** Of the latest attempt; empty where that was well. */
  readonly problem: string;
}
