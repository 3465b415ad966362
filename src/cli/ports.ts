/** What commands need of the state folder and the poller, in the words of commands; `src/main.ts` puts the real ones behind it. */
import type { Settings } from "../config/loaded-site.ts";
import type { AlarmName } from "../domain/alarm-kinds.ts";
import type { KnownIdentity } from "../domain/baseline.ts";
import type { SettingOverrides } from "../config/settings.ts";
import type { AuditEntry, AuditHead } from "../domain/board.ts";
import type { Instant, Signed, TripStatus } from "../domain/control.ts";
import type { Delivery, NotifyConfig, TargetRecord } from "../domain/notify.ts";
import type { Plan } from "../domain/plan.ts";
import type { CertificateEnd } from "../domain/security.ts";
import type { SelfTestReport } from "../domain/self-test.ts";
import type { KeptPlan } from "../domain/kept-plan.ts";
import type { Scope } from "../domain/outcome.ts";
import type { WallMs } from "../domain/units.ts";

/** What `init` wrote into the state folder, for ever. */
export interface StateBirth {
  readonly site: string;
  /** Born for lab mode: documentation and loopback addresses, low floors. */
  readonly lab: boolean;
}

export interface StopRecord {
  readonly by: string;
  readonly reason: string;
  readonly since: Instant | null;
}

export interface StandingStop {
  /** Refused when another stop has come since. The caller has written the audit record in between. */
  lift(signed: Signed): undefined | Problems;
}

export interface Problems {
  /** Whole sentences: where, what was found, what is expected, what to do. */
  readonly problems: readonly string[];
}

/** The state folder, for commands that run beside the poller or without one. */
export interface StateStore {
  create(folder: string, birth: StateBirth): Promise<undefined | Problems>;
  birth(folder: string): StateBirth | Problems;
  /** Undefined while the site is not stopped. A STOP file that cannot be read is a stop. */
  stopped(folder: string): StopRecord | undefined;
  /** Also where the site is stopped already: then it is another stop, which no resumption under way lifts. */
  stop(folder: string, signed: Signed): undefined | Problems;
  /** The stop as it is now, to be lifted; undefined while the site is not stopped. */
  standingStop(folder: string): StandingStop | undefined;
  /** Stops the site in it, then makes the folder this machine's and this site's own. */
  adopt(folder: string, adopted: StateBirth, signed: Signed): undefined | Problems;
  /** Reads a journal's audit, oldest record first, with or without a poller; changes nothing. */
  readAudit(journal: string, visit: (line: AuditLine) => void): AuditVerdict | Problems;
  /** What the folder, or a copy of it, tells of stops and pauses, for a judge of captures. Changes nothing. */
  quiet(folder: string): KeptQuiet | Problems;
  /** The highest trusted time that stands in the folder, 0 before the first run. Changes nothing. */
  trustedTime(folder: string): WallMs | Problems;
  /** What devices said of themselves, and what of it was accepted; none before the first run. Changes nothing. */
  identities(folder: string): readonly KnownIdentity[] | Problems;
  /** Files of the plans that were adopted, the latest first; none where none was. */
  plansThatRan(folder: string): readonly KeptPlan[];
  /** For a moment in which no poller runs. Fails where the folder is a copy, or belongs to another site or machine. */
  journal(folder: string, site: string): Promise<StateJournal | Problems>;
}

/** One audit record, with the columns of IEC 62443-3-3 SR 2.8 under their names. */
export interface AuditLine extends Omit<AuditEntry, "at"> {
  readonly timestamp: Instant;
  readonly eventId: number;
  readonly previous: string;
  readonly hash: string;
}

export interface KeptQuiet {
  /** The text of the file of windows; undefined where no window was ever opened. */
  readonly windows: string | undefined;
  /** Beginnings and ends of the poller, stops and resumptions, the oldest first. */
  readonly runs: readonly Pick<AuditLine, "timestamp" | "source" | "type">[];
  /** Where the site is stopped: who did it (empty where nobody says), and since when. */
  readonly standing?: { readonly by: string; readonly since: string | undefined };
}

export interface AuditVerdict {
  readonly records: number;
  /** The last record up to which the chain holds. */
  readonly head: AuditHead;
  /** The first place at which it does not hold, as a sentence. */
  readonly broken: string | undefined;
}

export interface StateJournal {
  /** The highest trusted time. */
  readonly highest: Instant;
  noteTime(highest: WallMs): void;
  trips(): readonly TripStatus[];
  reset(scope: Scope, at: WallMs): void;
  /** What a device says of itself, with what of it is accepted. */
  identity(known: KnownIdentity): void;
  audit(entry: AuditEntry): void;
  /** Everything accepted is on disk when this resolves without problems. */
  close(): Promise<undefined | Problems>;
}

/** The kernel's packet filter and interfaces, for `fence`. */
export interface FencePorts {
  /** The name of the interface that holds the address; undefined where none does. */
  interfaceHolding(address: string): string | undefined;
  /** The table `watchkeeper` as nft lists it in JSON, or has listed it into a file; undefined where there is none. */
  installed(file?: string): Promise<string | undefined | Problems>;
}

/** Tries the safeguards. Loaded only when it is called. */
export type RunSelfTest = (options: SelfTestOptions) => Promise<SelfTestReport>;

export interface SelfTestOptions {
  readonly stateDir: string;
  readonly plan: Plan;
  /** Puts the result into the audit; a sentence where that fails. */
  readonly recorded: (detail: string, held: boolean) => Promise<string | undefined>;
}

/** Runs until a signal ends it. Loaded only when `run` is called, so that no other command loads a driver. */
export type RunPoller = (options: RunOptions) => Promise<number>;

export interface RunOptions {
  /** What the command line says instead of the settings. */
  readonly overrides?: SettingOverrides;
  /** Absolute. */
  readonly settingsFile: string;
  /** Whether --lab was given and WATCHKEEPER_LAB is 1; the state folder is checked by the poller itself. */
  readonly lab: boolean;
}

/** The notifier, a process of its own. Loaded only when it is called. */
export interface NotifierPorts {
  /** Until a signal ends it: exit code 0. 1: it could not start. */
  run(site: NotifySite): Promise<number>;
  /** One message to each target, or to the one that is named, past the outbox. */
  test(site: NotifySite, target: string | undefined): Promise<{ readonly tried: readonly TriedTarget[] } | Problems>;
  status(stateDir: string): NotifierStatus | Problems;
}

export interface TriedTarget {
  readonly target: string;
  /** Undefined: it was taken. */
  readonly problem: string | undefined;
}

export interface NotifySite {
  readonly settings: Pick<Settings, "site" | "stateDir">;
  readonly lab: boolean;
  readonly config: NotifyConfig;
  /** Compiles the plan from the files as they are now. */
  readonly watched: () => { readonly plan: Plan; readonly ownCertificate: CertificateEnd | undefined } | Problems;
  /** What a running poller answers of its audit, in a sentence; undefined where none answers. */
  readonly pollerSays: () => Promise<string | undefined>;
  readonly say: (level: "info" | "warn", text: string) => void;
}

export interface NotifierStatus {
  readonly running: boolean;
  readonly alarms: readonly {
    readonly alarm: AlarmName;
    readonly subject: string;
    readonly name: string;
    readonly since: WallMs;
    readonly detail: string;
    readonly told: boolean;
  }[];
  readonly deliveries: readonly Delivery[];
  readonly records: readonly TargetRecord[];
}
