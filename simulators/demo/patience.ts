/** Waiting in the demo: every wait ends at once when the demo is to end. */
import { Timers } from "../timers.ts";

/** Why waiting ended early: a person or a program ended the demo. */
export class Ended extends Error {}
/** The story could not be seen, with what was missing. */
export class NotSeen extends Error {}

const lookEveryMs = 100;

export class Patience {
  readonly #signal: AbortSignal;

  /** @param signal its reason is what waits reject with */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  get signal(): AbortSignal {
    return this.#signal;
  }

  /** Rejects with the signal's reason as soon as there is one. */
  async pause(forMs: number): Promise<void> {
    this.#signal.throwIfAborted();
    const timers = new Timers();
    const { promise, resolve } = Promise.withResolvers<void>();
    timers.after(forMs, resolve);
    const wake = (): void => resolve();
    this.#signal.addEventListener("abort", wake, { once: true });
    await promise;
    this.#signal.removeEventListener("abort", wake);
    timers.clear();
    this.#signal.throwIfAborted();
  }

  /** The first thing that `look` finds. */
  async until<Found>(look: () => Found | undefined): Promise<Found> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      await this.pause(lookEveryMs);
    }
  }
}
