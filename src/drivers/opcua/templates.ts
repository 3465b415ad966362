/** The messages of OPC UA as frame templates: how each begins, and how long it may be. */
import { opcuaServerNodes } from "../../domain/opcua.ts";
import type { Allowance } from "../../domain/plan.ts";
import type { ChannelSecurity, SecurityPolicy } from "../../domain/security.ts";
import { frameTemplate, longest, openEndedTemplate, type FrameTemplate } from "../../domain/template.ts";

/** What HEL says of our side (Part 6, 7.1.2.3): a chunk, a message, and how many chunks a message may have. The wire holds servers to it. */
export const helloLimits = {
  receiveBufferSize: 65_536,
  sendBufferSize: 65_536,
  maxMessageSize: 65_536,
  maxChunkCount: 64,
} as const;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** `/UA/Server`, where the server knows itself by a path too; absent: it has none. */
  readonly path?: string;
}

/** Only ever this address: what a server calls its endpoints is not looked at. */
export function endpointUrl({ address, port, path = "" }: Endpoint): string {
  return `opc.tcp://${address.includes(":") ? `[${address}]` : address}:${port}${path}`;
}

/** Where a wire leads, with the path that the plan has. */
export function urlOver({ target: { address, port } }: { readonly target: Endpoint }, planned: Endpoint | undefined): string {
  return endpointUrl({ address, port, ...(planned?.path !== undefined && { path: planned.path }) });
}

const securityPolicies = "http://opcfoundation.org/UA/SecurityPolicy#";
/** Binary encoding ids of the requests (Part 6, annex A). */
const typeIds = {
  "opcua-open-channel": 446,
  "opcua-close-channel": 452,
  "opcua-get-endpoints": 428,
  "opcua-create-session": 461,
  "opcua-activate-session": 467,
  "opcua-close-session": 473,
  "opcua-read": 631,
  "opcua-read-server": 631,
  "opcua-create-subscription": 787,
  "opcua-publish": 826,
} as const;
export type Service = keyof typeof typeIds;
/** Of a session's handle beyond the two bytes that it has at least. */
const handleBytesMax = 147;
/** Whole frames, in bytes: what the library makes of them, measured, with room for longer addresses and tokens. */
const lengthsMax: Readonly<Record<Service, number>> = {
  "opcua-open-channel": 256,
  "opcua-close-channel": 256,
  "opcua-get-endpoints": 512,
  "opcua-create-session": 1024,
  "opcua-activate-session": 512,
  "opcua-close-session": 256,
  "opcua-read": 256,
  "opcua-read-server": readServerBytes(opcuaServerNodes.length) + handleBytesMax,
  "opcua-create-subscription": 256,
  "opcua-publish": 256,
};
/** On top of these, with security: a certificate, a nonce, signatures of keys of up to 4096 bits, a user's certificate. */
const securedBytesMax: Readonly<Partial<Record<Service, number>>> = { "opcua-create-session": 3072, "opcua-activate-session": 4096 };
/** HMAC-SHA256 and the padding of AES. */
const signatureBytesMax = 64;
const openSecuredBytesMax = 4096;
/** Longer than every address with its port, and than an IPv4 address with a path of 33 bytes: a HEL is approved with no more. */
export const urlBytesMax = 64;

/** HEL is known to the last byte once it is known where it goes. */
export function helloTemplate(endpoint: Endpoint | undefined): FrameTemplate {
  const { receiveBufferSize, sendBufferSize, maxMessageSize, maxChunkCount } = helloLimits;
  const limits = [0, receiveBufferSize, sendBufferSize, maxMessageSize, maxChunkCount].flatMap(uint32);
  if (endpoint === undefined) {
    const begins = [...ascii("HELF"), 0, 0, 0, 0, ...limits, 0, 0, 0, 0, ...ascii("opc.tcp://")];
    const mask = masked(begins.length, [4, 4], [28, 4]);
    return openEndedTemplate("opcua-hello", Uint8Array.from(begins), mask, 32 + urlBytesMax);
  }
  const url = ascii(endpointUrl(endpoint));
  const bytes = [...ascii("HELF"), ...uint32(32 + url.length), ...limits, ...uint32(url.length), ...url];
  return frameTemplate("opcua-hello", Uint8Array.from(bytes), masked(bytes.length));
}

