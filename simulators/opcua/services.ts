/** The services of a heartbeat as bytes: what a request asks, and what each answer looks like (OPC 10000-4, 5 and OPC 10000-6, 5.2). */
import { serverValue, type ServerFacts } from "./server-nodes.ts";
import { array, bytes, dateTime, double, localizedText, nodeId, type Reader, text, uint32 } from "./binary.ts";

/** Numeric ids of the binary encodings (OPC 10000-6, A.3). */
export const serviceIds = {
  serviceFault: 397,
  findServers: 422,
  getEndpoints: 428,
  openChannel: 446,
  closeChannel: 452,
  createSession: 461,
  activateSession: 467,
  closeSession: 473,
  read: 631,
  createSubscription: 787,
  deleteSubscriptions: 847,
  publish: 826,
} as const;

export type ServiceName = keyof typeof serviceIds;

/** A response stands three behind its request in all of these. */
const responseOf = (service: ServiceName): number => serviceIds[service] + 3;

export const statusCodes = {
  good: 0,
  badTimeout: 0x800a_0000,
  badServiceUnsupported: 0x800b_0000,
  badSessionIdInvalid: 0x8025_0000,
  badSessionNotActivated: 0x8027_0000,
  badNodeIdUnknown: 0x8034_0000,
  badTooManySessions: 0x8056_0000,
  badTooManyOperations: 0x8010_0000,
  badTooManyPublishRequests: 0x8078_0000,
  badNoSubscription: 0x8079_0000,
  badTcpServerTooBusy: 0x807d_0000,
  badTcpEndpointUrlInvalid: 0x8083_0000,
} as const;

/** ServerState (OPC 10000-5, 12.6). */
export const serverStates = {
  running: 0,
  failed: 1,
  noConfiguration: 2,
  suspended: 3,
  shutdown: 4,
  test: 5,
  communicationFault: 6,
  unknown: 7,
} as const;

export type ServerState = keyof typeof serverStates;

export interface RequestHeader {
  /** Of the session; `i=0` before there is one. */
  readonly authenticationToken: string;
  readonly requestHandle: number;
}

export function readRequestHeader(body: Reader): RequestHeader {
  const authenticationToken = body.nodeId();
  body.skip(8);
  const requestHandle = body.uint32();
  body.skip(4);
  body.text();
  body.skip(4);
  body.extensionObject();
  return { authenticationToken, requestHandle };
}

/** Type and header of a response. @param nowMs milliseconds since 1970 */
export function answered(service: ServiceName, requestHandle: number, nowMs: number, ...parts: readonly Buffer[]): Buffer {
  return response(responseOf(service), requestHandle, statusCodes.good, nowMs, parts);
}

export function fault(requestHandle: number, status: number, nowMs: number): Buffer {
  return response(serviceIds.serviceFault, requestHandle, status, nowMs, []);
}

function response(type: number, requestHandle: number, status: number, nowMs: number, parts: readonly Buffer[]): Buffer {
  const noDiagnostics = bytes(0);
  const noStrings = uint32(0xffff_ffff);
  const nothingMore = bytes(0, 0, 0);
  return Buffer.concat([nodeId(type), dateTime(nowMs), uint32(requestHandle, status), noDiagnostics, noStrings, nothingMore, ...parts]);
}

/** Behind the header of an OpenSecureChannelResponse: version, token, nonce. */
export function channelToken(channelId: number, tokenId: number, lifetimeMs: number, nowMs: number): Buffer {
  return Buffer.concat([uint32(0, channelId, tokenId), dateTime(nowMs), uint32(lifetimeMs), text(Buffer.alloc(0))]);
}

export interface EndpointFacts {
  readonly endpointUrl: string;
  readonly applicationUri: string;
  readonly applicationName: string;
  /** DER; none where the server has none. */
  readonly certificate: Buffer | undefined;
}

