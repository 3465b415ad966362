/** The plant's own client: asks over connections that it keeps, and knows what was done to it. */
import { connect, type Socket } from "node:net";
import { monotonicMs, Timers } from "../timers.ts";
import { modbusPort } from "./hazard.ts";

/** FC 3, holding register 0, one register. */
const readHex = "000100000006%u0300000001";

export interface ScadaOptions {
  readonly host: string;
  readonly port?: number;
  readonly unitId?: number;
  readonly connections: number;
  readonly everyMs: number;
  /** A connection for each reading, in place of one that is kept. */
  readonly fresh?: true;
}

export class Scada {
  /** A connection that it kept was ended by somebody else. */
  thrownOut = 0;
  /** It was not let in. */
  refused = 0;
  answered = 0;
  /** Connections that it has begun. */
  dialled = 0;
  /** The longest that an answer took. */
  slowestMs = 0;
  readonly #options: ScadaOptions;
  readonly #timers = new Timers();
  readonly #sockets = new Set<Socket>();
  #left = false;

  constructor(options: ScadaOptions) {
    this.#options = options;
  }

  /** Resolves once every connection that it keeps stands. */
  async begin(): Promise<void> {
    if (this.#options.fresh) return this.#visitFrom(0);
    await Promise.all(Array.from({ length: this.#options.connections }, () => this.#keep()));
  }

  /** It goes away, as a master that dies: without a word. */
  leave(): void {
    this.#left = true;
    this.#timers.clear();
    for (const socket of this.#sockets) socket.destroy();
  }

  #visitFrom(afterMs: number): void {
    this.#timers.after(afterMs, () => {
      const socket = this.#dial(() => this.#read(socket, () => socket.end()));
      this.#visitFrom(this.#options.everyMs);
    });
  }

  #keep(): Promise<void> {
    return new Promise((resolve) => {
      const again = (): void => this.#timers.after(this.#options.everyMs, () => this.#read(socket, again));
      const socket = this.#dial(() => {
        resolve();
        again();
      });
      socket.once("close", () => {
        if (!this.#left) this.thrownOut += 1;
      });
    });
  }

  #dial(onConnect: () => void): Socket {
    const { host, port = modbusPort } = this.#options;
    const socket = connect({ host, port, noDelay: true });
    let connected = false;
    this.dialled += 1;
    this.#sockets.add(socket);
    socket.once("connect", () => {
      connected = true;
      onConnect();
    });
    socket.on("error", () => {
      if (!this.#left && !connected) this.refused += 1;
    });
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  }

  #read(socket: Socket, then: () => void): void {
    if (!socket.writable) return;
    const startedMs = monotonicMs();
    const unit = (this.#options.unitId ?? 1).toString(16).padStart(2, "0");
    let told = false;
    const ended = (): void => {
      // Let in, and shown out before the answer.
      if (!told && !this.#left && this.#options.fresh) this.refused += 1;
      told = true;
    };
    socket.once("close", ended);
    socket.once("data", () => {
      told = true;
      socket.off("close", ended);
      this.answered += 1;
      this.slowestMs = Math.max(this.slowestMs, monotonicMs() - startedMs);
      then();
    });
    socket.write(Buffer.from(readHex.replace("%u", unit), "hex"));
  }
}
