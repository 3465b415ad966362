/** Maintenance windows: three kinds that are never mixed up, each of one scope, with an owner and an end. */
import { formatDuration } from "./duration.ts";
import { instantWords } from "./instant.ts";
import { windowAheadMax, windowLongest } from "./limits.ts";
import { isScope, scopesOver, type Scope } from "./outcome.ts";
import type { DeviceId, PlannedDevice } from "./plan.ts";
import { milliseconds, type Milliseconds, type WallMs } from "./units.ts";

/** What each kind does, in words for a person. */
export const windowKinds = {
  pause: "nothing is asked, kept connections are given back before it begins; passive sources go on",
  mute: "everything is asked as always, alarms are marked muted",
  "deep-query": "a person may ask more than the schedule does, with `watchkeeper deep-query`; the schedule goes on",
} as const;
export type WindowKind = keyof typeof windowKinds;

/** A trip's scopes, and a zone. */
export type WindowScope = Scope | `zone:${string}`;

export interface Window {
  /** `w1`, `w2` and so on, of a site never twice. */
  readonly id: string;
  readonly kind: WindowKind;
  readonly scope: WindowScope;
  /**
   * What its scope covered: of a pause when it was opened or extended, and a zone, segment or family of another name later ends it for none
   * of these; of a deep query when it was opened, and it never covers another.
   */
  readonly devices?: readonly DeviceId[];
  /** Where these stood: another name of a device ends no pause, and leads no deep query elsewhere. */
  readonly places?: readonly string[];
  /** Of these devices and places, those that a pause has come to cover after it had begun, and since when. */
  readonly since?: Readonly<Record<string, WallMs>>;
  readonly from: WallMs;
  /** The first moment after it. */
  readonly until: WallMs;
  /** East of UTC: how the person who opened it reads a clock. */
  readonly offsetMinutes: number;
  readonly by: string;
  readonly reason: string;
  /** Of the owner's management of change. */
  readonly change?: string;
}

/** How far a pause is from a device: one that has begun begins in 0 ms. */
export interface PauseAhead {
  readonly beginsIn: Milliseconds;
  readonly endsIn: Milliseconds;
}

/** Whether a deep query may ask a device, and for how long still: `elsewhere` where a window is open that does not cover it. */
export type DeepQueryLeave =
  | { readonly leave: "open"; readonly endsIn: Milliseconds }
  | { readonly leave: "elsewhere" }
  | { readonly leave: "none" };

/** What happened to a window. */
export const windowChanges = ["opened", "extended", "began", "ended", "closed"] as const;
export type WindowChange = (typeof windowChanges)[number];

/** False of a bare id. */
export function isWindowScope(text: string): text is WindowScope {
  return isScope(text) || /^zone:./u.test(text);
}

export function isWindowKind(text: string): text is WindowKind {
  return Object.hasOwn(windowKinds, text);
}

/**
 * A pause of one address covers the hardware's others: it is the hardware that is to rest. A mute or a deep query covers what it names.
 * Where names move, a pause covers what one of scope, name and place still says, and a deep query only what all of them say.
 */
export function covers(
  { kind, scope, devices, places }: Pick<Window, "kind" | "scope" | "devices" | "places">,
  device: Pick<PlannedDevice, "id" | "segment" | "zone" | "profile" | "hardware" | "places">,
): boolean {
  const { id, segment, zone, profile, hardware = [], places: standsAt = [] } = device;
  const scopes: readonly WindowScope[] = scopesOver({ id, segment, profile, hardware: kind === "pause" ? hardware : [] });
  const named = scope === `zone:${zone}` || scopes.includes(scope);
  if (kind === "deep-query")
    return named && devices?.includes(id) !== false && standsAt.every((place) => places?.includes(place) !== false);
  return named || devices?.includes(id) === true || standsAt.some((place) => places?.includes(place) === true);
}

/** One line, or undefined when the times are possible. `now` is the time by which windows are judged. */
export function problemWithTimes(window: Pick<Window, "kind" | "from" | "until" | "offsetMinutes">, now: WallMs): string | undefined {
  const { kind, from, until, offsetMinutes } = window;
  const words = (at: WallMs): string => instantWords(at, offsetMinutes);
  if (until <= now) return `found the end ${words(until)}, which is past, expected one after ${words(now)}`;
  if (until <= from) return `found the end ${words(until)}, which is not after the beginning ${words(from)}, expected a later one`;
  if (from - now > windowAheadMax)
    return `found the beginning ${words(from)}, expected one within ${formatDuration(windowAheadMax)}: plan it again when it is nearer`;
  const longest = windowLongest[kind];
  const span = milliseconds(until - Math.max(from, now));
  if (span <= longest) return undefined;
  return `found ${formatDuration(span)} from ${from > now ? "its beginning" : "now"} to its end, expected at most ${formatDuration(longest)} of a ${kind} window: a person may extend it later`;
}

/** One line with everything that an audit wants to know of it. */
export function windowInWords({ id, kind, scope, from, until, offsetMinutes, by, reason, change }: Window): string {
  const reference = change === undefined ? "" : `, change ${change}`;
  return `${id}: ${kind} of ${scope} from ${instantWords(from, offsetMinutes)} until ${instantWords(until, offsetMinutes)}, by ${by}: ${reason}${reference}`;
}
