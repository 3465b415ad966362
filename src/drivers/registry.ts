/** Every method and every driver of this build: a new protocol adds its line to each. */
import type { Driver, Method } from "../domain/driver.ts";
import type { MethodId, Protocol } from "../domain/operations.ts";
import type { S7Helper } from "../domain/s7.ts";
import { enipDriver } from "./enip/driver.ts";
import { enipMethods } from "./enip/methods.ts";
import { icmpDriver } from "./icmp/driver.ts";
import { icmpMethods } from "./icmp/methods.ts";
import { modbusDriver } from "./modbus/driver.ts";
import { modbusMethods } from "./modbus/methods.ts";
import { opcuaDriver } from "./opcua/driver.ts";
import { opcuaMethods } from "./opcua/methods.ts";
import { s7DriverFrom } from "./s7/driver.ts";
import { s7Methods } from "./s7/methods.ts";
import { snmpDriver } from "./snmp/driver.ts";
import { snmpMethods } from "./snmp/methods.ts";

const all: readonly Method[] = [
  ...modbusMethods,
  ...enipMethods,
  ...icmpMethods,
  ...opcuaMethods,
  ...s7Methods,
  ...snmpMethods,
] as readonly Method[];

export const methods: ReadonlyMap<MethodId, Method> = new Map(all.map((method) => [method.id, method]));

/** A driver loads its protocol's package when it is prepared, not before. Whoever dials pairs each with its frame policy. */
export const drivers: ReadonlyMap<Protocol, Driver> = new Map<Protocol, Driver>([
  ["modbus", modbusDriver],
  ["enip", enipDriver],
  ["icmp", icmpDriver],
  ["opcua", opcuaDriver],
  ["snmp", snmpDriver],
]);

/** Those above, and those that need something of the poller: S7 the process in which its package runs. */
export function driversWith(s7: S7Helper): ReadonlyMap<Protocol, Driver> {
  return new Map<Protocol, Driver>([...drivers, ["s7", s7DriverFrom(s7)]]);
}
