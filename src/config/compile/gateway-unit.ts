/** What may be asked at a gateway's own address: the gateway itself, and no unit of its bus. */
import type { Complaint } from "../problem.ts";
import type { GatewayEntry } from "../schema/gateway.ts";
import type { WatchlistCheck } from "../schema/watchlist.ts";
import { functionCodeOf } from "./modbus-codes.ts";

/** Modbus Messaging on TCP/IP Implementation Guide V1.0b, 4.4.1.2: the device that has the IP address. */
const theGatewayItself = 255;

/**
 * For a device without `via` on a gateway's line. Any other unit reaches the bus, on whatever port, and there the rules for serial devices
 * hold (watchdog stated, function codes that feed it), which only `via` brings. Raw RTU frames end at unit 247
 * (Modbus over Serial Line V1.02, 2.2), so a gateway that takes nothing else cannot be asked itself.
 * @returns what is wrong with the unit of a Modbus check; undefined where nothing is
 */
export function unitOfBus(
  { method, unitId }: WatchlistCheck,
  { id, framing }: Pick<GatewayEntry, "id" | "framing">,
): Complaint | undefined {
  if (functionCodeOf(method) === undefined) return undefined;
  const found = unitId === undefined ? "no unitId" : String(unitId);
  if (framing === "rtu-over-tcp") {
    return {
      found,
      expected: `no Modbus check of gateway ${id} itself: it takes raw RTU frames, in which ${theGatewayItself} means nothing`,
      hint: `ask units behind it (\`via: ${id}\`), which prove the gateway too, or the gateway by a method other than Modbus`,
    };
  }
  if (unitId === theGatewayItself) return undefined;
  return {
    found,
    expected: `${theGatewayItself}, gateway ${id} itself: the device has its address, or is one piece of hardware with it`,
    hint: `a unit behind it is a device of its own, with \`via: ${id}\` and no address`,
  };
}
