/** What a simulated EtherNet/IP device has been sent, counted. */
import { type CommonCounts, increment, Tally } from "../tally.ts";
import { isWrite, messageOf } from "./answers.ts";
import { routedBy } from "./backplane.ts";
import type { EnipRequest } from "./frames.ts";

interface OwnCounts {
  /** Sessions given, and those that a client gave back by UnregisterSession. */
  readonly sessions: number;
  readonly sessionsGivenBack: number;
  /** UDP datagrams received. */
  readonly datagrams: number;
  readonly requestsByCommand: ReadonlyMap<number, number>;
  /** How often each slot of the backplane was asked. */
  readonly requestsBySlot: ReadonlyMap<number, number>;
}

/** Requests: whole frames over TCP and UDP. Writes: messages of the router with a service that may change something. */
export type EnipCounts = CommonCounts & OwnCounts;

export type CountsCondition = (counts: EnipCounts) => boolean;

export class EnipTally extends Tally<OwnCounts> {
  readonly #byCommand: Map<number, number>;
  readonly #bySlot: Map<number, number>;

  constructor() {
    const byCommand = new Map<number, number>();
    const bySlot = new Map<number, number>();
    super({ sessions: 0, sessionsGivenBack: 0, datagrams: 0, requestsByCommand: byCommand, requestsBySlot: bySlot });
    this.#byCommand = byCommand;
    this.#bySlot = bySlot;
  }

  request(request: EnipRequest, pipelined: boolean): void {
    if (isWrite(request)) this.mutable.writes += 1;
    const message = messageOf(request);
    const routed = message === undefined ? undefined : routedBy(message);
    if (routed !== undefined) increment(this.#bySlot, routed.slot);
    increment(this.#byCommand, request.command);
    this.received(request.bytes, pipelined);
  }
}
