/** Every method and every driver of this build: a new protocol adds its line to each. */
import type { Driver, Method } from "../domain/driver.ts";
import type { MethodId, Protocol } from "../domain/operations.ts";
import { enipDriver } from "./enip/driver.ts";
import { enipMethods } from "./enip/methods.ts";
import { icmpDriver } from "./icmp/driver.ts";
import { icmpMethods } from "./icmp/methods.ts";
import { modbusDriver } from "./modbus/driver.ts";
import { modbusMethods } from "./modbus/methods.ts";
import { opcuaDriver } from "./opcua/driver.ts";
import { opcuaMethods } from "./opcua/methods.ts";

const all: readonly Method[] = [...modbusMethods, ...enipMethods, ...icmpMethods, ...opcuaMethods];

export const methods: ReadonlyMap<MethodId, Method> = new Map(all.map((method) => [method.id, method]));

/** A driver loads its protocol's package when it is prepared, not before. Whoever dials pairs each with its frame policy. */
export const drivers: ReadonlyMap<Protocol, Driver> = new Map<Protocol, Driver>([
  ["modbus", modbusDriver],
  ["enip", enipDriver],
  ["icmp", icmpDriver],
  ["opcua", opcuaDriver],
]);
