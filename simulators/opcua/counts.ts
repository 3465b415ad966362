/** What a simulated OPC UA server has been sent, counted, and a way to wait until it has been. */
import { monotonicMs } from "../timers.ts";
import type { ServiceName } from "./services.ts";

/** How many of the latest chunks are remembered one by one. */
export const rememberedChunksMax = 1000;

export interface OpcuaCounts {
  /** TCP connections accepted. */
  readonly connections: number;
  readonly openConnections: number;
  readonly mostConnectionsAtOnce: number;
  /** Ended by the client without a FIN. */
  readonly uncleanCloses: number;
  /** HEL, OPN for a new channel, OPN for the renewal of one, and CLO. */
  readonly hellos: number;
  readonly channels: number;
  readonly renewals: number;
  readonly channelCloses: number;
  /** Sessions given, there now, most there at once, closed by CloseSession, and dropped because nobody asked for their timeout. */
  readonly sessions: number;
  readonly openSessions: number;
  readonly mostSessionsAtOnce: number;
  readonly sessionsClosed: number;
  readonly sessionsTimedOut: number;
  /** Whole chunks received, whatever their type. */
  readonly requests: number;
  readonly requestsByService: ReadonlyMap<ServiceName, number>;
  /** Requests for a service that no heartbeat needs: Write, Call, Browse and every other. */
  readonly writes: number;
  /** Chunks no server should get. */
  readonly malformedRequests: number;
  /** Requests that came while another one was unanswered. */
  readonly pipelinedRequests: number;
  readonly bytes: number;
  /** Monotonic milliseconds of the latest 1000 chunks, oldest first. */
  readonly requestTimes: readonly number[];
  /** The latest 1000 chunks as lower-case hex, oldest first. */
  readonly requestFrames: readonly string[];
  /** The endpoint URL of the latest HEL. */
  readonly endpointUrl: string;
}

export type CountsCondition = (counts: OpcuaCounts) => boolean;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Counter = { [Key in keyof OpcuaCounts]: OpcuaCounts[Key] extends number ? Key : never }[keyof OpcuaCounts];

interface Waiter {
  readonly condition: CountsCondition;
  readonly resolve: () => void;
  readonly reject: (cause: Error) => void;
}

export class Tally {
  readonly #byService = new Map<ServiceName, number>();
  readonly #times: number[] = [];
  readonly #frames: string[] = [];
  readonly #counts: Mutable<OpcuaCounts> = {
    connections: 0,
    openConnections: 0,
    mostConnectionsAtOnce: 0,
    uncleanCloses: 0,
    hellos: 0,
    channels: 0,
    renewals: 0,
    channelCloses: 0,
    sessions: 0,
    openSessions: 0,
    mostSessionsAtOnce: 0,
    sessionsClosed: 0,
    sessionsTimedOut: 0,
    requests: 0,
    requestsByService: this.#byService,
    writes: 0,
    malformedRequests: 0,
    pipelinedRequests: 0,
    bytes: 0,
    requestTimes: this.#times,
    requestFrames: this.#frames,
    endpointUrl: "",
  };
  #waiters: Waiter[] = [];

  get counts(): OpcuaCounts {
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

  sessionsOpen(now: number): void {
    this.#counts.mostSessionsAtOnce = Math.max(this.#counts.mostSessionsAtOnce, now);
    this.#counts.openSessions = now;
    this.#wake();
  }

  hello(endpointUrl: string): void {
    this.#counts.endpointUrl = endpointUrl;
    this.add("hellos");
  }

  service(service: ServiceName): void {
    this.#byService.set(service, (this.#byService.get(service) ?? 0) + 1);
    this.#wake();
  }

  chunk(bytes: Buffer, pipelined: boolean): void {
    this.#counts.requests += 1;
    if (pipelined) this.#counts.pipelinedRequests += 1;
    remember(this.#times, monotonicMs());
    remember(this.#frames, bytes.toString("hex"));
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
  if (list.length > rememberedChunksMax) list.shift();
}
