/** What may be asked at a gateway's own address: the gateway itself, and no unit of its bus. */
import type { Complaint } from "../problem.ts";
import type { WatchlistCheck } from "../schema/watchlist.ts";
import { functionCodeOf } from "./modbus-codes.ts";

/** Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4.1.2: the device that has the IP address. */
const theGatewayItself = 255;

/**
 * For a device without `via` on a gateway's line. Any other unit reaches the bus, on whatever port, and there the rules for serial devices
 * hold (watchdog stated, bus not overloaded, a pause after a timeout), which only `via` brings.
 * @returns what is wrong with the unit of a Modbus check; undefined where nothing is
 */
export function unitOfBus({ method, unitId }: WatchlistCheck, gateway: string): Complaint | undefined {
  if (functionCodeOf(method) === undefined || unitId === theGatewayItself) return undefined;
  return {
    found: unitId === undefined ? "no unitId" : String(unitId),
    expected: `${theGatewayItself}, gateway ${gateway} itself: the device has its address, or is one piece of hardware with it`,
    hint: `a unit behind it is a device of its own, with \`via: ${gateway}\` and no address`,
  };
}
