/** A simulated Modbus TCP device on node:net, well or badly behaved, with encoders of its own so that it can contradict the client library. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { answer, type ModbusContents, type RegisterSource } from "./answers.ts";
import type { ModbusBehaviour } from "./behaviour.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { type CountsCondition, type ModbusCounts, ModbusTally } from "./counts.ts";
import { exceptionCodes, exceptionPdu, type ModbusRequest } from "./frames.ts";
import { identityObjects, type ModbusIdentity, objectBytesMax } from "./identification.ts";
import { type ConnectionLimit, Slots } from "./slots.ts";

export type { ModbusContents, RegisterSource, RegisterTable } from "./answers.ts";
export { behaviourName, type ModbusBehaviour, type PlainBehaviour } from "./behaviour.ts";
export type { CountsCondition, ModbusCounts } from "./counts.ts";
export type { ModbusIdentity } from "./identification.ts";
export { type ConnectionLimit, oneConnectionOnly } from "./slots.ts";

export interface ModbusDeviceOptions {
  readonly host: string;
  /** 0 takes any free port; it stays the same when the device goes dark and comes back. */
  readonly port: number;
  /** The unit ids that are answered; 1 and 255 where absent. */
  readonly unitIds?: readonly number[];
  /** To other unit ids a device says nothing; a gateway says 0x0A (no path) or 0x0B (the target is silent). */
  readonly otherUnits?: "ignore" | "gateway-path-unavailable" | "gateway-target-silent";
  readonly identity?: ModbusIdentity;
  /** Where absent, protocol addresses 0 to 99 hold their own address. */
  readonly registers?: RegisterSource;
  readonly serverId?: number;
  readonly running?: boolean;
  readonly behaviour?: ModbusBehaviour;
  /** Where absent, any number of connections. */
  readonly connections?: ConnectionLimit;
}

export interface ModbusDevice {
  readonly host: string;
  readonly port: number;
  readonly behaviour: ModbusBehaviour;
  /** Live: the same object goes on counting. */
  readonly counts: ModbusCounts;
  /** From the next request on. Answers that are already under way are not called back. */
  behave(behaviour: ModbusBehaviour): void;
  /** Another identity, other registers, or a CPU in STOP, from the next request on. */
  become(contents: Partial<ModbusContents>): void;
  /** For connections to come; those that are open stay. */
  limitConnections(limit: ConnectionLimit | undefined): void;
  /** Writes bytes nobody asked for to every open connection. */
  sendUnasked(bytes: Uint8Array): void;
  /** Resolves as soon as the counts fulfil the condition; rejects when the device is closed before. */
  waitUntil(condition: CountsCondition): Promise<void>;
  /** Stops listening and resets every connection, as after a power cut. On a loopback address the kernel then refuses. */
  goDark(): Promise<void>;
  /** Listens again on the same port, with all connection slots free; resolves once it does. Where it listens already nothing changes. */
  comeBack(): Promise<void>;
  /** Resolves when the port and every connection are closed. */
  close(): Promise<void>;
}

const defaultIdentity: ModbusIdentity = { vendorName: "Watchkeeper", productCode: "SIM-MODBUS", revision: "1.0" };

/** Rejects when the address or the port cannot be had. */
export async function startModbusDevice(options: ModbusDeviceOptions): Promise<ModbusDevice> {
  const device = new Device(options);
  await device.comeBack();
  return device;
}

class Device implements ModbusDevice, ConnectionOwner {
  readonly host: string;
  readonly tally: ModbusTally = new ModbusTally();
  #port: number;
  #behaviour: ModbusBehaviour;
  #contents: ModbusContents;
  readonly #unitIds: ReadonlySet<number>;
  readonly #otherUnits: NonNullable<ModbusDeviceOptions["otherUnits"]>;
  readonly #slots: Slots<Connection>;
  readonly #connections = new Set<Connection>();
  #server: Server | undefined;
  #opening: Promise<void> = Promise.resolve();
  #dark = true;
  #closed = false;

