/** What a kept session asks of its server, so that neither sets the other's pace. */
import { milliseconds, seconds, type Milliseconds } from "../../domain/units.ts";

/** What the server grants instead must lie within what granted.ts says. */
export interface Terms {
  readonly channelLifetime: Milliseconds;
  readonly sessionTimeout: Milliseconds;
  readonly publishingInterval: Milliseconds;
  readonly keepAliveCount: number;
  readonly lifetimeCount: number;
}

/** A server that publishes more rarely than this is asked for; many take no more. */
const publishingIntervalMax = seconds(60);
const channelLifetimeMin = seconds(3600);
/** Of a check's interval: a keep-alive is due by then, so that the exchange is over before the next slot even where the server is slow. */
const keepAliveShare = 0.75;
const keepAlivesPerPublishing = 3;

/**
 * Worked example, every 60 s: a publishing interval of 15 s and a keep-alive with every third, so every 45 s. The server's own clock runs
 * freely. Publish leaves every 60.1 s; the first waits up to 15 s, each later one finds a keep-alive that was due while no Publish was
 * there, and the server answers at once (Part 4, 5.13.1.2, state LATE). A server whose publishing stands still answers neither. Its
 * session lives for 4 min, its subscription for 16 publishing intervals: a poller that was killed leaves neither behind for long.
 */
export function termsFor(interval: Milliseconds): Terms {
  const keepAlive = interval * keepAliveShare;
  const publishingInterval = Math.min(keepAlive / keepAlivesPerPublishing, publishingIntervalMax);
  return Object.freeze({
    channelLifetime: milliseconds(Math.max(12 * interval, channelLifetimeMin)),
    sessionTimeout: milliseconds(4 * interval),
    publishingInterval: milliseconds(publishingInterval),
    keepAliveCount: Math.floor(keepAlive / publishingInterval),
    lifetimeCount: Math.ceil((4 * interval) / publishingInterval),
  });
}

/** One keep-alive period and 5 s, and always less than an interval: no slot is lost to a server that does not answer. */
export function keepaliveWithin(interval: Milliseconds): Milliseconds {
  return milliseconds(Math.min(interval * keepAliveShare * 1.1 + 5000, interval * 0.95));
}
