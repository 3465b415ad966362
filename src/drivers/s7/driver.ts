/** Speaks S7 with frames that node-snap7 builds in a process of its own, and with replies that are decoded here before it sees them. */
import { ExchangeEnded, MalformedReply, type Driver, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import {
  s7Areas,
  s7Component,
  s7ConnectionTypes,
  s7Lists,
  type S7Call,
  type S7Conversation,
  type S7Helper,
  type S7List,
  type S7Route,
} from "../../domain/s7.ts";
import type { Wire } from "../../domain/wire.ts";
import { askedBytes, bytesAnswer, errorAnswer, modeAnswer } from "./answers.ts";
import { decodeReply, type Decoded, type SystemList } from "./decode.ts";
import { componentAfter, componentsAnswer, moduleAnswer, protectionAnswer } from "./identification.ts";
import { listName, type S7Ask } from "./methods.ts";

/** @param helper the process in which node-snap7 runs; the poller has one for all of its S7 devices */
export function s7DriverFrom(helper: S7Helper): Driver<S7Ask> {
  return {
    protocol: "s7",
    prepare: () => helper.prepare(),
    open: (wire, ask) => S7Session.open(wire, helper, ask.route),
  };
}

class S7Session implements Session<S7Ask> {
  readonly #conversation: S7Conversation;
  /** What the library sent last. */
  #request: Uint8Array | undefined;
  #heard: ((decoded: Decoded) => void) | undefined;
  #broken: ((error: Error) => void) | undefined;
  /** The library's connection is at its end, though the device's need not be. */
  #over = false;

  private constructor(wire: Wire, helper: S7Helper) {
    this.#conversation = helper.converse((frame) => {
      this.#request = frame;
      wire.send(frame);
    });
    wire.onFrame((reply) => this.#receive(reply));
    // Whatever ends the wire ends the library's call as well: it would wait for its own timeout, on a thread of its own.
    void wire.closed.then(() => this.#conversation.end());
  }

  static async open(wire: Wire, helper: S7Helper, { rack, slot, connectionType }: S7Route): Promise<S7Session> {
    const session = new S7Session(wire, helper);
    const decoded = await session.#ask({ call: "connect", rack, slot, connectionType: s7ConnectionTypes[connectionType] });
    if (decoded.is === "confirmed") return session;
    session.#conversation.end();
    throw new ExchangeEnded(
      "refused",
      decoded.is === "refused" ? decoded.detail : `S7 error to the communication setup: ${JSON.stringify(decoded)}`,
    );
  }

  async ask(ask: S7Ask, from?: number): Promise<Answer> {
    const decoded = await this.#ask(callOf(ask, from));
    switch (decoded.is) {
      case "error":
        return withNext(
          errorAnswer(decoded, ask.what === "bytes" ? askedBytes(ask.bytes) : `the read of ${listName(ask.list, from)}`),
          decoded,
          from,
        );
      case "refused":
        throw new ExchangeEnded("refused", decoded.detail);
      case "bytes":
        if (ask.what === "bytes") return bytesAnswer(ask.bytes, decoded.bytes);
        break;
      case "list":
        if (ask.what === "list") return listAnswers[ask.list](decoded.list, from);
        break;
      case "confirmed":
        break;
    }
    throw new MalformedReply(`S7: found ${decoded.is}, expected what was asked for`);
  }

  get over(): boolean {
    return this.#over;
  }

  leave(): Promise<void> {
    this.#heard = undefined;
    this.#broken = undefined;
    this.#conversation.end();
    return Promise.resolve();
  }

  /**
   * One call of the library: every reply on the way is decoded here, the last one is what the call comes to. Never settles when the device
   * stays silent: the wire ends it. What the library reads in a good reply decides nothing, but it must have taken it. It is not shown what
   * ends the conversation, nor what it would ask on about.
   */
  #ask(call: S7Call): Promise<Decoded> {
    return new Promise((resolve, reject) => {
      let last: Decoded | undefined;
      this.#broken = reject;
      this.#heard = (decoded) => {
        last = decoded;
        if (isForLibrary(decoded)) return;
        this.#over = true;
        resolve(decoded);
        this.#conversation.end();
      };
      this.#conversation.call(call).then((complaint) => {
        // An error is a complaint to the library and an answer to us.
        if (last !== undefined && (complaint === undefined || last.is === "error")) resolve(last);
        else reject(new MalformedReply(`node-snap7: ${complaint ?? "content without an answer"}`));
      }, reject);
    });
  }

  #receive(reply: Uint8Array): void {
    const request = this.#request;
    if (request === undefined) return;
    try {
      const decoded = decodeReply(request, reply);
      this.#heard?.(decoded);
      if (isForLibrary(decoded)) this.#conversation.reply(reply);
    } catch (error) {
      if (!(error instanceof MalformedReply)) throw error;
      this.#broken?.(error);
      this.#conversation.end();
    }
  }
}

/** A refusal ends the connection; of a list that goes on elsewhere the library would fetch the rest, which no permit allows. */
function isForLibrary(decoded: Decoded): boolean {
  return decoded.is !== "refused" && !(decoded.is === "list" && decoded.list.more);
}

const listAnswers: Readonly<Record<S7List, (list: SystemList, from?: number) => Answer>> = {
  mode: modeAnswer,
  module: moduleAnswer,
  components: componentsAnswer,
  protection: protectionAnswer,
};

/** A list that does not exist has no part of it either. */
const noSuchList = 0xd401;

/** A component that this CPU does not have says nothing of the next one. */
function withNext(answer: Answer, { code }: Extract<Decoded, { readonly is: "error" }>, from: number | undefined): Answer {
  const next = from === undefined || code === noSuchList ? undefined : componentAfter(from);
  return answer.said === "alive" && next !== undefined ? { ...answer, next } : answer;
}

function callOf(ask: S7Ask, from: number | undefined): S7Call {
  if (ask.what === "list") {
    const { id, index } = from === undefined ? s7Lists[ask.list] : { id: s7Component.id, index: from };
    return { call: "read-list", list: id, index };
  }
  const { area, db, byte, count } = ask.bytes;
  return { call: "read-area", area: s7Areas[area], db, byte, count };
}
