/** What a simulated EtherNet/IP device has been sent, counted. */
import { type CommonCounts, increment, Tally } from "../tally.ts";
import { isWrite } from "./answers.ts";
import type { EnipRequest } from "./frames.ts";

interface OwnCounts {
  /** Sessions given, and those that a client gave back by UnregisterSession. */
  readonly sessions: number;
  readonly sessionsGivenBack: number;
  /** UDP datagrams received. */
  readonly datagrams: number;
  readonly requestsByCommand: ReadonlyMap<number, number>;
}

/** Requests: whole frames over TCP and UDP. Writes: messages of the router with a service that may change something. */
export type EnipCounts = CommonCounts & OwnCounts;

export type CountsCondition = (counts: EnipCounts) => boolean;

export class EnipTally extends Tally<OwnCounts> {
  readonly #byCommand: Map<number, number>;

  constructor() {
    const byCommand = new Map<number, number>();
    super({ sessions: 0, sessionsGivenBack: 0, datagrams: 0, requestsByCommand: byCommand });
    this.#byCommand = byCommand;
  }

  request(request: EnipRequest, pipelined: boolean): void {
    if (isWrite(request)) this.mutable.writes += 1;
    increment(this.#byCommand, request.command);
    this.received(request.bytes, pipelined);
  }
}
