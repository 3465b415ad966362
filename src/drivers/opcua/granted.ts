/** Whether what a server grants in place of what was asked lets us ask at our own pace: ours never follows the server's. */
import { formatDuration } from "../../domain/duration.ts";
import { milliseconds, type Milliseconds } from "../../domain/units.ts";
import type { SessionAsk } from "./methods.ts";
import type { Terms } from "./terms.ts";

/** What CreateSubscription came back with. */
export interface GrantedSubscription {
  readonly revisedPublishingInterval: number;
  readonly revisedMaxKeepAliveCount: number;
  readonly revisedLifetimeCount: number;
}

/** Renewed at three quarters of its life, and then only with the next asking: below this it would run out between two. */
const channelIntervalsMin = 5;
const sessionIntervalsMin = 2;
/** A session of a poller that was killed stays for so long. */
const sessionIntervalsMax = 20;
const sessionMax = 3_600_000;

/** One line for a person, or undefined. @param lifetime in milliseconds, as the server has it */
export function flawOfChannel(lifetime: number, interval: Milliseconds): string | undefined {
  const least = channelIntervalsMin * interval;
  return lifetime >= least ? undefined : unfit("OpenSecureChannel", "a channel for", lifetime, `at least ${words(least)}`);
}

export function flawOfSession(timeout: number, { interval }: { readonly interval: Milliseconds }): string | undefined {
  const [least, most] = [sessionIntervalsMin * interval, Math.max(sessionIntervalsMax * interval, sessionMax)];
  if (timeout >= least && timeout <= most) return undefined;
  return unfit("CreateSession", "a session timeout of", timeout, `${words(least)} to ${words(most)}`);
}

/** The interval from half of what was asked to a tenth more, likewise the keep-alive; a lifetime that outlasts two askings, and ends. */
export function flawOfSubscription(
  granted: GrantedSubscription,
  { interval, terms }: Pick<SessionAsk, "interval" | "terms">,
): string | undefined {
  const asked = (value: number): readonly [number, number] => [value / 2, value * 1.1];
  const period = granted.revisedPublishingInterval * granted.revisedMaxKeepAliveCount;
  return (
    outside("a publishing interval of", granted.revisedPublishingInterval, asked(terms.publishingInterval)) ??
    outside("a keep-alive after", period, asked(keepAlivePeriod(terms))) ??
    outside("a lifetime of", granted.revisedPublishingInterval * granted.revisedLifetimeCount, [2 * interval, 20 * interval])
  );
}

function keepAlivePeriod({ publishingInterval, keepAliveCount }: Terms): number {
  return publishingInterval * keepAliveCount;
}

function outside(what: string, value: number, [least, most]: readonly [number, number]): string | undefined {
  return value >= least && value <= most ? undefined : unfit("CreateSubscription", what, value, `${words(least)} to ${words(most)}`);
}

function unfit(service: string, what: string, value: number, expected: string): string {
  const found = Number.isFinite(value) && value >= 0 ? words(value) : String(value);
  return `${service}: the server grants ${what} ${found}, expected ${expected}; the session is given up`;
}

function words(span: number): string {
  return formatDuration(milliseconds(span));
}
