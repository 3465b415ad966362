/**
 * Simulated S7 CPUs inside a host. Argument: JSON, a list of options of startS7Device. Prints {"event":"listening"} once all of them do, then
 * {"event":"asked","address","hex"} for every request that reached one.
 */
import { startS7Device, type S7Device, type S7DeviceOptions } from "../../../simulators/s7/device.ts";

const list = JSON.parse(process.argv[2] ?? "[]") as readonly S7DeviceOptions[];
const devices = await Promise.all(list.map((options) => startS7Device(options)));
for (const device of devices) void report(device);
console.log(JSON.stringify({ event: "listening" }));

async function report(device: S7Device): Promise<void> {
  for (let seen = 0; ; seen += 1) {
    await device.waitUntil(({ requests }) => requests > seen);
    console.log(JSON.stringify({ event: "asked", address: device.host, hex: device.counts.requestFrames.at(-1) }));
  }
}
