/** Asks a server for its endpoints over a channel without security: who it says it is, and which certificates it shows. */
import type { EndpointDescription } from "node-opcua";
import type { Session } from "../../domain/driver.ts";
import type { Answer, Identity, SaidFact } from "../../domain/outcome.ts";
import { printable } from "../../domain/printable.ts";
import { securityModes, securityPolicies, type ShownCertificate } from "../../domain/security.ts";
import { seconds } from "../../domain/units.ts";
import type { Wire } from "../../domain/wire.ts";
import { Channel } from "./channel.ts";
import { endpointFacts } from "./endpoint-facts.ts";
import { fingerprint, firstOfChain } from "./fingerprint.ts";
import type { Library } from "./library.ts";
import type { EndpointsAsk, OpcuaAsk } from "./methods.ts";
import { Refusal, refusalAnswer } from "./refusal.ts";
import type { Question, Within } from "./session.ts";
import { urlOver } from "./templates.ts";

const lifetime = seconds(60);
const timeoutHint = seconds(60);
const charactersMax = 200;
/** Distinct ones of one server; there is one, or one for each kind of key. */
const certificatesMax = 8;
const offeredMax = 20;

export class EndpointsSession implements Session<OpcuaAsk> {
  readonly #url: string;
  readonly #library: Library;
  #channel: Channel | undefined;
  #refusal: Refusal | undefined;

  private constructor(url: string, library: Library) {
    this.#url = url;
    this.#library = library;
  }

  /** @throws MalformedReply */
  static async open(wire: Wire, library: Library, { endpoint }: EndpointsAsk): Promise<EndpointsSession> {
    const session = new EndpointsSession(urlOver(wire, endpoint), library);
    try {
      session.#channel = await Channel.open(wire, library, { lifetime, timeoutHint, secured: undefined, url: session.#url });
    } catch (error) {
      session.#refused(error);
    }
    return session;
  }

  async ask(asked: OpcuaAsk): Promise<Answer> {
    try {
      if (this.#refusal) throw this.#refusal;
      const within: Within = (request, expected) => this.#channel!.request(request, expected);
      const { facts, ...answer } = await new EndpointsQuestion(this.#library, this.#url, within).ask();
      return "facts" in asked ? { ...answer, facts } : answer;
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

/** GetEndpoints on a channel that stands, with or without a session. */
export class EndpointsQuestion implements Question {
  readonly #library: Library;
  readonly #endpointUrl: string;
  readonly #within: Within;

  constructor(library: Library, url: string, within: Within) {
    this.#library = library;
    this.#endpointUrl = url;
    this.#within = within;
  }

  async ask(): Promise<EndpointsAnswer> {
    const { GetEndpointsRequest, GetEndpointsResponse } = this.#library;
    const request = new GetEndpointsRequest({ endpointUrl: this.#endpointUrl, localeIds: [], profileUris: [] });
    const response = await this.#within(request, GetEndpointsResponse);
    const endpoints = response.endpoints ?? [];
    // Where they are said to be is not looked at: only the address of the plan is ever connected to.
    const certificates = shown(this.#library, endpoints);
    const product = endpoints[0]?.server.productUri ?? "";
    // Whatever order the server has them in.
    const prints = certificates.map(({ der }) => fingerprint(Buffer.from(der, "base64"))).toSorted();
    const identity: Identity = {
      ...(product !== "" && { product: printable(product, charactersMax) }),
      ...(prints.length > 0 && { certificate: prints.join(" ") }),
    };
    return {
      said: "alive",
      ...(certificates.length > 0 && { certificates }),
      ...(Object.keys(identity).length > 0 && { identity }),
      facts: endpointFacts(this.#library, endpoints),
    };
  }
}

type EndpointsAnswer = Extract<Answer, { readonly said: "alive" }> & { readonly facts: readonly SaidFact[] };

/** Each certificate once, with the endpoints that show it. What is no DER is left out. */
function shown(library: Library, endpoints: readonly EndpointDescription[]): readonly ShownCertificate[] {
  const byDer = new Map<string, Set<string>>();
  for (const endpoint of endpoints) {
    const der = firstOfChain(endpoint.serverCertificate)?.toString("base64");
    if (der === undefined || (!byDer.has(der) && byDer.size >= certificatesMax)) continue;
    const offered = byDer.get(der) ?? new Set<string>();
    byDer.set(der, offered);
    if (offered.size < offeredMax) offered.add(offeredWords(library, endpoint));
  }
  return Array.from(byDer, ([der, offered]) => ({ der, offered: [...offered] }));
}

function offeredWords(library: Library, { securityMode, securityPolicyUri }: EndpointDescription): string {
  const mode = securityModes.find((one) => library.MessageSecurityMode[one] === securityMode);
  const policy = securityPolicies.find((one) => (library.SecurityPolicy[one] as string) === securityPolicyUri);
  if (mode === "None") return "None";
  return `${mode ?? `mode ${securityMode}`} ${policy ?? printable(securityPolicyUri?.split("#").at(-1) ?? "without a policy", charactersMax)}`;
}
