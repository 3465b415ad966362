/** A simulated OPC UA server over security None, well or badly behaved, with encoders of its own so that it can contradict the product. */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { behaviourName, type OpcuaBehaviour } from "./behaviour.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";
import { type CountsCondition, type OpcuaCounts, OpcuaTally } from "./counts.ts";
import { plainEndpoint } from "./serve.ts";
import { usualFacts, type ServerFacts } from "./server-nodes.ts";
import type { EndpointFacts, ServerState } from "./services.ts";
import { Sessions } from "./sessions.ts";

export { behaviourName, type OpcuaBehaviour };
export type { OpcuaCounts } from "./counts.ts";
export type { ServerState } from "./services.ts";

export interface OpcuaDeviceOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly name?: string;
  readonly behaviour?: OpcuaBehaviour;
  /** Of ServerStatus; running unless said otherwise. */
  readonly state?: ServerState;
  /** 10 unless said otherwise. */
  readonly sessionsMax?: number;
  /** What it raises or lowers a wanted session timeout to; 1 s to 1 h unless said otherwise. */
  readonly sessionTimeoutMs?: { readonly min: number; readonly max: number };
  /** DER, base64: what it shows of itself, also without security. */
  readonly certificate?: string;
  /** It knows itself by this path alone, such as /UA/Server, and turns away who says another. */
  readonly path?: string;
  /** What it says of itself to whoever reads it; the usual where nothing else is said. */
  readonly facts?: Partial<ServerFacts>;
}

export interface OpcuaDevice {
  readonly host: string;
  readonly port: number;
  readonly behaviour: OpcuaBehaviour;
  /** Live: the same object goes on counting. */
  readonly counts: OpcuaCounts;
  /** From the next request on. Answers that are already under way are not called back. */
  behave(behaviour: OpcuaBehaviour): void;
  /** Another ServerStatus from the next request on. */
  enter(state: ServerState): void;
  /** Resolves as soon as the counts fulfil the condition; rejects when the device is closed before. */
  waitUntil(condition: CountsCondition): Promise<void>;
  /** Resolves when the port and every connection are closed. */
  close(): Promise<void>;
}

/** Rejects when the address or the port cannot be had. */
export async function startOpcuaDevice(options: OpcuaDeviceOptions): Promise<OpcuaDevice> {
  const device = new Device(options);
  await device.listen();
  return device;
}

class Device implements OpcuaDevice, ConnectionOwner {
  readonly host: string;
  readonly tally: OpcuaTally = new OpcuaTally();
  readonly sessions: Sessions = new Sessions(this.tally);
  readonly sessionsMax: number;
  readonly sessionTimeoutMs: { readonly min: number; readonly max: number };
  readonly facts: ServerFacts;
  readonly path: string;
  readonly #name: string;
  readonly #certificate: Buffer | undefined;
  #port: number;
  #behaviour: OpcuaBehaviour;
  #state: ServerState;
  #server: Server | undefined;
  readonly #connections = new Set<Connection>();
  #nextChannel = 1;

  constructor(options: OpcuaDeviceOptions) {
    this.host = options.host;
    this.#port = options.port;
    this.#name = options.name ?? "SIM-OPC-UA";
    this.#behaviour = options.behaviour ?? "healthy";
    this.#state = options.state ?? "running";
    this.sessionsMax = options.sessionsMax ?? 10;
    this.sessionTimeoutMs = options.sessionTimeoutMs ?? { min: 1000, max: 3_600_000 };
    this.path = options.path ?? "";
    this.facts = { ...usualFacts, ...options.facts };
    this.#certificate = options.certificate === undefined ? undefined : Buffer.from(options.certificate, "base64");
  }

  get port(): number {
    return this.#port;
  }

  get behaviour(): OpcuaBehaviour {
    return this.#behaviour;
  }

  get state(): ServerState {
    return this.#state;
  }

  get counts(): OpcuaCounts {
    return this.tally.counts;
  }

  get endpoint(): EndpointFacts {
    const { behaviour } = this;
    const elsewhere = typeof behaviour === "object" && behaviour.kind === "redirecting" ? behaviour.endpointUrl : undefined;
    return {
      ...plainEndpoint(elsewhere ?? `opc.tcp://${this.host}:${this.#port}${this.path}`, this.#name),
      certificate: this.#certificate,
    };
  }

  behave(behaviour: OpcuaBehaviour): void {
    this.#behaviour = behaviour;
  }

  enter(state: ServerState): void {
    this.#state = state;
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
    this.#server?.close();
    this.sessions.clear();
    const open = [...this.#connections];
    for (const connection of open) connection.destroy();
    await Promise.all(open.map(({ closed }) => closed));
    this.tally.end();
  }

  nowMs(): number {
    return Date.now();
  }

  newChannel(): number {
    return this.#nextChannel++;
  }

  hasUnanswered(): boolean {
    return [...this.#connections].some(({ unanswered }) => unanswered > 0);
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
}
