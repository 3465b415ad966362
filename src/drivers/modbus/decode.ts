/** Reads a Read Device Identification reply strictly, before any library sees it (Modbus Application Protocol V1.1b3, 6.21). */
import { MalformedReply } from "../../domain/driver.ts";
import type { Identity } from "../../domain/outcome.ts";
import { hex } from "../../domain/template.ts";
import { textOf } from "./text.ts";

export interface Identification {
  /** Object id to its bytes, as they came. */
  readonly objects: ReadonlyMap<number, Uint8Array>;
  /** The device has more objects than it sent; asking for them is a request of its own, which nobody has approved. */
  readonly more: boolean;
  /** Object that it would go on with; means something only with `more`. */
  readonly nextObjectId: number;
}

/** Function code, MEI type, read code, conformity level, more follows, next object id, number of objects. */
const headBytes = 7;

const conformityLevels: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x81, 0x82, 0x83]);
/**
 * @param pdu from the function code on
 * @throws MalformedReply when anything does not fit exactly.
 */
export function decodeIdentification(pdu: Uint8Array, readCode: number): Identification {
  if (pdu.length < headBytes) throw malformed(`${pdu.length} bytes, expected at least ${headBytes}`, pdu);
  expectByte(pdu, 0, "function code", 0x2b);
  expectByte(pdu, 1, "MEI type", 0x0e);
  expectByte(pdu, 2, "read code", readCode);
  if (!conformityLevels.has(pdu[3]!)) throw malformed(`conformity level ${shown(pdu[3]!)}, expected 0x01 to 0x03 or 0x81 to 0x83`, pdu);
  const moreFollows = pdu[4]!;
  if (moreFollows !== 0x00 && moreFollows !== 0xff) throw malformed(`more follows ${shown(moreFollows)}, expected 0x00 or 0xff`, pdu);
  const objects = objectsOf(pdu);
  const count = pdu[6]!;
  const more = moreFollows === 0xff;
  // In the standard's own example of a divided reply the count is that of the whole stream, not of this part.
  const fits = more ? objects.size <= count : objects.size === count;
  if (!fits) throw malformed(`${objects.size} objects, but a count of ${count}`, pdu);
  return { objects, more, nextObjectId: pdu[5]! };
}

/** Printable text only; absent where the device left the object out or empty. */
export function identityOf(objects: ReadonlyMap<number, Uint8Array>): Identity | undefined {
  const vendor = textOf(objects.get(0));
  const product = textOf(objects.get(1));
  const revision = textOf(objects.get(2));
  if (vendor === undefined && product === undefined && revision === undefined) return undefined;
  return { ...(vendor && { vendor }), ...(product && { product }), ...(revision && { revision }) };
}

function objectsOf(pdu: Uint8Array): Map<number, Uint8Array> {
  const objects = new Map<number, Uint8Array>();
  let at = headBytes;
  while (at < pdu.length) {
    const id = pdu[at]!;
    const length = pdu[at + 1];
    if (length === undefined) throw malformed(`object ${id} without a length`, pdu);
    const end = at + 2 + length;
    if (end > pdu.length) throw malformed(`object ${id} of ${length} bytes, ${pdu.length - at - 2} are there`, pdu);
    if (objects.has(id)) throw malformed(`object ${id} twice`, pdu);
    objects.set(id, pdu.slice(at + 2, end));
    at = end;
  }
  return objects;
}

function expectByte(pdu: Uint8Array, at: number, what: string, expected: number): void {
  const found = pdu[at]!;
  if (found !== expected) throw malformed(`${what} ${shown(found)}, expected ${shown(expected)}`, pdu);
}

function malformed(what: string, pdu: Uint8Array): MalformedReply {
  return new MalformedReply(`device identification: ${what} (${hex(pdu.subarray(0, 32))})`);
}

function shown(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}
