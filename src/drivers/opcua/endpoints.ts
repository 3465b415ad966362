/** Asks a server for its endpoints over a channel without security: who it says it is, and which certificates it shows. */
import type { Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import { seconds } from "../../domain/units.ts";
import type { Wire } from "../../domain/wire.ts";
import { Channel } from "./channel.ts";
import type { Library } from "./library.ts";
import type { OpcuaAsk } from "./methods.ts";
import { Refusal, refusalAnswer } from "./refusal.ts";
import { endpointUrl } from "./templates.ts";

const lifetime = seconds(60);
const timeoutHint = seconds(60);
const charactersMax = 200;

export class EndpointsSession implements Session<OpcuaAsk> {
  readonly #wire: Wire;
  readonly #library: Library;
  #channel: Channel | undefined;
  #refusal: Refusal | undefined;

  private constructor(wire: Wire, library: Library) {
    this.#wire = wire;
    this.#library = library;
  }

  /** @throws MalformedReply */
  static async open(wire: Wire, library: Library): Promise<EndpointsSession> {
    const session = new EndpointsSession(wire, library);
    try {
      session.#channel = await Channel.open(wire, library, { lifetime, timeoutHint, secured: undefined });
    } catch (error) {
      session.#refused(error);
    }
    return session;
  }

  async ask(): Promise<Answer> {
    try {
      if (this.#refusal) throw this.#refusal;
      const { GetEndpointsRequest, GetEndpointsResponse } = this.#library;
      const request = new GetEndpointsRequest({ endpointUrl: endpointUrl(this.#wire.target), localeIds: [], profileUris: [] });
      const { endpoints } = await this.#channel!.request(request, GetEndpointsResponse);
      // Where they are said to be is not looked at: only the address of the plan is ever connected to.
      const product = endpoints?.[0]?.server.productUri ?? undefined;
      return {
        said: "alive",
        ...(product !== undefined && product !== "" && { identity: { product: printable(product, charactersMax) } }),
      };
    } catch (error) {
      return refusalAnswer(this.#refused(error));
    }
  }

  leave(): Promise<void> {
    this.#channel?.close();
    this.#channel = undefined;
    return Promise.resolve();
  }

  #refused(error: unknown): Refusal {
    if (!(error instanceof Refusal)) throw error;
    this.#refusal = error;
    return error;
  }
}
