/** What is asked on one line goes one after the other; a line with nothing to do leaves nothing behind. */
import PQueue from "p-queue";
import type { LineId } from "../domain/plan.ts";

interface Lane {
  /** Settles once whoever found the line free has left it. */
  readonly left: Promise<void>;
  /** Made for the first who has to wait: nearly every line is free when it is asked for. */
  queue: PQueue | undefined;
}

export class Lanes {
  readonly #lanes = new Map<LineId, Lane>();

  /** Lines that somebody is on. */
  get taken(): number {
    return this.#lanes.size;
  }

  /** Runs `turn` once the line is free, at once where it is, and settles as it does. */
  async take<T>(line: LineId, turn: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(line);
    if (lane) return this.#wait(line, lane, turn);
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    const own: Lane = { left, queue: undefined };
    this.#lanes.set(line, own);
    try {
      return await turn();
    } finally {
      leave();
      if (!own.queue) this.#lanes.delete(line);
    }
  }

  async #wait<T>(line: LineId, lane: Lane, turn: () => Promise<T>): Promise<T> {
    const queue = (lane.queue ??= queueBehind(lane.left));
    return queue.add(turn).finally(() => {
      if (queue.size === 0 && queue.pending === 0 && this.#lanes.get(line) === lane) this.#lanes.delete(line);
    });
  }
}

function queueBehind(left: Promise<void>): PQueue {
  // Neither timeout nor signal: both free the slot while the request is still out. The deadline lives in the permit.
  const queue = new PQueue({ concurrency: 1 });
  void queue.add(() => left);
  return queue;
}
