/** Reads BER (X.690) as SNMP uses it: definite lengths, one-byte tags, and nothing beyond the end of what holds it. */

export const tags = {
  integer: 0x02,
  octets: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
  getRequest: 0xa0,
  getNextRequest: 0xa1,
  response: 0xa2,
  report: 0xa8,
} as const;

/** The content lies from `from` up to, and without, `to`. */
export interface Element {
  readonly tag: number;
  readonly from: number;
  readonly to: number;
}

/** Lengths of more bytes than these are nobody's: a message has at most 64 KB. Agents pad theirs (82 00 26), which is lawful. */
const lengthBytesMax = 3;

/** Undefined where there is no whole element from `at` on. */
export function elementAt(bytes: Uint8Array, at: number, end: number): Element | undefined {
  const first = bytes[at + 1];
  if (at + 2 > end || first === undefined) return undefined;
  const tag = bytes[at]!;
  if (first < 0x80) return at + 2 + first <= end ? { tag, from: at + 2, to: at + 2 + first } : undefined;
  const count = first - 0x80;
  if (count < 1 || count > lengthBytesMax || at + 2 + count > end) return undefined;
  let length = 0;
  for (let index = 0; index < count; index++) length = length * 256 + bytes[at + 2 + index]!;
  const from = at + 2 + count;
  return from + length <= end ? { tag, from, to: from + length } : undefined;
}

/** The elements that fill `whole` from its first byte to its last; undefined where they do not. */
export function elementsIn(bytes: Uint8Array, { from, to }: Pick<Element, "from" | "to">): readonly Element[] | undefined {
  const found: Element[] = [];
  for (let at = from; at < to;) {
    const element = elementAt(bytes, at, to);
    if (element === undefined) return undefined;
    found.push(element);
    at = element.to;
  }
  return found;
}

export function contentOf(bytes: Uint8Array, { from, to }: Element): Uint8Array {
  return bytes.subarray(from, to);
}

/** A whole number of at most 6 bytes; undefined where it is something else. */
export function integerOf(bytes: Uint8Array, element: Element): number | undefined {
  const content = contentOf(bytes, element);
  if (element.tag !== tags.integer || content.length < 1 || content.length > 6) return undefined;
  let value = content[0]! >= 0x80 ? -1 : 0;
  for (const byte of content) value = value * 256 + byte;
  return value;
}
