/** How much the web server takes on from whom: connections at once and in a time, and requests one after the other. */
import type { Clock } from "../domain/clock.ts";
import { after, milliseconds, type Milliseconds, type MonotonicMs } from "../domain/units.ts";

/** A rate with a burst that is there at once: it guards the poller's time, where an empty beginning would only keep the first scrape out. */
export class Pace {
  readonly #burst: number;
  readonly #msEach: Milliseconds;
  #spentUntil: MonotonicMs;

  constructor(burst: number, msEach: Milliseconds, now: MonotonicMs) {
    this.#burst = burst;
    this.#msEach = msEach;
    this.#spentUntil = now;
  }

  /** How long one more would have to wait; zero: it may come now. */
  wait(now: MonotonicMs): Milliseconds {
    const debt = Math.max(0, this.#spentUntil - now);
    return milliseconds(Math.max(0, debt - (this.#burst - 1) * this.#msEach));
  }

  take(now: MonotonicMs): void {
    this.#spentUntil = after(this.#spentUntil > now ? this.#spentUntil : now, this.#msEach);
  }

  /** Nothing is remembered of it. */
  idle(now: MonotonicMs): boolean {
    return this.#spentUntil <= now;
  }
}

/** A pace for each of many, of whom the longest silent is forgotten first. */
export class PaceByName {
  readonly #burst: number;
  readonly #msEach: Milliseconds;
  readonly #namesMax: number;
  readonly #paces = new Map<string, Pace>();

  constructor(burst: number, msEach: Milliseconds, namesMax: number) {
    this.#burst = burst;
    this.#msEach = msEach;
    this.#namesMax = namesMax;
  }

  of(name: string, now: MonotonicMs): Pace {
    const pace = this.#paces.get(name) ?? new Pace(this.#burst, this.#msEach, now);
    this.#paces.delete(name);
    this.#paces.set(name, pace);
    const [oldest] = this.#paces.keys();
    if (this.#paces.size > this.#namesMax && oldest !== undefined) this.#paces.delete(oldest);
    return pace;
  }
}

/** Connections of one address: two thirds of a server's, so that somebody else always finds one. */
const openOfOneMax = 64;
/** New ones of one address: a scraper keeps its own; a flood of TLS handshakes, a millisecond each, must not become the poller's work. */
const newAtOnce = 96;
const newEach: Milliseconds = milliseconds(50);
/** Requests of all together, 0.1 ms each without a page: what comes faster waits for its turn. */
const requestsAtOnce = 250;
const requestEach: Milliseconds = milliseconds(4);
const addressesMax = 256;

export class Doorkeeper {
  readonly #clock: Clock;
  readonly #open = new Map<string, number>();
  readonly #new = new PaceByName(newAtOnce, newEach, addressesMax);
  readonly #requests: Pace;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#requests = new Pace(requestsAtOnce, requestEach, clock.monotonic());
  }

  /** Whether another connection of the address is let in; the returned function is its end. */
  enter(address: string): (() => void) | undefined {
    const now = this.#clock.monotonic();
    const open = this.#open.get(address) ?? 0;
    const pace = this.#new.of(address, now);
    if (open >= openOfOneMax || pace.wait(now) > 0) return undefined;
    pace.take(now);
    this.#open.set(address, open + 1);
    return () => {
      const left = (this.#open.get(address) ?? 1) - 1;
      if (left > 0) this.#open.set(address, left);
      else this.#open.delete(address);
    };
  }

  /** Resolves when it is the request's turn; undefined: now. First come, first served, and a connection has one request at a time. */
  turn(): Promise<void> | undefined {
    const now = this.#clock.monotonic();
    const wait = this.#requests.wait(now);
    this.#requests.take(now);
    if (wait === 0) return undefined;
    return new Promise((resolve) => void this.#clock.at(after(now, wait), resolve));
  }
}
