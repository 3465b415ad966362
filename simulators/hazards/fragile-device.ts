/** A Modbus TCP server whose every reaction a hazard decides: the frames and answers are those of the ordinary simulated device. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { answer, type ModbusContents } from "../modbus/answers.ts";
import { buildFrame, cutRequest, exceptionCodes, exceptionPdu, type ModbusRequest } from "../modbus/frames.ts";
import { monotonicMs, Timers } from "../timers.ts";
import { modbusPort } from "./hazard.ts";

export interface Client {
  /** When it was last heard. */
  heardMs: number;
  /** It ended by FIN, and not by a reset. */
  clean: boolean;
  reset(): void;
}

export interface Asked {
  readonly atMs: number;
  readonly request: ModbusRequest;
}

export interface FragileOptions {
  readonly host: string;
  readonly contents?: Partial<ModbusContents>;
  /** What the device makes of a request; the ordinary answer, after `afterMs`, unless it says otherwise. `half`: of the frame, and nothing more. */
  readonly onRequest?: (
    request: ModbusRequest,
    client: Client,
  ) => { readonly afterMs?: number; readonly silent?: true; readonly pdu?: Buffer; readonly half?: true } | undefined;
  readonly onConnect?: (client: Client) => void;
  readonly onEnd?: (client: Client) => void;
}

export interface FragileDevice {
  readonly host: string;
  readonly asked: readonly Asked[];
  readonly connections: number;
  readonly clients: ReadonlySet<Client>;
  contents: ModbusContents;
  /** Power off: resets every connection and listens no more. */
  dark(): Promise<void>;
  light(): Promise<void>;
  close(): Promise<void>;
}

const contents: ModbusContents = {
  identity: { vendorName: "Watchkeeper", productCode: "FRAGILE", revision: "1.0" },
  registers: new Map(Array.from({ length: 100 }, (_, address) => [address, address])),
  serverId: 1,
  running: true,
};

export async function startFragile(options: FragileOptions): Promise<FragileDevice> {
  const device = new Device(options);
  await device.light();
  return device;
}

class Device implements FragileDevice {
  readonly host: string;
  readonly asked: Asked[] = [];
  readonly clients = new Set<Client>();
  connections = 0;
  contents: ModbusContents;
  readonly #options: FragileOptions;
  readonly #timers = new Timers();
  readonly #sockets = new Set<Socket>();
  #server = createServer();

  constructor(options: FragileOptions) {
    this.#options = options;
    this.host = options.host;
    this.contents = { ...contents, ...options.contents };
  }

  async light(): Promise<void> {
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    this.#server.listen({ host: this.host, port: modbusPort });
    await once(this.#server, "listening");
  }

  async dark(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.resetAndDestroy();
    await once(this.#server, "close");
  }

  async close(): Promise<void> {
    this.#timers.clear();
    if (this.#server.listening) await this.dark();
  }

  #accept(socket: Socket): void {
    const client: Client = { heardMs: monotonicMs(), clean: false, reset: () => socket.resetAndDestroy() };
    this.connections += 1;
    this.#sockets.add(socket);
    this.clients.add(client);
    let stream: Buffer = Buffer.alloc(0);
    // A client may reset at any moment; "close" follows.
    socket.on("error", () => {});
    socket.on("end", () => (client.clean = true));
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.clients.delete(client);
      this.#options.onEnd?.(client);
    });
    socket.on("data", (chunk: Buffer) => {
      stream = Buffer.concat([stream, chunk]);
      for (let cut = cutRequest(stream); cut.found === "request"; cut = cutRequest(stream)) {
        stream = cut.rest;
        this.#onRequest(socket, client, cut.request);
      }
    });
    this.#options.onConnect?.(client);
  }

  #onRequest(socket: Socket, client: Client, request: ModbusRequest): void {
    client.heardMs = monotonicMs();
    this.asked.push({ atMs: client.heardMs, request });
    const { afterMs = 0, silent, pdu, half } = this.#options.onRequest?.(request, client) ?? {};
    if (silent) return;
    const reply = pdu ?? answer(request.pdu, this.contents) ?? exceptionPdu(request.functionCode, exceptionCodes.illegalFunction);
    const frame = buildFrame(request, reply);
    const write = (): void => {
      if (socket.writable) socket.write(half ? frame.subarray(0, frame.length >> 1) : frame);
    };
    if (afterMs === 0) write();
    else this.#timers.after(afterMs, write);
  }
}
