/** A simulated EtherNet/IP adapter over TCP and UDP, well or badly behaved, with encoders of its own so that it can contradict the product. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from "node:dgram";
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { Timers } from "../timers.ts";
import { answer, type EnipIdentity, type EnipSlot } from "./answers.ts";
import { type EnipBehaviour, react } from "./behaviour.ts";
import { Connection } from "./connection.ts";
import { type CountsCondition, type EnipCounts, EnipTally } from "./counts.ts";
import { cutRequest } from "./frames.ts";

export type { EnipIdentity } from "./answers.ts";
export { behaviourName, type EnipBehaviour } from "./behaviour.ts";
export type { EnipCounts } from "./counts.ts";

export interface EnipDeviceOptions {
  readonly host: string;
  /** Of both TCP and UDP; 0 takes one that is free for both. */
  readonly port: number;
  readonly identity?: Partial<EnipIdentity>;
  /** Of its backplane, from slot 0: a module, null where none stands, or one that answers nobody; absent: it has no backplane. */
  readonly slots?: readonly (Partial<EnipIdentity> | Exclude<EnipSlot, EnipIdentity>)[];
  readonly behaviour?: EnipBehaviour;
}

export interface EnipDevice {
  readonly host: string;
  readonly port: number;
  readonly behaviour: EnipBehaviour;
  /** Live: the same object goes on counting. */
  readonly counts: EnipCounts;
  /** From the next request on. Answers that are already under way are not called back. */
  behave(behaviour: EnipBehaviour): void;
  /** Another identity from the next request on. */
  become(identity: Partial<EnipIdentity>): void;
  /** Resolves as soon as the counts fulfil the condition; rejects when the device is closed before. */
  waitUntil(condition: CountsCondition): Promise<void>;
  /** Resolves when the ports and every connection are closed. */
  close(): Promise<void>;
}

/** Vendor id 0 is reserved: nobody can take a simulated device for somebody's. */
const defaultIdentity: EnipIdentity = {
  vendorId: 0,
  deviceType: 12,
  productCode: 1,
  revision: [1, 1],
  status: 0x0030,
  serialNumber: 0x5151_0001,
  productName: "SIM-ETHERNET-IP",
  state: 3,
};

/** Rejects when the address or the port cannot be had. */
export async function startEnipDevice(options: EnipDeviceOptions): Promise<EnipDevice> {
  const device = new Device(options);
  await device.listen();
  return device;
}

class Device implements EnipDevice {
  readonly host: string;
  readonly slots: readonly EnipSlot[];
  readonly tally: EnipTally = new EnipTally();
  #port: number;
  #behaviour: EnipBehaviour;
  #identity: EnipIdentity;
  #server: Server | undefined;
  #datagrams: UdpSocket | undefined;
  readonly #connections = new Set<Connection>();
  readonly #timers = new Timers();
  #nextHandle = 0x0001_0001;
  /** Datagrams that were not answered yet. */
  #unanswered = 0;

  constructor(options: EnipDeviceOptions) {
    this.host = options.host;
    this.#port = options.port;
    this.#behaviour = options.behaviour ?? "healthy";
    this.#identity = { ...defaultIdentity, ...options.identity };
    this.slots = (options.slots ?? []).map((one) => (one === null || one === "silent" ? one : { ...defaultIdentity, ...one }));
  }

  get port(): number {
    return this.#port;
  }

  get behaviour(): EnipBehaviour {
    return this.#behaviour;
  }

  get identity(): EnipIdentity {
    return this.#identity;
  }

  get counts(): EnipCounts {
    return this.tally.counts;
  }

  behave(behaviour: EnipBehaviour): void {
    this.#behaviour = behaviour;
  }

  become(identity: Partial<EnipIdentity>): void {
    this.#identity = { ...this.#identity, ...identity };
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
    const datagrams = createSocket(this.host.includes(":") ? "udp6" : "udp4");
    datagrams.on("message", (datagram, from) => this.#onDatagram(datagram, from));
    datagrams.bind(this.#port, this.host);
    try {
      await once(datagrams, "listening");
    } catch (cause) {
      server.close();
      throw cause;
    }
    this.#datagrams = datagrams;
  }

  async close(): Promise<void> {
    this.#timers.clear();
    this.#server?.close();
    this.#datagrams?.close();
    const open = [...this.#connections];
    for (const connection of open) connection.destroy();
    await Promise.all(open.map(({ closed }) => closed));
    this.tally.end();
  }

  newSession(): number {
    this.tally.add("sessions");
    return this.#nextHandle++;
  }

  hasUnanswered(): boolean {
    return this.#unanswered > 0 || [...this.#connections].some(({ unanswered }) => unanswered > 0);
  }

  connectionClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.tally.connectionsOpen(this.#connections.size);
  }

  #accept(socket: Socket): void {
    this.#connections.add(new Connection(socket, this));
    this.tally.add("connections");
    this.tally.connectionsOpen(this.#connections.size);
  }

  #onDatagram(datagram: Buffer, { address, port }: RemoteInfo): void {
    this.tally.add("bytes", datagram.length);
    const cut = cutRequest(datagram);
    if (cut.found !== "request" || cut.rest.length > 0) this.tally.add("malformedRequests");
    else {
      const { request } = cut;
      const reaction = react(this.#behaviour, request, answer(request, this, false));
      const pipelined = this.hasUnanswered();
      if (reaction.act === "send") {
        this.#unanswered += 1;
        const send = (): void => {
          this.#unanswered -= 1;
          for (const frame of reaction.frames) this.#datagrams?.send(frame, port, address, () => {});
        };
        if (reaction.afterMs > 0) this.#timers.after(reaction.afterMs, send);
        else send();
      }
      this.tally.request(request, pipelined);
    }
    this.tally.add("datagrams");
  }
}
