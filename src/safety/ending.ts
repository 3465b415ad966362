/** Waits for the end of one wire again and again and leaves nothing behind: its promise would keep every wait until the wire ends, months later perhaps. */
import type { Clock } from "../domain/clock.ts";
import { nearEndLead } from "../domain/limits.ts";
import { monotonicMs, type MonotonicMs } from "../domain/units.ts";
import type { Closed } from "../domain/wire.ts";

export class Ending {
  #closed: Closed | undefined;
  readonly #waiting = new Set<(closed: Closed) => void>();

  constructor(closed: Promise<Closed>) {
    void closed.then((end) => {
      this.#closed = end;
      for (const run of this.#waiting) run(end);
      this.#waiting.clear();
    });
  }

  /** Runs `run` once the wire has ended, at once where it has; the returned function takes that back. */
  onEnd(run: (closed: Closed) => void): () => void {
    if (this.#closed) run(this.#closed);
    else this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  /** How many wait now. */
  get waiting(): number {
    return this.#waiting.size;
  }
}

/** Runs `near` a moment before the deadline and `over` at it, with one timer at a time; the returned function takes both back. */
export function atEnd(clock: Pick<Clock, "at">, deadline: MonotonicMs, near: () => void, over: () => void): () => void {
  let cancel = clock.at(monotonicMs(Math.max(0, deadline - nearEndLead)), () => {
    near();
    cancel = clock.at(deadline, over);
  });
  return () => cancel();
}
