/** The multi-target form, for dashboards and alerts that know the blackbox exporter: its metric names, from stored state only. No device is asked. */
import type { Board, CheckView } from "../domain/board.ts";
import type { Clock } from "../domain/clock.ts";
import { evidenceLasts } from "../domain/liveness.ts";
import type { CheckId, DeviceId } from "../domain/plan.ts";
import { checkLabel } from "./device-families.ts";
import { between, end, head, sample, type FamilyHead, type Format } from "./exposition.ts";

export interface ProbeRequest {
  /** A device's id. */
  readonly target: string | undefined;
  /** A check of it, as `modbus-fc43`; without one its first. */
  readonly module: string | undefined;
  /** Says in words what is stored, before the metrics. */
  readonly debug: boolean;
}

export type ProbeReply =
  | { readonly status: 200; readonly body: string; readonly debug: boolean }
  | { readonly status: 400 | 404; readonly body: string };

/** Refused checks are modules too: nothing is known of them, and nothing is claimed. */
export function probe(board: Board, clock: Pick<Clock, "wall">, { target, module, debug }: ProbeRequest, format: Format): ProbeReply {
  if (target === undefined || target === "")
    return { status: 400, body: "Target parameter is missing: a device's id, /probe?target=fresh-water-plc&module=modbus-fc43.\n" };
  const id = target as DeviceId;
  if (!board.device(id))
    return { status: 404, body: "Unknown target: found no such device in the watchlist, expected a device's id as /sd lists it.\n" };
  const views = board.checksOf(id);
  const names = [...views.map(({ check }) => check.id), ...refusedOf(board, id)].map((check) => checkLabel(id, check));
  const wanted = module === undefined || module === "" ? names[0] : module;
  if (wanted === undefined || !names.includes(wanted))
    return { status: 400, body: `Unknown module: expected one of this device's checks: ${names.join(", ") || "it has none"}.\n` };
  const view = views.find(({ check }) => checkLabel(id, check.id) === wanted);
  const metrics = written(view ? samplesOf(view, board, clock) : [], debug ? "text" : format);
  return { status: 200, body: debug ? `${told(id, wanted, board, view)}\n${metrics}` : metrics, debug };
}

/** For http_sd: one group a check, streamed, because 10,000 devices are megabytes. A device of which nothing is asked has nothing to be scraped. */
export function* discovery(board: Board): Generator<string> {
  let before = "[";
  for (const { check } of board.checks()) {
    const device = board.plan.devices.get(check.device);
    if (!device) throw new RangeError(`plan: check ${check.id} belongs to no device`);
    const { id, zone, segment, category, profile } = device;
    const meta = { zone, segment, category, profile, function: device.function, check: checkLabel(id, check.id) };
    const labels = Object.fromEntries(Object.entries(meta).map(([name, value]) => [`__meta_watchkeeper_${name}`, value]));
    yield `${before}${JSON.stringify({ targets: [id], labels })}`;
    before = ",";
  }
  yield before === "[" ? "[]\n" : "]\n";
}

interface Sampled extends FamilyHead {
  readonly labels?: string;
  readonly value: number;
}

const stored = "Stored state: the probe asks no device; probe_last_run_timestamp_seconds says when it was last asked.";

function samplesOf(view: CheckView, board: Board, clock: Pick<Clock, "wall">): readonly Sampled[] {
  const { check, lastRun, lastTook } = view;
  const gauge = (name: string, help: string, value: number, labels = ""): Sampled => ({ type: "gauge", name, help, value, labels });
  const success = successOf(view, board, clock);
  const seconds = (lastTook ?? 0) / 1000;
  return [
    ...(success === undefined
      ? []
      : [gauge("probe_success", `Whether the last run was answered as it should be; absent while nobody knows. ${stored}`, success)]),
    gauge("probe_duration_seconds", `Time to the latest answer; 0 before the first. ${stored}`, seconds),
    gauge("probe_timeout_seconds", "How long an answer is waited for at most.", (check.connectWithin + check.answerWithin) / 1000),
    gauge(
      "probe_last_run_timestamp_seconds",
      "When the check was last asked, answered or not; 0 before the first time.",
      (lastRun ?? 0) / 1000,
    ),
    ...(check.protocol === "icmp"
      ? [gauge("probe_icmp_duration_seconds", `Round trip of the latest answer. ${stored}`, seconds, 'phase="rtt"')]
      : []),
  ];
}

/** Unknown is shown neither as success nor as failure: a stopped site must not look alive, nor a paused device down. */
function successOf({ check, lastRun, lastSuccess }: CheckView, board: Board, clock: Pick<Clock, "wall">): 0 | 1 | undefined {
  if (lastRun === undefined || board.device(check.device)?.judgement.liveness === "unknown") return undefined;
  const old = clock.wall() - lastRun > evidenceLasts(check.interval);
  if (lastSuccess === lastRun) return old ? undefined : 1;
  return 0;
}

function written(samples: readonly Sampled[], format: Format): string {
  const families = samples.map((one) => head(one, format) + sample(one.name, one.labels ?? "", one.value));
  return families.join(between[format]) + end[format];
}

function told(device: DeviceId, module: string, board: Board, view: CheckView | undefined): string {
  const judgement = board.device(device)?.judgement;
  const refusal = [...board.refusals()].find((one) => one.device === device && checkLabel(device, one.check) === module);
  const asked = view?.lastRun === undefined ? "never" : new Date(view.lastRun).toISOString();
  const lines = [
    `Stored state of ${module} of ${device}; this probe asked nothing.`,
    `The device is ${judgement?.liveness ?? "unknown"} (${judgement?.cause ?? "not_asked_yet"}); last asked: ${asked}.`,
    ...(refusal ? [`Not asked: ${refusal.reason}. \`watchkeeper explain ${device}\` says more.`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function refusedOf(board: Board, id: DeviceId): readonly CheckId[] {
  return [...board.refusals()].flatMap(({ device, check }) => (device === id ? [check] : []));
}
