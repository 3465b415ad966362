/** Starts simulated Modbus devices inside a host of the network; each resolves once it listens on port 502. */
import type { ModbusBehaviour } from "../../../simulators/modbus/device.ts";
import type { Network } from "./netns.ts";
import { runUnder, type Script } from "./run-under.ts";

/** By address, one of the host's own. */
export type Behaviours = Readonly<Record<string, ModbusBehaviour>>;

/** The script says "asked" with the address for every request that reached a device. */
export async function startSimulated(network: Network, host: string, behaviours: Behaviours): Promise<Script> {
  const options = Object.entries(behaviours).map(([address, behaviour]) => ({ host: address, port: 502, behaviour }));
  const script = runUnder(network, host, new URL("simulated-devices.ts", import.meta.url), { args: [JSON.stringify(options)] });
  await script.next("listening", 60_000);
  return script;
}
