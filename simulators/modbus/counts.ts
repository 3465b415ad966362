/** What a simulated device has been sent, counted, and a way to wait until it has been. */
import { monotonicMs } from "../timers.ts";
import { isMisshapen, isWrite } from "./answers.ts";
import type { ModbusRequest } from "./frames.ts";

/** How many of the latest requests are remembered one by one. */
export const rememberedRequestsMax = 1000;

export interface ModbusCounts {
  /** Connections accepted, those closed at once included. A connection the kernel refused is not seen. */
  readonly connections: number;
  readonly openConnections: number;
  readonly mostConnectionsAtOnce: number;
  /** Closed by the device to make room for a newcomer. */
  readonly evictions: number;
  /** Newcomers closed because the pool was full. */
  readonly turnedAway: number;
  /** Ended by the client without a FIN. */
  readonly uncleanCloses: number;
  /** Slots of a never-reaped pool that no client holds any more. */
  readonly ghostConnections: number;
  /** Complete frames received, write requests and misshapen ones included. */
  readonly requests: number;
  readonly requestsByFunction: ReadonlyMap<number, number>;
  readonly requestsByUnit: ReadonlyMap<number, number>;
  /** Requests with a function code that writes. */
  readonly writes: number;
  /** Frames no device should get: bad header, wrong size for the function, or cut off by the end of the connection. */
  readonly malformedRequests: number;
  /** Requests that came while another one, on any connection to this device, was unanswered. */
  readonly pipelinedRequests: number;
  /** Bytes received. */
  readonly bytes: number;
  /** Monotonic milliseconds of the latest 1000 requests, oldest first. */
  readonly requestTimes: readonly number[];
  /** The latest 1000 requests as lower-case hex, oldest first. */
  readonly requestFrames: readonly string[];
}

export type CountsCondition = (counts: ModbusCounts) => boolean;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
/** The counters that are plain numbers. */
export type Counter = { [Key in keyof ModbusCounts]: ModbusCounts[Key] extends number ? Key : never }[keyof ModbusCounts];

interface Waiter {
  readonly condition: CountsCondition;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

export class Tally {
  readonly #byFunction = new Map<number, number>();
  readonly #byUnit = new Map<number, number>();
  readonly #times: number[] = [];
  readonly #frames: string[] = [];
  readonly #counts: Mutable<ModbusCounts> = {
    connections: 0,
    openConnections: 0,
    mostConnectionsAtOnce: 0,
    evictions: 0,
    turnedAway: 0,
    uncleanCloses: 0,
    ghostConnections: 0,
    requests: 0,
    requestsByFunction: this.#byFunction,
    requestsByUnit: this.#byUnit,
    writes: 0,
    malformedRequests: 0,
    pipelinedRequests: 0,
    bytes: 0,
    requestTimes: this.#times,
    requestFrames: this.#frames,
  };
  #waiters: Waiter[] = [];

  get counts(): ModbusCounts {
    return this.#counts;
  }

  add(counter: Counter, amount = 1): void {
    this.#counts[counter] += amount;
    this.#wake();
  }

  set(counter: Counter, value: number): void {
    this.#counts[counter] = value;
    this.#wake();
  }

  connectionsOpen(now: number): void {
    this.#counts.mostConnectionsAtOnce = Math.max(this.#counts.mostConnectionsAtOnce, now);
    this.set("openConnections", now);
  }

  request(request: ModbusRequest, pipelined: boolean): void {
    const counts = this.#counts;
    counts.requests += 1;
    if (pipelined) counts.pipelinedRequests += 1;
    if (isWrite(request.functionCode)) counts.writes += 1;
    if (isMisshapen(request.pdu)) counts.malformedRequests += 1;
    increment(this.#byFunction, request.functionCode);
    increment(this.#byUnit, request.unitId);
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

function increment(map: Map<number, number>, key: number): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

function remember<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > rememberedRequestsMax) list.shift();
}
