/** A clock that a test moves by hand: timers run in order of their time, and promises settle between them. */
import type { Clock } from "../../src/domain/clock.ts";
import { monotonicMs, wallMs, type Milliseconds, type MonotonicMs, type WallMs } from "../../src/domain/units.ts";

interface Timer {
  readonly when: number;
  readonly order: number;
  readonly run: () => void;
}

export class FakeClock implements Clock {
  #now: number;
  #wallOffset: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

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
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Timers that wait; a test that ends asserts this, so that none is forgotten. */
  get waiting(): number {
    return this.#timers.size;
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
      this.#timers.delete(next);
      next.run();
      await settled();
    }
    this.#now = end;
  }

  /** The process stood still: time passes without any timer running, then all that are due run late, in order. */
  async freeze(span: Milliseconds | number): Promise<void> {
    this.#now += span;
    await this.advance(0);
  }

  #next(end: number): Timer | undefined {
    let best: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.when > end) continue;
      if (!best || timer.when < best.when || (timer.when === best.when && timer.order < best.order)) best = timer;
    }
    return best;
  }
}

/** Lets everything that is already resolved run to its end. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
