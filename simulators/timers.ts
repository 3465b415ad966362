/** The only clock and timers of the simulators: a group of one-shot timers that ends with its owner. */
import { performance } from "node:perf_hooks";

/** Milliseconds of a monotonic clock, for the order and distance of what a device was sent. */
export function monotonicMs(): number {
  return performance.now();
}

/** Timers of one connection or one run. They keep the process alive on purpose: a test that waits for one must not end before it. */
export class Timers {
  readonly #pending = new Set<NodeJS.Timeout>();

  after(delayMs: number, run: () => void): void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      run();
    }, delayMs);
    this.#pending.add(timer);
  }

  clear(): void {
    for (const timer of this.#pending) clearTimeout(timer);
    this.#pending.clear();
  }
}