  constructor(options: ModbusDeviceOptions) {
    this.host = options.host;
    this.#port = options.port;
    this.#unitIds = new Set(options.unitIds ?? [1, 255]);
    this.#otherUnits = options.otherUnits ?? "ignore";
    this.#behaviour = options.behaviour ?? "healthy";
    this.#slots = new Slots(options.connections);
    this.#contents = checked({
      identity: options.identity ?? defaultIdentity,
      registers: options.registers ?? new Map(Array.from({ length: 100 }, (_, address) => [address, address])),
      serverId: options.serverId ?? 1,
      running: options.running ?? true,
    });
  }

  get port(): number {
    return this.#port;
  }

  get behaviour(): ModbusBehaviour {
    return this.#behaviour;
  }

  get counts(): ModbusCounts {
    return this.tally.counts;
  }

  behave(behaviour: ModbusBehaviour): void {
    this.#behaviour = behaviour;
  }

  become(contents: Partial<ModbusContents>): void {
    this.#contents = checked({ ...this.#contents, ...contents });
  }

  limitConnections(limit: ConnectionLimit | undefined): void {
    this.#slots.limit = limit;
    this.#listenOrNot();
  }

  sendUnasked(bytes: Uint8Array): void {
    for (const connection of this.#connections) connection.write(bytes);
  }

  waitUntil(condition: CountsCondition): Promise<void> {
    return this.tally.waitUntil(condition);
  }

  async goDark(): Promise<void> {
    this.#dark = true;
    this.#stopListening();
    const open = [...this.#connections];
    for (const connection of open) connection.reset();
    await Promise.all(open.map((connection) => connection.closed));
    this.#slots.clear();
    this.tally.set("ghostConnections", 0);
  }

  async comeBack(): Promise<void> {
    if (this.#closed) throw new Error(`the simulated device at ${this.host}:${this.#port} is closed for good`);
    this.#dark = false;
    await this.#startListening();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stopListening();
    for (const connection of this.#connections) connection.destroy();
    await this.#opening.catch(() => {});
    await Promise.all([...this.#connections].map((connection) => connection.closed));
    this.tally.end();
  }

  answerTo(request: ModbusRequest): Buffer | undefined {
    if (this.#unitIds.has(request.unitId)) return answer(request.pdu, this.#contents);
    switch (this.#otherUnits) {
      case "ignore":
        return undefined;
      case "gateway-path-unavailable":
        return exceptionPdu(request.functionCode, exceptionCodes.gatewayPathUnavailable);
      case "gateway-target-silent":
        return exceptionPdu(request.functionCode, exceptionCodes.gatewayTargetSilent);
    }
  }

  hasUnanswered(): boolean {
    return [...this.#connections].some((connection) => connection.unanswered > 0);
  }

  connectionClosed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#slots.leave(connection);
    this.#listenOrNot();
    this.tally.set("ghostConnections", this.#slots.ghosts);
    this.tally.connectionsOpen(this.#connections.size);
  }

  #accept(socket: Socket): void {
    if (this.#closed || this.#dark) {
      socket.resetAndDestroy();
      return;
    }
    const connection = new Connection(socket, this);
    this.#connections.add(connection);
    const admission = this.#slots.admit(connection);
    if (this.#behaviour === "refuse-after-accept") connection.finish();
    if (admission.admitted) {
      for (const victim of admission.evicted) victim.finish();
      this.tally.add("evictions", admission.evicted.length);
    } else {
      // Where the kernel should have refused, this one slipped in before the port was closed.
      if (this.#slots.refuses) connection.reset();
      else connection.finish();
      this.tally.add("turnedAway");
    }
    this.#listenOrNot();
    this.tally.set("ghostConnections", this.#slots.ghosts);
    this.tally.add("connections");
    this.tally.connectionsOpen(this.#connections.size);
  }

  get #wantsToListen(): boolean {
    return !this.#closed && !this.#dark && !this.#slots.refuses;
  }

  #listenOrNot(): void {
    if (!this.#wantsToListen) this.#stopListening();
    // Only another program that took the port meanwhile can prevent it; clients then see what they would see of a full device.
    else this.#startListening().catch(() => {});
  }

  #startListening(): Promise<void> {
    if (this.#server) return this.#opening;
    // One after the other: two servers must not race for the port.
    this.#opening = this.#opening.catch(() => {}).then(() => this.#listen());
    return this.#opening;
  }

  async #listen(): Promise<void> {
    if (this.#server || !this.#wantsToListen) return;
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    server.listen({ host: this.host, port: this.#port });
    await once(server, "listening");
    server.on("error", () => {});
    const address = server.address();
    if (address !== null && typeof address === "object") this.#port = address.port;
    this.#server = server;
    if (!this.#wantsToListen) this.#stopListening();
  }

  /** Takes effect at once; open connections are not touched. */
  #stopListening(): void {
    this.#server?.close();
    this.#server = undefined;
  }
}

function checked(contents: ModbusContents): ModbusContents {
  for (const [id, value] of identityObjects(contents.identity)) {
    if (value.length > objectBytesMax)
      throw new RangeError(`identity object ${id} has ${value.length} bytes; at most ${objectBytesMax} fit into a reply`);
  }
  return contents;
}
