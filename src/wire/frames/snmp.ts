/** Reads SNMP messages in both directions; lets out nothing but v2c requests of named objects, v3 engine discovery, and encrypted v3 requests of bounded size. */
import type { Operation } from "../../domain/operations.ts";
import type { FramePolicy } from "../../domain/wire.ts";
import { contentOf, elementAt, elementsIn, integerOf, tags, type Element } from "./ber.ts";
import { isNamed, isNextEntry } from "./snmp-objects.ts";

/** RFC 3417, 3.2.1 asks for 484 at least; a reply with a description of 255 characters and 16 ports stays far below this. */
const messageBytesMax = 2048;
/** As long as a v3 request of ours can be: 16 ports, an engine id of 32 bytes, a user's name of 32. */
const requestBytesMax = 700;
const variablesMax = 20;
const communityBytesMax = 64;

/** One datagram is one message, from its first byte to its last. */
export const snmpPolicy: FramePolicy = {
  protocol: "snmp",
  inboundBytesMax: messageBytesMax,
  frameLength(buffered) {
    if (buffered.length > messageBytesMax || (buffered.length > 0 && buffered[0] !== tags.sequence)) return "malformed";
    const whole = elementAt(buffered, 0, buffered.length);
    if (whole === undefined) return 0;
    return messageIn(buffered.subarray(0, whole.to)) === undefined ? "malformed" : whole.to;
  },
  operation(frame): Operation | undefined {
    const message = frame.length <= requestBytesMax ? messageIn(frame) : undefined;
    if (message === undefined) return undefined;
    if (message.version === 1) return reads(frame, message);
    if (message.flags === discoveryFlags) return isDiscovery(frame, message) ? "snmp-discover-engine" : undefined;
    return message.flags === authPrivFlags && isSealed(frame, message) ? "snmp-get" : undefined;
  },
  unanswered: new Set<Operation>(),
  answers(request, reply) {
    const [asked, said] = [messageIn(request), messageIn(reply)];
    if (asked === undefined || said === undefined || asked.version !== said.version || asked.id !== said.id) return false;
    if (said.version === 3) return isSealedOrReport(reply, said);
    if (asked.version !== 1) return false;
    return said.pdu.tag === tags.response && same(contentOf(request, asked.community), contentOf(reply, said.community));
  },
};

interface CommunityMessage {
  readonly version: 1;
  /** The request's, as in its PDU. */
  readonly id: number;
  readonly community: Element;
  readonly pdu: Element;
}
interface V3Message {
  readonly version: 3;
  /** Of the message header. */
  readonly id: number;
  readonly flags: number;
  readonly security: readonly Element[];
  readonly data: Element;
}

/** The message that is the whole of `bytes`; undefined where it is none. */
function messageIn(bytes: Uint8Array): CommunityMessage | V3Message | undefined {
  const whole = elementAt(bytes, 0, bytes.length);
  if (whole?.tag !== tags.sequence || whole.to !== bytes.length) return undefined;
  const [version, ...parts] = elementsIn(bytes, whole) ?? [];
  const number = version && integerOf(bytes, version);
  if (number === 1) return communityMessage(bytes, parts);
  return number === 3 ? v3Message(bytes, parts) : undefined;
}

function communityMessage(bytes: Uint8Array, [community, pdu, ...others]: readonly Element[]): CommunityMessage | undefined {
  if (community?.tag !== tags.octets || pdu === undefined || others.length > 0) return undefined;
  const id = pduIn(bytes, pdu)?.id;
  return id === undefined ? undefined : { version: 1, id, community, pdu };
}

interface Pdu {
  readonly id: number;
  readonly errorStatus: number;
  readonly errorIndex: number;
  /** Name and value. */
  readonly variables: readonly (readonly [Element, Element])[];
}

function pduIn(bytes: Uint8Array, pdu: Element): Pdu | undefined {
  const [id, status, index, list, ...others] = elementsIn(bytes, pdu) ?? [];
  if (!id || !status || !index || list?.tag !== tags.sequence || others.length > 0) return undefined;
  const numbers = [id, status, index].map((one) => integerOf(bytes, one));
  if (numbers.includes(undefined)) return undefined;
  const variables: (readonly [Element, Element])[] = [];
  for (const variable of elementsIn(bytes, list) ?? [undefined]) {
    const [name, value, ...more] = variable?.tag === tags.sequence ? (elementsIn(bytes, variable) ?? []) : [];
    if (name?.tag !== tags.oid || value === undefined || more.length > 0) return undefined;
    variables.push([name, value]);
  }
  return { id: numbers[0]!, errorStatus: numbers[1]!, errorIndex: numbers[2]!, variables };
}

