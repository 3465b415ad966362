/** OPC UA Binary as far as a heartbeat needs it: a reader and a writer of built-in types (OPC 10000-6, 5.2). */

/** 100 ns steps from 1601 to 1970 (OPC 10000-6, 5.2.2.5). */
const ticksTo1970 = 116_444_736_000_000_000n;
const nullLength = 0xffff_ffff;

/** A NodeId as text, the way people write it: `i=2259`, `ns=1;i=7`. Other kinds are told apart by their bytes. */
export type NodeText = string;

/** Throws RangeError behind the end of its bytes; whoever reads a message takes that for a malformed one. */
export class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  byte(): number {
    return this.#take(1).readUInt8(0);
  }

  uint16(): number {
    return this.#take(2).readUInt16LE(0);
  }

  uint32(): number {
    return this.#take(4).readUInt32LE(0);
  }

  double(): number {
    return this.#take(8).readDoubleLE(0);
  }

  /** A String or ByteString; undefined where it is null. */
  bytes(): Buffer | undefined {
    const length = this.uint32();
    return length === nullLength ? undefined : this.#take(length);
  }

  text(): string | undefined {
    return this.bytes()?.toString("utf8");
  }

  skip(length: number): void {
    this.#take(length);
  }

  nodeId(): NodeText {
    const kind = this.byte() & 0x3f;
    if (kind === 0) return nodeText(0, this.byte());
    if (kind === 1) return nodeText(this.byte(), this.uint16());
    const namespace = this.uint16();
    if (kind === 2) return nodeText(namespace, this.uint32());
    if (kind === 3) return `ns=${namespace};s=${this.text() ?? ""}`;
    if (kind === 4) return `ns=${namespace};g=${this.#take(16).toString("hex")}`;
    if (kind === 5) return `ns=${namespace};b=${(this.bytes() ?? Buffer.alloc(0)).toString("hex")}`;
    throw new RangeError(`no kind of NodeId: ${kind}`);
  }

  extensionObject(): void {
    this.nodeId();
    if (this.byte() !== 0) this.bytes();
  }

  #take(length: number): Buffer {
    if (length > this.left) throw new RangeError(`${length} bytes wanted, ${this.left} left`);
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }
}

/** Each function gives the bytes of one value; a message is their concatenation. */
export function uint32(...values: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) buffer.writeUInt32LE(value >>> 0, 4 * index);
  return buffer;
}

export function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values);
}

export function double(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeDoubleLE(value);
  return buffer;
}

/** @param epochMs milliseconds since 1970 */
export function dateTime(epochMs: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64LE(BigInt(Math.round(epochMs)) * 10_000n + ticksTo1970);
  return buffer;
}

/** A String, or a ByteString from a Buffer; null where nothing is given. */
export function text(value?: string | Buffer): Buffer {
  if (value === undefined) return uint32(nullLength);
  const content = Buffer.from(value);
  return Buffer.concat([uint32(content.length), content]);
}

/** A locale is not given. */
export function localizedText(value: string): Buffer {
  return Buffer.concat([bytes(2), text(value)]);
}

/** Numeric, in namespace 0 to 255, in the four-byte form or, where the identifier is too large for it, in the numeric one. */
export function nodeId(identifier: number, namespace = 0): Buffer {
  if (identifier > 0xffff) return Buffer.concat([bytes(2, namespace, 0), uint32(identifier)]);
  return bytes(1, namespace, identifier & 0xff, identifier >> 8);
}

export function array(items: readonly Buffer[]): Buffer {
  return Buffer.concat([uint32(items.length), ...items]);
}

function nodeText(namespace: number, identifier: number): NodeText {
  return namespace === 0 ? `i=${identifier}` : `ns=${namespace};i=${identifier}`;
}
