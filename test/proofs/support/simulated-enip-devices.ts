/**
 * Simulated EtherNet/IP devices inside a host. Argument: JSON, a list of options of startEnipDevice. Prints {"event":"listening"} once all of
 * them do, then {"event":"asked","address","hex"} for every request that reached one.
 */
import { startEnipDevice, type EnipDevice, type EnipDeviceOptions } from "../../../simulators/enip/device.ts";

const list = JSON.parse(process.argv[2] ?? "[]") as readonly EnipDeviceOptions[];
const devices = await Promise.all(list.map((options) => startEnipDevice(options)));
for (const device of devices) void report(device);
console.log(JSON.stringify({ event: "listening" }));

async function report(device: EnipDevice): Promise<void> {
  for (let seen = 0; ; seen += 1) {
    await device.waitUntil(({ requests }) => requests > seen);
    console.log(JSON.stringify({ event: "asked", address: device.host, hex: device.counts.requestFrames.at(-1) }));
  }
}
