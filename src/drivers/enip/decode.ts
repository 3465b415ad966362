/** Reads EtherNet/IP replies strictly: every length counted, every item known, nothing left over. */
import { isUtf8 } from "node:buffer";
import { MalformedReply } from "../../domain/driver.ts";
import { printable } from "../../domain/printable.ts";
import { hex } from "../../domain/template.ts";

/** The attributes of a device's Identity object (CIP Vol 1, 5A-2.2). */
export interface DeviceIdentity {
  readonly vendorId: number;
  readonly deviceType: number;
  readonly productCode: number;
  readonly revision: { readonly major: number; readonly minor: number };
  /** Status word, attribute 5. */
  readonly status: number;
  readonly serialNumber: number;
  /** Printable; empty where the device has no name. */
  readonly productName: string;
  /** Attribute 8; absent where the reply ends before it. */
  readonly state: number | undefined;
}

export interface Encapsulated {
  readonly sessionHandle: number;
  /** 0 is success. */
  readonly status: number;
  readonly data: Uint8Array;
}

/** A reply of the message router: `data` follows a general status of 0. */
export interface CipReply {
  readonly generalStatus: number;
  readonly data: Uint8Array;
}

const headerBytes = 24;
const protocolVersion = 1;
const identityItem = 0x0c;
/** What a device with CIP Security says beside its identity: 0x86 security, 0x87 capability, 0x88 usage. */
const furtherItems: ReadonlySet<number> = new Set([0x86, 0x87, 0x88]);
/** Protocol version, and the address it believes to have, which nobody here needs. */
const socketAddressBytes = 16;
/** Vendor to serial number, before the name. */
const fixedBytes = 14;
/** Attributes 8 to 12 may follow the name (state, configuration consistency, heartbeat interval, languages). */
const optionalBytesMax = 64;
const nameCharactersMax = 128;

/** @param frame one whole frame, as the frame policy cut it */
export function decodeEncapsulation(frame: Uint8Array): Encapsulated {
  const view = viewOf(frame);
  const length = view.getUint16(2, true);
  if (frame.length !== headerBytes + length)
    throw malformed(`${frame.length - headerBytes} bytes of data, but a length of ${length}`, frame);
  return { sessionHandle: view.getUint32(4, true), status: view.getUint32(8, true), data: frame.subarray(headerBytes) };
}

/** @param data of a RegisterSession reply with status 0 @throws MalformedReply */
export function expectSession({ sessionHandle, data }: Encapsulated): void {
  const fits = data.length === 4 && viewOf(data).getUint16(0, true) === protocolVersion;
  if (!fits) throw malformed("a RegisterSession reply that is not of protocol version 1", data);
  if (sessionHandle === 0) throw malformed("a session handle of 0", data);
}

/** @param data of a List Identity reply with status 0 (CIP Vol 2, 2-4.2.3) @throws MalformedReply */
export function decodeListIdentity(data: Uint8Array): DeviceIdentity {
  const [first, ...others] = itemsOf(data);
  if (first?.type !== identityItem) throw malformed("no identity item at its head", data);
  const stray = others.find(({ type }) => !furtherItems.has(type));
  if (stray) throw malformed(`an item of type ${shown(stray.type)} behind the identity`, data);
  const { bytes } = first;
  const at = 2 + socketAddressBytes;
  if (bytes.length < at) throw malformed(`an identity item of ${bytes.length} bytes`, data);
  const version = viewOf(bytes).getUint16(0, true);
  if (version !== protocolVersion) throw malformed(`protocol version ${version}, expected ${protocolVersion}`, data);
  const { identity, rest } = identityOf(bytes.subarray(at));
  if (rest.length !== 1) throw malformed(`${rest.length} bytes behind the name, expected the state alone`, data);
  return identity;
}

/** @param data of a SendRRData reply with status 0 (CIP Vol 2, 2-4.7.3) @throws MalformedReply */
export function decodeCipReply(data: Uint8Array, service: number): CipReply {
  const bytes = messageIn(data);
  if (bytes[0] !== (service | 0x80) || bytes[1] !== 0) throw malformed(`the reply to another service, ${shown(bytes[0]!)}`, data);
  const generalStatus = bytes[2]!;
  const end = 4 + 2 * bytes[3]!;
  if (bytes.length < end) throw malformed("an additional status that ends in the middle", data);
  if (generalStatus !== 0 && bytes.length > end) throw malformed("data behind an error", data);
  return { generalStatus, data: bytes.subarray(end) };
}

/** What came of a message that another module was to pass on. */
export interface RoutedReply extends CipReply {
  /** The first word of the additional status, which says more of a general status of 1; undefined where there is none. */
  readonly extendedStatus: number | undefined;
  /** An error of the module that was to pass the message on, in the name of Unconnected_Send. */
  readonly bySender: boolean;
}

/**
 * The reply is that of the module asked, or an error of the one that passes the question on: that answers in the name of Unconnected_Send,
 * and may say how much of the route was left (CIP Vol 1, 3-5.5.4).
 * @param data of a SendRRData reply with status 0 @throws MalformedReply
 */
