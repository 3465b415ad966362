/** What a device of a watchlist that ran is today: what stands at its place now may be of a kind that is never asked, whatever it is called. */
import { isAddress, parseAddress } from "../domain/address.ts";
import type { DeviceFunction } from "../domain/plan.ts";
import type { Watchlist, WatchlistDevice } from "./schema/watchlist.ts";

const neverAsked: ReadonlySet<DeviceFunction> = new Set(["safety", "protection", "navigation"]);

interface Stands {
  /** Its own address, or that of the gateway before it; of a bus of the poller's own the port. */
  readonly address: string;
  /** `192.0.2.11`, and `192.0.2.30 unit 7` for each unit that its checks name. */
  readonly exactly: readonly string[];
  /** False for a unit behind a gateway: what is beside it on the bus is another device. */
  readonly whole: boolean;
}

/**
 * By id, and by where it stands: what stands there today may bear another id, or have moved in. One that is never asked often has no check,
 * and then nobody has said which unit of its gateway it is: it may be each that no other device of today's is.
 */
export function functionToday(today: Watchlist, before: Watchlist, device: WatchlistDevice): DeviceFunction {
  const own = standing(before, device);
  const now = today.devices.flatMap((one) => {
    const there = standing(today, one);
    return there === undefined || there.address !== own?.address ? [] : [{ ...there, does: one.function }];
  });
  const known = new Set(now.flatMap(({ exactly }) => exactly));
  const places = own?.exactly ?? [];
  const itself = now.filter(({ exactly }) => exactly.some((place) => places.includes(place)));
  const unsaid = places.length === 0 || places.some((place) => !known.has(place));
  const perhaps = unsaid ? now.filter(({ exactly, whole }) => whole || places.length === 0 || exactly.length === 0) : [];
  const found = [...itself, ...perhaps].find(({ does }) => neverAsked.has(does));
  return found?.does ?? today.devices.find(({ id }) => id === device.id)?.function ?? device.function;
}

/** Undefined where its gateway is not in the file. */
function standing({ gateways }: Watchlist, { address: own, via, checks }: WatchlistDevice): Stands | undefined {
  const gateway = gateways.find(({ id }) => id === via);
  const written = via === undefined ? own : (gateway?.address ?? gateway?.serialPort?.device);
  if (written === undefined) return undefined;
  const parsed = parseAddress(written);
  const address = isAddress(parsed) ? parsed.text : written;
  const units = checks.flatMap(({ unitId }) => (unitId === undefined ? [] : [`${address} unit ${unitId}`]));
  return { address, exactly: via === undefined ? [address, ...units] : units, whole: via === undefined };
}
