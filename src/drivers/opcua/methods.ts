/** The pure half of OPC UA: what may be asked, and what a kept session agrees with its server. */
import type { Method, MethodInput } from "../../domain/driver.ts";
import { formatDuration } from "../../domain/duration.ts";
import { limits } from "../../domain/limits.ts";
import type { Allowance } from "../../domain/plan.ts";
import { milliseconds, seconds, type Milliseconds } from "../../domain/units.ts";
import { allowance, clearTemplate, helloTemplate, type Endpoint } from "./templates.ts";

/** HEL and ACK, and nothing more: no channel, no session, no cryptography. */
export interface HelloAsk {
  readonly what: "hello";
  readonly endpoint: Endpoint | undefined;
}

/** One Publish an asking, on a subscription without monitored items. */
export interface KeepaliveAsk {
  readonly what: "keepalive";
  readonly endpoint: Endpoint | undefined;
  readonly interval: Milliseconds;
  readonly terms: Terms;
}

export type OpcuaAsk = HelloAsk | KeepaliveAsk;

/** What is asked of a server when a session begins; what it grants instead must lie within `granted.ts`. */
export interface Terms {
  readonly channelLifetime: Milliseconds;
  readonly sessionTimeout: Milliseconds;
  readonly publishingInterval: Milliseconds;
  readonly keepAliveCount: number;
  readonly lifetimeCount: number;
}

const port = 4840;
const nothing: Allowance = allowance(0, []);

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

const helloMethod: Method<HelloAsk> = {
  id: "opcua-hello",
  protocol: "opcua",
  transport: "tcp",
  defaultPort: port,
  proves: "comms-module",
  connection: "fresh",
  parse(input) {
    const problems = strayProblems(input);
    return problems.length > 0 ? { problems } : { ask: Object.freeze({ what: "hello", endpoint: input.endpoint }) };
  },
  opening: () => allowance(1, []),
  asking: ({ endpoint }) => allowance(0, [helloTemplate(endpoint)]),
  closing: () => nothing,
  describe: () => "HEL and its ACK, no channel and no session",
};

const keepaliveMethod: Method<KeepaliveAsk> = {
  id: "opcua-keepalive",
  protocol: "opcua",
  transport: "tcp",
  defaultPort: port,
  proves: "comms-module",
  connection: "kept",
  parse(input) {
    const problems = strayProblems(input);
    if (problems.length > 0) return { problems };
    const interval = input.interval ?? limits.intervalDefault;
    return { ask: Object.freeze({ what: "keepalive", endpoint: input.endpoint, interval, terms: termsFor(interval) }) };
  },
  opening: ({ endpoint }) =>
    allowance(1, [
      helloTemplate(endpoint),
      clearTemplate("opcua-open-channel"),
      clearTemplate("opcua-create-session"),
      clearTemplate("opcua-activate-session"),
      clearTemplate("opcua-create-subscription"),
    ]),
  asking: () => allowance(0, [clearTemplate("opcua-open-channel"), clearTemplate("opcua-publish")]),
  closing: () => allowance(0, [clearTemplate("opcua-close-session"), clearTemplate("opcua-close-channel")]),
  answerWithin: ({ interval }) => keepaliveWithin(interval),
  describe({ terms }) {
    const { publishingInterval, keepAliveCount } = terms;
    const period = formatDuration(milliseconds(publishingInterval * keepAliveCount));
    return `once: HEL, OpenSecureChannel, CreateSession, ActivateSession (anonymous), CreateSubscription without monitored items (publishing every ${formatDuration(publishingInterval)}, a keep-alive after ${period}); then one Publish each time, with OpenSecureChannel again where the channel must be renewed; at the end CloseSession, CloseSecureChannel; security None`;
  },
};

export const opcuaMethods: readonly Method<OpcuaAsk>[] = [helloMethod, keepaliveMethod];

function strayProblems({ unitId, register }: MethodInput): string[] {
  return [
    ...(unitId === undefined ? [] : [`unitId: found ${unitId}, expected none: OPC UA has no units`]),
    ...(register === undefined ? [] : ["register: found one, expected none: OPC UA has no registers"]),
  ];
}
