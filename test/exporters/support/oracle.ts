/** The same page by prom-client alone, written from the board a second time: what the streamed page is compared with. */
import { Counter, Gauge, Histogram, Registry, type OpenMetricsContentType, type PrometheusContentType } from "prom-client";
import type { Board } from "../../../src/domain/board.ts";

type Labels = Readonly<Record<string, string>>;
type Series = readonly (readonly [labels: Labels, value: number])[];

const failures = [
  "timeout",
  "refused",
  "reset",
  "unreachable",
  "malformed",
  "protocol_error",
  "cpu_not_running",
  "expectation_failed",
  "gateway_target_silent",
  "identity_mismatch",
  "guard_blocked",
  "driver_unavailable",
] as const;
const withheld = ["window_pause", "passive_evidence", "link_down"] as const;
const refused = [
  "stopped",
  "draining",
  "plan_changed",
  "clock_suspect",
  "cut_off",
  "behind",
  "not_leader",
  "audit_unwritable",
  "tripped",
  "no_window",
  "window_scope",
  "run_over",
  "window_ending",
  "breaker_open",
  "gateway_hold",
  "line_budget",
  "backoff",
  "no_free_connection",
  "segment_budget",
  "site_budget",
  "approval_expired",
] as const;

/** `help` finds a family's words: they are the page's own. */
export async function oracle(
  board: Board,
  format: "text" | "openmetrics",
  latenesses: readonly number[],
  help: (name: string) => string,
): Promise<string> {
  const registry = new Registry<PrometheusContentType | OpenMetricsContentType>();
  registry.setContentType(format === "text" ? Registry.PROMETHEUS_CONTENT_TYPE : Registry.OPENMETRICS_CONTENT_TYPE);
  const registers = [registry as Registry];
  const gauge = (name: string, series: Series): void => {
    const labelNames = [...new Set(series.flatMap(([labels]) => Object.keys(labels)))];
    const it = new Gauge({ name, help: help(name), labelNames, registers });
    if (series.length === 0 || Object.keys(series[0]![0]).length > 0) it.reset();
    for (const [labels, value] of series) it.set(labels, value);
  };
  const counter = (name: string, series: Series): void => {
    const it = new Counter({ name, help: help(name), labelNames: Object.keys(series[0]?.[0] ?? {}), registers });
    for (const [labels, value] of series) it.inc(labels, value);
  };
  site(board, gauge, counter);
  counter("watchkeeper_schedule_skips_total", [[{}, 1]]);
  const name = "watchkeeper_schedule_lateness_seconds";
  const histogram = new Histogram({ name, help: help(name), buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 30], registers });
  for (const late of latenesses) histogram.observe(late);
  counter("watchkeeper_pulses_total", [[{}, 1]]);
  gauge("watchkeeper_last_pulse_timestamp_seconds", [[{}, (board.reload.lastSuccess ?? 0) / 1000 + 60]]);
  devices(board, gauge);
  checks(board, gauge, counter);
  return registry.metrics();
}

type Add = (name: string, series: Series) => void;

function site(board: Board, gauge: Add, counter: Add): void {
  gauge("watchkeeper_build_info", [[{ version: "0.1.0", revision: "abc", node_version: "v24.21.0" }, 1]]);
  gauge("watchkeeper_audit_writable", [[{}, 0]]);
  gauge("watchkeeper_audit_head_info", [[{ head: "0123456789ab" }, 1]]);
  counter("watchkeeper_audit_records_total", [[{}, 41]]);
  counter("watchkeeper_journal_lost_total", [[{}, 7]]);
  gauge("watchkeeper_clock_suspect", [[{}, 1]]);
  gauge("watchkeeper_clock_highest_trusted_timestamp_seconds", [[{}, 1_763_726_400.5]]);
  gauge("watchkeeper_config_last_reload_successful", [[{}, 0]]);
  gauge("watchkeeper_config_restart_needed", [[{}, 0]]);
  gauge("watchkeeper_config_last_reload_success_timestamp_seconds", [[{}, (board.reload.lastSuccess ?? 0) / 1000]]);
  gauge("watchkeeper_web_config_last_reload_successful", [[{}, 0]]);
  gauge("watchkeeper_web_config_last_reload_success_timestamp_seconds", [[{}, 1_763_726_399.25]]);
  counter("watchkeeper_web_refused_total", [
    [{ reason: "password" }, 3],
    [{ reason: "connections" }, 0],
  ]);
  counter("watchkeeper_guard_blocked_total", [[{}, 1]]);
  counter("watchkeeper_stalls_total", [[{}, 0]]);
  counter("watchkeeper_udp_datagrams_dropped_total", [
    [{ reason: "late" }, 3],
    [{ reason: "foreign" }, 2],
  ]);
  gauge("watchkeeper_in_flight", [[{}, 2]]);
  gauge("watchkeeper_oldest_in_flight_seconds", [[{}, 1.5]]);
  gauge("watchkeeper_schedule_overdue_seconds", [[{}, 0.25]]);
  const sent = { requests: [3, 0], bytes: [33, 0], connections: [4, 0] };
  for (const [what, [hvac = 0, bridge = 0]] of Object.entries(sent)) {
    counter(`watchkeeper_sent_${what}_total`, [
      [{ segment: "hvac" }, hvac],
      [{ segment: "bridge" }, bridge],
    ]);
  }
  safety(gauge, counter);
  const counts: Readonly<Record<string, number>> = { backoff: 2, line_budget: 1, window_pause: 1 };
  const bySegment = (reasons: readonly string[]): Series =>
    ["hvac", "bridge"].flatMap((segment) =>
      reasons.map((reason): [Labels, number] => [{ segment, reason }, segment === "hvac" ? (counts[reason] ?? 0) : 0]),
    );
  counter("watchkeeper_refused_total", bySegment(refused));
  counter("watchkeeper_withheld_total", bySegment(withheld.toSorted((a, b) => passingOrder.indexOf(a) - passingOrder.indexOf(b))));
}

