/** Speaks Modbus through modbus-serial, which is kept from sockets, timers, retries and replies that it would take too lightly. */
import { MalformedReply, type Driver, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Wire } from "../../domain/wire.ts";
import { decodeIdentification, type Identification, identityOf, moreFollowsAt, objectCountAt } from "./decode.ts";
import { exceptionAnswer } from "./exceptions.ts";
import type { ModbusAsk } from "./methods.ts";
import { WirePort } from "./port.ts";

export const modbusDriver: Driver<ModbusAsk> = {
  protocol: "modbus",
  async open(wire) {
    return new ModbusSession(wire, await library());
  },
};

/** What of modbus-serial is used. Its promises never settle in some cases and its unit id is a field that anyone may set; the callbacks have neither. */
interface Client {
  open(done: () => void): void;
  destroy(done: () => void): void;
  writeFC43(unitId: number, readCode: number, objectId: number, done: (error: ModbusError | null) => void): void;
  /** By transaction id; never emptied by the library. */
  _transactions: Record<number, unknown>;
}
type ModbusError = Error & { readonly modbusCode?: number };
type Library = new (port: WirePort) => Client;

let loading: Promise<Library> | undefined;

/** Only a poller with a Modbus check pays for it: it loads serial ports and servers along. */
function library(): Promise<Library> {
  loading ??= import("modbus-serial").then((loaded) => loaded.default as unknown as Library);
  return loading;
}

interface Pending {
  readonly ask: ModbusAsk;
  readonly reject: (reason: Error) => void;
  identification?: Identification;
}

/** Function code and exception code. */
const exceptionBytes = 2;

class ModbusSession implements Session<ModbusAsk> {
  readonly #client: Client;
  #pending: Pending | undefined;

  constructor(wire: Wire, Library: Library) {
    // No setTimeout() on the client: without one the library arms no timers, and the keeper has the deadline.
    this.#client = new Library(new WirePort(wire, (reply) => this.#inspect(reply)));
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
    this.#client.destroy(() => {});
    return Promise.resolve();
  }

  /** What is wrong with a reply is told to whoever asked; the library sees only what fits. */
  #inspect(reply: Uint8Array): boolean {
    const pending = this.#pending;
    if (!pending) return false;
    try {
      inspected(reply, pending);
      return true;
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      pending.reject(error);
      return false;
    }
  }
}

function inspected(reply: Uint8Array, pending: Pending): void {
  const pdu = reply.subarray(1);
  if (pdu[0]! & 0x80) {
    if (pdu.length !== exceptionBytes) throw new MalformedReply(`an exception of ${pdu.length} bytes, expected ${exceptionBytes}`);
    return;
  }
  pending.identification = decodeIdentification(pdu, pending.ask.readCode);
  // modbus-serial follows "more follows" by itself and without end, and reads objects beyond the frame when the count says so.
  pdu[moreFollowsAt] = 0;
  pdu[objectCountAt] = pending.identification.objects.size;
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
