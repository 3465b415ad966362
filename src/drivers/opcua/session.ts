/** A session with its server, from CreateSession to CloseSession, kept as long as the server grants what lets us ask at our own pace. */
import type { CreateSessionResponse } from "node-opcua";
import type { Credential } from "../../domain/credentials.ts";
import type { Session } from "../../domain/driver.ts";
import type { Answer, Identity as ServerIdentity } from "../../domain/outcome.ts";
import { milliseconds } from "../../domain/units.ts";
import type { Wire } from "../../domain/wire.ts";
import { Channel, type Request } from "./channel.ts";
import { fingerprint, firstOfChain } from "./fingerprint.ts";
import { flawOfChannel, flawOfSession } from "./granted.ts";
import type { Library } from "./library.ts";
import type { OpcuaAsk, SessionAsk } from "./methods.ts";
import { nonce } from "./nonce.ts";
import { applicationName, applicationUri } from "./own-keys.ts";
import { Refusal, refusalAnswer } from "./refusal.ts";
import { EndpointsQuestion } from "./endpoints.ts";
import { ServerFacts } from "./server-facts.ts";
import { checkServer, identityOf, ownSignature, type Secured } from "./secured.ts";
import { ServerStatus } from "./server-status.ts";
import { Subscription } from "./subscription.ts";
import { helloLimits, urlOver } from "./templates.ts";

/** Above the deadline of the exchange, which must be the first to end it. */
const timeoutHintMs = 60_000;

/** What is asked again and again within a session. */
export interface Question {
  ask(): Promise<Answer>;
}
/** Sends a request within the session. */
export type Within = <Response extends object>(request: Request, expected: new (...args: never[]) => Response) => Promise<Response>;

export interface SessionParts {
  readonly wire: Wire;
  readonly library: Library;
  readonly ask: SessionAsk;
  /** Absent: no security. */
  readonly secured: Secured | undefined;
  readonly credential: Credential | undefined;
}

export class KeptSession implements Session<OpcuaAsk> {
  readonly #parts: SessionParts;
  #channel: Channel | undefined;
  #token: unknown;
  #question: Question | undefined;
  /** As the server said when the session began: one session, one server. */
  #identity: ServerIdentity | undefined;
  #refusal: Refusal | undefined;

  private constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** A server that says no is an answer, told at the first asking. @throws MalformedReply */
  static async open(parts: SessionParts): Promise<KeptSession> {
    const session = new KeptSession(parts);
    try {
      await session.#begin();
    } catch (error) {
      session.#refused(error);
    }
    return session;
  }

  get #url(): string {
    return urlOver(this.#parts.wire, this.#parts.ask.endpoint);
  }

  get over(): boolean {
    return this.#refusal !== undefined;
  }

  async ask(asked: OpcuaAsk): Promise<Answer> {
    const more = this.#deepQuestion(asked);
    try {
      if (this.#refusal) throw this.#refusal;
      if (more) return await more.ask().catch(refusalOf);
      await this.#channel!.renewIfDue();
      this.#granted(flawOfChannel(this.#channel!.lifetime, this.#parts.ask.interval));
      const answer = await this.#question!.ask();
      return answer.said === "gateway_only" || this.#identity === undefined ? answer : { ...answer, identity: this.#identity };
    } catch (error) {
      return refusalAnswer(this.#refused(error));
    }
  }

  async leave(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    if (!channel) return;
    if (channel.usable && this.#token !== undefined) {
      const { CloseSessionRequest, CloseSessionResponse } = this.#parts.library;
      const request = this.#asUs(new CloseSessionRequest({ deleteSubscriptions: true }));
      // Whatever it answers, the channel is closed next.
      await channel.request(request, CloseSessionResponse).catch(() => undefined);
    }
    channel.close();
  }

  async #begin(): Promise<void> {
    const { wire, library, ask, secured, credential } = this.#parts;
    const { interval, terms } = ask;
    const timeoutHint = milliseconds(Math.max(timeoutHintMs, 2 * interval));
    this.#channel = await Channel.open(wire, library, { lifetime: terms.channelLifetime, timeoutHint, secured, url: this.#url });
    this.#granted(flawOfChannel(this.#channel.lifetime, interval));
    const created = await this.#create();
    await this.#activate(created, credential);
    const within: Within = (request, expected) => this.#channel!.request(this.#asUs(request), expected);
    this.#question = ask.what === "read" ? new ServerStatus(library, within) : await Subscription.create(library, within, ask);
  }

  async #create(): Promise<CreateSessionResponse> {
    const { library, ask, secured } = this.#parts;
    const { ApplicationType, CreateSessionRequest, CreateSessionResponse } = library;
    const clientNonce = nonce();
    const request = new CreateSessionRequest({
      clientDescription: { applicationName: { text: applicationName }, applicationType: ApplicationType.Client, applicationUri },
      endpointUrl: this.#url,
      sessionName: applicationName,
      requestedSessionTimeout: ask.terms.sessionTimeout,
      maxResponseMessageSize: helloLimits.maxMessageSize,
      ...(secured && { clientNonce, clientCertificate: secured.own.getCertificate() }),
    });
    const response = await this.#channel!.request(request, CreateSessionResponse);
    this.#token = response.authenticationToken;
    this.#granted(flawOfSession(response.revisedSessionTimeout, ask));
    const shown = firstOfChain(response.serverCertificate);
    this.#identity = shown && { certificate: fingerprint(shown) };
    if (secured) checkServer(library, response, clientNonce, secured);
    return response;
  }

  async #activate(created: CreateSessionResponse, credential: Credential | undefined): Promise<void> {
    const { library, secured } = this.#parts;
    const { ActivateSessionRequest, ActivateSessionResponse } = library;
    const identity = await identityOf(library, created, credential, secured);
    const clientSignature = secured && (await ownSignature(library, created, secured));
    const request = new ActivateSessionRequest({ ...identity, ...(clientSignature && { clientSignature }) } as object);
    await this.#channel!.request(this.#asUs(request), ActivateSessionResponse);
  }

  #asUs<Message extends Request>(request: Message): Message {
    request.requestHeader.authenticationToken = this.#token as typeof request.requestHeader.authenticationToken;
    return request;
  }

  /** Undefined for the heartbeat's own. */
  #deepQuestion(asked: OpcuaAsk): Question | undefined {
    const { library } = this.#parts;
    const within: Within = (request, expected) => this.#channel!.request(this.#asUs(request), expected);
    const more = "more" in asked ? asked.more : undefined;
    if (more?.read === "server") return new ServerFacts(library, within, more.nodes);
    return more || asked.what === "endpoints" ? new EndpointsQuestion(library, this.#url, within) : undefined;
  }

  #granted(flaw: string | undefined): void {
    if (flaw !== undefined) throw new Refusal(flaw);
  }

  /** The refusal that ends this session; anything else is thrown on. */
  #refused(error: unknown): Refusal {
    if (!(error instanceof Refusal)) throw error;
    this.#refusal = error;
    return error;
  }
}

/** The server says no to a question of a deep query: that answers the question, and the session is none the worse for it. */
function refusalOf(error: unknown): Answer {
  if (!(error instanceof Refusal)) throw error;
  return refusalAnswer(error);
}
