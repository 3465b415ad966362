/** A serial port as modbus-serial wants one: RTU frames with a CRC on its side, Modbus TCP frames on the wire's. */
import { EventEmitter } from "node:events";
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

  constructor(wire: Wire, inspect: Inspect) {
    super();
    this.#wire = wire;
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
    const length = rtu.length - crcBytes;
    const frame = new Uint8Array(prefixBytes + length);
    frame[0] = this._transactionIdWrite >> 8;
    frame[1] = this._transactionIdWrite & 0xff;
    frame[4] = length >> 8;
    frame[5] = length & 0xff;
    frame.set(rtu.subarray(0, length), prefixBytes);
    this._transactionIdWrite = (this._transactionIdWrite + 1) & 0xffff;
    this.#wire.send(frame);
  }

  #receive(frame: Uint8Array): void {
    const reply = this.#inspect(frame.slice(prefixBytes));
    if (!reply) return;
    const rtu = Buffer.alloc(reply.length + crcBytes);
    rtu.set(reply);
    rtu.writeUInt16LE(crc16(reply), reply.length);
    this._transactionIdRead = (frame[0]! << 8) | frame[1]!;
    this.emit("data", rtu);
  }
}

/** Modbus over Serial Line V1.02, 6.2.2. */
function crc16(bytes: Uint8Array): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xa001 : crc >>> 1;
  }
  return crc;
}
