/** The devices of `npm run simulate`: every second one is healthy, the others misbehave, each in its own way. */
import { s7BehaviourName, type S7Behaviour } from "./s7/device.ts";
import { behaviourName as enipBehaviourName, type EnipBehaviour } from "./enip/device.ts";
import type { FleetEntry } from "./fleet.ts";
import { behaviourName, type ConnectionLimit, type ModbusBehaviour, oneConnectionOnly } from "./modbus/device.ts";
import { behaviourName as opcuaBehaviourName, type OpcuaBehaviour } from "./opcua/device.ts";

/** Simulators listen at the protocol's port + 10000, so that they need no privilege and are never taken for a plant. */
export const modbusPort = 10_502;
export const enipPort = 54_818;
export const s7Port = 10_102;
export const opcuaPort = 14_840;

/** One /24 of the loopback network, without .0 and .255. */
export const devicesMax = 254;

interface Trouble {
  readonly note: string;
  readonly behaviour?: ModbusBehaviour;
  readonly connections?: ConnectionLimit;
  readonly otherUnits?: "gateway-target-silent";
}

const behaviours: readonly ModbusBehaviour[] = [
  "silent",
  "busy",
  "fc43-unsupported",
  { kind: "slow", afterMs: 2000 },
  "reset",
  "refuse-after-accept",
  "half-frame",
  { kind: "drip", intervalMs: 100 },
  { kind: "exception", code: 0x04 },
  "wrong-transaction",
  "wrong-unit",
  "wrong-function",
  "oversize-length",
  "zero-length",
  "bad-protocol-id",
  "more-follows-forever",
  "duplicate-reply",
  "unsolicited",
  "pipelined-garbage",
  "reply-after-close",
  "never-closes",
];

const troubles: readonly Trouble[] = [
  ...behaviours.map((behaviour) => ({ behaviour, note: behaviourName(behaviour) })),
  { connections: oneConnectionOnly, note: "one connection, turns the next away" },
  { connections: { size: 2, overflow: "evict-oldest", ghosts: "reaped" }, note: "two connections, evicts the oldest" },
  { connections: { size: 4, overflow: "refuse", ghosts: "never-reaped" }, note: "four connections, never reaped, refuses" },
  { otherUnits: "gateway-target-silent", note: "gateway: units 1 and 255 answer, others 0x0B" },
];

const healthy: Trouble = { note: "healthy" };

/** @param prefix the first three numbers of the addresses, with the dot: `127.1.0.` */
export function exampleFleet(count: number, prefix: string, port: number = modbusPort): readonly FleetEntry[] {
  return Array.from({ length: count }, (_, index): FleetEntry => {
    const trouble = index % 2 === 0 ? healthy : (troubles[((index - 1) / 2) % troubles.length] ?? healthy);
    const { note, ...behaving } = trouble;
    const number = index + 1;
    const identity = { vendorName: "Watchkeeper", productCode: "SIM-MODBUS", revision: "1.0", productName: `simulated device ${number}` };
    return { protocol: "modbus", name: `modbus-${number}`, note, options: { host: `${prefix}${number}`, port, identity, ...behaving } };
  });
}

const enipBehaviours: readonly EnipBehaviour[] = [
  "silent",
  { kind: "late", afterMs: 2000 },
  "truncated",
  "wrong-context",
  "wrong-command",
  "wrong-session",
  "oversize",
  "item-too-long",
  "duplicate-reply",
  "session-refused",
  "reset",
  "never-closes",
  { kind: "cip-error", status: 0x08 },
  { kind: "encapsulation-error", status: 0x01 },
];

/** EtherNet/IP adapters on the same addresses, each at TCP and UDP: every second one is healthy. */
export function exampleEnipFleet(count: number, prefix: string, port: number = enipPort): readonly FleetEntry[] {
  return Array.from({ length: count }, (_, index): FleetEntry => {
    const behaviour = index % 2 === 0 ? "healthy" : (enipBehaviours[((index - 1) / 2) % enipBehaviours.length] ?? "healthy");
    const number = index + 1;
    const identity = { serialNumber: number, productName: `simulated adapter ${number}` };
    return {
      protocol: "enip",
      name: `enip-${number}`,
      note: enipBehaviourName(behaviour),
      options: { host: `${prefix}${number}`, port, identity, behaviour },
    };
  });
}

const opcuaBehaviours: readonly OpcuaBehaviour[] = [
  "silent",
  "silent-publish",
  "closes-at-once",
  "busy",
  "garbage-after-ack",
  "huge-chunk",
  "chunked",
  "wrong-request-id",
  "wrong-channel",
  "too-many-sessions",
  "publish-error",
  "unasked-publish",
  "reset",
  "never-closes",
  { kind: "impatient", publishingIntervalMs: 50 },
  { kind: "short-token", lifetimeMs: 20 },
  { kind: "redirecting", endpointUrl: "opc.tcp://127.1.0.254:4840" },
  { kind: "late", afterMs: 2000 },
];

/** OPC UA servers without security on the same addresses: every second one is healthy. */
export function exampleOpcuaFleet(count: number, prefix: string, port: number = opcuaPort): readonly FleetEntry[] {
  return Array.from({ length: count }, (_, index): FleetEntry => {
    const behaviour = index % 2 === 0 ? "healthy" : (opcuaBehaviours[((index - 1) / 2) % opcuaBehaviours.length] ?? "healthy");
    const name = `opcua-${index + 1}`;
    return {
      protocol: "opcua",
      name,
      note: opcuaBehaviourName(behaviour),
      options: { host: `${prefix}${index + 1}`, port, name, behaviour },
    };
  });
}

const s7Behaviours: readonly S7Behaviour[] = [
  "silent",
  "hangs-once-connected",
  "hangs-once-set-up",
  "refuses-basic",
  "one-pg-slot",
  "no-setup",
  "no-list",
  "wrong-reference",
  "another-list",
  "more-follows",
  "truncated",
  "oversize",
  "duplicate-reply",
  "reset",
  "never-closes",
  { kind: "late", afterMs: 2000 },
  { kind: "mutated", seed: 102 },
];

/** S7 CPUs on the same addresses: every second one is healthy, and every fourth of them in STOP. */
export function exampleS7Fleet(count: number, prefix: string, port: number = s7Port): readonly FleetEntry[] {
  return Array.from({ length: count }, (_, index): FleetEntry => {
    const behaviour = index % 2 === 0 ? "healthy" : (s7Behaviours[((index - 1) / 2) % s7Behaviours.length] ?? "healthy");
    const stopped = index % 8 === 6;
    const cpu = { mode: stopped ? 4 : 8, serial: `S SIM${String(index + 1).padStart(8, "0")}` };
    return {
      protocol: "s7",
      name: `s7-${index + 1}`,
      note: stopped ? "in STOP" : s7BehaviourName(behaviour),
      options: { host: `${prefix}${index + 1}`, port, cpu, behaviour },
    };
  });
}