function safety(gauge: Add, counter: Add): void {
  gauge("watchkeeper_stopped", [[{}, 0]]);
  gauge("watchkeeper_lab_mode", [[{}, 1]]);
  gauge("watchkeeper_fence", [
    [{ state: "present" }, 0],
    [{ state: "absent" }, 0],
    [{ state: "stale" }, 1],
    [{ state: "unknown" }, 0],
  ]);
  gauge("watchkeeper_fence_checked_timestamp_seconds", [[{}, 1_763_726_300.5]]);
  const scopes = ["site", "segment:hvac", "segment:bridge", "profile:schneider-m221", "profile:wago-750"];
  gauge("watchkeeper_tripped", [
    ...scopes.map((scope): [Labels, number] => [{ scope }, 0]),
    [{ scope: "device:pump" }, 1],
    [{ scope: "segment:hvacx" }, 1],
  ]);
  gauge("watchkeeper_trip_cause", [
    [{ scope: "device:pump", cause: "identity_mismatch" }, 1],
    [{ scope: "segment:hvacx", cause: "harm" }, 1],
  ]);
  gauge(
    "watchkeeper_held",
    scopes.slice(1).map((scope): [Labels, number] => [{ scope }, scope === "segment:bridge" ? 1 : 0]),
  );
  gauge("watchkeeper_cause", [
    [{ scope: "hvac", kind: "way_out" }, 0],
    [{ scope: "bridge", kind: "way_out" }, 0],
    [{ scope: "bridge", kind: "segment" }, 0],
    [{ scope: "hvac", kind: "segment" }, 1],
    [{ scope: "gw-1", kind: "gateway" }, 1],
  ]);
  gauge(
    "watchkeeper_profile_stage",
    ["draft", "dry-run", "trial", "approved", "suspended"].map((stage): [Labels, number] => [
      { profile: "schneider-m221", stage },
      stage === "approved" ? 1 : 0,
    ]),
  );
  gauge("watchkeeper_segment_held_back", [
    [{ segment: "hvac", stage: "dry-run" }, 0],
    [{ segment: "hvac", stage: "suspended" }, 0],
    [{ segment: "bridge", stage: "dry-run" }, 1],
    [{ segment: "bridge", stage: "suspended" }, 0],
  ]);
  gauge("watchkeeper_approval_expires_timestamp_seconds", [[{ profile: "schneider-m221" }, 1_834_704_000]]);
  gauge("watchkeeper_approval_ends_timestamp_seconds", [[{ profile: "schneider-m221" }, 1_842_480_000]]);
  gauge("watchkeeper_deep_query_running", [[{}, 1]]);
  gauge("watchkeeper_deep_query_last_end_timestamp_seconds", [[{}, 1_763_726_200.5]]);
  counter("watchkeeper_deep_queries_total", [
    [{ outcome: "complete" }, 4],
    [{ outcome: "incomplete" }, 1],
    [{ outcome: "cut_short" }, 2],
  ]);
}
const passingOrder: readonly string[] = ["window_pause", "link_down", "passive_evidence"];

