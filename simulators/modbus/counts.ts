/** What a simulated Modbus device has been sent, counted. */
import { type CommonCounts, increment, Tally } from "../tally.ts";
import { isMisshapen, isWrite } from "./answers.ts";
import type { ModbusRequest } from "./frames.ts";

interface OwnCounts {
  /** Closed by the device to make room for a newcomer. */
  readonly evictions: number;
  /** Newcomers closed because the pool was full. */
  readonly turnedAway: number;
  /** Slots of a never-reaped pool that no client holds any more. */
  readonly ghostConnections: number;
  readonly requestsByFunction: ReadonlyMap<number, number>;
  readonly requestsByUnit: ReadonlyMap<number, number>;
}

/** Writes: a function code that writes. Malformed: bad header, wrong size for the function, or cut off by the end of the connection. */
export type ModbusCounts = CommonCounts & OwnCounts;

export type CountsCondition = (counts: ModbusCounts) => boolean;

export class ModbusTally extends Tally<OwnCounts> {
  readonly #byFunction: Map<number, number>;
  readonly #byUnit: Map<number, number>;

  constructor() {
    const [byFunction, byUnit] = [new Map<number, number>(), new Map<number, number>()];
    super({ evictions: 0, turnedAway: 0, ghostConnections: 0, requestsByFunction: byFunction, requestsByUnit: byUnit });
    this.#byFunction = byFunction;
    this.#byUnit = byUnit;
  }

  request(request: ModbusRequest, pipelined: boolean): void {
    if (isWrite(request.functionCode)) this.mutable.writes += 1;
    if (isMisshapen(request.pdu)) this.mutable.malformedRequests += 1;
    increment(this.#byFunction, request.functionCode);
    increment(this.#byUnit, request.unitId);
    this.received(request.bytes, pipelined);
  }
}
