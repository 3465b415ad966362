/**
 * Simulated Modbus and EtherNet/IP devices that say who they are, inside a host. Argument: JSON, options of startModbusDevice and
 * startEnipDevice. Prints {"event":"listening"} once all of them do.
 */
import { startEnipDevice, type EnipDeviceOptions } from "../../../simulators/enip/device.ts";
import { startModbusDevice, type ModbusDeviceOptions } from "../../../simulators/modbus/device.ts";

interface Devices {
  readonly modbus: readonly ModbusDeviceOptions[];
  readonly enip: readonly EnipDeviceOptions[];
}

const { modbus, enip } = JSON.parse(process.argv[2] ?? "") as Devices;
await Promise.all([...modbus.map((options) => startModbusDevice(options)), ...enip.map((options) => startEnipDevice(options))]);
console.log(JSON.stringify({ event: "listening" }));