function devices(board: Board, gauge: Add): void {
  const all = [...board.devices()];
  gauge(
    "watchkeeper_device_info",
    all.map(({ device: { id, zone, segment, category, profile } }) => [{ device: id, zone, segment, category, profile }, 1]),
  );
  gauge(
    "watchkeeper_device_state",
    all.flatMap(({ device, judgement }) =>
      ["up", "degraded", "down", "unknown"].map((state): [Labels, number] => [
        { device: device.id, state },
        judgement.liveness === state ? 1 : 0,
      ]),
    ),
  );
  gauge(
    "watchkeeper_device_cause",
    all.map(({ device, judgement }) => [{ device: device.id, cause: judgement.cause }, 1]),
  );
  gauge("watchkeeper_device_last_overheard_timestamp_seconds", [[{ device: "mixer" }, (board.reload.lastSuccess ?? 0) / 1000 + 60]]);
}

function checks(board: Board, gauge: Add, counter: Add): void {
  const all = [...board.checks()].map((view) => {
    const { id, device, method, protocol, proves } = view.check;
    return { view, info: { device, check: id.slice(device.length + 1), method, protocol, proves } };
  });
  const each = (value: (view: (typeof all)[number]["view"]) => number | undefined): Series =>
    all.flatMap(({ view, info: { device, check } }) => {
      const found = value(view);
      return found === undefined ? [] : [[{ device, check }, found] as const];
    });
  gauge(
    "watchkeeper_check_info",
    all.map(({ info }) => [info, 1]),
  );
  gauge(
    "watchkeeper_check_success",
    each(({ last, lastRun, answered }) => {
      if (lastRun === undefined) return undefined;
      return answered === 1 && last?.kind !== "failed" ? 1 : 0;
    }),
  );
  gauge(
    "watchkeeper_check_duration_seconds",
    each(({ lastTook }) => (lastTook === undefined ? undefined : lastTook / 1000)),
  );
  gauge(
    "watchkeeper_check_last_run_timestamp_seconds",
    each(({ lastRun }) => (lastRun ?? 0) / 1000),
  );
  gauge(
    "watchkeeper_check_last_success_timestamp_seconds",
    each(({ lastSuccess }) => (lastSuccess ?? 0) / 1000),
  );
  counter(
    "watchkeeper_check_runs_total",
    each(({ answered, failed }) => answered + [...failed.values()].reduce((sum, count) => sum + count, 0)),
  );
  const byReason = (value: (view: (typeof all)[number]["view"]) => Iterable<readonly [string, number]>): Series =>
    all.flatMap(({ view, info: { device, check } }) =>
      [...value(view)].map(([reason, count]) => [{ device, check, reason }, count] as const),
    );
  counter(
    "watchkeeper_check_failures_total",
    byReason((view) => failures.map((kind) => [kind, view.failed.get(kind) ?? 0])),
  );
  const kept: readonly string[] = withheld;
  counter(
    "watchkeeper_check_refused_total",
    byReason((view) => [...view.refused].filter(([reason]) => !kept.includes(reason))),
  );
  counter(
    "watchkeeper_check_withheld_total",
    byReason((view) => [...view.refused].filter(([reason]) => kept.includes(reason))),
  );
  gauge("watchkeeper_certificate_not_after_timestamp_seconds", [
    [{ owner: "server", device: "pump" }, 1_795_000_000],
    [{ owner: "poller" }, 1_890_000_000],
    [{ owner: "web" }, 1_780_000_000],
  ]);
  gauge(
    "watchkeeper_check_refusal",
    Array.from(board.refusals(), ({ device, check, reason }) => [{ device, check: check.slice(device.length + 1), reason }, 1]),
  );
  gauge("watchkeeper_device_identity_accepted", [
    [{ device: "plc" }, 1],
    [{ device: "pump" }, 0],
  ]);
  gauge("watchkeeper_device_identity_changed", [
    [{ device: "plc", field: "firmware" }, 1],
    [{ device: "plc", field: "serial" }, 1],
  ]);
  gauge(
    "watchkeeper_check_next_allowed_timestamp_seconds",
    all.map(({ info: { device, check } }) => [
      { device, check },
      device === "plc" ? (board.reload.lastSuccess ?? 0) / 1000 + 90 : device === "pump" ? Infinity : 0,
    ]),
  );
  gauge(
    "watchkeeper_device_free_connections",
    [...board.devices()].flatMap(({ device: { id, checks: own } }) => (own.length === 0 ? [] : [[{ device: id }, 2] as const])),
  );
}
