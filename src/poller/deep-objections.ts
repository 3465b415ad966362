/** Why a deep query may not begin, everything at once and device by device: nothing is sent to find out. */
import { deepQueryDevicesMax } from "../domain/limits.ts";
import type { DeviceId, Plan, PlannedDevice } from "../domain/plan.ts";
import { passingReasons, standingReasons } from "../domain/reasons.ts";
import type { WallMs } from "../domain/units.ts";
import { covers, type DeepQueryLeave, type Window } from "../domain/windows.ts";

export interface DeepRequest {
  readonly asked: readonly string[];
  readonly plan: Plan;
  /** By which windows are judged. */
  readonly now: WallMs;
  /** Open and planned. */
  readonly windows: readonly { readonly window: Window; readonly open: boolean }[];
  readonly leave: (device: PlannedDevice) => DeepQueryLeave["leave"];
  readonly stopped: boolean;
  /** The one that is under way. */
  readonly running: string | undefined;
  /** It would be the site's first, and nobody has said to have read what it means. */
  readonly unacknowledged: boolean;
  /** What the disk said; undefined while the audit can be written. */
  readonly unwritable: string | undefined;
}

/** Whole sentences. */
export function deepObjections(request: DeepRequest): readonly string[] {
  const { asked, running, stopped, unacknowledged, unwritable } = request;
  const twice = asked.filter((id, at) => asked.indexOf(id) !== at);
  return [
    ...(running === undefined ? [] : [`found ${running} under way, expected none: one deep query at a time`]),
    ...(stopped ? [`stopped: ${passingReasons.stopped}; nothing is asked until it is resumed`] : []),
    ...(unwritable === undefined ? [] : [`the audit cannot be written (${unwritable}): nothing is asked that would not be on record`]),
    ...(asked.length > deepQueryDevicesMax
      ? [`found ${asked.length} devices, expected at most ${deepQueryDevicesMax} a run: ask the others in another`]
      : []),
    ...twice.map((id) => `${id}: found twice, expected each device once`),
    ...[...new Set(asked)].flatMap((id) => deviceObjections(id as DeviceId, request)),
    ...(unacknowledged ? [notAcknowledged] : []),
  ];
}

const notAcknowledged =
  "it is the first deep query of this site: read what it means (docs/maintenance-windows.md, or --help), then give --acknowledge-risk";

const neverAsked: ReadonlySet<PlannedDevice["function"]> = new Set<PlannedDevice["function"]>(["safety", "protection", "navigation"]);

function deviceObjections(id: DeviceId, request: DeepRequest): readonly string[] {
  const { plan } = request;
  const device = plan.devices.get(id);
  if (!device) return [`${id}: found no such device in the watchlist`];
  if (neverAsked.has(device.function)) return [`${id}: safety_function: it is ${device.function}; ${standingReasons.safety_function}`];
  const deep = [...plan.deep.values()].some((check) => check.device === id);
  const refusals = [...plan.deepRefused.values()].filter((refusal) => refusal.device === id);
  if (deep) return windowObjection(device, request);
  const [first] = refusals;
  if (first) return [`${id}: ${first.reason} (${standingReasons[first.reason]}): ${first.detail}`];
  const beat = [...plan.refused.values()].find((refusal) => refusal.device === id);
  if (beat && device.checks.length === 0) return [`${id}: ${beat.reason} (${standingReasons[beat.reason]}): ${beat.detail}`];
  return [
    `${id}: found nothing that a deep query may read: name it under deepQuery in the site's file of profile ${device.profile}, among what the shipped profile leaves to the site there, and approve it`,
  ];
}

/** What the site has agreed to and something else stands against, one line for each device and cause: the run goes on without it. */
export function leftOut(plan: Plan, devices: readonly PlannedDevice[]): readonly string[] {
  return devices.flatMap(({ id }) => {
    const refusals = [...plan.deepRefused.values()].filter(({ device }) => device === id);
    return [...Map.groupBy(refusals, ({ detail }) => detail)].map(([detail, [first, ...more]]) => {
      const checks = `${first!.check}${more.length === 0 ? "" : ` and ${more.length} more`}`;
      return `${checks}: ${first!.reason}: ${detail}`;
    });
  });
}

function windowObjection(device: PlannedDevice, { leave, now, windows }: DeepRequest): readonly string[] {
  const has = leave(device);
  if (has === "open") return [];
  const reason = has === "elsewhere" ? "window_scope" : "no_window";
  const own = windows.filter(({ window, open }) => covers(window, device) && open !== (window.kind === "deep-query"));
  const others = has === "elsewhere" ? windows.filter(({ window, open }) => open && window.kind === "deep-query") : [];
  const found = [...others.map(({ window }) => otherWords(window, device)), ...own.map(({ window }) => ownWords(window, now))];
  const words = found.length === 0 ? "" : `; found ${found.join(", ")}`;
  return [
    `${device.id}: ${reason}: ${passingReasons[reason]}${words}: open one (watchkeeper window open --kind deep-query --scope device:${device.id} --for 2h …)`,
  ];
}

/** Of one that is open and does not cover the device. */
function otherWords({ id, kind, scope }: Window, device: PlannedDevice): string {
  // Without what it covered when it was opened: by its scope alone.
  if (!covers({ kind, scope }, device)) return `${id} covers ${scope}`;
  return `${id} covers what stood under ${scope} when it was opened, and this device was not there, or not by that name`;
}

function ownWords({ id, kind, from }: Window, now: WallMs): string {
  if (kind !== "deep-query") return `${id} is a ${kind}, which lets nothing more be asked`;
  if (from > now) return `${id} begins at ${new Date(from).toISOString()}`;
  // It covers the device and is not open: of several clocks one has not come so far, as for a minute after a start.
  return `${id} has not begun by the poller's own highest trusted time: look again in a minute`;
}
