/** What a device is reached through, as its entry has it. */
import type { WatchlistDevice } from "../schema/watchlist.ts";

/** Ids of gateways and devices. A device on two switches is behind neither: while one of them works it can be reached. */
export function behind({ via, dependsOn, switchPorts }: WatchlistDevice): readonly string[] {
  const switches = [...new Set(switchPorts.map((port) => port.switch))];
  return [...new Set([...(via === undefined ? [] : [via]), ...dependsOn, ...(switches.length === 1 ? switches : [])])];
}
