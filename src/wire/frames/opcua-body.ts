/** Reads which service an OPC UA message in the clear asks for, and of a Read which nodes: nothing else is let out. */
import { opcuaServerNodes } from "../../domain/opcua.ts";
import type { Operation } from "../../domain/operations.ts";

const typeIdAt = 24;
const policyUriAt = 12;
const securityPolicies = "http://opcfoundation.org/UA/SecurityPolicy#";

/** Binary encoding ids of the requests (Part 6, annex A; Opc.Ua.NodeIds.csv). */
const services: ReadonlyMap<number, Operation> = new Map<number, Operation>([
  [428, "opcua-get-endpoints"],
  [461, "opcua-create-session"],
  [467, "opcua-activate-session"],
  [473, "opcua-close-session"],
  [631, "opcua-read"],
  [787, "opcua-create-subscription"],
  [826, "opcua-publish"],
]);
const openChannelId = 446;
const closeChannelId = 452;
/** ServerStatus.CurrentTime and ServerStatus.State. */
const readable: ReadonlySet<number> = new Set([2258, 2259]);
const valueAttribute = 13;
/** TimestampsToReturn (Part 4, 7.40). */
const neither = 3;
/** HMAC-SHA256, behind the messages of a channel that signs. */
const signatureBytes = 32;

/** The operation of one whole outbound chunk. */
export function clearOperation(frame: Uint8Array): Operation | undefined {
  switch (String.fromCharCode(...frame.subarray(0, 3))) {
    case "HEL":
      return "opcua-hello";
    case "OPN":
      return opens(frame) ? "opcua-open-channel" : undefined;
    case "MSG":
      return serviceOf(frame);
    case "CLO":
      return typeId(frame, typeIdAt) === closeChannelId ? "opcua-close-channel" : undefined;
    default:
      return undefined;
  }
}

/** With security its body is encrypted, also on channels that only sign; without, it is read. */
function opens(frame: Uint8Array): boolean {
  const reader = new Reader(frame, policyUriAt);
  const policy = reader.text();
  if (policy === undefined || !policy.startsWith(securityPolicies)) return false;
  if (policy !== `${securityPolicies}None`) return true;
  // Neither certificate nor thumbprint, then sequence number and request id.
  if (reader.int32() !== -1 || reader.int32() !== -1) return false;
  reader.skip(8);
  return reader.ok && typeId(frame, reader.at) === openChannelId;
}

function serviceOf(frame: Uint8Array): Operation | undefined {
  const id = typeId(frame, typeIdAt);
  const operation = id === undefined ? undefined : services.get(id);
  return operation === "opcua-read" ? readOperation(frame) : operation;
}

/** A heartbeat reads one or both of two nodes; a deep query the list of what a server says of itself, or its beginning, in its order. */
function readOperation(frame: Uint8Array): Operation | undefined {
  const reader = new Reader(frame, typeIdAt + 4);
  reader.requestHeader();
  // No value older than now, and no time beside it.
  if (reader.int32() !== 0 || reader.int32() !== 0 || reader.int32() !== neither) return undefined;
  const count = reader.int32();
  if (!(count >= 1 && count <= opcuaServerNodes.length)) return undefined;
  const ids = Array.from({ length: count }, () => reader.valueOfNode());
  // Nothing behind them but a signature.
  const rest = frame.length - reader.at;
  if (!reader.ok || (rest !== 0 && rest !== signatureBytes)) return undefined;
  if (ids.length <= readable.size && ids.every((id) => readable.has(id))) return "opcua-read";
  return ids.every((id, at) => id === opcuaServerNodes[at]?.[0]) ? "opcua-read-server" : undefined;
}

/** A node of the standard's own namespace in its four-byte form, as the requests' type ids are; undefined where it is another. */
function typeId(frame: Uint8Array, at: number): number | undefined {
  if (frame.length < at + 4 || frame[at] !== 1 || frame[at + 1] !== 0) return undefined;
  return frame[at + 2]! | (frame[at + 3]! << 8);
}

/** Reads on and on; once there is nothing left, `ok` is false for good and every number is one that fits nothing. */
class Reader {
  at: number;
  ok = true;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.at = at;
  }

  skip(count: number): void {
    this.at += count;
    if (count < 0 || this.at > this.#bytes.length) this.ok = false;
  }

  int32(): number {
    const at = this.at;
    this.skip(4);
    return this.ok ? this.#view.getInt32(at, true) : Number.NaN;
  }

  #uint16(): number {
    const at = this.at;
    this.skip(2);
    return this.ok ? this.#view.getUint16(at, true) : Number.NaN;
  }

  /** Undefined for none. */
  text(): string | undefined {
    const length = this.int32();
    const at = this.at;
    if (!(length >= 0)) return undefined;
    this.skip(length);
    return this.ok ? String.fromCharCode(...this.#bytes.subarray(at, this.at)) : undefined;
  }

  /** Authentication token, timestamp, handle, diagnostics, audit entry, timeout and an additional header that is empty (Part 4, 7.32). */
  requestHeader(): void {
    this.#nodeId();
    this.skip(16);
    this.text();
    this.skip(4);
    const at = this.at;
    this.skip(3);
    if (this.ok && (this.#bytes[at] !== 0 || this.#bytes[at + 1] !== 0 || this.#bytes[at + 2] !== 0)) this.ok = false;
  }

  /** One node of a Read, of which nothing but the value is asked for; a number that fits no node where it is anything else. */
  valueOfNode(): number {
    const id = this.standardNode();
    if (id === undefined || this.int32() !== valueAttribute) return Number.NaN;
    // No index range; no data encoding: namespace 0 and no name.
    if (this.int32() !== -1 || this.#uint16() !== 0 || this.int32() !== -1) return Number.NaN;
    return id;
  }

  /** Two-byte or four-byte form, namespace 0. */
  standardNode(): number | undefined {
    const at = this.at;
    const form = this.ok ? this.#bytes[at] : undefined;
    this.skip(form === 0 ? 2 : 4);
    if (!this.ok) return undefined;
    if (form === 0) return this.#bytes[at + 1];
    return typeId(this.#bytes, at);
  }

  /** Of any form (Part 6, 5.2.2.9), without namespace URI and server index. */
  #nodeId(): void {
    const form = this.#bytes[this.at];
    this.skip(1);
    if (form === 0) this.skip(1);
    else if (form === 1) this.skip(3);
    else if (form === 2) this.skip(6);
    else if (form === 3 || form === 5) {
      this.skip(2);
      this.skip(Math.max(0, this.int32()));
    } else if (form === 4) this.skip(18);
    else this.ok = false;
  }
}
