/** The families with a series for each device or check, written straight from the board: 10,000 devices are too many for prom-client. */
import type { Board, CheckView, DeviceView } from "../domain/board.ts";
import { certificatesOf } from "../domain/certificate-words.ts";
import { livenesses } from "../domain/liveness.ts";
import type { CheckId, DeviceId } from "../domain/plan.ts";
import { failureKinds, withheldReasons, type FailureKind } from "../domain/reasons.ts";
import type { WallMs } from "../domain/units.ts";
import { escaped, labels, sample, type FamilyHead } from "./exposition.ts";
import type { WebHealth } from "./site-definitions.ts";
import type { WindowsShown } from "./window-metrics.ts";

export interface DeviceFamily extends FamilyHead {
  /** All samples, a device's or check's at a time, so that the writer can pause between any two. May yield empty text. */
  readonly samples: (board: Board) => Iterable<string>;
}

export interface DeviceFamilyOptions {
  /** Whether addresses and ports may be seen by everybody who can read metrics; off unless the owner says so (UR E26 4.1.1.3). */
  readonly address: boolean;
  /** Absent where there can be none. */
  readonly windows?: Pick<WindowsShown, "muted">;
  /** The web server's own certificate. */
  readonly web: Pick<WebHealth, "certificateEnds">;
}

const stored = "Stored state: a scrape asks no device; watchkeeper_check_last_run_timestamp_seconds says when it was last asked.";
const kinds = Object.keys(failureKinds) as FailureKind[];

export function deviceFamilies({ address, windows, web }: DeviceFamilyOptions): readonly DeviceFamily[] {
  return [
    ofDevices("device_info", "gauge", "A device of the watchlist.", deviceInfo),
    ofDevices("device_state", "gauge", `1 for the state the device is in: up, degraded, down or unknown. ${stored}`, deviceState),
    ofDevices("device_cause", "gauge", `1 for why the device is in its state. ${stored}`, deviceCause),
    ofDevices(
      "device_last_overheard_timestamp_seconds",
      "gauge",
      "When the device was last heard without being asked (passive evidence); absent for never.",
      lastOverheard,
    ),
    ...(windows
      ? [ofDevices("device_muted", "gauge", "1 while a maintenance window mutes the device's alarms; absent otherwise.", muted(windows))]
      : []),
    ofChecks("check_info", "gauge", "A check that is asked on schedule, and what its answer proves to be alive.", (name, view) =>
      checkInfo(name, view, address),
    ),
    ofChecks(
      "check_success",
      "gauge",
      `Whether the last run was answered as it should be; absent before the first run. ${stored}`,
      success,
    ),
    ofChecks("check_duration_seconds", "gauge", `Time to the latest answer; absent before the first. ${stored}`, duration),
    ofChecks(
      "check_last_run_timestamp_seconds",
      "gauge",
      "When the check was last asked, answered or not; 0 before the first time.",
      lastRun,
    ),
    ofChecks(
      "check_last_success_timestamp_seconds",
      "gauge",
      `When the check was last answered as it should be; 0 for never. ${stored}`,
      lastSuccess,
    ),
    ofChecks("check_runs_total", "counter", `How often the check was asked, answered or not. ${stored}`, runs),
    ofChecks("check_failures_total", "counter", `Runs that failed, by reason. ${stored}`, failures),
    ofChecks(
      "check_refused_total",
      "counter",
      `Starts that were refused, by reason, from the first one on; ${siteSum("refused")} ${stored}`,
      refusals(false),
    ),
    ofChecks(
      "check_withheld_total",
      "counter",
      `Starts that ordinary life made needless, by reason, from the first one on; ${siteSum("withheld")} ${stored}`,
      refusals(true),
    ),
    {
      name: "watchkeeper_certificate_not_after_timestamp_seconds",
      type: "gauge",
      help: "When a certificate ends: owner server, of the device's OPC UA server as it is pinned; owner poller, the poller's own; owner web, its web server's.",
      samples: (board) => certificateEnds(board, web.certificateEnds),
    },
    {
      name: "watchkeeper_check_refusal",
      type: "gauge",
      help: "1 for a check that is not asked at all, with the reason that stands in the plan until a person acts.",
      samples: standingRefusals,
    },
  ];
}

/** The label of a check: its id without the device's name, which has a label of its own. */
export function checkLabel(device: DeviceId, check: CheckId): string {
  return check.startsWith(`${device}/`) ? check.slice(device.length + 1) : check;
}

function siteSum(what: string): string {
  return `watchkeeper_${what}_total has every reason from the start.`;
}

type Lines<View> = (name: string, view: View) => string;

