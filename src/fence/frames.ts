/** A frame template in the words of nftables: which packets carry exactly such a frame. */
import { hex, longest, type FrameTemplate } from "../domain/template.ts";

/** The kernel compares at most so many bytes in one expression. */
const comparedBytesMax = 16;

/** Where a frame begins. `ih`: behind the header of TCP or UDP (Linux 5.16 and later); `th`: behind that of IP, as a frame of ICMP does. */
export type Base = "ih" | "th";

/** In bits, as nftables counts. */
const payload = (base: Base, from: number, bytes: number): string => `@${base},${from * 8},${bytes * 8}`;

/** True of packets whose payload has a byte number `at`, counted from 0; of shorter ones no expression over it is true. */
export function hasByte(at: number, base: Base = "ih"): string {
  return `${payload(base, at, 1)} & 0x0 == 0x0`;
}

/**
 * True of packets that begin as the template does and are at least as long as its beginning.
 * Worked example: FC 43/14 of unit 1 with its free transaction id is `@ih,16,72 0x0000000501 2b0e0100` without the space.
 */
export function beginsAs({ bytes, mask }: FrameTemplate, base: Base = "ih"): string {
  const parts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    const bits = mask[at]!;
    if (bits === 0) at += 1;
    else if (bits !== 0xff) {
      parts.push(`${payload(base, at, 1)} & 0x${hex(Uint8Array.of(bits))} == 0x${hex(Uint8Array.of(bytes[at]! & bits))}`);
      at += 1;
    } else {
      const from = at;
      while (at < bytes.length && mask[at] === 0xff && at - from < comparedBytesMax) at += 1;
      parts.push(`${payload(base, from, at - from)} 0x${hex(bytes.subarray(from, at))}`);
    }
  }
  if (mask.at(-1) === 0) parts.push(hasByte(bytes.length - 1, base));
  return parts.join(" ");
}

/** True of packets that are longer than the template allows. */
export function longerThan(template: FrameTemplate, base: Base = "ih"): string {
  return hasByte(longest(template), base);
}
