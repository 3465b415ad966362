/** A simulated serial gateway: many TCP clients, one slow line, units that answer and units that do not, and the line's own account of its time. */
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { monotonicMs, Timers } from "../timers.ts";
import { answer, type ModbusContents } from "./answers.ts";
import { buildFrame, cutRequest, exceptionCodes, exceptionPdu, type ModbusRequest } from "./frames.ts";

export interface SerialGatewayOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Unit ids that answer. */
  readonly live: readonly number[];
  /** Unit ids that stand in the gateway's table and are dead: each request takes responseTimeout x (retries + 1). Others get 0x0A at once. */
  readonly dead: readonly number[];
  /** How long a request and its answer take on the line. */
  readonly answerMs: number;
  readonly responseTimeoutMs: number;
  readonly retries: number;
  /** Whether the client hears of a dead unit (0x0B), or nothing at all. */
  readonly deadUnits: "exception" | "silence";
}

export interface LineCounts {
  readonly requests: number;
  readonly requestsByUnit: ReadonlyMap<number, number>;
  /** Monotonic milliseconds at which requests for the unit came, oldest first. */
  readonly timesByUnit: ReadonlyMap<number, readonly number[]>;
  /** Time for which the line was taken by requests for dead units. */
  readonly deadBusyMs: number;
  readonly busyMs: number;
  /** Requests that had to wait because the line was still busy with an earlier one. */
  readonly queued: number;
  readonly connections: number;
  readonly malformedRequests: number;
}

export interface SerialGateway {
  readonly host: string;
  readonly port: number;
  /** A copy. */
  readonly counts: LineCounts;
  close(): Promise<void>;
}

const contents: ModbusContents = {
  identity: { vendorName: "Watchkeeper", productCode: "SIM-UNIT", revision: "1.0" },
  registers: new Map(Array.from({ length: 100 }, (_, address) => [address, address])),
  serverId: 1,
  running: true,
};

/** Rejects when the address or the port cannot be had. */
export async function startSerialGateway(options: SerialGatewayOptions): Promise<SerialGateway> {
  const gateway = new Gateway(options);
  await gateway.listen();
  return gateway;
}

class Gateway implements SerialGateway {
  readonly host: string;
  readonly #options: SerialGatewayOptions;
  readonly #server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Timers();
  readonly #times = new Map<number, number[]>();
  #port: number;
  /** Until when the line is taken by what it was given so far. */
  #busyUntilMs = 0;
  #tally = { requests: 0, deadBusyMs: 0, busyMs: 0, queued: 0, connections: 0, malformedRequests: 0 };

  constructor(options: SerialGatewayOptions) {
    this.#options = options;
    this.host = options.host;
    this.#port = options.port;
  }

  get port(): number {
    return this.#port;
  }

  get counts(): LineCounts {
    const times = [...this.#times];
    return {
      ...this.#tally,
      requestsByUnit: new Map(times.map(([unit, list]) => [unit, list.length])),
      timesByUnit: new Map(times.map(([unit, list]) => [unit, [...list]])),
    };
  }

  async listen(): Promise<void> {
    this.#server.listen({ host: this.host, port: this.#port });
    await once(this.#server, "listening");
    const address = this.#server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
  }

  async close(): Promise<void> {
    this.#timers.clear();
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(socket: Socket): void {
    this.#tally.connections += 1;
    this.#sockets.add(socket);
    let stream: Buffer = Buffer.alloc(0);
    // A client may reset at any moment; "close" follows.
    socket.on("error", () => {});
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (chunk: Buffer) => {
      stream = Buffer.concat([stream, chunk]);
      for (let cut = cutRequest(stream); cut.found !== "too-little"; cut = cutRequest(stream)) {
        if (cut.found === "malformed") {
          this.#tally.malformedRequests += 1;
          socket.destroy();
          return;
        }
        stream = cut.rest;
        this.#onRequest(socket, cut.request);
      }
    });
  }

  /** Goes on the line whether or not its client is still there: that is what makes a gateway dangerous. */
  #onRequest(socket: Socket, request: ModbusRequest): void {
    const { unitId, functionCode } = request;
    const { live, dead, answerMs, responseTimeoutMs, retries, deadUnits } = this.#options;
    const nowMs = monotonicMs();
    this.#tally.requests += 1;
    this.#times.set(unitId, [...(this.#times.get(unitId) ?? []), nowMs]);
    const isDead = dead.includes(unitId);
    if (!isDead && !live.includes(unitId))
      return this.#reply(socket, request, exceptionPdu(functionCode, exceptionCodes.gatewayPathUnavailable));
    const takesMs = isDead ? responseTimeoutMs * (retries + 1) : answerMs;
    if (nowMs < this.#busyUntilMs) this.#tally.queued += 1;
    this.#busyUntilMs = Math.max(nowMs, this.#busyUntilMs) + takesMs;
    this.#tally.busyMs += takesMs;
    if (isDead) this.#tally.deadBusyMs += takesMs;
    const pdu = isDead ? exceptionPdu(functionCode, exceptionCodes.gatewayTargetSilent) : answer(request.pdu, contents);
    if (isDead && deadUnits === "silence") return;
    this.#timers.after(this.#busyUntilMs - nowMs, () => this.#reply(socket, request, pdu));
  }

  #reply(socket: Socket, { transactionId, unitId }: ModbusRequest, pdu: Buffer): void {
    if (socket.writable) socket.write(buildFrame({ transactionId, unitId }, pdu));
  }
}
