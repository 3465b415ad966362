/** A serial port as modbus-serial wants one: RTU frames with a CRC on its side, on the wire's Modbus TCP frames or the same RTU frames. */
import { EventEmitter } from "node:events";
import { withCrc } from "../../domain/crc16.ts";
import type { Framing } from "../../domain/plan.ts";
import type { Wire } from "../../domain/wire.ts";

const prefixBytes = 6;
const crcBytes = 2;

/** Takes a reply (unit id and PDU) and says what of it the library may see; nothing, where it is undefined. */
export type Inspect = (reply: Uint8Array) => Uint8Array | undefined;

export class WirePort extends EventEmitter {
  isOpen = true;
  /** Read and written by the library, by these names: under which of its transactions a reply is filed. */
  _transactionIdRead = 0;
  _transactionIdWrite = 1;
  readonly #wire: Wire;
  readonly #inspect: Inspect;
  readonly #framing: Framing | undefined;

  constructor(wire: Wire, inspect: Inspect, framing?: Framing) {
    super();
    this.#wire = wire;
    this.#framing = framing;
    this.#inspect = inspect;
    wire.onFrame((frame) => this.#receive(frame));
    void wire.closed.then(() => (this.isOpen = false));
  }

  // The wire is open before the library comes, and closed by its keeper alone: the library may only think that it does either.
  open(done: () => void): void {
    done();
  }
  close(done?: () => void): void {
    done?.();
  }
  destroy(done?: () => void): void {
    done?.();
  }

  write(rtu: Uint8Array): void {
    if (this.#framing !== undefined) {
      // Without a transaction id in the frame, a reply belongs to the latest request: no other is out.
      this._transactionIdRead = this._transactionIdWrite;
      this.#count();
      this.#wire.send(Uint8Array.from(rtu));
      return;
    }
    const length = rtu.length - crcBytes;
    const frame = new Uint8Array(prefixBytes + length);
    frame[0] = this._transactionIdWrite >> 8;
    frame[1] = this._transactionIdWrite & 0xff;
    frame[4] = length >> 8;
    frame[5] = length & 0xff;
    frame.set(rtu.subarray(0, length), prefixBytes);
    this.#count();
    this.#wire.send(frame);
  }

  #count(): void {
    this._transactionIdWrite = (this._transactionIdWrite + 1) & 0xffff;
  }

  #receive(frame: Uint8Array): void {
    const raw = this.#framing !== undefined;
    const reply = this.#inspect(raw ? frame.slice(0, -crcBytes) : frame.slice(prefixBytes));
    if (!reply) return;
    if (!raw) this._transactionIdRead = (frame[0]! << 8) | frame[1]!;
    this.emit("data", Buffer.from(withCrc(reply)));
  }
}
