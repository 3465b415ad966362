/** One conversation with the process of node-snap7: a call at a time, the frames of it, and a watch that the process does not hang. */
import type { Cancel } from "../domain/clock.ts";
import { ExchangeEnded } from "../domain/driver.ts";
import { s7ChildAnswersWithin } from "../domain/limits.ts";
import type { ToS7Child } from "../domain/s7-messages.ts";
import type { S7Call, S7Conversation } from "../domain/s7.ts";
import { hex } from "../domain/template.ts";
import { milliseconds, type Milliseconds } from "../domain/units.ts";

type WithoutId<Message> = Message extends { readonly id: number } ? Omit<Message, "id"> : never;

/** What a conversation needs of the process's owner. */
export interface Keeping {
  readonly say: (message: WithoutId<ToS7Child>) => void;
  readonly forget: () => void;
  readonly within: (span: Milliseconds, run: () => void) => Cancel;
  readonly hangs: () => void;
}

/** The poller's end of it; the process has another. */
export class Conversation implements S7Conversation {
  readonly #heard: (frame: Uint8Array) => void;
  readonly #keeping: Keeping;
  #pending: PromiseWithResolvers<string | undefined> | undefined;
  #lost: string | undefined;
  /** While the process has something to do. */
  #watch: Cancel | undefined;

  constructor(heard: (frame: Uint8Array) => void, keeping: Keeping) {
    this.#heard = heard;
    this.#keeping = keeping;
  }

  /** Whether a thread of the process waits for a device. */
  get calling(): boolean {
    return this.#pending !== undefined;
  }

  call(call: S7Call): Promise<string | undefined> {
    if (this.#lost !== undefined) return Promise.reject(new ExchangeEnded("driver_unavailable", this.#lost));
    this.#pending = Promise.withResolvers();
    this.#say({ say: "call", call });
    return this.#pending.promise;
  }

  reply(frame: Uint8Array): void {
    if (this.#lost === undefined) this.#say({ say: "reply", hex: hex(frame) });
  }

  end(): void {
    if (this.#lost !== undefined) return;
    this.#over("the conversation with node-snap7 is over");
    this.#keeping.forget();
    this.#keeping.say({ say: "end" });
  }

  heard(frame: Uint8Array): void {
    this.#unwatch();
    this.#heard(frame);
  }

  done(complaint: string | undefined): void {
    this.#unwatch();
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve(complaint);
  }

  /** The process is gone. */
  lost(why: string): void {
    const pending = this.#pending;
    this.#over(why);
    pending?.reject(new ExchangeEnded("driver_unavailable", why));
  }

  #over(why: string): void {
    this.#lost = why;
    this.#pending = undefined;
    this.#unwatch();
  }

  /** Twice, because a poller that stood still itself hears the timer before it reads what the process has said long ago. */
  #say(message: WithoutId<ToS7Child>): void {
    this.#unwatch();
    const { within, hangs } = this.#keeping;
    const half = milliseconds(s7ChildAnswersWithin / 2);
    this.#watch = within(half, () => (this.#watch = within(half, hangs)));
    this.#keeping.say(message);
  }

  #unwatch(): void {
    this.#watch?.();
    this.#watch = undefined;
  }
}
