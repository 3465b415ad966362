/** Who waits until so many of all records that the journal has accepted are on disk. */

interface Waiter {
  readonly target: number;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

export class JournalWaiters {
  #waiting: readonly Waiter[] = [];

  /** Resolves when `target` records are on disk; rejects when that is given up. */
  until(target: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting = [...this.#waiting, { target, resolve, reject }];
    });
  }

  written(count: number): void {
    const done = this.#waiting.filter(({ target }) => target <= count);
    this.#waiting = this.#waiting.filter(({ target }) => target > count);
    for (const { resolve } of done) resolve();
  }

  giveUp(reason: string): void {
    for (const { reject } of this.#waiting) reject(new Error(reason));
    this.#waiting = [];
  }
}
