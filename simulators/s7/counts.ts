/** What a simulated S7 CPU has been sent, counted, and a way to wait until it has been. */
import { monotonicMs } from "../timers.ts";
import type { S7Request } from "./frames.ts";

/** How many of the latest requests are remembered one by one. */
export const rememberedRequestsMax = 1000;

export interface S7Counts {
  readonly connections: number;
  readonly openConnections: number;
  readonly mostConnectionsAtOnce: number;
  /** Ended by the client with a FIN, and without one. */
  readonly cleanCloses: number;
  readonly uncleanCloses: number;
  /** Whole frames. */
  readonly requests: number;
  readonly requestsByKind: ReadonlyMap<S7Request["kind"], number>;
  /** Connections by the type in the TSAP that they called: 1 PG, 2 OP, 3 S7-basic. */
  readonly connectsByType: ReadonlyMap<number, number>;
  /** Everything that is neither connecting nor reading: writes, blocks, control, the clock. */
  readonly writes: number;
  /** What is no frame. */
  readonly malformedRequests: number;
  /** Requests that came while another one was unanswered. */
  readonly pipelinedRequests: number;
  readonly bytes: number;
  /** Monotonic milliseconds of the latest 1000 requests, oldest first. */
  readonly requestTimes: readonly number[];
  /** The latest 1000 requests as lower-case hex, oldest first. */
  readonly requestFrames: readonly string[];
}

export type CountsCondition = (counts: S7Counts) => boolean;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Counter = { [Key in keyof S7Counts]: S7Counts[Key] extends number ? Key : never }[keyof S7Counts];

interface Waiter {
  readonly condition: CountsCondition;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

export class Tally {
  readonly #byKind = new Map<S7Request["kind"], number>();
  readonly #byType = new Map<number, number>();
  readonly #times: number[] = [];
  readonly #frames: string[] = [];
  readonly #counts: Mutable<S7Counts> = {
    connections: 0,
    openConnections: 0,
    mostConnectionsAtOnce: 0,
    cleanCloses: 0,
    uncleanCloses: 0,
    requests: 0,
    requestsByKind: this.#byKind,
    connectsByType: this.#byType,
    writes: 0,
    malformedRequests: 0,
    pipelinedRequests: 0,
    bytes: 0,
    requestTimes: this.#times,
    requestFrames: this.#frames,
  };
  #waiters: Waiter[] = [];

  get counts(): S7Counts {
    return this.#counts;
  }

  add(counter: Counter, amount = 1): void {
    this.#counts[counter] += amount;
    this.#wake();
  }

  connectionsOpen(now: number): void {
    this.#counts.mostConnectionsAtOnce = Math.max(this.#counts.mostConnectionsAtOnce, now);
    this.#counts.openConnections = now;
    this.#wake();
  }

  request(request: S7Request, pipelined: boolean): void {
    const counts = this.#counts;
    counts.requests += 1;
    if (pipelined) counts.pipelinedRequests += 1;
    if (request.kind === "other") counts.writes += 1;
    if (request.kind === "connect") this.#byType.set(request.calledTsap >> 8, (this.#byType.get(request.calledTsap >> 8) ?? 0) + 1);
    this.#byKind.set(request.kind, (this.#byKind.get(request.kind) ?? 0) + 1);
    remember(this.#times, monotonicMs());
    remember(this.#frames, request.bytes.toString("hex"));
    this.#wake();
  }

  /** Resolves as soon as the condition holds, at once if it does already. */
  waitUntil(condition: CountsCondition): Promise<void> {
    if (condition(this.#counts)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ condition, resolve, reject }));
  }

  /** Nothing will be counted any more: whoever still waits is told. */
  end(): void {
    for (const waiter of this.#waiters) waiter.reject(new Error("the simulated device was closed before what was waited for happened"));
    this.#waiters = [];
  }

  #wake(): void {
    const due = this.#waiters.filter((waiter) => waiter.condition(this.#counts));
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const waiter of due) waiter.resolve();
  }
}

function remember<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > rememberedRequestsMax) list.shift();
}
