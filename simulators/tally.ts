/** What every simulated device counts of what it was sent, and a way to wait until it has been. */
import { monotonicMs } from "./timers.ts";

/** How many of the latest requests are remembered one by one. */
export const rememberedRequestsMax = 1000;

export interface CommonCounts {
  /** Connections accepted, those closed at once included. A connection the kernel refused is not seen. */
  readonly connections: number;
  readonly openConnections: number;
  readonly mostConnectionsAtOnce: number;
  /** Ended by the client without a FIN. */
  readonly uncleanCloses: number;
  /** Whole frames received, those that write and misshapen ones included. */
  readonly requests: number;
  /** Requests that may change something: everything that no heartbeat needs. */
  readonly writes: number;
  /** Frames no device should get. */
  readonly malformedRequests: number;
  /** Requests that came while another one was unanswered. */
  readonly pipelinedRequests: number;
  /** Bytes received. */
  readonly bytes: number;
  /** Monotonic milliseconds of the latest 1000 requests, oldest first. */
  readonly requestTimes: readonly number[];
  /** The latest 1000 requests as lower-case hex, oldest first. */
  readonly requestFrames: readonly string[];
}

/** The counters that are plain numbers. */
export type Counter<Counts> = { [Key in keyof Counts]: Counts[Key] extends number ? Key : never }[keyof Counts];

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

interface Waiter<Counts> {
  readonly condition: (counts: Counts) => boolean;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

/** `Own`: what one protocol counts besides. */
export class Tally<Own extends object> {
  /** For the protocol's own part: whoever changes it calls `counted` afterwards. */
  protected readonly mutable: Mutable<CommonCounts> & Mutable<Own>;
  /** The same object: its common part. */
  readonly #common: Mutable<CommonCounts>;
  readonly #times: number[] = [];
  readonly #frames: string[] = [];
  #waiters: Waiter<CommonCounts & Own>[] = [];

  constructor(own: Own) {
    this.mutable = {
      connections: 0,
      openConnections: 0,
      mostConnectionsAtOnce: 0,
      uncleanCloses: 0,
      requests: 0,
      writes: 0,
      malformedRequests: 0,
      pipelinedRequests: 0,
      bytes: 0,
      requestTimes: this.#times,
      requestFrames: this.#frames,
      ...own,
    };
    this.#common = this.mutable;
  }

  get counts(): CommonCounts & Own {
    return this.mutable;
  }

  add(counter: Counter<CommonCounts & Own>, amount = 1): void {
    this.set(counter, (this.mutable[counter] as number) + amount);
  }

  set(counter: Counter<CommonCounts & Own>, value: number): void {
    // The type says that it is a number; the compiler cannot follow that through a type parameter.
    (this.mutable as Record<typeof counter, number>)[counter] = value;
    this.counted();
  }

  connectionsOpen(now: number): void {
    this.#common.mostConnectionsAtOnce = Math.max(this.#common.mostConnectionsAtOnce, now);
    this.#common.openConnections = now;
    this.counted();
  }

  /** A whole frame has come; `pipelined` while another was unanswered. */
  received(frame: Buffer, pipelined: boolean): void {
    this.#common.requests += 1;
    if (pipelined) this.#common.pipelinedRequests += 1;
    remember(this.#times, monotonicMs());
    remember(this.#frames, frame.toString("hex"));
    this.counted();
  }

  /** Resolves as soon as the condition holds, at once if it does already. */
  waitUntil(condition: (counts: CommonCounts & Own) => boolean): Promise<void> {
    if (condition(this.counts)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ condition, resolve, reject }));
  }

  /** Nothing will be counted any more: whoever still waits is told. */
  end(): void {
    for (const waiter of this.#waiters) waiter.reject(new Error("the simulated device was closed before what was waited for happened"));
    this.#waiters = [];
  }

  protected counted(): void {
    const due = this.#waiters.filter((waiter) => waiter.condition(this.counts));
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }
}

export function increment<Key>(map: Map<Key, number>, key: Key): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function remember<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > rememberedRequestsMax) list.shift();
}
