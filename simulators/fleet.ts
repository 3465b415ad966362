/** Starts a list of simulated devices together, and ends them together. */
import { type EnipDevice, type EnipDeviceOptions, startEnipDevice } from "./enip/device.ts";
import { type ModbusDevice, type ModbusDeviceOptions, startModbusDevice } from "./modbus/device.ts";
import { type SnmpDevice, type SnmpDeviceOptions, startSnmpDevice } from "./snmp/device.ts";
import { type OpcuaDevice, type OpcuaDeviceOptions, startOpcuaDevice } from "./opcua/device.ts";
import { type S7Device, type S7DeviceOptions, startS7Device } from "./s7/device.ts";

/** One device to start. A further protocol is a further member of this union and a case in `startOne`. */
export type FleetEntry = ModbusFleetEntry | EnipFleetEntry | OpcuaFleetEntry | SnmpFleetEntry | S7FleetEntry;

export interface ModbusFleetEntry {
  readonly protocol: "modbus";
  /** Unique within the fleet. */
  readonly name: string;
  /** For people: what is special about it. */
  readonly note: string;
  readonly options: ModbusDeviceOptions;
}

export interface EnipFleetEntry {
  readonly protocol: "enip";
  readonly name: string;
  readonly note: string;
  readonly options: EnipDeviceOptions;
}

export interface OpcuaFleetEntry {
  readonly protocol: "opcua";
  readonly name: string;
  readonly note: string;
  readonly options: OpcuaDeviceOptions;
}

export interface SnmpFleetEntry {
  readonly protocol: "snmp";
  readonly name: string;
  readonly note: string;
  readonly options: SnmpDeviceOptions;
}

export interface S7FleetEntry {
  readonly protocol: "s7";
  readonly name: string;
  readonly note: string;
  readonly options: S7DeviceOptions;
}

export type FleetMember = ModbusFleetMember | EnipFleetMember | OpcuaFleetMember | SnmpFleetMember | S7FleetMember;

export interface ModbusFleetMember {
  readonly protocol: "modbus";
  readonly name: string;
  readonly note: string;
  readonly device: ModbusDevice;
}

export interface EnipFleetMember {
  readonly protocol: "enip";
  readonly name: string;
  readonly note: string;
  readonly device: EnipDevice;
}

export interface OpcuaFleetMember {
  readonly protocol: "opcua";
  readonly name: string;
  readonly note: string;
  readonly device: OpcuaDevice;
}

export interface SnmpFleetMember {
  readonly protocol: "snmp";
  readonly name: string;
  readonly note: string;
  readonly device: SnmpDevice;
}

export interface S7FleetMember {
  readonly protocol: "s7";
  readonly name: string;
  readonly note: string;
  readonly device: S7Device;
}

export interface Fleet {
  /** In the order of the list. */
  readonly members: readonly FleetMember[];
  /** Throws where there is none: a story that names a device must not go on without it. */
  member(name: string): FleetMember;
  close(): Promise<void>;
}

/** Starts all or none: when one cannot start, those already started are closed before this rejects. */
export async function startFleet(list: readonly FleetEntry[]): Promise<Fleet> {
  const twice = list.find((entry, index) => list.findIndex(({ name }) => name === entry.name) !== index);
  if (twice) throw new Error(`two simulated devices are named "${twice.name}"; give each its own name`);
  const started = await Promise.allSettled(list.map(startOne));
  const members = started.flatMap((result) => (result.status === "fulfilled" ? [result.value] : []));
  const close = async (): Promise<void> => void (await Promise.all(members.map(({ device }) => device.close())));
  const failed = started.findIndex(({ status }) => status === "rejected");
  const [failure, entry] = [started[failed], list[failed]];
  if (failure?.status === "rejected" && entry) {
    await close();
    const { host, port } = entry.options;
    throw new Error(`simulated device "${entry.name}" cannot listen on ${host}:${port}: ${String(failure.reason)}`, {
      cause: failure.reason,
    });
  }
  return { members, member: (name) => memberNamed(members, name), close };
}

async function startOne(entry: FleetEntry): Promise<FleetMember> {
  const { name, note } = entry;
  switch (entry.protocol) {
    case "modbus":
      return { protocol: "modbus", name, note, device: await startModbusDevice(entry.options) };
    case "enip":
      return { protocol: "enip", name, note, device: await startEnipDevice(entry.options) };
    case "opcua":
      return { protocol: "opcua", name, note, device: await startOpcuaDevice(entry.options) };
    case "snmp":
      return { protocol: "snmp", name, note, device: await startSnmpDevice(entry.options) };
    case "s7":
      return { protocol: "s7", name, note, device: await startS7Device(entry.options) };
  }
}

function memberNamed(members: readonly FleetMember[], name: string): FleetMember {
  const found = members.find((member) => member.name === name);
  if (!found) throw new Error(`no simulated device is named "${name}"; there are ${members.map((member) => member.name).join(", ")}`);
  return found;
}
