/** What a frame may look like, byte for byte: the approval covers it and the wire compares with it. */
import type { Operation } from "./operations.ts";

/** `bytes` and `mask` have one length. Mask 0xff: the byte must be the same; 0x00: a counter or session handle goes there. */
export interface FrameTemplate {
  readonly operation: Operation;
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
}

/** @throws RangeError when the lengths differ or nothing is fixed: such a template would allow anything. */
export function frameTemplate(operation: Operation, bytes: Uint8Array, mask: Uint8Array): FrameTemplate {
  if (bytes.length !== mask.length) throw new RangeError(`template: ${bytes.length} bytes but a mask of ${mask.length}`);
  if (!mask.some((bits) => bits !== 0)) throw new RangeError("template: a mask that fixes nothing allows anything");
  return Object.freeze({ operation, bytes: Uint8Array.from(bytes), mask: Uint8Array.from(mask) });
}

/** The first template that `frame` fits in full length, or undefined. */
export function fitting(templates: readonly FrameTemplate[], frame: Uint8Array): FrameTemplate | undefined {
  return templates.find((template) => fits(template, frame));
}

function fits({ bytes, mask }: FrameTemplate, frame: Uint8Array): boolean {
  if (frame.length !== bytes.length) return false;
  for (let i = 0; i < frame.length; i++) if (((frame[i]! ^ bytes[i]!) & mask[i]!) !== 0) return false;
  return true;
}

/** Lower-case hexadecimal without separators, as `plan --json` shows it. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
