/**
 * Simulated Modbus devices inside a host. Argument: JSON, a list of options of startModbusDevice. Prints {"event":"listening"} once all of
 * them do, then {"event":"asked","address","hex"} for every request that reached one.
 */
import { startModbusDevice, type ModbusDevice, type ModbusDeviceOptions } from "../../../simulators/modbus/device.ts";

const list = JSON.parse(process.argv[2] ?? "[]") as readonly ModbusDeviceOptions[];
const devices = await Promise.all(list.map((options) => startModbusDevice(options)));
for (const device of devices) void report(device);
console.log(JSON.stringify({ event: "listening" }));

async function report(device: ModbusDevice): Promise<void> {
  for (let seen = 0; ; seen += 1) {
    await device.waitUntil(({ requests }) => requests > seen);
    console.log(JSON.stringify({ event: "asked", address: device.host, hex: device.counts.requestFrames.at(-1) }));
  }
}
