/** What a simulated OPC UA server does with one service request. */
import { array, type Reader, uint32 } from "./binary.ts";
import { type OpcuaBehaviour, refusal } from "./behaviour.ts";
import type { OpcuaTally } from "./counts.ts";
import {
  activated,
  answered,
  dataValues,
  type EndpointFacts,
  endpoint,
  fault,
  keepAlive,
  readNodes,
  readRequestHeader,
  readSubscriptionWishes,
  serviceIds,
  type ServerState,
  type ServiceName,
  session,
  statusCodes,
  subscription,
  type SubscriptionWishes,
} from "./services.ts";
import type { ServerFacts } from "./server-nodes.ts";
import type { Session, Sessions } from "./sessions.ts";

export interface ServiceHost {
  readonly behaviour: OpcuaBehaviour;
  readonly tally: OpcuaTally;
  readonly endpoint: EndpointFacts;
  readonly sessions: Sessions;
  readonly sessionsMax: number;
  /** What a session's timeout is raised or lowered to. */
  readonly sessionTimeoutMs: { readonly min: number; readonly max: number };
  readonly state: ServerState;
  readonly facts: ServerFacts;
  /** Milliseconds since 1970. */
  nowMs(): number;
}

type Answer = (reply: Buffer) => boolean;
/** A Publish waits for its keep-alive, and silence is no answer either. */
type Served = "answered" | "waits";

interface Request {
  readonly service: ServiceName;
  readonly body: Reader;
  readonly handle: number;
  readonly session: Session | undefined;
  readonly host: ServiceHost;
  readonly answer: Answer;
}

const serviceById: ReadonlyMap<string, ServiceName> = new Map(
  Object.entries(serviceIds).map(([name, id]) => [`i=${id}`, name as ServiceName]),
);
const withoutSession: ReadonlySet<ServiceName> = new Set(["findServers", "getEndpoints", "createSession"]);

export function serve(body: Reader, host: ServiceHost, answer: Answer): Served {
  const service = serviceById.get(body.nodeId());
  const header = readRequestHeader(body);
  const handle = header.requestHandle;
  const refuse = (status: number): Served => {
    answer(fault(handle, status, host.nowMs()));
    return "answered";
  };
  if (service === undefined) {
    host.tally.add("writes");
    return refuse(statusCodes.badServiceUnsupported);
  }
  host.tally.service(service);
  const refused = refusal(host.behaviour, service);
  if (refused !== undefined) return refuse(refused);
  const found = host.sessions.find(header.authenticationToken);
  if (!withoutSession.has(service) && found === undefined) return refuse(statusCodes.badSessionIdInvalid);
  if (!withoutSession.has(service) && service !== "activateSession" && service !== "closeSession" && found?.activated !== true)
    return refuse(statusCodes.badSessionNotActivated);
  if (service === "createSession" && host.sessions.size >= host.sessionsMax) return refuse(statusCodes.badTooManySessions);
  return answerTo({ service, body, handle, session: found, host, answer }) ?? refuse(statusCodes.badServiceUnsupported);
}

/** Undefined where the server does not offer the service. */
function answerTo(request: Request): Served | undefined {
  const { service, body, handle, session: found, host, answer } = request;
  const good = (...parts: readonly Buffer[]): Served => {
    answer(answered(service, handle, host.nowMs(), ...parts));
    return "answered";
  };
  switch (service) {
    case "getEndpoints":
      return good(array([endpoint(host.endpoint)]));
    case "createSession":
      return good(createSession(body, host));
    case "activateSession":
      if (found) found.activated = true;
      return good(activated());
    case "closeSession":
      if (found) host.sessions.close(found);
      return good();
    case "createSubscription":
      return good(createSubscription(body, found, host));
    case "deleteSubscriptions":
      if (found) found.subscription = undefined;
      return good(array([uint32(statusCodes.good)]), array([]));
    case "read":
      return good(dataValues(readNodes(body), host.state, host.nowMs(), host.facts));
    case "publish":
      return publish(request);
    default:
      return undefined;
  }
}

function createSession(body: Reader, host: ServiceHost): Buffer {
  // Client description, server URI, endpoint URL, session name, nonce and certificate stand before the wanted timeout.
  body.text();
  body.text();
  const named = body.byte();
  for (const bit of [1, 2]) if ((named & bit) !== 0) body.text();
  body.uint32();
  body.text();
  body.text();
  for (let left = arrayLength(body.uint32()); left > 0; left -= 1) body.text();
  for (let left = 5; left > 0; left -= 1) body.bytes();
  const wantedMs = body.double();
  const { min, max } = host.sessionTimeoutMs;
  const timeoutMs = Math.min(max, Math.max(min, wantedMs));
  const made = host.sessions.create(timeoutMs);
  return session({ sessionId: made.id, token: made.id, timeoutMs }, host.endpoint);
}

function createSubscription(body: Reader, found: Session | undefined, { behaviour }: ServiceHost): Buffer {
  const wishes = readSubscriptionWishes(body);
  const impatient = typeof behaviour === "object" && behaviour.kind === "impatient";
  const revised: SubscriptionWishes = {
    publishingIntervalMs: impatient ? behaviour.publishingIntervalMs : Math.max(10, wishes.publishingIntervalMs),
    keepAliveCount: impatient ? 1 : Math.max(1, wishes.keepAliveCount),
    lifetimeCount: Math.max(wishes.lifetimeCount, 3 * Math.max(1, wishes.keepAliveCount)),
  };
  const id = 1;
  found?.subscribe(id, revised);
  return subscription(id, revised);
}

function publish({ session: found, handle, host, answer }: Request): Served {
  const to = found?.subscription;
  const nowMs = host.nowMs();
  if (to === undefined) {
    answer(fault(handle, statusCodes.badNoSubscription, nowMs));
    return "answered";
  }
  if (host.behaviour === "silent-publish") return "waits";
  const times = host.behaviour === "unasked-publish" ? 2 : 1;
  to.publish((id) => {
    const reply = answered("publish", handle, host.nowMs(), keepAlive(id, host.nowMs()));
    return Array.from({ length: times }, () => answer(reply)).every(Boolean);
  });
  return "waits";
}

/** -1 is a null array. */
function arrayLength(length: number): number {
  if (length === 0xffff_ffff) return 0;
  if (length > 100) throw new RangeError(`an array of ${length}`);
  return length;
}

/** What stands in a server's endpoints when it has no certificate. */
export function plainEndpoint(endpointUrl: string, name: string): EndpointFacts {
  return { endpointUrl, applicationUri: `urn:watchkeeper:simulator:${name}`, applicationName: name, certificate: undefined };
}
