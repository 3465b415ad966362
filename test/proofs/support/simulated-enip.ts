/** Starts simulated EtherNet/IP devices inside a host of the network; each resolves once it listens on port 44818, TCP and UDP. */
import type { EnipBehaviour, EnipDeviceOptions } from "../../../simulators/enip/device.ts";
import type { Network } from "./netns.ts";
import { runUnder, type Script } from "./run-under.ts";

/** By address, one of the host's own. The script says "asked" with the address for every request that reached a device. */
export async function startSimulatedEnip(
  network: Network,
  host: string,
  devices: Readonly<Record<string, EnipBehaviour | Pick<EnipDeviceOptions, "identity" | "slots">>>,
): Promise<Script> {
  const options = Object.entries(devices).map(([address, one]) => ({
    host: address,
    port: 44_818,
    ...(typeof one === "string" || "kind" in one ? { behaviour: one } : one),
  }));
  const script = runUnder(network, host, new URL("simulated-enip-devices.ts", import.meta.url), { args: [JSON.stringify(options)] });
  await script.next("listening", 60_000);
  return script;
}
