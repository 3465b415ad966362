/** Starts simulated OPC UA servers inside a host of the network; resolves once they listen on port 4840. */
import type { OpcuaBehaviour, OpcuaDeviceOptions } from "../../../simulators/opcua/device.ts";
import type { OpcuaStackOptions } from "../../../simulators/opcua/stack.ts";
import type { Network } from "./netns.ts";
import { type Message, runUnder, type Script } from "./run-under.ts";

export const opcuaPort = 4840;

export interface SimulatedOpcua {
  readonly script: Script;
  /** PEM files of the servers on node-opcua, by address. */
  readonly certificates: Readonly<Record<string, string>>;
  /** Resolves at the next chunk that reaches a small server. */
  asked(deadlineMs: number): Promise<Message>;
  /** What the server at the address has counted. */
  counted(address: string): Promise<Counted>;
  behave(address: string, behaviour: OpcuaBehaviour): void;
}

/** Of OpcuaCounts or OpcuaStackCounts: what both have, and what only the small server has. */
export interface Counted {
  readonly channels: number;
  readonly openSessions: number;
  readonly mostSessionsAtOnce: number;
  /** By name of the service, or of the request's class on node-opcua. */
  readonly services: Readonly<Record<string, number>>;
  readonly [counter: string]: unknown;
}

/** By address, one of the host's own. */
export async function startSimulatedOpcua(
  network: Network,
  host: string,
  behaviours: Readonly<Record<string, OpcuaBehaviour | Omit<OpcuaDeviceOptions, "host" | "port">>>,
  stacks: Readonly<Record<string, Omit<OpcuaStackOptions, "host" | "port" | "folder">>> = {},
  /** Below the network's: stacks of one folder have one key. */
  keys: string = "stack",
): Promise<SimulatedOpcua> {
  const devices = Object.entries(behaviours).map(([address, one]) => ({
    ...(typeof one === "string" || "kind" in one ? { behaviour: one } : one),
    host: address,
    port: opcuaPort,
  }));
  const heavy = Object.entries(stacks).map(([address, one]) => ({
    ...one,
    host: address,
    port: opcuaPort,
    folder: `${network.folder}/${keys}`,
  }));
  const script = runUnder(network, host, new URL("simulated-opcua-devices.ts", import.meta.url), {
    args: [JSON.stringify({ devices, stacks: heavy })],
  });
  const { certificates } = await script.next("listening", 60_000);
  return {
    script,
    certificates: certificates as SimulatedOpcua["certificates"],
    asked: (deadlineMs) => script.next("asked", deadlineMs),
    counted: async (address) => {
      script.tell({ count: address });
      return (await script.next("counted", 60_000)) as Counted;
    },
    behave: (address, behaviour) => script.tell({ behave: address, behaviour }),
  };
}