/** Security None, anonymous users. */
export function endpoint({ endpointUrl, applicationUri, applicationName, certificate }: EndpointFacts): Buffer {
  const anonymous = Buffer.concat([text("anonymous"), uint32(0), text(), text(), text()]);
  return Buffer.concat([
    text(endpointUrl),
    applicationDescription(endpointUrl, applicationUri, applicationName),
    text(certificate),
    uint32(1),
    text("http://opcfoundation.org/UA/SecurityPolicy#None"),
    array([anonymous]),
    text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"),
    bytes(0),
  ]);
}

export interface SessionFacts {
  readonly sessionId: number;
  readonly token: number;
  readonly timeoutMs: number;
}

export function session({ sessionId, token, timeoutMs }: SessionFacts, facts: EndpointFacts): Buffer {
  const noSignature = Buffer.concat([text(), text()]);
  return Buffer.concat([
    nodeId(sessionId, 1),
    nodeId(token, 1),
    double(timeoutMs),
    text(Buffer.alloc(32, 7)),
    text(facts.certificate),
    array([endpoint(facts)]),
    array([]),
    noSignature,
    uint32(0),
  ]);
}

export function activated(): Buffer {
  return Buffer.concat([text(Buffer.alloc(32, 9)), array([]), array([])]);
}

export interface SubscriptionWishes {
  readonly publishingIntervalMs: number;
  readonly lifetimeCount: number;
  readonly keepAliveCount: number;
}

export function readSubscriptionWishes(body: Reader): SubscriptionWishes {
  return { publishingIntervalMs: body.double(), lifetimeCount: body.uint32(), keepAliveCount: body.uint32() };
}

export function subscription(id: number, { publishingIntervalMs, lifetimeCount, keepAliveCount }: SubscriptionWishes): Buffer {
  return Buffer.concat([uint32(id), double(publishingIntervalMs), uint32(lifetimeCount, keepAliveCount)]);
}

/** A keep-alive: the number of the next notification, and no notification. */
export function keepAlive(subscriptionId: number, nowMs: number): Buffer {
  return Buffer.concat([uint32(subscriptionId), array([]), bytes(0), uint32(1), dateTime(nowMs), array([]), array([]), array([])]);
}

/** The nodes that are asked for, as text; the attribute is taken to be the value. */
export function readNodes(body: Reader): readonly string[] {
  body.skip(8 + 4);
  return Array.from({ length: Math.min(body.uint32(), 100) }, () => {
    const node = body.nodeId();
    body.skip(4);
    body.text();
    body.skip(2);
    body.text();
    return node;
  });
}

export const nodes = { serverStatus: "i=2256", currentTime: "i=2258", state: "i=2259" } as const;

export function dataValues(wanted: readonly string[], state: ServerState, nowMs: number, facts: ServerFacts): Buffer {
  return Buffer.concat([array(wanted.map((node) => dataValue(node, state, nowMs, facts))), array([])]);
}

/** Value with a server timestamp, or a bad status alone. */
function dataValue(node: string, state: ServerState, nowMs: number, facts: ServerFacts): Buffer {
  const stamped = (value: Buffer): Buffer => Buffer.concat([bytes(0x09), value, dateTime(nowMs)]);
  if (node === nodes.state) return stamped(Buffer.concat([bytes(6), uint32(serverStates[state])]));
  if (node === nodes.currentTime) return stamped(Buffer.concat([bytes(13), dateTime(nowMs)]));
  const value = serverValue(node, facts);
  if (value !== undefined) return stamped(value);
  return Buffer.concat([bytes(0x02), uint32(statusCodes.badNodeIdUnknown)]);
}

function applicationDescription(endpointUrl: string, applicationUri: string, applicationName: string): Buffer {
  const server = 0;
  const names = [text(applicationUri), text("urn:watchkeeper:simulator"), localizedText(applicationName)];
  return Buffer.concat([...names, uint32(server), text(), text(), array([text(endpointUrl)])]);
}
