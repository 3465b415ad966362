/** What is due next: a binary heap, so that 10,000 checks cost a few comparisons each. */
import type { MonotonicMs } from "../domain/units.ts";

export interface Due {
  /** When to act. */
  readonly at: MonotonicMs;
  /** The slot it belongs to: of two that are due together, the older claim goes first. */
  readonly slotAt: MonotonicMs;
}

export class DueQueue<T extends Due> {
  readonly #heap: T[] = [];

  constructor(items: Iterable<T> = []) {
    for (const item of items) this.push(item);
  }

  get size(): number {
    return this.#heap.length;
  }

  peek(): T | undefined {
    return this.#heap[0];
  }

  push(item: T): void {
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(item, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = item;
  }

  pop(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last && heap.length > 0) this.#sink(last);
    return first;
  }

  #sink(item: T): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, item)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = item;
  }
}

function before(a: Due, b: Due): boolean {
  return a.at < b.at || (a.at === b.at && a.slotAt < b.slotAt);
}
