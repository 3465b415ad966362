/** The metrics of the poller and the site, which are few: kept by prom-client, brought up to date from the board at each scrape. */
import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";
import type { Board } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import type { Scope } from "../domain/outcome.ts";
import type { Plan } from "../domain/plan.ts";
import { deepQueryFamilies } from "./deep-query-families.ts";
import { labels, type FamilyHead } from "./exposition.ts";
import { ownFamilies } from "./own-families.ts";
import { PulseMetrics } from "./pulse-metrics.ts";
import { RefusalSums } from "./refusal-sums.ts";
import { safetyFamilies } from "./safety-families.ts";
import { ScheduleMetrics } from "./schedule-metrics.ts";
import type { Look, SiteDefinition, Sources } from "./site-definitions.ts";
import { WindowMetrics, type WindowsShown } from "./window-metrics.ts";

export interface SiteFamily extends FamilyHead {
  readonly samples: readonly { readonly name: string; readonly labels: string; readonly value: number }[];
}

export interface SiteMetricsOptions extends Sources {
  readonly clock: Pick<Clock, "wall">;
  /** Open and planned; absent where there can be none. */
  readonly windows?: WindowsShown;
  /** Whether the process's own figures (memory, CPU, event loop) are among them. */
  readonly processMetrics: boolean;
}

/** prom-client's own that call a gauge a total, which Prometheus' conventions refuse. */
const misnamed = ["nodejs_active_resources_total", "nodejs_active_handles_total", "nodejs_active_requests_total"];

export class SiteMetrics {
  readonly #registry = new Registry();
  readonly #sources: Sources;
  readonly #refusals = new RefusalSums();
  readonly #written: readonly ((look: Look) => void)[];
  readonly schedule: ScheduleMetrics;
  readonly pulse: PulseMetrics;
  readonly #windows: WindowMetrics | undefined;

  /** Kept for the plan they were taken from: finding them looks at every device. */
  #shared: ReadonlySet<Scope> = new Set();
  #plan: Plan | undefined;

  constructor({ clock, windows, processMetrics, ...sources }: SiteMetricsOptions) {
    const registers: Registry[] = [this.#registry];
    this.#sources = sources;
    const definitions = [...ownFamilies, ...safetyFamilies, ...deepQueryFamilies, ...this.#refusals.families];
    this.#written = definitions.map((definition) => kept(definition, registers));
    this.schedule = new ScheduleMetrics(registers);
    this.pulse = new PulseMetrics(registers, clock);
    this.#windows = windows && new WindowMetrics(windows, registers);
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
    if (this.#plan !== board.plan) this.#shared = sharedScopes(board.plan);
    this.#plan = board.plan;
    this.#refusals.look(board);
    const look: Look = { ...this.#sources, board, sharedScopes: this.#shared };
    for (const write of this.#written) write(look);
    this.#windows?.update();
  }
}

/** prom-client's own metric for a definition, and how it is brought up to date: series that are gone leave it. */
function kept({ type, name, help, labels: labelNames, values }: SiteDefinition, registers: Registry[]): (look: Look) => void {
  const options = { name, help, labelNames, registers };
  if (type === "gauge") {
    const metric = new Gauge(options);
    return (look) => {
      metric.reset();
      for (const [of, value] of values(look)) metric.set(of, value);
    };
  }
  const metric = new Counter(options);
  return (look) => {
    metric.reset();
    for (const [of, value] of values(look)) metric.inc(of, value);
  };
}

function sharedScopes(plan: Plan): ReadonlySet<Scope> {
  const profiles = new Set(Array.from(plan.devices.values(), ({ profile }): Scope => `profile:${profile}`));
  return new Set<Scope>(["site", ...Array.from(plan.segments.keys(), (id): Scope => `segment:${id}`), ...profiles]);
}

/** Of a histogram's samples; absent elsewhere. */
function nameOf(value: object): string | undefined {
  return "metricName" in value && typeof value.metricName === "string" ? value.metricName : undefined;
}
