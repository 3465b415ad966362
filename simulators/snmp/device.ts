/** A simulated managed switch: net-snmp's agent behind a socket that can be silent, late, or spoil what the agent says. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { EventEmitter, once } from "node:events";
import snmp from "net-snmp";
import { monotonicMs, Timers } from "../timers.ts";
import { serveBridge, serveInterfaces, serveSystem, type Agent } from "./objects.ts";

export type SnmpBehaviour =
  | "healthy"
  | "silent"
  | "wrong-id" // answers another request
  | "in-the-clear" // a v2c answer, whatever was asked
  | "truncated"
  | "twice"
  | { readonly kind: "late"; readonly afterMs: number }
  /** Each answer goes through the function. */
  | { readonly kind: "spoiled"; readonly by: (reply: Buffer) => Buffer };

export interface SnmpUser {
  readonly name: string;
  readonly authKey: string;
  readonly privKey: string;
  readonly authProtocol?: "sha" | "sha256" | "sha384" | "sha512";
  readonly privProtocol?: "aes" | "aes256b" | "aes256r";
}

export interface SnmpDeviceOptions {
  readonly host: string;
  /** 0 takes one that is free. */
  readonly port: number;
  readonly community?: string;
  readonly user?: SnmpUser;
  readonly name?: string;
  readonly description?: string;
  /** sysUpTime when it starts, in hundredths of a second. */
  readonly upHundredths?: number;
  /** ifOperStatus by ifIndex: 1 up, 2 down, 7 lowerLayerDown. */
  readonly ports?: Readonly<Record<number, number>>;
  /** Port of its bridge by hardware address (`00:80:f4:0a:0b:0c`); absent: it is none. */
  readonly bridge?: Readonly<Record<string, number>>;
  readonly behaviour?: SnmpBehaviour;
}

export interface SnmpCounts {
  readonly datagrams: number;
  /** SNMP knows none: here for those who add up a fleet's. */
  readonly connections: number;
  /** As many as datagrams. */
  readonly requests: number;
  /** GetNextRequests of v1 and v2c. */
  readonly getNexts: number;
  /** Messages of v1 and v2c with another PDU than GetRequest and GetNextRequest: nobody should send one. */
  readonly writes: number;
  readonly malformedRequests: number;
  /** Each datagram is answered before the next is looked at: none ever. */
  readonly pipelinedRequests: number;
  /** The latest 1000 as lower-case hex, oldest first. */
  readonly requestFrames: readonly string[];
}

export interface SnmpDevice {
  readonly host: string;
  readonly port: number;
  readonly counts: SnmpCounts;
  behave(behaviour: SnmpBehaviour): void;
  /** Its management starts anew, or its clock is set. */
  upSince(hundredths: number): void;
  close(): Promise<void>;
}

/** Rejects when the address or the port cannot be had. */
export async function startSnmpDevice(options: SnmpDeviceOptions): Promise<SnmpDevice> {
  const socket = createSocket(options.host.includes(":") ? "udp6" : "udp4");
  socket.bind(options.port, options.host);
  await once(socket, "listening");
  return new Device(options, socket);
}

export function behaviourName(behaviour: SnmpBehaviour): string {
  if (typeof behaviour === "string") return behaviour;
  return behaviour.kind === "late" ? `late (${behaviour.afterMs} ms)` : "spoiled";
}

const framesMax = 1000;
const ticksWrap = 2 ** 32;
class Device implements SnmpDevice {
  readonly host: string;
  readonly port: number;
  readonly counts: { -readonly [Key in keyof SnmpCounts]: SnmpCounts[Key] } & { readonly requestFrames: string[] } = {
    datagrams: 0,
    connections: 0,
    requests: 0,
    getNexts: 0,
    writes: 0,
    malformedRequests: 0,
    pipelinedRequests: 0,
    requestFrames: [],
  };
  readonly #socket: Socket;
  readonly #agentSide = new AgentSide();
  readonly #timers = new Timers();
  #behaviour: SnmpBehaviour;
  #up: { readonly hundredths: number; readonly at: number };

