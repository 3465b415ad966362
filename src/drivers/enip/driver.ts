/** Speaks EtherNet/IP with messages that st-ethernet-ip builds and replies that are decoded here; the library gets no socket and no timer. */
import { MalformedReply, type Driver, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Wire } from "../../domain/wire.ts";
import { cipErrorAnswer, encapsulationErrorAnswer, identityAnswer } from "./answers.ts";
import {
  decodeCipReply,
  decodeEncapsulation,
  decodeIdentityObject,
  decodeListIdentity,
  decodeRoutedReply,
  decodeWholeIdentity,
  expectSession,
  type Encapsulated,
} from "./decode.ts";
import { wholeIdentityAnswer } from "./facts.ts";
import { backplanePort, contextAt, contextFixed, requestTimeoutSeconds, slotTimeoutMs, type EnipAsk } from "./methods.ts";
import { slotAnswer } from "./slots.ts";

/**
 * Each request has a sender context of its own, over all connections of this driver: over UDP a reply may come when the question, and the
 * conversation, are long over, and must not pass for the answer to a later one.
 */
export function enipDriverFrom(firstContext: number): Driver<EnipAsk> {
  let context = firstContext;
  const nextContext = (): number => (context = (context + 1) >>> 0);
  return {
    protocol: "enip",
    async prepare() {
      builders ??= await loaded();
    },
    async open(wire, ask) {
      builders ??= await loaded();
      const exchange = new Exchange(wire, nextContext);
      return ask.what === "list-identity" ? new ListIdentitySession(exchange, builders) : IdentitySession.open(exchange, builders);
    },
  };
}

export const enipDriver: Driver<EnipAsk> = enipDriverFrom(0);

/** Whole frames, but for the sender context, which the library always leaves at zero. */
interface Builders {
  listIdentity(): Uint8Array;
  registerSession(): Uint8Array;
  readIdentity(sessionHandle: number): Uint8Array;
  readSlotIdentity(sessionHandle: number, slot: number): Uint8Array;
  unregisterSession(sessionHandle: number): Uint8Array;
}

let builders: Builders | undefined;

const getAttributesAll = 0x01;

/** By path, because the package's own entry loads its Browser and its Controller; the architecture test allows these four and no others. */
async function loaded(): Promise<Builders> {
  const encapsulation = await import("st-ethernet-ip/dist/enip/encapsulation/index.js");
  const router = await import("st-ethernet-ip/dist/enip/cip/message-router/index.js");
  const unconnectedSend = await import("st-ethernet-ip/dist/enip/cip/unconnected-send/index.js");
  const { LOGICAL, PORT } = (await import("st-ethernet-ip/dist/enip/cip/epath/index.js")).segments;
  const identity = Buffer.concat([LOGICAL.build(LOGICAL.types.ClassID, 1), LOGICAL.build(LOGICAL.types.InstanceID, 1)]);
  const request = router.build(getAttributesAll, identity, Buffer.alloc(0));
  return {
    listIdentity: () => encapsulation.header.build(encapsulation.commands.ListIdentity, 0, []),
    registerSession: () => encapsulation.registerSession(),
    readIdentity: (sessionHandle) => encapsulation.sendRRData(sessionHandle, request, requestTimeoutSeconds),
    readSlotIdentity: (sessionHandle, slot) => {
      const routed = unconnectedSend.build(request, PORT.build(backplanePort, slot), slotTimeoutMs);
      return encapsulation.sendRRData(sessionHandle, routed, requestTimeoutSeconds);
    },
    unregisterSession: (sessionHandle) => encapsulation.unregisterSession(sessionHandle),
  };
}

/** One request at a time, each with its own sender context. The wire lets through only what answers it. */
class Exchange {
  readonly #wire: Wire;
  readonly #nextContext: () => number;
  #pending: ((reply: Uint8Array) => void) | undefined;

