/** Why a deep query may not begin, everything at once and device by device: nothing is sent to find out. */
import { nothingAgreed, readsInVain } from "../domain/deep-agreed.ts";
import { notAcknowledged } from "../domain/deep-control.ts";
import { formatDuration } from "../domain/duration.ts";
import { instantWords } from "../domain/instant.ts";
import { deepQueryDevicesMax } from "../domain/limits.ts";
import { scopesOver, type Trip } from "../domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice } from "../domain/plan.ts";
import { passingReasons, standingReasons } from "../domain/reasons.ts";
import { milliseconds, type WallMs } from "../domain/units.ts";
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
  readonly trips: readonly Trip[];
  /** Whether a heartbeat of the device was asked since the poller started, or took the device over. */
  readonly beaten: (device: PlannedDevice) => boolean;
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

const neverAsked: ReadonlySet<PlannedDevice["function"]> = new Set<PlannedDevice["function"]>(["safety", "protection", "navigation"]);

function deviceObjections(id: DeviceId, request: DeepRequest): readonly string[] {
  const { plan } = request;
  const device = plan.devices.get(id);
  if (!device) return [`${id}: found no such device in the watchlist`];
  if (neverAsked.has(device.function)) return [`${id}: safety_function: it is ${device.function}; ${standingReasons.safety_function}`];
  const deep = [...plan.deep.values()].some((check) => check.device === id);
  const refusals = [...plan.deepRefused.values()].filter((refusal) => refusal.device === id);
  if (deep) return [...windowObjection(device, request), ...unwellObjection(device, request)];
  const [first] = refusals;
  if (first) return [`${id}: ${first.reason} (${standingReasons[first.reason]}): ${first.detail}`];
  const beat = [...plan.refused.values()].find((refusal) => refusal.device === id);
  if (beat && device.checks.length === 0) return [`${id}: ${beat.reason} (${standingReasons[beat.reason]}): ${beat.detail}`];
  return [nothingAgreed(plan, device)];
}

/** What the gate would refuse in any case, or nobody could judge what a deep query does to it by. */
function unwellObjection(device: PlannedDevice, { beaten, plan, trips }: DeepRequest): readonly string[] {
  const { id } = device;
  const scopes = scopesOver(device);
  const trip = trips.find(({ scope }) => scopes.includes(scope));
  if (trip)
    return [
      `${id}: tripped: ${trip.scope}, ${trip.cause}: ${trip.detail}; when you have looked, \`watchkeeper reset\`, and wait for a heartbeat`,
    ];
  if (beaten(device)) return [];
  const every = Math.min(...device.checks.flatMap((check) => plan.checks.get(check)?.interval ?? []));
  return [
    `${id}: its heartbeat was not asked yet since the poller started or took it over: begin again when it was (every ${formatDuration(milliseconds(every))})`,
  ];
}

/** What the site has agreed to and something else stands against, one line for each device and cause: the run goes on without it. */
export function leftOut(plan: Plan, devices: readonly PlannedDevice[]): readonly string[] {
  return devices.flatMap((device) => {
    const refusals = [...plan.deepRefused.values()].filter((refusal) => refusal.device === device.id);
    const refused = [...Map.groupBy(refusals, ({ detail }) => detail)].map(([detail, [first, ...more]]) => {
      const checks = `${first!.check}${more.length === 0 ? "" : ` and ${more.length} more`}`;
      return `${checks}: ${first!.reason}: ${detail}`;
    });
    return [...refused, ...readsInVain(plan, device)];
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
  const coming = own.some(({ window, open }) => !open && window.kind === "deep-query");
  const command = `watchkeeper window open --kind deep-query --scope device:${device.id} --for 2h …`;
  return [
    `${device.id}: ${reason}: ${passingReasons[reason]}${words}: ${coming ? "wait for that, or open another" : "open one"} (${command})`,
  ];
}

/** Of one that is open and does not cover the device. */
function otherWords({ id, kind, scope }: Window, device: PlannedDevice): string {
  // Without what it covered when it was opened: by its scope alone.
  if (!covers({ kind, scope }, device)) return `${id} covers ${scope}`;
  return `${id} covers what stood under ${scope} when it was opened, and this device was not there, or not by that name`;
}

function ownWords({ id, kind, from, offsetMinutes }: Window, now: WallMs): string {
  if (kind !== "deep-query") return `${id} is a ${kind}, which lets nothing more be asked`;
  if (from > now) return `${id} begins at ${instantWords(from, offsetMinutes)}`;
  // It covers the device and is not open: of several clocks one has not come so far, as for a minute after a start.
  return `${id} has not begun, as the poller does not trust its clock yet: that takes a minute after a start`;
}
