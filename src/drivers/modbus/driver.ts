/** Speaks Modbus through modbus-serial, which is kept from sockets, timers, retries and replies that it would take too lightly. */
import { MalformedReply, type Driver, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Wire } from "../../domain/wire.ts";
import { decodeIdentification, type Identification, identityOf } from "./decode.ts";
import { exceptionAnswer } from "./exceptions.ts";
import type { ModbusAsk } from "./methods.ts";
import { WirePort } from "./port.ts";

export const modbusDriver: Driver<ModbusAsk> = {
  protocol: "modbus",
  async prepare() {
    library ??= await loaded();
  },
  async open(wire) {
    library ??= await loaded();
    return new ModbusSession(wire, library);
  },
};

/** What of modbus-serial is used. Its promises never settle in some cases and its unit id is a field that anyone may set; the callbacks have neither. */
interface Client {
  open(done: () => void): void;
  writeFC43(unitId: number, readCode: number, objectId: number, done: (error: ModbusError | null) => void): void;
  /** By transaction id; never emptied by the library. */
  _transactions: Record<number, unknown>;
}
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
  identification?: Identification;
}

/** Function code and exception code. */
const exceptionBytes = 2;

class ModbusSession implements Session<ModbusAsk> {
  readonly #port: WirePort;
  readonly #client: Client;
  #pending: Pending | undefined;

  constructor(wire: Wire, Library: Library) {
    this.#port = new WirePort(wire, (reply) => this.#inspect(reply));
    // No setTimeout() on the client: without one the library arms no timers, and the keeper has the deadline.
    this.#client = new Library(this.#port);
    this.#client.open(() => {});
  }

  ask(ask: ModbusAsk): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const pending: Pending = { ask, reject };
      this.#pending = pending;
      // One request is out at a time; the library would keep every one of them for ever.
      this.#client._transactions = {};
      this.#client.writeFC43(ask.unitId, ask.readCode, ask.objectId, (error) => {
        this.#pending = undefined;
        if (!error && pending.identification) resolve(identificationAnswer(pending.identification));
        else if (error?.modbusCode !== undefined) resolve(exceptionAnswer(error.modbusCode, "FC 43/14"));
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
      return inspected(reply, pending);
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      pending.reject(error);
      return undefined;
    }
  }
}

/** What modbus-serial needs to find the transaction, and no more of it. */
function inspected(reply: Uint8Array, pending: Pending): Uint8Array {
  const pdu = reply.slice(1);
  if (pdu[0]! & 0x80) {
    if (pdu.length !== exceptionBytes) throw new MalformedReply(`an exception of ${pdu.length} bytes, expected ${exceptionBytes}`);
    return reply;
  }
  pending.identification = decodeIdentification(pdu, pending.ask.readCode);
  // Without more-follows and objects: it would follow the one by itself and without end, and reads the other beyond the frame.
  const head = new Uint8Array(8);
  head.set(reply.slice(0, 5));
  return head;
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
