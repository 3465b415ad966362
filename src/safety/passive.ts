/** What may be concluded from a voice or a link report that nobody asked for: how long it withholds a check, and when it is no evidence at all. Pure; sources come later. */
import { linkDownWithholdsMax, passiveStretchMax, passiveStretchTimes } from "../domain/limits.ts";
import { after, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/** Something that was heard, as a sensor or a trap receiver saw it. */
export interface Heard {
  /** The frame's own source, in lower case. */
  readonly mac: string;
  /** The switch port it came in by, where the source knows it: `sw-1/5`. */
  readonly port: string | undefined;
  readonly broadcast: boolean;
}

/** What the watchlist says of the device: without a MAC address nothing can be its voice. */
export interface Voice {
  readonly macs: readonly string[];
  /** As `sw-1/5`; empty where the watchlist does not say. */
  readonly ports: readonly string[];
}

/** Only the device's own MAC by its own port; never a broadcast, which anybody repeats; never our own echo. */
export function isItsVoice({ mac, port, broadcast }: Heard, { macs, ports }: Voice, own: ReadonlySet<string>): boolean {
  if (broadcast || own.has(mac) || !macs.includes(mac)) return false;
  return port === undefined || ports.length === 0 || ports.includes(port);
}

/**
 * Until when a voice makes asking needless, at most. Worked example: at 60 s and heard all the time, the device is asked once in 10 min; at
 * 600 s once an hour.
 */
export function heardWithholdsAtMost(askedAt: MonotonicMs, interval: Milliseconds): MonotonicMs {
  const stretched = Math.min(passiveStretchTimes * interval, passiveStretchMax);
  return after(askedAt, milliseconds(Math.max(interval, stretched)));
}

/** Until when a report that the link is down withholds: then the device is asked once, whatever is reported meanwhile. */
export function linkDownWithholds(reportedAt: MonotonicMs, authenticated: boolean, interval: Milliseconds): MonotonicMs {
  return after(reportedAt, authenticated ? linkDownWithholdsMax : interval);
}

/** However often a link is reported down, somebody who reports it for ever does not silence the watch. */
export function linkWithholdsAtMost(askedAt: MonotonicMs, interval: Milliseconds): MonotonicMs {
  return after(askedAt, milliseconds(interval + linkDownWithholdsMax));
}

/**
 * What a linkDown or linkUp notification says (RFC 2863). Its ifOperStatus is not looked at: agents send the state before or after the
 * change, as they like. A port that somebody has switched off is no fault.
 */
export function linkSays(notification: "linkDown" | "linkUp", adminStatus: "up" | "down" | "testing"): "up" | "down" | "switched off" {
  if (notification === "linkUp") return "up";
  return adminStatus === "down" ? "switched off" : "down";
}
