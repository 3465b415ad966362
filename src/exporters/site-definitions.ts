/** What a family of the poller or the site is: a name, words, labels, and its values whenever somebody looks. One entry is all that a new metric needs. */
import type { AuditHead, Board } from "../domain/board.ts";
import type { FenceState } from "../domain/fence-state.ts";
import type { Scope } from "../domain/outcome.ts";
import type { Milliseconds, WallMs } from "../domain/units.ts";
import type { Outstanding } from "./asked-now.ts";
import type { DeepHealth } from "./deep-query-families.ts";
import type { WebRefusal } from "./web-access.ts";

export interface Build {
  readonly version: string;
  /** The commit it was built from; empty where nobody said. */
  readonly revision: string;
  readonly nodeVersion: string;
}

/** What the journal says of itself. */
export interface JournalHealth {
  readonly unwritableSince: WallMs | undefined;
  readonly lost: number;
  readonly auditHead: AuditHead;
}

/** What is known of the wall clock. */
export interface TimeHealth {
  readonly highest: WallMs;
  readonly behind: Milliseconds;
}

/** Datagrams that reached nobody, since the start. `late`: from an address that was asked, and no answer to what is open now; `foreign`: from any other. */
export interface DatagramsDropped {
  readonly late: number;
  readonly foreign: number;
}

/** How the schedule is kept, as the scheduler knows it. */
export interface ScheduleHealth {
  /** By how much the start that is due first is late now; zero while nothing is due. */
  readonly overdue: Milliseconds;
}

/** What the web server says of its own configuration and of those it did not let in. */
export interface WebHealth {
  /** Whether the web configuration file was in order when it was last read; true where there is none. */
  readonly successful: boolean;
  readonly lastSuccess: WallMs | undefined;
  /** When its certificate ends; undefined without TLS. */
  readonly certificateEnds: WallMs | undefined;
  readonly refusals: readonly (readonly [why: WebRefusal, count: number])[];
}

/** What is known of the kernel fence, which the poller itself may not list. */
export interface FenceHealth {
  /** For the plan of this digest. */
  state(plan: string): FenceState;
  readonly checkedAt: WallMs | undefined;
}

/** Everything that metrics of the poller are read from, beside the board. Reading causes nothing. */
export interface Sources {
  readonly build: Build;
  readonly journal: JournalHealth;
  readonly time: TimeHealth;
  readonly datagramsDropped: DatagramsDropped;
  readonly outstanding: Pick<Outstanding, "count" | "oldest">;
  readonly schedule: ScheduleHealth;
  readonly web: WebHealth;
  readonly fence: FenceHealth;
  readonly deepQueries: DeepHealth;
}

/** What one scrape looks at. */
export interface Look extends Sources {
  readonly board: Board;
  /** What may trip or be held and is few: always shown, so that an alert sees the step from 0 to 1. */
  readonly sharedScopes: ReadonlySet<Scope>;
}

export type Value = readonly [labels: Readonly<Record<string, string>>, value: number];

export interface SiteDefinition {
  readonly type: "gauge" | "counter";
  /** With the prefix and, of counters, `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly values: (look: Look) => readonly Value[];
}

/** A gauge without labels. */
export function gauge(name: string, help: string, value: (look: Look) => number): SiteDefinition {
  return { type: "gauge", name: `watchkeeper_${name}`, help, labels: [], values: (look) => [[{}, value(look)]] };
}

/** A counter without labels, whose value somebody else counts. `name` without `_total`. */
export function counter(name: string, help: string, value: (look: Look) => number): SiteDefinition {
  return { type: "counter", name: `watchkeeper_${name}_total`, help, labels: [], values: (look) => [[{}, value(look)]] };
}

export function gauges(name: string, help: string, labels: readonly string[], values: SiteDefinition["values"]): SiteDefinition {
  return { type: "gauge", name: `watchkeeper_${name}`, help, labels, values };
}

export function counters(name: string, help: string, labels: readonly string[], values: SiteDefinition["values"]): SiteDefinition {
  return { type: "counter", name: `watchkeeper_${name}_total`, help, labels, values };
}
