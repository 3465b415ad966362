/** Delivers to one target, one notice at a time, again and again until each is taken. */
import type { Cancel, Clock } from "../domain/clock.ts";
import type { Delivery, NotifyTarget } from "../domain/notify.ts";
import { after, later, milliseconds, seconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";
import type { Outbox } from "./outbox.ts";
import type { Send } from "./senders.ts";

/** Doubled with each failure of a notice up to the most. A target that has failed is left alone for the least. */
export const retryLeast: Milliseconds = seconds(10);
export const retryMost: Milliseconds = seconds(900);

export interface PostmanParts {
  readonly clock: Clock;
  readonly outbox: Outbox;
  readonly send: Send;
  readonly say: (level: "info" | "warn", text: string) => void;
}

export class Postman {
  readonly #target: NotifyTarget;
  readonly #parts: PostmanParts;
  /** When each notice may be tried again; a notice that is not in here, now. */
  readonly #due = new Map<number, MonotonicMs>();
  #failedAt: MonotonicMs | undefined;
  #failing = false;
  #busy: Promise<void> | undefined;
  #timer: Cancel | undefined;
  #ended = false;

  constructor(target: NotifyTarget, parts: PostmanParts) {
    this.#target = target;
    this.#parts = parts;
  }

  /** To be called when there is something new in the outbox. Never rejects. */
  pump(): void {
    if (this.#ended || this.#busy) return;
    this.#timer?.();
    const next = this.#next();
    if (!next) return;
    const { clock } = this.#parts;
    if (next.at > clock.monotonic()) {
      this.#timer = clock.at(next.at, () => this.pump());
      return;
    }
    this.#busy = this.#deliver(next.delivery).then(() => {
      this.#busy = undefined;
      this.pump();
    });
  }

  /** What is under way is waited for, nothing new is begun. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#timer?.();
    await this.#busy;
  }

  /** Those that failed least often first, so that one that nobody takes holds up no other. */
  #next(): { readonly delivery: Delivery; readonly at: MonotonicMs } | undefined {
    const { clock, outbox } = this.#parts;
    const now = clock.monotonic();
    const soonest = this.#failedAt === undefined ? now : after(this.#failedAt, retryLeast);
    const waiting = outbox.waiting(this.#target.id).map((delivery) => ({
      delivery,
      at: later(soonest, this.#due.get(delivery.number) ?? now),
    }));
    const ordered = waiting.toSorted(
      (a, b) => a.at - b.at || a.delivery.attempts - b.delivery.attempts || a.delivery.number - b.delivery.number,
    );
    return ordered[0];
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { clock, outbox, say, send } = this.#parts;
    const { id } = this.#target;
    const notice = outbox.noticeOf(delivery);
    // A mistake of ours with one message must not keep the others from going out.
    const problem = await send(this.#target, notice).catch((error: unknown) => `a mistake in Watchkeeper: ${String(error)}`);
    if (problem === undefined) {
      if (this.#failing) say("info", `${id}: messages arrive again`);
      this.#failing = false;
      this.#failedAt = undefined;
      // Whoever takes one takes the others: none waits for its own turn any longer.
      this.#due.clear();
      outbox.delivered(delivery, clock.wall());
    } else {
      if (!this.#failing || problem !== delivery.problem) say("warn", `${id}: not delivered, tried again until it is: ${problem}`);
      this.#failing = true;
      this.#failedAt = clock.monotonic();
      this.#due.set(delivery.number, after(this.#failedAt, backOff(delivery.attempts)));
      outbox.failed(delivery, clock.wall(), problem);
    }
    outbox.save();
  }
}

/** 10 s after the first failure, then 20 s, up to 15 min. */
export function backOff(failedBefore: number): Milliseconds {
  return milliseconds(Math.min(retryMost, retryLeast * 2 ** Math.min(failedBefore, 20)));
}
