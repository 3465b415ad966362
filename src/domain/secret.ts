/** A text that must never be seen: whatever prints, logs, digests or dumps what holds one gets three stars. */

const stars = "***";

/** Compares by identity, copies to other threads as an empty object, and has no canonical text: only `reveal` gives it away. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  /** For the driver that must say it to the device, and for nobody else. */
  reveal(): string {
    return this.#text;
  }

  /** Its length in UTF-8, which frames show to everybody on the wire. */
  get bytes(): number {
    return new TextEncoder().encode(this.#text).length;
  }

  toString(): string {
    return stars;
  }

  toJSON(): string {
    return stars;
  }

  static {
    // What node:util's `inspect` and the console look for.
    Object.defineProperty(Secret.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: (): string => stars });
  }
}