export function decodeRoutedReply(data: Uint8Array, service: number): RoutedReply {
  const bytes = messageIn(data);
  const bySender = bytes[0] === (unconnectedSend | 0x80);
  if ((!bySender && bytes[0] !== (service | 0x80)) || bytes[1] !== 0)
    throw malformed(`the reply to another service, ${shown(bytes[0]!)}`, data);
  const generalStatus = bytes[2]!;
  const end = 4 + 2 * bytes[3]!;
  if (bytes.length < end) throw malformed("an additional status that ends in the middle", data);
  if (bySender && generalStatus === 0)
    throw malformed("a success of Unconnected_Send itself, expected the reply to what it was to pass on", data);
  if (generalStatus !== 0 && bytes.length > end + (bySender ? remainingPathBytes : 0)) throw malformed("data behind an error", data);
  const extendedStatus = end > 4 ? viewOf(bytes).getUint16(4, true) : undefined;
  return { generalStatus, extendedStatus, bySender, data: generalStatus === 0 ? bytes.subarray(end) : new Uint8Array(0) };
}

const unconnectedSend = 0x52;
/** A count of words, and a byte to make it even. */
const remainingPathBytes = 2;

/** At least the service, a reserved byte, the general status, and how long the additional status is. */
function messageIn(data: Uint8Array): Uint8Array {
  if (data.length < 6) throw malformed(`${data.length} bytes of SendRRData`, data);
  if (viewOf(data).getUint32(0, true) !== 0) throw malformed("an interface that is not CIP", data);
  const items = itemsOf(data.subarray(6));
  const [address, message] = items;
  if (items.length !== 2 || address?.type !== 0x00 || address.bytes.length !== 0 || message?.type !== 0xb2)
    throw malformed("not a null address and an unconnected message", data);
  const { bytes } = message;
  if (bytes.length < 4) throw malformed(`a message of ${bytes.length} bytes`, data);
  return bytes;
}

/** With what follows the state: attributes that only some devices have, as they came. */
export interface WholeIdentity extends DeviceIdentity {
  readonly further: Uint8Array;
}

/** @param data of a Get_Attributes_All reply @throws MalformedReply */
export function decodeIdentityObject(data: Uint8Array): DeviceIdentity {
  const { further: _further, ...identity } = decodeWholeIdentity(data);
  return identity;
}

/** @param data of a Get_Attributes_All reply @throws MalformedReply */
export function decodeWholeIdentity(data: Uint8Array): WholeIdentity {
  const { identity, rest } = identityOf(data);
  if (rest.length > optionalBytesMax) throw malformed(`${rest.length} bytes behind the name`, data);
  return { ...identity, further: rest.subarray(1) };
}

interface Item {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Common Packet Format: a count, then items of type, length and bytes (CIP Vol 2, 2-6). */
function itemsOf(data: Uint8Array): readonly Item[] {
  if (data.length < 2) throw malformed(`${data.length} bytes where items are counted`, data);
  const view = viewOf(data);
  const count = view.getUint16(0, true);
  const items: Item[] = [];
  let at = 2;
  while (at < data.length) {
    if (at + 4 > data.length) throw malformed("an item without its length", data);
    const end = at + 4 + view.getUint16(at + 2, true);
    if (end > data.length) throw malformed(`an item that ends ${end - data.length} bytes behind the reply`, data);
    items.push({ type: view.getUint16(at, true), bytes: data.subarray(at + 4, end) });
    at = end;
  }
  if (items.length !== count) throw malformed(`${items.length} items, but a count of ${count}`, data);
  return items;
}

function identityOf(bytes: Uint8Array): { readonly identity: DeviceIdentity; readonly rest: Uint8Array } {
  const nameAt = fixedBytes + 1;
  const nameLength = bytes[fixedBytes];
  if (nameLength === undefined) throw malformed(`an identity of ${bytes.length} bytes, expected at least ${nameAt}`, bytes);
  const end = nameAt + nameLength;
  if (end > bytes.length) throw malformed(`a name of ${nameLength} bytes, ${bytes.length - nameAt} are there`, bytes);
  const view = viewOf(bytes);
  const identity: DeviceIdentity = {
    vendorId: view.getUint16(0, true),
    deviceType: view.getUint16(2, true),
    productCode: view.getUint16(4, true),
    revision: { major: bytes[6]!, minor: bytes[7]! },
    status: view.getUint16(8, true),
    serialNumber: view.getUint32(10, true),
    productName: textOf(bytes.subarray(nameAt, end)),
    state: bytes[end],
  };
  return { identity, rest: bytes.subarray(end) };
}

/** ASCII by the standard; devices send Latin-1 and UTF-8 as well, padded with blanks or NULs. */
function textOf(bytes: Uint8Array): string {
  const raw = Buffer.from(bytes).toString(isUtf8(bytes) ? "utf8" : "latin1");
  return printable(raw.replaceAll(/^[\0\s]+|[\0\s]+$/gu, ""), nameCharactersMax);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function malformed(what: string, bytes: Uint8Array): MalformedReply {
  return new MalformedReply(`EtherNet/IP: ${what} (${hex(bytes.subarray(0, 48))})`);
}

function shown(number: number): string {
  return `0x${number.toString(16).padStart(2, "0")}`;
}
