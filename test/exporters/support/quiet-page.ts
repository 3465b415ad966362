/** A metrics page of a poller to which nothing happens: tests say only what is otherwise. */
import { milliseconds } from "../../../src/domain/units.ts";
import { PrometheusPage, type PageOptions } from "../../../src/exporters/prometheus.ts";
import { emptyChain } from "../../../src/store/audit-chain.ts";
import type { FakeClock } from "../../support/fake-clock.ts";

export const build = { version: "0.1.0", revision: "abc", nodeVersion: "v24.21.0" };

export function quietPage(clock: FakeClock, options: Partial<PageOptions> = {}): PrometheusPage {
  return new PrometheusPage({
    build,
    clock,
    gate: { preview: () => ({ admitted: true }) },
    outstanding: { count: 0, oldest: milliseconds(0), connectionsFree: ({ connections }) => connections.free },
    schedule: { overdue: milliseconds(0) },
    journal: { unwritableSince: undefined, lost: 0, auditHead: emptyChain },
    time: { highest: clock.wall(), behind: milliseconds(0) },
    datagramsDropped: { late: 0, foreign: 0 },
    web: { successful: true, lastSuccess: undefined, certificateEnds: undefined, refusals: [] },
    fence: { state: () => "unknown", checkedAt: undefined },
    deepQueries: { runs: false, lastEnded: undefined, ended: { complete: 0, incomplete: 0, cut_short: 0 } },
    address: false,
    processMetrics: false,
    yieldToLoop: () => Promise.resolve(),
    ...options,
  });
}