  constructor(options: SnmpDeviceOptions, socket: Socket) {
    this.host = options.host;
    this.port = socket.address().port;
    this.#socket = socket;
    this.#behaviour = options.behaviour ?? "healthy";
    this.#up = { hundredths: options.upHundredths ?? 360_000, at: monotonicMs() };
    this.#agentSide.say = (reply, to) => this.#say(reply, to);
    socket.on("message", (datagram, from) => this.#hear(datagram, from));
    this.#serve(options);
  }

  behave(behaviour: SnmpBehaviour): void {
    this.#behaviour = behaviour;
  }

  upSince(hundredths: number): void {
    this.#up = { hundredths, at: monotonicMs() };
  }

  async close(): Promise<void> {
    this.#timers.clear();
    this.#socket.close();
    await once(this.#socket, "close");
  }

  #serve({
    community = "public",
    user,
    name = "SIM-SWITCH",
    description = "simulated managed switch",
    ports = {},
    bridge,
  }: SnmpDeviceOptions): void {
    const agent = snmp.createAgent({ dgramModule: { createSocket: () => this.#agentSide } }, () => {}) as Agent;
    const authorizer = agent.getAuthorizer();
    authorizer.addCommunity(community);
    if (user) authorizer.addUser(userOf(user));
    serveSystem(agent, { description, name, ticks: () => this.#ticks() });
    serveInterfaces(agent, ports);
    if (bridge) serveBridge(agent, bridge, Object.keys(ports).map(Number));
  }

  #ticks(): number {
    return (this.#up.hundredths + Math.floor((monotonicMs() - this.#up.at) / 10)) % ticksWrap;
  }

  #hear(datagram: Buffer, from: RemoteInfo): void {
    this.counts.datagrams += 1;
    this.counts.requests += 1;
    if (datagram[0] !== 0x30 || datagram.length < 8) this.counts.malformedRequests += 1;
    else if (pduTag(datagram) === 0xa1) this.counts.getNexts += 1;
    else if (pduTag(datagram) !== 0xa0) this.counts.writes += 1;
    this.counts.requestFrames.push(datagram.toString("hex"));
    if (this.counts.requestFrames.length > framesMax) this.counts.requestFrames.shift();
    this.#agentSide.emit("message", datagram, from);
  }

  #say(reply: Buffer, to: Pick<RemoteInfo, "address" | "port">): void {
    const send = (bytes: Buffer): void => this.#socket.send(bytes, to.port, to.address, () => {});
    const behaviour = this.#behaviour;
    switch (behaviour) {
      case "healthy":
        return send(reply);
      case "silent":
        return;
      case "truncated":
        return send(reply.subarray(0, reply.length >> 1));
      case "wrong-id":
        return send(withOtherId(reply));
      case "in-the-clear":
        return send(
          Buffer.from("3026020101040670 75626c6963a219020400000001020100020100300b300906052b060102010500".replaceAll(" ", ""), "hex"),
        );
      case "twice":
        send(reply);
        return send(reply);
      default:
        if (behaviour.kind === "spoiled") return send(behaviour.by(reply));
        this.#timers.after(behaviour.afterMs, () => send(reply));
    }
  }
}

/** What net-snmp's agent takes for a socket. */
class AgentSide extends EventEmitter {
  say: (reply: Buffer, to: Pick<RemoteInfo, "address" | "port">) => void = () => {};

  send(buffer: Buffer, offset: number, length: number, port: number, address: string, done: (error: null) => void): void {
    this.say(Buffer.from(buffer.subarray(offset, offset + length)), { port, address });
    done(null);
  }

  bind(): void {}
  close(): void {}
}

function userOf({ name, authKey, privKey, authProtocol = "sha256", privProtocol = "aes" }: SnmpUser): object {
  const auth = snmp.AuthProtocols[authProtocol];
  const privacy = (snmp.PrivProtocols as unknown as Record<string, number>)[privProtocol];
  return { name, level: snmp.SecurityLevel.authPriv, authProtocol: auth, authKey, privProtocol: privacy, privKey };
}

/** Which PDU a message of v1 or v2c carries; GetRequest of v3, where nobody sees it. */
function pduTag(message: Buffer): number | undefined {
  const header = message[1]! < 0x80 ? 2 : 2 + (message[1]! & 0x7f);
  if ((message[header + 2] ?? 3) > 1) return 0xa0;
  return message[header + 5 + (message[header + 4] ?? 0)];
}

/** The first number of four bytes behind the version: of the request in v2c, of the message in v3. */
function withOtherId(reply: Buffer): Buffer {
  const at = reply.indexOf(Buffer.from("0204", "hex"));
  const other = Buffer.from(reply);
  if (at >= 0) other[at + 5]! ^= 0x01;
  return other;
}
