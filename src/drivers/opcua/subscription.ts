/** A subscription without monitored items: what remains of it are its keep-alives, one for each Publish. */
import type { Answer } from "../../domain/outcome.ts";
import { MalformedReply } from "../../domain/driver.ts";
import { flawOfSubscription } from "./granted.ts";
import type { Library } from "./library.ts";
import type { SessionAsk } from "./methods.ts";
import { Refusal } from "./refusal.ts";
import type { Question, Within } from "./session.ts";

export class Subscription implements Question {
  readonly #library: Library;
  readonly #within: Within;
  readonly #id: number;

  private constructor(library: Library, within: Within, id: number) {
    this.#library = library;
    this.#within = within;
    this.#id = id;
  }

  /** @throws Refusal where the server would have it at another pace */
  static async create(library: Library, within: Within, ask: SessionAsk): Promise<Subscription> {
    const { CreateSubscriptionRequest, CreateSubscriptionResponse } = library;
    const { publishingInterval, keepAliveCount, lifetimeCount } = ask.terms;
    const request = new CreateSubscriptionRequest({
      requestedPublishingInterval: publishingInterval,
      requestedMaxKeepAliveCount: keepAliveCount,
      requestedLifetimeCount: lifetimeCount,
      maxNotificationsPerPublish: 1,
      publishingEnabled: true,
      priority: 0,
    });
    const response = await within(request, CreateSubscriptionResponse);
    const flaw = flawOfSubscription(response, ask);
    if (flaw !== undefined) throw new Refusal(flaw);
    return new Subscription(library, within, response.subscriptionId);
  }

  async ask(): Promise<Answer> {
    const { PublishRequest, PublishResponse } = this.#library;
    const response = await this.#within(new PublishRequest({ subscriptionAcknowledgements: [] }), PublishResponse);
    const notifications = response.notificationMessage.notificationData ?? [];
    const ended = notifications.find((data) => data?.constructor.name === "StatusChangeNotification") as
      | { readonly status: { readonly name: string } }
      | undefined;
    if (ended) throw new Refusal(`Publish: the server has ended the subscription: ${ended.status.name}`);
    if (response.subscriptionId !== this.#id)
      throw new MalformedReply(`Publish: answered for subscription ${response.subscriptionId}, ours is ${this.#id}`);
    if (notifications.length > 0) throw new MalformedReply("Publish: values of a subscription that has no items");
    return { said: "alive" };
  }
}
