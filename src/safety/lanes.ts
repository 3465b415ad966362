/** One queue a line: what is asked on it goes one after the other, and a line with nothing to do leaves nothing behind. */
import PQueue from "p-queue";
import type { LineId } from "../domain/plan.ts";

export class Lanes {
  readonly #lanes = new Map<LineId, PQueue>();

  /** Runs `turn` once the line is free, and settles as it does. */
  async take<T>(line: LineId, turn: () => Promise<T>): Promise<T> {
    const lane = this.#lane(line);
    return lane.add(turn).finally(() => {
      if (lane.size === 0 && lane.pending === 0) this.#lanes.delete(line);
    });
  }

  #lane(line: LineId): PQueue {
    const known = this.#lanes.get(line);
    if (known) return known;
    // Neither timeout nor signal: both free the slot while the request is still out. The deadline lives in the permit.
    const lane = new PQueue({ concurrency: 1 });
    this.#lanes.set(line, lane);
    return lane;
  }
}
