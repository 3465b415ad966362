/** node-opcua's transport over a lent wire: the library gets no socket, no keepalive, no timeout and no word of its own about errors. */
import { EventEmitter } from "node:events";
import type { ClientTransportBase, TransportSettingsOptions } from "node-opcua";
import type { Wire } from "../../domain/wire.ts";
import type { Library } from "./library.ts";
import { helloLimits } from "./templates.ts";

/** What every side must be able to take (Part 6, 7.1.2.4), and more than any request of ours has. */
const requestBytesMax = 8192;

/** What the channel is told before and after the library sees a frame. */
export interface Watch {
  /** False: the library is not to see it. */
  arriving(frame: Uint8Array): boolean;
  delivered(frame: Uint8Array): void;
}

type Limits = Parameters<ClientTransportBase["setLimits"]>[0];
type SocketOf = Parameters<ClientTransportBase["_install_socket"]>[0];

export function transportOver(wire: Wire, library: Library, watch: Watch): ClientTransportBase {
  class WireTransport extends library.ClientTransportBase {
    constructor(settings: TransportSettingsOptions) {
      super(settings);
    }

    override connect(endpointUrl: string, callback: (error?: Error) => void): void {
      this.endpointUrl = endpointUrl;
      this._install_socket(new WireSocket(wire, watch) as unknown as SocketOf);
      this._perform_HEL_ACK_transaction((error) => callback(error ?? undefined));
    }

    /** It would set its limits for what comes in by what the server can take; ours are the ones that HEL told. */
    override setLimits({ sendBufferSize }: Limits): void {
      // Each request gets a buffer of that size, filled with zeros: 64 kB for the 100 bytes of a Read hold up the loop.
      super.setLimits({ ...helloLimits, sendBufferSize: Math.min(sendBufferSize, requestBytesMax) });
    }

    /** A client sends no ERR (Part 6, 7.1.5); it would leave unasked, on no template, and trip the device. */
    override sendErrorMessage(): void {}
  }
  return new WireTransport({ ...helloLimits });
}

const closeChannel = 0x43;

/** As much of a socket as the library's transport touches. */
class WireSocket extends EventEmitter {
  destroyed = false;
  readonly #wire: Wire;

  constructor(wire: Wire, watch: Watch) {
    super();
    this.#wire = wire;
    wire.onFrame((frame) => {
      if (this.destroyed || !watch.arriving(frame)) return;
      quietly(() => this.emit("data", Buffer.from(frame)));
      watch.delivered(frame);
    });
    void wire.closed.then(() => this.destroy());
  }

  write(frame: Uint8Array, done?: () => void): void {
    if (this.destroyed) return;
    this.#wire.send(frame);
    done?.();
    // Nothing answers CLO; the library would wait 100 ms for it, with a timer of its own.
    if (frame[0] === closeChannel) this.destroy();
  }

  end(): void {
    this.destroy();
  }

  /** The wire is the keeper's to close; the library only learns that there is nothing more for it. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.emit("close", false);
  }

  setKeepAlive(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setTimeout(): this {
    return this;
  }
}

/** Statuses that the library does not know go past its loggers to the console, one line each: a server could fill a log with one reply. */
function quietly(read: () => void): void {
  const { warn } = console;
  // oxlint-disable-next-line no-console -- so that nothing is written
  console.warn = () => {};
  try {
    read();
  } finally {
    // oxlint-disable-next-line no-console -- what it was before
    console.warn = warn;
  }
}
