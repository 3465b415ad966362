/** What a simulated EtherNet/IP device has been sent, counted, and a way to wait until it has been. */
import { monotonicMs } from "../timers.ts";
import { isWrite } from "./answers.ts";
import type { EnipRequest } from "./frames.ts";

/** How many of the latest requests are remembered one by one. */
export const rememberedRequestsMax = 1000;

export interface EnipCounts {
  /** TCP connections accepted. */
  readonly connections: number;
  readonly openConnections: number;
  readonly mostConnectionsAtOnce: number;
  /** Ended by the client without a FIN. */
  readonly uncleanCloses: number;
  /** Sessions given, and those that a client gave back by UnregisterSession. */
  readonly sessions: number;
  readonly sessionsGivenBack: number;
  /** UDP datagrams received. */
  readonly datagrams: number;
  /** Whole frames received over TCP and UDP. */
  readonly requests: number;
  readonly requestsByCommand: ReadonlyMap<number, number>;
  /** Messages of the router with a service that may change something. */
  readonly writes: number;
  /** Frames no device should get. */
  readonly malformedRequests: number;
  /** Requests that came while another one was unanswered. */
  readonly pipelinedRequests: number;
  readonly bytes: number;
  /** Monotonic milliseconds of the latest 1000 requests, oldest first. */
  readonly requestTimes: readonly number[];
  /** The latest 1000 requests as lower-case hex, oldest first. */
  readonly requestFrames: readonly string[];
}

export type CountsCondition = (counts: EnipCounts) => boolean;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Counter = { [Key in keyof EnipCounts]: EnipCounts[Key] extends number ? Key : never }[keyof EnipCounts];

interface Waiter {
  readonly condition: CountsCondition;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

export class Tally {
  readonly #byCommand = new Map<number, number>();
  readonly #times: number[] = [];
  readonly #frames: string[] = [];
  readonly #counts: Mutable<EnipCounts> = {
    connections: 0,
    openConnections: 0,
    mostConnectionsAtOnce: 0,
    uncleanCloses: 0,
    sessions: 0,
    sessionsGivenBack: 0,
    datagrams: 0,
    requests: 0,
    requestsByCommand: this.#byCommand,
    writes: 0,
    malformedRequests: 0,
    pipelinedRequests: 0,
    bytes: 0,
    requestTimes: this.#times,
    requestFrames: this.#frames,
  };
  #waiters: Waiter[] = [];

  get counts(): EnipCounts {
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

  request(request: EnipRequest, pipelined: boolean): void {
    const counts = this.#counts;
    counts.requests += 1;
    if (pipelined) counts.pipelinedRequests += 1;
    if (isWrite(request)) counts.writes += 1;
    this.#byCommand.set(request.command, (this.#byCommand.get(request.command) ?? 0) + 1);
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
