/** What a simulated S7 CPU has been sent, counted. */
import { type CommonCounts, increment, Tally } from "../tally.ts";
import type { S7Request } from "./frames.ts";

interface OwnCounts {
  /** Ended by the client with a FIN. */
  readonly cleanCloses: number;
  readonly requestsByKind: ReadonlyMap<S7Request["kind"], number>;
  /** Connections by the type in the TSAP that they called: 1 PG, 2 OP, 3 S7-basic. */
  readonly connectsByType: ReadonlyMap<number, number>;
}

/** Writes: everything that is neither connecting nor reading: writes, blocks, control, the clock. Malformed: what is no frame. */
export type S7Counts = CommonCounts & OwnCounts;

export type CountsCondition = (counts: S7Counts) => boolean;

export class S7Tally extends Tally<OwnCounts> {
  readonly #byKind: Map<S7Request["kind"], number>;
  readonly #byType: Map<number, number>;

  constructor() {
    const [byKind, byType] = [new Map<S7Request["kind"], number>(), new Map<number, number>()];
    super({ cleanCloses: 0, requestsByKind: byKind, connectsByType: byType });
    this.#byKind = byKind;
    this.#byType = byType;
  }

  request(request: S7Request, pipelined: boolean): void {
    if (request.kind === "other") this.mutable.writes += 1;
    if (request.kind === "connect") increment(this.#byType, request.calledTsap >> 8);
    increment(this.#byKind, request.kind);
    this.received(request.bytes, pipelined);
  }
}
