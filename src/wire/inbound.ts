/** Cuts what a device sends into whole frames, within a bound and without forgiving anything. */
import { hex } from "../domain/template.ts";
import type { FramePolicy } from "../domain/wire.ts";

export type Taken =
  | { readonly is: "part" }
  /** A copy of its own. */
  | { readonly is: "frame"; readonly frame: Uint8Array }
  | { readonly is: "malformed"; readonly detail: string };

const part: Taken = { is: "part" };

export class Inbound {
  readonly #policy: FramePolicy;
  #buffered: Uint8Array | undefined;

  constructor(policy: FramePolicy) {
    this.#policy = policy;
  }

  /** One request is out at a time, so exactly one frame may come: bytes behind it were not asked for. Not to be called again after "malformed". */
  take(chunk: Uint8Array): Taken {
    const { inboundBytesMax } = this.#policy;
    const bytes = this.#buffered ? joined(this.#buffered, chunk) : chunk;
    const length = this.#policy.frameLength(bytes, "in");
    if (length === "malformed") return malformed("the answer is not well framed", bytes);
    if (length === 0 && bytes.length < inboundBytesMax) {
      this.#buffered = Uint8Array.from(bytes);
      return part;
    }
    if (length === 0 || length > inboundBytesMax) return malformed(`an answer longer than ${inboundBytesMax} bytes`, bytes);
    if (length < bytes.length) return malformed(`${bytes.length - length} bytes behind the answer`, bytes.subarray(length));
    this.#buffered = undefined;
    return { is: "frame", frame: new Uint8Array(bytes) };
  }
}

/** The beginning of what came, as evidence for a person. */
export function shown(bytes: Uint8Array): string {
  return bytes.length <= 32 ? hex(bytes) : `${hex(bytes.subarray(0, 32))}… (${bytes.length} bytes)`;
}

function malformed(what: string, bytes: Uint8Array): Taken {
  return { is: "malformed", detail: `${what}: ${shown(bytes)}` };
}

function joined(head: Uint8Array, tail: Uint8Array): Uint8Array {
  const whole = new Uint8Array(head.length + tail.length);
  whole.set(head);
  whole.set(tail, head.length);
  return whole;
}