/** A message of a channel without security (absent), a signed or an encrypted one. */
export function messageTemplate(service: Service, security?: ChannelSecurity): FrameTemplate {
  if (service === "opcua-open-channel") return openTemplate(security?.policy);
  const type = ascii(service === "opcua-close-channel" ? "CLOF" : "MSGF");
  if (security?.mode === "SignAndEncrypt") return encryptedTemplate(service, type);
  const bytes = [...type, ...Array.from<number>({ length: 20 }).fill(0), ...typeId(service)];
  const most = lengthsMax[service] + (security === undefined ? 0 : (securedBytesMax[service] ?? signatureBytesMax));
  return openEndedTemplate(service, Uint8Array.from(bytes), masked(bytes.length, [4, 20]), most);
}

/** Nothing but its kind can be seen of it. */
function encryptedTemplate(service: Service, type: readonly number[]): FrameTemplate {
  const operation = service === "opcua-close-channel" ? service : "opcua-secured-message";
  const most = lengthsMax[service] + (securedBytesMax[service] ?? signatureBytesMax);
  return openEndedTemplate(operation, Uint8Array.from(type), masked(type.length), most);
}

/** The first and the renewed. Without security: neither certificate nor thumbprint. With it: the poller's certificate, and an encrypted body. */
function openTemplate(name: SecurityPolicy | undefined): FrameTemplate {
  const policy = ascii(`${securityPolicies}${name ?? "None"}`);
  const uri = [...ascii("OPNF"), 0, 0, 0, 0, 0, 0, 0, 0, ...uint32(policy.length), ...policy];
  if (name !== undefined)
    return openEndedTemplate("opcua-open-channel", Uint8Array.from(uri), masked(uri.length, [4, 8]), openSecuredBytesMax);
  const bytes = [...uri, ...none, ...none, 0, 0, 0, 0, 0, 0, 0, 0, ...typeId("opcua-open-channel")];
  const mask = masked(bytes.length, [4, 8], [uri.length + none.length * 2, 8]);
  return openEndedTemplate("opcua-open-channel", Uint8Array.from(bytes), mask, lengthsMax["opcua-open-channel"]);
}

/** So many nodes of the list, asked for in one request: as long as they make it, but for the session's handle and what security adds. */
export function readServerTemplate(nodes: number, security?: ChannelSecurity): FrameTemplate {
  const { operation, bytes, mask, lengthMax } = messageTemplate("opcua-read-server", security);
  const least = readServerBytes(nodes);
  const lengthened = (part: Uint8Array): Uint8Array => Uint8Array.from({ length: least }, (_, at) => part[at] ?? 0);
  const most = lengthMax! - readServerBytes(opcuaServerNodes.length) + least;
  return openEndedTemplate(operation, lengthened(bytes), lengthened(mask), most);
}

/** The whole frame without security and with the shortest handle: header 28, request header 29, 16 before the nodes, 18 a node. */
function readServerBytes(nodes: number): number {
  return 73 + 18 * nodes;
}

/** One request for each template. */
export function allowance(connectionsMax: 0 | 1, templates: readonly FrameTemplate[]): Allowance {
  const bytesMax = templates.reduce((sum, template) => sum + longest(template), 0);
  return Object.freeze({ connectionsMax, requestsMax: templates.length, bytesMax, templates: Object.freeze(templates) });
}

const none = [0xff, 0xff, 0xff, 0xff];

/** A node id of namespace 0 in its four-byte form. */
function typeId(service: Service): number[] {
  const id = typeIds[service];
  return [1, 0, id & 0xff, id >> 8];
}

function uint32(value: number): number[] {
  return [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

function masked(length: number, ...free: readonly (readonly [from: number, count: number])[]): Uint8Array {
  const mask = new Uint8Array(length).fill(0xff);
  for (const [from, count] of free) mask.fill(0x00, from, from + count);
  return mask;
}
