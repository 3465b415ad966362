/**
 * Simulated devices inside a host that say who they are, and others in their places. Argument: JSON, {"first", "others"}: options of
 * startModbusDevice, startEnipDevice and startOpcuaDevice each. Prints {"event":"listening"} once the first do. Told {"do":"unplug"} it closes
 * them and prints {"event":"unplugged"}; told {"do":"plug in"} it starts the others and prints {"event":"listening"} again.
 */
import { createInterface } from "node:readline";
import { startEnipDevice, type EnipDeviceOptions } from "../../../simulators/enip/device.ts";
import { startModbusDevice, type ModbusDeviceOptions } from "../../../simulators/modbus/device.ts";
import { startOpcuaDevice, type OpcuaDeviceOptions } from "../../../simulators/opcua/device.ts";

export interface Devices {
  readonly modbus: readonly ModbusDeviceOptions[];
  readonly enip: readonly EnipDeviceOptions[];
  readonly opcua: readonly OpcuaDeviceOptions[];
}

interface Closable {
  close(): Promise<void>;
}

const { first, others } = JSON.parse(process.argv[2] ?? "") as { readonly first: Devices; readonly others: Devices };
let plugged: readonly Closable[] = await started(first);
for await (const line of createInterface({ input: process.stdin })) {
  if ((JSON.parse(line) as { readonly do: string }).do === "plug in") plugged = await started(others);
  else {
    await Promise.all(plugged.map((device) => device.close()));
    console.log(JSON.stringify({ event: "unplugged" }));
  }
}

async function started({ modbus, enip, opcua }: Devices): Promise<readonly Closable[]> {
  const all = await Promise.all<Closable>([
    ...modbus.map((options) => startModbusDevice(options)),
    ...enip.map((options) => startEnipDevice(options)),
    ...opcua.map((options) => startOpcuaDevice(options)),
  ]);
  console.log(JSON.stringify({ event: "listening" }));
  return all;
}
