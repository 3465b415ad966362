/** A session with its server, from CreateSession to CloseSession, and what the server must grant for it to be kept. */
import type { CreateSessionResponse } from "node-opcua";
import { MalformedReply, type Session } from "../../domain/driver.ts";
import type { Answer } from "../../domain/outcome.ts";
import type { Wire } from "../../domain/wire.ts";
import { Channel, type Request } from "./channel.ts";
import type { Library } from "./library.ts";
import { keepaliveWithin, type KeepaliveAsk, type OpcuaAsk } from "./methods.ts";
import { flawOfChannel, flawOfSession, flawOfSubscription } from "./granted.ts";
import { Refusal, refusalAnswer } from "./refusal.ts";
import { endpointUrl } from "./templates.ts";

const applicationName = "Watchkeeper";
const applicationUri = "urn:watchkeeper";
/** Above the deadline of the exchange, which must be the first to end it. */
const timeoutMargin = 5000;

export class KeptSession implements Session<OpcuaAsk> {
  readonly #library: Library;
  readonly #wire: Wire;
  readonly #ask: KeepaliveAsk;
  #channel: Channel | undefined;
  #token: unknown;
  #subscription: number | undefined;
  #refusal: Refusal | undefined;

  private constructor(wire: Wire, library: Library, ask: KeepaliveAsk) {
    this.#wire = wire;
    this.#library = library;
    this.#ask = ask;
  }

  /** A server that says no is an answer, told at the first asking. @throws MalformedReply */
  static async open(wire: Wire, library: Library, ask: KeepaliveAsk): Promise<KeptSession> {
    const session = new KeptSession(wire, library, ask);
    try {
      await session.#begin();
    } catch (error) {
      session.#refused(error);
    }
    return session;
  }

  get over(): boolean {
    return this.#refusal !== undefined;
  }

  async ask(): Promise<Answer> {
    try {
      if (this.#refusal) throw this.#refusal;
      await this.#channel!.renewIfDue();
      this.#grantedOrRefused(flawOfChannel(this.#channel!.lifetime, this.#ask.interval));
      await this.#publish();
      return { said: "alive" };
    } catch (error) {
      return refusalAnswer(this.#refused(error));
    }
  }

  async leave(): Promise<void> {
    const channel = this.#channel;
    this.#channel = undefined;
    if (!channel) return;
    if (channel.usable && this.#token !== undefined) {
      const { CloseSessionRequest, CloseSessionResponse } = this.#library;
      // Whatever it answers, the channel is closed next.
      await channel
        .request(this.#within(new CloseSessionRequest({ deleteSubscriptions: true })), CloseSessionResponse)
        .catch(() => undefined);
    }
    channel.close();
  }

  async #begin(): Promise<void> {
    const { interval, terms } = this.#ask;
    const timeoutHint = (keepaliveWithin(interval) + timeoutMargin) as typeof interval;
    this.#channel = await Channel.open(this.#wire, this.#library, { lifetime: terms.channelLifetime, timeoutHint });
    this.#grantedOrRefused(flawOfChannel(this.#channel.lifetime, interval));
    const created = await this.#create();
    await this.#activate(created);
    await this.#subscribe();
  }

  async #create(): Promise<CreateSessionResponse> {
    const { ApplicationType, CreateSessionRequest, CreateSessionResponse } = this.#library;
    const request = new CreateSessionRequest({
      clientDescription: { applicationName: { text: applicationName }, applicationType: ApplicationType.Client, applicationUri },
      endpointUrl: endpointUrl(this.#wire.target),
      sessionName: applicationName,
      requestedSessionTimeout: this.#ask.terms.sessionTimeout,
    });
    const response = await this.#channel!.request(request, CreateSessionResponse);
    this.#token = response.authenticationToken;
    this.#grantedOrRefused(flawOfSession(response.revisedSessionTimeout, this.#ask));
    return response;
  }

  async #activate(created: CreateSessionResponse): Promise<void> {
    const { ActivateSessionRequest, ActivateSessionResponse, AnonymousIdentityToken } = this.#library;
    const userIdentityToken = new AnonymousIdentityToken({ policyId: this.#anonymousPolicy(created) });
    await this.#channel!.request(this.#within(new ActivateSessionRequest({ userIdentityToken })), ActivateSessionResponse);
  }

  /** What the server calls "no user" on an endpoint without security. Servers that list none take an empty name. */
  #anonymousPolicy({ serverEndpoints }: CreateSessionResponse): string | null {
    const { MessageSecurityMode, UserTokenType } = this.#library;
    const own = (serverEndpoints ?? []).filter(({ securityMode }) => securityMode === MessageSecurityMode.None);
    const policies = own.flatMap(({ userIdentityTokens }) => userIdentityTokens ?? []);
    const anonymous = policies.find(({ tokenType }) => tokenType === UserTokenType.Anonymous);
    if (anonymous) return anonymous.policyId;
    if (policies.length === 0) return null;
    throw new Refusal("the server takes no session without a user on an endpoint without security");
  }

  async #subscribe(): Promise<void> {
    const { CreateSubscriptionRequest, CreateSubscriptionResponse } = this.#library;
    const { publishingInterval, keepAliveCount, lifetimeCount } = this.#ask.terms;
    const request = new CreateSubscriptionRequest({
      requestedPublishingInterval: publishingInterval,
      requestedMaxKeepAliveCount: keepAliveCount,
      requestedLifetimeCount: lifetimeCount,
      maxNotificationsPerPublish: 1,
      publishingEnabled: true,
      priority: 0,
    });
    const response = await this.#channel!.request(this.#within(request), CreateSubscriptionResponse);
    this.#subscription = response.subscriptionId;
    this.#grantedOrRefused(flawOfSubscription(response, this.#ask));
  }

  async #publish(): Promise<void> {
    const { PublishRequest, PublishResponse } = this.#library;
    const request = this.#within(new PublishRequest({ subscriptionAcknowledgements: [] }));
    const response = await this.#channel!.request(request, PublishResponse);
    const notifications = response.notificationMessage.notificationData ?? [];
    const ended = notifications.find((data) => data?.constructor.name === "StatusChangeNotification") as
      | { readonly status: { readonly name: string } }
      | undefined;
    if (ended) throw new Refusal(`Publish: the server has ended the subscription: ${ended.status.name}`);
    if (response.subscriptionId !== this.#subscription)
      throw new MalformedReply(`Publish: answered for subscription ${response.subscriptionId}, ours is ${String(this.#subscription)}`);
    if (notifications.length > 0) throw new MalformedReply("Publish: values of a subscription that has no items");
  }

  #within<Message extends Request>(request: Message): Message {
    request.requestHeader.authenticationToken = this.#token as typeof request.requestHeader.authenticationToken;
    return request;
  }

  #grantedOrRefused(flaw: string | undefined): void {
    if (flaw !== undefined) throw new Refusal(flaw);
  }

  /** The refusal that ends this session; anything else is thrown on. */
  #refused(error: unknown): Refusal {
    if (!(error instanceof Refusal)) throw error;
    this.#refusal = error;
    return error;
  }
}
