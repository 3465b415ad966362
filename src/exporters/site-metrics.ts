/** The metrics of the poller and the site, which are few: kept by prom-client, brought up to date from the board at each scrape. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { AuditHead, Board } from "../domain/board.ts";
import type { Scope } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import { passingReasons, withheldReasons, type PassingReason } from "../domain/reasons.ts";
import type { Milliseconds, WallMs } from "../domain/units.ts";
import { labels, type FamilyHead } from "./exposition.ts";
import { ScheduleMetrics } from "./schedule-metrics.ts";

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

export interface SiteFamily extends FamilyHead {
  readonly samples: readonly { readonly name: string; readonly labels: string; readonly value: number }[];
}

export interface Sources {
  readonly journal: JournalHealth;
  readonly time: TimeHealth;
  readonly datagramsDropped: DatagramsDropped;
  /** Whether the process's own figures (memory, CPU, event loop) are among them. */
  readonly processMetrics: boolean;
}
/** Of the 64 of a hash: enough to tell two heads apart, and short beside every other label. */
const headDigits = 12;

type Reason = PassingReason | "approval_expired";
const reasons: readonly Reason[] = [...(Object.keys(passingReasons) as PassingReason[]), "approval_expired"];
/** prom-client's own that call a gauge a total, which Prometheus' conventions refuse. */
const misnamed = ["nodejs_active_resources_total", "nodejs_active_handles_total", "nodejs_active_requests_total"];

export class SiteMetrics {
  readonly #registry = new Registry();
  readonly #journal: JournalHealth;
  readonly #datagramsDropped: DatagramsDropped;
  readonly #time: TimeHealth;
  readonly #gauges: ReturnType<typeof gauges>;
  readonly #counters: ReturnType<typeof counters>;
  readonly schedule: ScheduleMetrics;
  /** Sums at the last scrape. A reload takes checks out with their counts; a counter only goes up. */
  readonly #refusedBefore = new Map<Reason, number>();

  /** Kept for the plan they were taken from: finding them looks at every device. */
  #shared: ReadonlySet<Scope> = new Set();
  #plan: Plan | undefined;

  constructor(build: Build, { journal, time, datagramsDropped, processMetrics }: Sources) {
    const registers: Registry[] = [this.#registry];
    this.#journal = journal;
    this.#time = time;
    this.#datagramsDropped = datagramsDropped;
    const { version, revision, nodeVersion } = build;
    new Gauge({
      name: "watchkeeper_build_info",
      help: "1, with the version, the commit and the Node version.",
      labelNames: ["version", "revision", "node_version"],
      registers,
    }).set({ version, revision, node_version: nodeVersion }, 1);
    this.#gauges = gauges(registers);
    this.#counters = counters(registers);
    for (const reason of reasons) this.#refusalCounter(reason).inc({ reason }, 0);
    this.schedule = new ScheduleMetrics(registers);
    if (!processMetrics) return;
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamed) this.#registry.removeSingleMetric(name);
  }

  /** Everything that prom-client keeps, as values: its registry cannot write both formats, for OpenMetrics it renames its counters for good. */
  async families(board: Board): Promise<readonly SiteFamily[]> {
    this.#update(board);
    const families = await this.#registry.getMetricsAsJSON();
    return families.map((family) => {
      const { name, help, values } = family;
      // Declared as a numbered enum, delivered as a word.
      const type = family.type as unknown as FamilyHead["type"];
      const samples = values.map((value) => ({
        name: nameOf(value) ?? name,
        labels: labels(Object.entries(value.labels).map(([label, text]) => [label, String(text)])),
        value: value.value,
      }));
      return { name, help, type, samples };
    });
  }