  constructor(wire: Wire, nextContext: () => number) {
    this.#wire = wire;
    this.#nextContext = nextContext;
    wire.onFrame((frame) => {
      const pending = this.#pending;
      this.#pending = undefined;
      pending?.(frame);
    });
  }

  /** Never settles when the device stays silent: the wire ends it. */
  request(frame: Uint8Array): Promise<Encapsulated> {
    return new Promise((resolve, reject) => {
      this.#pending = (reply) => {
        try {
          resolve(decodeEncapsulation(reply));
        } catch (error) {
          if (!(error instanceof MalformedReply)) throw error;
          reject(error);
        }
      };
      this.say(frame);
    });
  }

  /** Sends what has no reply. */
  say(frame: Uint8Array): void {
    const patched = new Uint8Array(frame);
    patched.set(contextFixed, contextAt);
    new DataView(patched.buffer).setUint32(contextAt + contextFixed.length, this.#nextContext(), true);
    this.#wire.send(patched);
  }

  forget(): void {
    this.#pending = undefined;
  }
}

class ListIdentitySession implements Session<EnipAsk> {
  readonly #exchange: Exchange;
  readonly #builders: Builders;

  constructor(exchange: Exchange, built: Builders) {
    this.#exchange = exchange;
    this.#builders = built;
  }

  async ask(): Promise<Answer> {
    const { status, data } = await this.#exchange.request(this.#builders.listIdentity());
    return status === 0 ? identityAnswer(decodeListIdentity(data)) : encapsulationErrorAnswer(status, "List Identity");
  }

  leave(): Promise<void> {
    this.#exchange.forget();
    return Promise.resolve();
  }
}

/** One read, of the device itself or of a module in its backplane. */
class IdentitySession implements Session<EnipAsk> {
  readonly #exchange: Exchange;
  readonly #builders: Builders;
  /** Undefined once it was given back, or where the device gave none. */
  #handle: number | undefined;
  /** Why the device gave none. */
  readonly #refusal: Answer | undefined;

  private constructor(exchange: Exchange, built: Builders, handle: number | undefined, refusal: Answer | undefined) {
    this.#exchange = exchange;
    this.#builders = built;
    this.#handle = handle;
    this.#refusal = refusal;
  }

  static async open(exchange: Exchange, built: Builders): Promise<IdentitySession> {
    const reply = await exchange.request(built.registerSession());
    if (reply.status !== 0) {
      return new IdentitySession(exchange, built, undefined, encapsulationErrorAnswer(reply.status, "RegisterSession"));
    }
    expectSession(reply);
    return new IdentitySession(exchange, built, reply.sessionHandle, undefined);
  }

  async ask(ask: EnipAsk): Promise<Answer> {
    if (this.#refusal) return this.#refusal;
    if (this.#handle === undefined) throw new MalformedReply("EtherNet/IP: asked after the session was given back");
    const slot = ask.what === "slot-identity" ? ask.slot : undefined;
    const request = slot === undefined ? this.#builders.readIdentity(this.#handle) : this.#builders.readSlotIdentity(this.#handle, slot);
    const { status, data } = await this.#exchange.request(request);
    if (status !== 0) return encapsulationErrorAnswer(status, "SendRRData");
    if (slot !== undefined) return slotAnswer(decodeRoutedReply(data, getAttributesAll), slot);
    const reply = decodeCipReply(data, getAttributesAll);
    if (reply.generalStatus !== 0) return cipErrorAnswer(reply.generalStatus, "Get_Attributes_All of the Identity object");
    const whole = ask.what === "identity-object" && ask.whole;
    return whole ? wholeIdentityAnswer(decodeWholeIdentity(reply.data)) : identityAnswer(decodeIdentityObject(reply.data));
  }

  /** The device closes the connection, or waits for our FIN, which follows at once. */
  leave(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    this.#exchange.forget();
    if (handle !== undefined) this.#exchange.say(this.#builders.unregisterSession(handle));
    return Promise.resolve();
  }
}
