/** The page of a site that a bench has opened: everything on it but the devices stands still. */
import { milliseconds } from "../src/domain/units.ts";
import { PrometheusPage, type PageOptions } from "../src/exporters/prometheus.ts";
import { yieldToLoop } from "../src/system-clock.ts";
import type { MovedClock } from "./moved-clock.ts";
import { noJournal, nothingOut, steadyTime, type openSite } from "./site.ts";

export function pageOf(site: ReturnType<typeof openSite>, clock: MovedClock, others: Partial<PageOptions> = {}): PrometheusPage {
  return new PrometheusPage({
    build: { version: "bench", revision: "", nodeVersion: process.version },
    clock,
    gate: site.gate,
    outstanding: nothingOut,
    schedule: { overdue: milliseconds(0) },
    journal: noJournal,
    time: steadyTime,
    web: { successful: true, lastSuccess: undefined, certificateEnds: undefined, refusals: [] },
    fence: { state: () => "unknown", checkedAt: undefined },
    deepQueries: { runs: false, lastEnded: undefined, ended: { complete: 0, incomplete: 0, cut_short: 0 } },
    datagramsDropped: { late: 0, foreign: 0 },
    address: false,
    processMetrics: false,
    yieldToLoop,
    ...others,
  });
}