  #update(board: Board): void {
    const {
      stopped,
      lab,
      auditWritable,
      reloadSuccessful,
      reloadedAt,
      tripped,
      held,
      expires,
      ends,
      auditHead,
      clockSuspect,
      trustedTime,
    } = this.#gauges;
    stopped.set(board.stopped ? 1 : 0);
    lab.set(board.plan.lab ? 1 : 0);
    auditWritable.set(this.#journal.unwritableSince === undefined ? 1 : 0);
    reloadSuccessful.set(board.reload.successful ? 1 : 0);
    reloadedAt.set((board.reload.lastSuccess ?? 0) / 1000);
    tripped.reset();
    if (this.#plan !== board.plan) this.#shared = sharedScopes(board.plan);
    this.#plan = board.plan;
    for (const scope of this.#shared) tripped.set({ scope }, 0);
    for (const { scope } of board.trips()) tripped.set({ scope }, 1);
    expires.reset();
    ends.reset();
    for (const { id, end } of board.plan.families.values()) {
      if (end === undefined) continue;
      expires.set({ profile: id }, end.expires / 1000);
      ends.set({ profile: id }, end.ends / 1000);
    }
    held.reset();
    for (const scope of this.#shared) if (scope !== "site") held.set({ scope }, 0);
    for (const { scope } of board.holds()) held.set({ scope }, 1);
    auditHead.reset();
    auditHead.set({ head: this.#journal.auditHead.hash.slice(0, headDigits) }, 1);
    clockSuspect.set(this.#time.behind > 0 ? 1 : 0);
    trustedTime.set(this.#time.highest / 1000);
    this.#updateCounters(board);
  }

  #updateCounters(board: Board): void {
    const { blocked, stalls, lost, dropped, audited, requests, bytes, connections } = this.#counters;
    dropped.reset();
    for (const reason of ["late", "foreign"] as const) dropped.inc({ reason }, this.#datagramsDropped[reason]);
    setTo(blocked, board.blocked);
    setTo(stalls, board.stalls);
    setTo(lost, this.#journal.lost);
    setTo(audited, this.#journal.auditHead.sequence);
    for (const counter of [requests, bytes, connections]) counter.reset();
    for (const [segment, sent] of board.sent()) {
      requests.inc({ segment }, sent.requests);
      bytes.inc({ segment }, sent.bytes);
      connections.inc({ segment }, sent.connections);
    }
    const sums = refusalsOf(board);
    for (const reason of reasons) {
      const now = sums.get(reason) ?? 0;
      this.#refusalCounter(reason).inc({ reason }, Math.max(0, now - (this.#refusedBefore.get(reason) ?? 0)));
      this.#refusedBefore.set(reason, now);
    }
  }

  #refusalCounter(reason: Reason): Counter<"reason"> {
    return withheldReasons.has(reason) ? this.#counters.withheld : this.#counters.refused;
  }
}

function gauges(registers: Registry[]): Readonly<
  Record<"stopped" | "lab" | "auditWritable" | "reloadSuccessful" | "reloadedAt" | "clockSuspect" | "trustedTime", Gauge>
> & {
  readonly auditHead: Gauge<"head">;
  readonly tripped: Gauge<"scope">;
  readonly held: Gauge<"scope">;
  readonly expires: Gauge<"profile">;
  readonly ends: Gauge<"profile">;
} {
  const gauge = (name: string, help: string): Gauge => new Gauge({ name: `watchkeeper_${name}`, help, registers });
  return {
    stopped: gauge("stopped", "1 while the site is stopped and nothing is asked."),
    lab: gauge("lab_mode", "1 in lab mode: simulators and tests, no plant."),
    auditWritable: gauge("audit_writable", "0 while audit records cannot be written; after 24 h of that polling stops."),
    auditHead: new Gauge({
      name: "watchkeeper_audit_head_info",
      help: "1, with the first digits of the hash of the last audit record on disk: kept outside, it shows a tail that was cut off.",
      labelNames: ["head"],
      registers,
    }),
    clockSuspect: gauge("clock_suspect", "1 while the wall clock is behind the highest trusted time, by which approvals then end."),
    trustedTime: gauge(
      "clock_highest_trusted_timestamp_seconds",
      "The highest trusted time: an approval ends by it or by the wall clock, whichever is later.",
    ),
    reloadSuccessful: gauge("config_last_reload_successful", "Whether the files were in order when they were last read."),
    reloadedAt: gauge("config_last_reload_success_timestamp_seconds", "When the files were last read and in order."),
    tripped: new Gauge({
      name: "watchkeeper_tripped",
      help: "1 for what a person must look at and reset. Site, segments and profiles are always there, a device while it is tripped.",
      labelNames: ["scope"],
      registers,
    }),
    expires: new Gauge({
      name: "watchkeeper_approval_expires_timestamp_seconds",
      help: "When the approval of a profile expires. To be alerted on 60 days before.",
      labelNames: ["profile"],
      registers,
    }),
    ends: new Gauge({
      name: "watchkeeper_approval_ends_timestamp_seconds",
      help: "From when on nothing of a profile is asked: its expiry, and the grace where there is one.",
      labelNames: ["profile"],
      registers,
    }),
    held: new Gauge({
      name: "watchkeeper_held",
      help: "1 while a segment or profile is held: several devices fell silent together, one at a time is tried. To be alerted on: held devices are not asked and never get as far as down.",
      labelNames: ["scope"],
      registers,
    }),
  };
}

function counters(
  registers: Registry[],
): Readonly<Record<"blocked" | "stalls" | "lost" | "audited", Counter>> &
  Readonly<Record<"requests" | "bytes" | "connections", Counter<"segment">>> &
  Readonly<Record<"refused" | "withheld" | "dropped", Counter<"reason">>> {
  const counter = (name: string, help: string): Counter => new Counter({ name: `watchkeeper_${name}_total`, help, registers });
  const sent = (what: string): Counter<"segment"> =>
    new Counter({
      name: `watchkeeper_sent_${what}_total`,
      help: `What left for devices, in ${what}: may be subtracted by whoever watches the segment.`,
      labelNames: ["segment"],
      registers,
    });
  const byReason = (what: string, help: string): Counter<"reason"> =>
    new Counter({ name: `watchkeeper_${what}_total`, help, labelNames: ["reason"], registers });
  return {
    blocked: counter("guard_blocked", "Frames and connections that are not in the plan and were stopped before they left."),
    stalls: counter("stalls", "Times the poller stood still or time jumped; nothing is asked until it has looked around."),
    lost: counter("journal_lost", "Records that could not be written and found the journal's queue full."),
    dropped: byReason(
      "udp_datagrams_dropped",
      "Datagrams that came in and were no answer to what was being asked. late: from an address that was asked, so an answer after its time or to something else; foreign: from any other.",
    ),
    audited: counter(
      "audit_records",
      "Audit records on disk. It outlives restarts: when it goes down, an older state folder was put in its place.",
    ),
    requests: sent("requests"),
    bytes: sent("bytes"),
    connections: sent("connections"),
    refused: byReason("refused", "Starts that the gate refused, all checks together. By check: watchkeeper_check_refused_total."),
    withheld: byReason(
      "withheld",
      "Starts that ordinary life made needless, all checks together. By check: watchkeeper_check_withheld_total.",
    ),
  };
}

/** What may trip or be held and is few: always shown, so that an alert sees the step from 0 to 1. */
function sharedScopes(plan: Plan): ReadonlySet<Scope> {
  const profiles = new Set(Array.from(plan.devices.values(), ({ profile }): Scope => `profile:${profile}`));
  return new Set<Scope>(["site", ...Array.from(plan.segments.keys(), (id): Scope => `segment:${id}`), ...profiles]);
}

function refusalsOf(board: Board): ReadonlyMap<Reason, number> {
  const sums = new Map<Reason, number>();
  for (const { refused } of board.checks()) for (const [reason, count] of refused) sums.set(reason, (sums.get(reason) ?? 0) + count);
  return sums;
}

function setTo(counter: Counter, value: number): void {
  counter.reset();
  counter.inc(value);
}

/** Of a histogram's samples; absent elsewhere. */
function nameOf(value: object): string | undefined {
  return "metricName" in value && typeof value.metricName === "string" ? value.metricName : undefined;
}
