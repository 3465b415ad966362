/** What net-snmp takes for node:dgram: a socket that is a guarded wire, sends what one asking needs and no more, and knows no other device. */
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { fitting, type FrameTemplate } from "../../domain/template.ts";
import type { Wire } from "../../domain/wire.ts";

/** Nothing left: the library drew a number that takes fewer bytes than the template has for it. It is to draw again. */
export class NarrowNumber extends Error {
  override readonly name = "NarrowNumber";
}

/** Nothing left: the library wanted to ask once more for the same. */
export class AskedAgain extends Error {
  override readonly name = "AskedAgain";
}

/** Of 100 million numbers one in twelve is too small; so many in a row come never. What does not fit then is put before the guard. */
const drawsMax = 64;

/** 1.3.6.1.6.3.15.1.1, as it stands in a frame. */
const usmStats = Buffer.from("2b060106030f0101", "hex");

export class SnmpPort extends EventEmitter {
  readonly #wire: Wire;
  #templates: readonly FrameTemplate[] = [];
  /** How many frames this asking may still send. */
  #left = 0;
  #draws = 0;
  #closed = false;
  #heard: Buffer | undefined;

  constructor(wire: Wire) {
    super();
    this.#wire = wire;
    wire.onFrame((frame) => {
      this.#heard = Buffer.from(frame);
      if (!this.#closed) this.emit("message", Buffer.from(frame));
    });
  }

  /** For the next asking: so many frames, each of these forms. */
  allow(frames: number, templates: readonly FrameTemplate[]): void {
    [this.#left, this.#templates, this.#draws] = [frames, templates, 0];
  }

  /** What the latest frame reports in the clear: the number of its counter in usmStats (RFC 3414, 5), from 1 to 6; undefined where it is no report. */
  get reported(): number | undefined {
    const at = this.#heard?.indexOf(usmStats) ?? -1;
    return at < 0 ? undefined : this.#heard?.[at + usmStats.length];
  }

  /** Port and address are the library's idea of the device; the wire has its own. */
  send(buffer: Uint8Array, _offset: number, _length: number, _port: number, _address: string, done: (error: Error | null) => void): void {
    if (this.#closed) return done(new Error("the socket is closed"));
    if (this.#left === 0) return done(new AskedAgain("asked once more for the same"));
    if (fitting(this.#templates, buffer) === undefined && this.#draws++ < drawsMax) return done(new NarrowNumber("to be drawn again"));
    this.#left -= 1;
    this.#wire.send(buffer);
    done(null);
  }

  ref(): void {}
  unref(): void {}
  bind(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.emit("close");
  }
}
