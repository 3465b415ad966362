/** The sessions of a simulated OPC UA server and their subscriptions: they outlive a connection, and end when nobody asks for their timeout. */
import { monotonicMs, Timers } from "../timers.ts";
import type { OpcuaTally } from "./counts.ts";
import type { SubscriptionWishes } from "./services.ts";

/** Answers a Publish; false where its connection is gone, so that the keep-alive waits for another. */
export type PublishReply = (subscriptionId: number) => boolean;

export class Subscription {
  readonly id: number;
  readonly wishes: SubscriptionWishes;
  /** Publishing intervals since the latest message; the first keep-alive comes after one (OPC 10000-4, 5.14.1.2). */
  #ticks: number;
  #late = false;
  readonly #waiting: PublishReply[] = [];

  constructor(id: number, wishes: SubscriptionWishes) {
    this.id = id;
    this.wishes = wishes;
    this.#ticks = wishes.keepAliveCount;
  }

  /** Every publishing interval, whoever asks meanwhile: the server's timer runs freely. */
  tick(): void {
    this.#ticks += 1;
    if (this.#ticks < this.wishes.keepAliveCount) return;
    this.#late = true;
    this.#serve();
  }

  /** At once where the server is late already. */
  publish(reply: PublishReply): void {
    this.#waiting.push(reply);
    if (this.#late) this.#serve();
  }

  #serve(): void {
    for (;;) {
      const reply = this.#waiting.shift();
      if (reply === undefined) return;
      if (!reply(this.id)) continue;
      this.#ticks = 0;
      this.#late = false;
      return;
    }
  }
}

export class Session {
  readonly id: number;
  readonly timeoutMs: number;
  activated = false;
  subscription: Subscription | undefined;
  lastAskedMs: number = monotonicMs();
  readonly timers: Timers = new Timers();

  constructor(id: number, timeoutMs: number) {
    this.id = id;
    this.timeoutMs = timeoutMs;
  }

  subscribe(id: number, wishes: SubscriptionWishes): Subscription {
    const made = new Subscription(id, wishes);
    this.subscription = made;
    const tick = (): void => {
      if (this.subscription !== made) return;
      made.tick();
      this.timers.after(made.wishes.publishingIntervalMs, tick);
    };
    this.timers.after(made.wishes.publishingIntervalMs, tick);
    return made;
  }
}

export class Sessions {
  readonly #tally: OpcuaTally;
  /** By the number in their authentication token. */
  readonly #open = new Map<number, Session>();
  #nextId = 1;

  constructor(tally: OpcuaTally) {
    this.#tally = tally;
  }

  get size(): number {
    return this.#open.size;
  }

  create(timeoutMs: number): Session {
    const session = new Session(this.#nextId++, timeoutMs);
    this.#open.set(session.id, session);
    this.#tally.add("sessions");
    this.#tally.set("sessionTimeoutMs", timeoutMs);
    this.#tally.sessionsOpen(this.#open.size);
    this.#watch(session, timeoutMs);
    return session;
  }

  /** @param token as a request carries it: `ns=1;i=3` */
  find(token: string): Session | undefined {
    const found = this.#open.get(Number(/^ns=1;i=(\d+)$/u.exec(token)?.[1]));
    if (found) found.lastAskedMs = monotonicMs();
    return found;
  }

  close(session: Session): void {
    if (this.#end(session)) this.#tally.add("sessionsClosed");
  }

  clear(): void {
    for (const session of this.#open.values()) session.timers.clear();
    this.#open.clear();
    this.#tally.sessionsOpen(0);
  }

  #watch(session: Session, waitMs: number): void {
    session.timers.after(waitMs, () => {
      const leftMs = session.lastAskedMs + session.timeoutMs - monotonicMs();
      if (leftMs > 0) return this.#watch(session, leftMs);
      if (this.#end(session)) this.#tally.add("sessionsTimedOut");
    });
  }

  #end(session: Session): boolean {
    session.timers.clear();
    session.subscription = undefined;
    const was = this.#open.delete(session.id);
    this.#tally.sessionsOpen(this.#open.size);
    return was;
  }
}