export function ofDevices(short: string, type: FamilyHead["type"], help: string, lines: Lines<DeviceView>): DeviceFamily {
  const name = `watchkeeper_${short}`;
  return { name, type, help, samples: (board) => written(board.devices(), name, lines) };
}

export function ofChecks(short: string, type: FamilyHead["type"], help: string, lines: Lines<CheckView>): DeviceFamily {
  const name = `watchkeeper_${short}`;
  return { name, type, help, samples: (board) => written(board.checks(), name, lines) };
}

function* written<View>(views: Iterable<View>, name: string, lines: Lines<View>): Generator<string> {
  for (const view of views) yield lines(name, view);
}

function deviceInfo(name: string, { device }: DeviceView): string {
  const { id, zone, segment, category, profile } = device;
  const pairs = labels([
    ["device", id],
    ["zone", zone],
    ["segment", segment],
    ["category", category],
    ["profile", profile],
  ]);
  return sample(name, pairs, 1);
}

function deviceState(name: string, { device, judgement }: DeviceView): string {
  const id = escaped(device.id);
  return livenesses.map((state) => sample(name, `device="${id}",state="${state}"`, judgement.liveness === state ? 1 : 0)).join("");
}

function deviceCause(name: string, { device, judgement }: DeviceView): string {
  return sample(name, `device="${escaped(device.id)}",cause="${judgement.cause}"`, 1);
}

function lastOverheard(name: string, { device, lastOverheard: at }: DeviceView): string {
  return at === undefined ? "" : sample(name, `device="${escaped(device.id)}"`, at / 1000);
}

function muted(windows: Pick<WindowsShown, "muted">): Lines<DeviceView> {
  return (name, { device }) => (windows.muted(device) ? sample(name, `device="${escaped(device.id)}"`, 1) : "");
}

function checkInfo(name: string, view: CheckView, address: boolean): string {
  const { method, protocol, proves, target } = view.check;
  const place = address
    ? `,${labels([
        ["address", target.address],
        ["port", String(target.port)],
      ])}`
    : "";
  return sample(name, `${both(view)},method="${method}",protocol="${protocol}",proves="${proves}"${place}`, 1);
}

function success(name: string, view: CheckView): string {
  if (view.lastRun === undefined) return "";
  // A run that succeeded is at once the last run and the last success.
  return sample(name, both(view), view.lastSuccess === view.lastRun ? 1 : 0);
}

function duration(name: string, view: CheckView): string {
  return view.lastTook === undefined ? "" : sample(name, both(view), view.lastTook / 1000);
}

function lastRun(name: string, view: CheckView): string {
  return sample(name, both(view), (view.lastRun ?? 0) / 1000);
}

function lastSuccess(name: string, view: CheckView): string {
  return sample(name, both(view), (view.lastSuccess ?? 0) / 1000);
}

function runs(name: string, view: CheckView): string {
  let count = view.answered;
  for (const failed of view.failed.values()) count += failed;
  return sample(name, both(view), count);
}

function failures(name: string, view: CheckView): string {
  const check = both(view);
  return kinds.map((kind) => sample(name, `${check},reason="${kind}"`, view.failed.get(kind) ?? 0)).join("");
}

function refusals(withheld: boolean): Lines<CheckView> {
  return (name, view) => {
    if (view.refused.size === 0) return "";
    const check = both(view);
    let text = "";
    for (const [reason, count] of view.refused) {
      if (withheldReasons.has(reason) === withheld) text += sample(name, `${check},reason="${reason}"`, count);
    }
    return text;
  };
}

function* certificateEnds({ plan, ownCertificate }: Board, webEnds: WallMs | undefined): Generator<string> {
  const name = "watchkeeper_certificate_not_after_timestamp_seconds";
  for (const { device, notAfter } of certificatesOf(plan, undefined))
    yield sample(name, `owner="server",device="${escaped(device ?? "")}"`, notAfter / 1000);
  if (ownCertificate) yield sample(name, 'owner="poller"', ownCertificate.notAfter / 1000);
  if (webEnds !== undefined) yield sample(name, 'owner="web"', webEnds / 1000);
}

function* standingRefusals(board: Board): Generator<string> {
  for (const { device, check, reason } of board.refusals()) {
    yield sample(
      "watchkeeper_check_refusal",
      `device="${escaped(device)}",check="${escaped(checkLabel(device, check))}",reason="${reason}"`,
      1,
    );
  }
}

/** The two labels of everything that is told of a check. */
export function both({ check }: Pick<CheckView, "check">): string {
  return `device="${escaped(check.device)}",check="${escaped(checkLabel(check.device, check.id))}"`;
}
