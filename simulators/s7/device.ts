/** A simulated S7 CPU, well or badly behaved, with encoders of its own so that it can contradict the product. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Timers } from "../timers.ts";
import { answer, type S7Cpu, type S7Mode } from "./answers.ts";
import { programmingDevice, react, type S7Behaviour } from "./behaviour.ts";
import { type CountsCondition, type S7Counts, S7Tally } from "./counts.ts";
import { cutRequest, type S7Request } from "./frames.ts";

export type { S7Cpu, S7Mode } from "./answers.ts";
export { s7BehaviourName, type S7Behaviour } from "./behaviour.ts";
export type { S7Counts } from "./counts.ts";

export interface S7DeviceOptions {
  readonly host: string;
  /** 0 takes one that is free. */
  readonly port: number;
  readonly cpu?: Partial<S7Cpu>;
  readonly behaviour?: S7Behaviour;
}

export interface S7Device {
  readonly host: string;
  readonly port: number;
  readonly behaviour: S7Behaviour;
  /** Live: the same object goes on counting. */
  readonly counts: S7Counts;
  /** From the next request on. Answers that are already under way are not called back. */
  behave(behaviour: S7Behaviour): void;
  switchTo(mode: S7Mode): void;
  /** Resolves as soon as the counts fulfil the condition; rejects when the device is closed before. */
  waitUntil(condition: CountsCondition): Promise<void>;
  /** Resolves when the port and every connection are closed. */
  close(): Promise<void>;
}

/** An order number that nobody sells. */
const defaultCpu: S7Cpu = {
  mode: 8,
  orderNumber: "6ES7 000-0SIM0-0XX0",
  firmware: [1, 2, 3],
  typeName: "SIM CPU",
  serial: "S SIM00000001",
  protection: [1, 0, 1, 1, 0],
  pduBytes: 240,
  memory: { DB1: Buffer.alloc(16), M: Buffer.alloc(16) },
};

/** Rejects when the address or the port cannot be had. */
export async function startS7Device(options: S7DeviceOptions): Promise<S7Device> {
  const device = new Device(options);
  await device.listen();
  return device;
}

class Device implements S7Device {
  readonly host: string;
  readonly tally: S7Tally = new S7Tally();
  #port: number;
  #behaviour: S7Behaviour;
  #cpu: S7Cpu;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Those that are confirmed and called the TSAP of a programming device. */
  readonly #programming = new Set<Socket>();
  readonly #timers = new Timers();
  #dice: number;

  constructor({ host, port, cpu, behaviour = "healthy" }: S7DeviceOptions) {
    this.host = host;
    this.#port = port;
    this.#behaviour = behaviour;
    this.#cpu = { ...defaultCpu, ...cpu };
    this.#dice = seedOf(behaviour);
  }

  get port(): number {
    return this.#port;
  }

  get behaviour(): S7Behaviour {
    return this.#behaviour;
  }

  get counts(): S7Counts {
    return this.tally.counts;
  }

  behave(behaviour: S7Behaviour): void {
    this.#behaviour = behaviour;
    this.#dice = seedOf(behaviour);
  }

  switchTo(mode: S7Mode): void {
    this.#cpu = { ...this.#cpu, mode };
  }

  waitUntil(condition: CountsCondition): Promise<void> {
    return this.tally.waitUntil(condition);
  }

  async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    server.listen({ host: this.host, port: this.#port });
    await once(server, "listening");
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
    this.#server = server;
  }

  async close(): Promise<void> {
    this.#timers.clear();
    this.#server?.close();
    const open = [...this.#sockets];
    const closed = open.filter((socket) => !socket.closed).map((socket) => once(socket, "close"));
    for (const socket of open) socket.destroy();
    await Promise.all(closed);
    this.tally.end();
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    this.tally.add("connections");
    this.tally.connectionsOpen(this.#sockets.size);
    let buffered: Buffer = Buffer.alloc(0);
    let unanswered = 0;
    const answered = (frames: readonly Buffer[]): void => {
      unanswered -= 1;
      for (const frame of frames) socket.write(frame);
    };
    socket.on("data", (chunk) => {
      this.tally.add("bytes", chunk.length);
      buffered = Buffer.concat([buffered, chunk]);
      for (let cut = cutRequest(buffered); cut.found !== "nothing"; cut = cutRequest(buffered)) {
        if (cut.found === "malformed") {
          buffered = Buffer.alloc(0);
          this.tally.add("malformedRequests");
          return;
        }
        buffered = cut.rest;
        this.tally.request(cut.request, unanswered > 0);
        unanswered += 1;
        this.#respond(socket, cut.request, answered);
      }
    });
    socket.on("end", () => {
      this.tally.add("cleanCloses");
      if (this.#behaviour !== "never-closes") socket.end();
    });
    socket.on("error", () => this.tally.add("uncleanCloses"));
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#programming.delete(socket);
      this.tally.connectionsOpen(this.#sockets.size);
    });
  }

  #respond(socket: Socket, request: S7Request, answered: (frames: readonly Buffer[]) => void): void {
    const correct = answer(request, this.#cpu);
    const beside = this.#behaviour === "one-pg-connection" ? this.#programming.size : this.#sockets.size - 1;
    const reaction = react(this.#behaviour, request, correct, beside, (below) => this.#roll(below));
    const confirmed = reaction.act === "send" && reaction.frames[0] === correct;
    if (confirmed && request.kind === "connect" && request.calledTsap >> 8 === programmingDevice) this.#programming.add(socket);
    if (reaction.act === "reset") socket.resetAndDestroy();
    if (reaction.act !== "send") return;
    if (reaction.afterMs > 0) this.#timers.after(reaction.afterMs, () => answered(reaction.frames));
    else answered(reaction.frames);
  }

  /** Numerical Recipes' congruential generator: a failure repeats itself. */
  #roll(below: number): number {
    this.#dice = (Math.imul(this.#dice, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#dice / 2 ** 32) * below);
  }
}

function seedOf(behaviour: S7Behaviour): number {
  return typeof behaviour === "object" && behaviour.kind === "mutated" ? behaviour.seed >>> 0 : 0;
}
