/** A clock that a test moves by hand: timers run in order of their time, and promises settle between them. */
import type { Clock } from "../../src/domain/clock.ts";
import { monotonicMs, wallMs, type Milliseconds, type MonotonicMs, type WallMs } from "../../src/domain/units.ts";

interface Timer {
  readonly when: number;
  readonly order: number;
  /** Undefined once it was taken back. */
  run: (() => void) | undefined;
}

export class FakeClock implements Clock {
  #now: number;
  #wallOffset: number;
  #order = 0;
  /** A binary heap, the soonest first; what was taken back stays until its time. */
  #timers: Timer[] = [];
  #live = 0;

  constructor(monotonic = 1_000_000, wall: number = Date.parse("2026-11-21T12:00:00Z")) {
    this.#now = monotonic;
    this.#wallOffset = wall - monotonic;
  }

  monotonic(): MonotonicMs {
    return monotonicMs(this.#now);
  }

  wall(): WallMs {
    return wallMs(this.#now + this.#wallOffset);
  }

  at(when: MonotonicMs, run: () => void): () => void {
    const timer: Timer = { when, order: this.#order++, run };
    this.#push(timer);
    this.#live += 1;
    return () => {
      if (timer.run) this.#live -= 1;
      timer.run = undefined;
    };
  }

  /** The process is no more: none of its timers will run. */
  forgetTimers(): void {
    this.#timers = [];
    this.#live = 0;
  }

  /** Timers that wait; a test that ends asserts this, so that none is forgotten. */
  get waiting(): number {
    return this.#live;
  }

  /** Moves the wall clock alone, as an operator or a time server does. */
  stepWall(by: number): void {
    this.#wallOffset += by;
  }

  /** Moves on, running each due timer at its own time and letting promises settle after each. */
  async advance(span: Milliseconds | number): Promise<void> {
    const end = this.#now + span;
    await settled();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#now = Math.max(this.#now, next.when);
      const { run } = next;
      next.run = undefined;
      this.#live -= 1;
      run!();
      await settled();
    }
    this.#now = end;
  }

  /** The process stood still: time passes without any timer running, then all that are due run late, in order. */
  async freeze(span: Milliseconds | number): Promise<void> {
    this.#now += span;
    await this.advance(0);
  }

  /** Takes the soonest live timer that is due by `end` out of the heap. */
  #next(end: number): Timer | undefined {
    for (let first = this.#timers[0]; first && first.when <= end; first = this.#timers[0]) {
      this.#pop();
      if (first.run) return first;
    }
    return undefined;
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#timers;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      if (!before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}

/** Lets everything that is already resolved run to its end. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
