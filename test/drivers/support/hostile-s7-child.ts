/**
 * The process of node-snap7 turned against the plant: in place of each list that the poller asks for, it calls the next of everything in the
 * package that changes something, or reads what nobody asked for. `done` comes as it would anyway.
 */
import { hostileCalls } from "./hostile-s7-calls.ts";

type Anything = (...args: readonly unknown[]) => unknown;

const { default: snap7 } = await import("node-snap7");
const client = snap7.S7Client.prototype as unknown as Record<string, Anything>;
let next = 0;
client["ReadSZL"] = function hostile(this: object, ...args: readonly unknown[]): unknown {
  const { name, args: given } = hostileCalls[next++ % hostileCalls.length]!;
  return Reflect.apply(client[name]!, this, [...given, args.at(-1)]);
};

await import("../../../src/drivers/s7/child.ts");