/** RFC 3412, 6; the security parameters are the user-based model's (RFC 3414, 2.4). */
function v3Message(bytes: Uint8Array, [header, security, data, ...others]: readonly Element[]): V3Message | undefined {
  if (header?.tag !== tags.sequence || security?.tag !== tags.octets || data === undefined || others.length > 0) return undefined;
  const [msgId, maxSize, flags, model, ...more] = elementsIn(bytes, header) ?? [];
  if (!msgId || !maxSize || !model || flags?.tag !== tags.octets || flags.to - flags.from !== 1 || more.length > 0) return undefined;
  const id = integerOf(bytes, msgId);
  if (id === undefined || integerOf(bytes, model) !== userBasedModel || integerOf(bytes, maxSize) === undefined) return undefined;
  const sequence = elementAt(bytes, security.from, security.to);
  if (sequence?.tag !== tags.sequence || sequence.to !== security.to) return undefined;
  const parameters = elementsIn(bytes, sequence) ?? [];
  if (parameters.length !== 6 || parameters.some(({ tag }, at) => tag !== parameterTags[at])) return undefined;
  const [engine, boots, time, user] = parameters as [Element, Element, Element, Element];
  const engineBytes = engine.to - engine.from;
  // What a device says here stands in our next request: it must fit there.
  if ((engineBytes !== 0 && (engineBytes < 5 || engineBytes > 32)) || user.to - user.from > 32) return undefined;
  if (![boots, time].every((one) => isCount(integerOf(bytes, one)))) return undefined;
  return { version: 3, id, flags: bytes[flags.from]!, security: parameters, data };
}

/** RFC 3414, 2.2: boots and time are numbers of 31 bits. */
function isCount(value: number | undefined): boolean {
  return value !== undefined && value >= 0 && value < 2 ** 31;
}

const userBasedModel = 3;
/** Engine id, boots, time, user, authentication, encryption. */
const parameterTags: readonly number[] = [tags.octets, tags.integer, tags.integer, tags.octets, tags.octets, tags.octets];
/** Reportable, without authentication and encryption. */
const discoveryFlags = 0x04;
/** Reportable, authenticated and encrypted. */
const authPrivFlags = 0x07;

/** A GetRequest of named objects, or a GetNextRequest of one entry of the table that may be followed. */
function reads(bytes: Uint8Array, { community, pdu }: CommunityMessage): Operation | undefined {
  if (community.to - community.from > communityBytesMax) return undefined;
  const { errorStatus, errorIndex, variables } = pduIn(bytes, pdu)!;
  if (errorStatus !== 0 || errorIndex !== 0 || variables.length < 1 || variables.length > variablesMax) return undefined;
  if (!variables.every(([, value]) => value.tag === tags.null && value.from === value.to)) return undefined;
  const names = variables.map(([name]) => contentOf(bytes, name));
  if (pdu.tag === tags.getNextRequest) return isNextEntry(names) ? "snmp-get-next" : undefined;
  return pdu.tag === tags.getRequest && names.every(isNamed) ? "snmp-get" : undefined;
}

/** RFC 3414, 4: no engine, no user, nothing read. */
function isDiscovery(bytes: Uint8Array, { security, data }: V3Message): boolean {
  const isBlank = security.every((one) => (one.tag === tags.octets ? one.from === one.to : integerOf(bytes, one) === 0));
  const [engine, context, pdu, ...others] = data.tag === tags.sequence ? (elementsIn(bytes, data) ?? []) : [];
  if (!isBlank || engine?.tag !== tags.octets || context?.tag !== tags.octets || pdu?.tag !== tags.getRequest || others.length > 0)
    return false;
  const read = pduIn(bytes, pdu);
  return engine.from === engine.to && context.from === context.to && read !== undefined && read.variables.length === 0;
}

/** What is read is encrypted: at the wire it is told by its shape, its size and its number, in the library by the one call that is made. */
function isSealed(bytes: Uint8Array, { security, data }: V3Message): boolean {
  const [engine, , , user, authentication, privacy] = security.map((one) => contentOf(bytes, one).length);
  return data.tag === tags.octets && engine! >= 5 && engine! <= 32 && user! >= 1 && user! <= 32 && authentication! >= 12 && privacy === 8;
}

/** net-snmp takes an answer in the clear for that to a request that was encrypted (measured), and so from anybody: only a report may be one. */
function isSealedOrReport(bytes: Uint8Array, { flags, data }: V3Message): boolean {
  if ((flags & 0x03) === 0x03) return data.tag === tags.octets;
  const parts = data.tag === tags.sequence && (flags & 0x02) === 0 ? elementsIn(bytes, data) : undefined;
  return parts?.length === 3 && parts[2]!.tag === tags.report && pduIn(bytes, parts[2]!) !== undefined;
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
