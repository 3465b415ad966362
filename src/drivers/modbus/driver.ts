/** Speaks Modbus through modbus-serial, which is kept from sockets, timers, retries and replies that it would take too lightly. */
import { MalformedReply, type Driver, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Framing } from "../../domain/plan.ts";
import type { Wire } from "../../domain/wire.ts";
import { decodeIdentification, type Identification, identityOf } from "./decode.ts";
import { identificationFacts, serverIdFacts, withFacts } from "./facts.ts";
import { exceptionAnswer } from "./exceptions.ts";
import type { ModbusAsk } from "./methods.ts";
import { WirePort } from "./port.ts";
import { decodeRead, decodeServerId } from "./replies.ts";

export const modbusDriver: Driver<ModbusAsk> = {
  protocol: "modbus",
  async prepare() {
    library ??= await loaded();
  },
  async open(wire, ask) {
    library ??= await loaded();
    return new ModbusSession(wire, library, "framing" in ask ? ask.framing : undefined);
  },
};

/** What of modbus-serial is used. Its promises never settle in some cases and its unit id is a field that anyone may set; the callbacks have neither. */
interface Client {
  open(done: () => void): void;
  writeFC1(unitId: number, protocolAddress: number, count: number, done: Done): void;
  writeFC2(unitId: number, protocolAddress: number, count: number, done: Done): void;
  writeFC3(unitId: number, protocolAddress: number, count: number, done: Done): void;
  writeFC4(unitId: number, protocolAddress: number, count: number, done: Done): void;
  /** Two arguments that it does not use come before the callback: left out, the callback would be one of them and never be called. */
  writeFC17(unitId: number, unused: 0, alsoUnused: 0, done: Done): void;
  writeFC43(unitId: number, readCode: number, objectId: number, done: Done): void;
  /** By transaction id; never emptied by the library. */
  _transactions: Record<number, unknown>;
}
type Done = (error: ModbusError | null) => void;
type ModbusError = Error & { readonly modbusCode?: number };
type Library = new (port: WirePort) => Client;

let library: Library | undefined;

/** Only a poller with a Modbus check pays for it: it loads serial ports and servers along. */
async function loaded(): Promise<Library> {
  return (await import("modbus-serial")).default as unknown as Library;
}

interface Pending {
  readonly ask: ModbusAsk;
  readonly reject: (reason: Error) => void;
  /** What the reply means, once one was read. */
  answer?: Answer;
}

/** Function code and exception code. */
const exceptionBytes = 2;

class ModbusSession implements Session<ModbusAsk> {
  readonly #port: WirePort;
  readonly #client: Client;
  #pending: Pending | undefined;

  constructor(wire: Wire, Library: Library, framing: Framing | undefined) {
    this.#port = new WirePort(wire, (reply) => this.#inspect(reply), framing);
    // No setTimeout() on the client: without one the library arms no timers, and the keeper has the deadline.
    this.#client = new Library(this.#port);
    this.#client.open(() => {});
  }

  ask(ask: ModbusAsk, from?: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { ask, reject };
      this.#pending = pending;
      // One request is out at a time; the library would keep every one of them for ever.
      this.#client._transactions = {};
      send(this.#client, ask, from, (error) => {
        this.#pending = undefined;
        // An exception is an error to the library and an answer to us.
        if (pending.answer && (!error || error.modbusCode !== undefined)) resolve(pending.answer);
        else reject(new MalformedReply(`modbus-serial: ${error?.message ?? "an answer that was not inspected"}`, { cause: error }));
      });
    });
  }

  leave(): Promise<void> {
    this.#port.removeAllListeners();
    return Promise.resolve();
  }

  /** What is wrong with a reply is told to whoever asked; the library sees only what fits. */
  #inspect(reply: Uint8Array): Uint8Array | undefined {
    const pending = this.#pending;
    if (!pending) return undefined;
    try {
      const { answer, seen } = inspected(reply, pending.ask);
      pending.answer = answer;
      return seen;
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      pending.reject(error);
      return undefined;
    }
  }
}

function send(client: Client, ask: ModbusAsk, from: number | undefined, done: Done): void {
  const { unitId } = ask;
  switch (ask.functionCode) {
    case 1:
      return client.writeFC1(unitId, ask.protocolAddress, ask.count, done);
    case 2:
      return client.writeFC2(unitId, ask.protocolAddress, ask.count, done);
    case 3:
      return client.writeFC3(unitId, ask.protocolAddress, ask.count, done);
    case 4:
      return client.writeFC4(unitId, ask.protocolAddress, ask.count, done);
    case 17:
      return client.writeFC17(unitId, 0, 0, done);
    case 43:
      return client.writeFC43(unitId, ask.readCode, from ?? ask.objectId, done);
  }
}

/** What a reply means, and what of it modbus-serial needs to find the transaction. */
interface Inspected {
  readonly answer: Answer;
  readonly seen: Uint8Array;
}

function inspected(reply: Uint8Array, ask: ModbusAsk): Inspected {
  const pdu = reply.slice(1);
  if (pdu[0]! & 0x80) {
    if (pdu.length !== exceptionBytes) throw new MalformedReply(`an exception of ${pdu.length} bytes, expected ${exceptionBytes}`);
    return { answer: exceptionAnswer(pdu[1]!, ask.functionCode === 43 ? "FC 43/14" : `FC ${ask.functionCode}`), seen: reply };
  }
  switch (ask.functionCode) {
    case 17:
      // A length that it would not look at twice, and no text.
      return {
        answer: ask.deep ? withFacts(decodeServerId(pdu), serverIdFacts(pdu)) : decodeServerId(pdu),
        seen: Uint8Array.of(reply[0]!, 17, 2, 0, 0),
      };
    case 43: {
      // Without more-follows and objects: it would follow the one by itself and without end, and reads the other beyond the frame.
      const head = new Uint8Array(8);
      head.set(reply.slice(0, 5));
      const found = decodeIdentification(pdu, ask.readCode);
      const answer = identificationAnswer(found);
      return { answer: ask.readCode === 1 ? answer : withFacts(answer, identificationFacts(found)), seen: head };
    }
    case 1:
    case 2:
    case 3:
    case 4: {
      const value = decodeRead(pdu, ask);
      return { answer: { said: "alive", ...(value !== undefined && { value }) }, seen: reply };
    }
  }
}

function identificationAnswer({ objects, more, nextObjectId }: Identification): Answer {
  const identity = identityOf(objects);
  const circular = more && objects.has(nextObjectId);
  return {
    said: "alive",
    ...(identity && { identity }),
    ...(more && { more }),
    ...(circular && { note: `says that more follows, but would go on with object ${nextObjectId}, which it has sent` }),
  };
}
