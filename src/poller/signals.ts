/** The signals that a poller obeys, from its first moment on: what comes before the part that carries it out is kept for it. */

export class Signals {
  /** Resolves at SIGTERM or SIGINT, and at SIGHUP where the poller runs on a terminal: that was closed. */
  readonly ended: Promise<void>;
  #ending = false;
  #stop = new Kept();
  #reload = new Kept();

  /** `onTerminal` is asked at the start: of a terminal that was closed nothing can be learnt. */
  constructor(onTerminal: boolean, listen: (signal: NodeJS.Signals, run: () => void) => unknown) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    const end = (): void => {
      this.#ending = true;
      resolve();
    };
    listen("SIGTERM", end);
    listen("SIGINT", end);
    listen("SIGHUP", () => (onTerminal ? end() : this.#reload.come()));
    listen("SIGUSR2", () => this.#stop.come());
  }

  get ending(): boolean {
    return this.#ending;
  }

  /** SIGUSR2. Takes the place of an earlier `act`; runs at once for one that came when there was none. */
  onStop(act: () => void): void {
    this.#stop.give(act);
  }

  /** SIGHUP of a service, likewise. */
  onReload(act: () => void): void {
    this.#reload.give(act);
  }
}

class Kept {
  #act: (() => void) | undefined;
  #waiting = false;

  come(): void {
    if (this.#act) this.#act();
    else this.#waiting = true;
  }

  give(act: () => void): void {
    this.#act = act;
    if (!this.#waiting) return;
    this.#waiting = false;
    act();
  }
}
