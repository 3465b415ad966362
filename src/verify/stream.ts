/** One direction of one TCP connection, put back in order: the bytes that left, each once, cut into frames. */

/** Where a protocol says how long its frame is: undefined while the header is not whole, 0 when no such frame exists. */
const lengthOf: Readonly<Record<string, (bytes: Uint8Array) => number | undefined>> = {
  modbus: (bytes) => (bytes.length < 6 ? undefined : 6 + ((bytes[4]! << 8) | bytes[5]!)),
  enip: (bytes) => (bytes.length < 4 ? undefined : 24 + (bytes[2]! | (bytes[3]! << 8))),
  s7: (bytes) => (bytes.length < 4 ? undefined : (bytes[2]! << 8) | bytes[3]!),
  opcua: (bytes) => (bytes.length < 8 ? undefined : bytes[4]! + bytes[5]! * 0x100 + bytes[6]! * 0x1_0000 + bytes[7]! * 0x100_0000),
};
const frameBytesMax = 65_536;
const ahead = 0x8000_0000;

export class SentStream {
  #next: number | undefined;
  /** Undefined where its beginning was not captured. */
  #begun: number | undefined;
  readonly #early = new Map<number, Uint8Array>();
  #bytes: Uint8Array = new Uint8Array();

  /** The next byte's sequence number, from a SYN. */
  begin(sequence: number): void {
    this.#next = (sequence + 1) >>> 0;
    this.#begun = this.#next;
  }

  /** Whether a SYN of this number is the one that this began with, repeated. */
  isBegunBy(sequence: number): boolean {
    return this.#begun === (sequence + 1) >>> 0;
  }

  /** Takes a segment's payload; copies that the kernel repeats change nothing. True when it brought something new. */
  take(sequence: number, payload: Uint8Array): boolean {
    if (payload.length === 0) return false;
    this.#next ??= sequence;
    const behind = (this.#next - sequence) >>> 0;
    if (behind >= ahead) {
      // A copy may be cut elsewhere: what the longer one holds is not lost by it.
      if (payload.length > (this.#early.get(sequence)?.length ?? 0)) this.#early.set(sequence, payload);
      return true;
    }
    if (behind >= payload.length) return false;
    this.#append(payload.subarray(behind));
    while (this.#joins());
    return true;
  }

  /**
   * The whole frames that are there now. `fixed` cuts by a template's own length where a protocol has no length field (Modbus RTU); what
   * cannot be a frame comes back whole, to be judged as such.
   */
  frames(protocol: string, fixed: (bytes: Uint8Array) => number | undefined): readonly Uint8Array[] {
    const found: Uint8Array[] = [];
    while (this.#bytes.length > 0) {
      const length = fixed(this.#bytes) ?? lengthOf[protocol]?.(this.#bytes);
      if (length === undefined && lengthOf[protocol]) break;
      const sane = length !== undefined && length > 0 && length <= frameBytesMax;
      if (sane && length > this.#bytes.length) break;
      const end = sane ? length : this.#bytes.length;
      found.push(this.#bytes.subarray(0, end));
      this.#bytes = this.#bytes.subarray(end);
    }
    return found;
  }

  /** Bytes that never became a frame, and those behind a segment that the capture does not hold: nobody can judge either. */
  get unjudged(): number {
    return [...this.#early.values()].reduce((sum, { length }) => sum + length, this.#bytes.length);
  }

  /** Takes one segment that had come early and is early no more, with what is new in it. */
  #joins(): boolean {
    for (const [sequence, payload] of this.#early) {
      const behind = (this.#next! - sequence) >>> 0;
      if (behind >= ahead) continue;
      this.#early.delete(sequence);
      if (behind < payload.length) this.#append(payload.subarray(behind));
      return true;
    }
    return false;
  }

  #append(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#bytes.length + bytes.length);
    joined.set(this.#bytes);
    joined.set(bytes, this.#bytes.length);
    this.#bytes = joined;
    this.#next = (this.#next! + bytes.length) >>> 0;
  }
}
