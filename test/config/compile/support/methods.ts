/** A small table of methods for tests of compile: two Modbus ones with their real frames, and two without a connection. */
import type { Method } from "../../../../src/domain/driver.ts";
import type { MethodId, Operation } from "../../../../src/domain/operations.ts";
import type { Allowance } from "../../../../src/domain/plan.ts";
import { opcuaMethods } from "../../../../src/drivers/opcua/methods.ts";
import { frameTemplate } from "../../../../src/domain/template.ts";

interface UnitAsk {
  readonly unitId: number;
  readonly address: number;
  readonly count: number;
}

const nothing: Allowance = { connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: [] };

function modbus(id: MethodId, operation: Operation, pdu: (ask: UnitAsk) => readonly number[], reads: boolean): Method {
  const method: Method<UnitAsk> = {
    id,
    protocol: "modbus",
    transport: "tcp",
    defaultPort: 502,
    proves: "comms-module",
    parse({ unitId, register }) {
      if (unitId === undefined) return { problems: ["no unitId, expected 1 to 247 or 255"] };
      if (reads !== (register !== undefined)) return { problems: [reads ? "no register, expected one" : "a register, expected none"] };
      return { ask: Object.freeze({ unitId, address: register?.protocolAddress ?? 0, count: register?.count ?? 0 }) };
    },
    opening: () => ({ ...nothing, connectionsMax: 1 }),
    asking(ask) {
      const body = [ask.unitId, ...pdu(ask)];
      const bytes = Uint8Array.of(0, 0, 0, 0, 0, body.length, ...body);
      const mask = new Uint8Array(bytes.length).fill(255).fill(0, 0, 2);
      return { connectionsMax: 0, requestsMax: 1, bytesMax: bytes.length, templates: [frameTemplate(operation, bytes, mask)] };
    },
    closing: () => nothing,
    describe: ({ unitId, address, count }) => (reads ? `${id} of ${address}, ${count} long, unit ${unitId}` : `${id}, unit ${unitId}`),
  };
  return method as Method;
}

function datagram(id: MethodId, protocol: "icmp" | "snmp"): Method {
  const once: Allowance = { connectionsMax: 0, requestsMax: 1, bytesMax: 64, templates: [] };
  return {
    id,
    protocol,
    transport: protocol === "icmp" ? "icmp" : "udp",
    defaultPort: protocol === "icmp" ? 0 : 161,
    proves: "network-interface",
    ...(protocol === "snmp" && { credentialKinds: ["none", "snmp-v2c"] as const }),
    parse: ({ unitId }) => (unitId === undefined ? { ask: Object.freeze({}) } : { problems: ["a unitId, expected none"] }),
    opening: () => nothing,
    asking: () => once,
    closing: () => nothing,
    describe: () => id,
  };
}

const all: readonly Method[] = [
  modbus("modbus-fc43", "modbus-read-device-identification", () => [0x2b, 0x0e, 1, 0], false),
  modbus("modbus-fc17", "modbus-report-server-id", () => [17], false),
  modbus(
    "modbus-fc3",
    "modbus-read-holding-registers",
    ({ address, count }) => [3, address >> 8, address & 255, count >> 8, count & 255],
    true,
  ),
  datagram("icmp-echo", "icmp"),
  datagram("snmp-get", "snmp"),
  ...opcuaMethods,
];

export const methods: ReadonlyMap<MethodId, Method> = new Map(all.map((method) => [method.id, method]));
