/** What a frame may look like, byte for byte: the approval covers it and the wire compares with it. */
import type { Operation } from "./operations.ts";

/** `bytes` and `mask` have one length. Mask 0xff: the byte must be the same; 0x00: a counter or session handle goes there. */
export interface FrameTemplate {
  readonly operation: Operation;
  readonly bytes: Uint8Array;
  readonly mask: Uint8Array;
  /** Absent: a frame has the length of `bytes`. Present: `bytes` is only how it begins, and up to this length anything may follow. */
  readonly lengthMax?: number;
}

/** A template as plain JSON, for digests and for `plan --json`. */
export interface TemplateJson {
  readonly operation: string;
  /** Lower-case hexadecimal; a frame fits when it has the same length and equals `hex` in every bit that `mask` sets. */
  readonly hex: string;
  readonly mask: string;
  /** Present: the frame only begins so, and may have up to so many bytes. */
  readonly lengthMax?: number;
}

/** @throws RangeError when the lengths differ or nothing is fixed: such a template would allow anything. */
export function frameTemplate(operation: Operation, bytes: Uint8Array, mask: Uint8Array): FrameTemplate {
  if (bytes.length !== mask.length) throw new RangeError(`template: ${bytes.length} bytes but a mask of ${mask.length}`);
  if (!mask.some((bits) => bits !== 0)) throw new RangeError("template: a mask that fixes nothing allows anything");
  return Object.freeze({ operation, bytes: Uint8Array.from(bytes), mask: Uint8Array.from(mask) });
}

/**
 * For messages whose end nobody can know beforehand: encrypted ones, and those that a library fills with handles, times and texts. Weaker
 * than `frameTemplate`: what follows the beginning is judged by the frame policy alone, and where it is encrypted by nobody at the wire.
 * @param lengthMax the longest whole frame, in bytes; more than the beginning has
 * @throws RangeError as `frameTemplate` does, and when `lengthMax` leaves no room
 */
export function openEndedTemplate(operation: Operation, bytes: Uint8Array, mask: Uint8Array, lengthMax: number): FrameTemplate {
  if (!Number.isInteger(lengthMax) || lengthMax <= bytes.length)
    throw new RangeError(`template: at most ${lengthMax} bytes where ${bytes.length} are the beginning`);
  return Object.freeze({ ...frameTemplate(operation, bytes, mask), lengthMax });
}

/** The first template that `frame` fits in full length, or undefined. */
export function fitting(templates: readonly FrameTemplate[], frame: Uint8Array): FrameTemplate | undefined {
  return templates.find((template) => fits(template, frame));
}

/** The longest frame that fits, in bytes. */
export function longest({ bytes, lengthMax }: FrameTemplate): number {
  return lengthMax ?? bytes.length;
}

export function templateJson({ operation, bytes, mask, lengthMax }: FrameTemplate): TemplateJson {
  return { operation, hex: hex(bytes), mask: hex(mask), ...(lengthMax !== undefined && { lengthMax }) };
}

function fits({ bytes, mask, lengthMax }: FrameTemplate, frame: Uint8Array): boolean {
  if (frame.length < bytes.length || frame.length > (lengthMax ?? bytes.length)) return false;
  for (let i = 0; i < bytes.length; i++) if (((frame[i]! ^ bytes[i]!) & mask[i]!) !== 0) return false;
  return true;
}

/** Lower-case hexadecimal without separators, as `plan --json` shows it. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
