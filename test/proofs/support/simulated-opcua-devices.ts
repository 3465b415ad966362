/**
 * Simulated OPC UA servers inside a host. Argument: JSON, {"devices": options of startOpcuaDevice, "stacks": options of startOpcuaStack}. Prints
 * {"event":"listening","certificates"} once all of them do, then {"event":"asked","address"} for every chunk that reached a device. Told
 * {"count":address} it prints {"event":"counted",...} with what that one counted; told {"behave":address,"behaviour"} it changes it.
 */
import { createInterface } from "node:readline";
import { type OpcuaBehaviour, type OpcuaDevice, type OpcuaDeviceOptions, startOpcuaDevice } from "../../../simulators/opcua/device.ts";
import type { OpcuaStack, OpcuaStackOptions } from "../../../simulators/opcua/stack.ts";

interface Wanted {
  readonly devices: readonly OpcuaDeviceOptions[];
  readonly stacks: readonly OpcuaStackOptions[];
}

type Told = { readonly count: string } | { readonly behave: string; readonly behaviour: OpcuaBehaviour };

const { devices: list, stacks: heavy } = JSON.parse(process.argv[2] ?? "{}") as Wanted;
const devices = await Promise.all(list.map((options) => startOpcuaDevice(options)));
const stacks: OpcuaStack[] = [];
if (heavy.length > 0) {
  // Loaded only where it is wanted: it takes a second and 130 MB.
  const { startOpcuaStack } = await import("../../../simulators/opcua/stack.ts");
  for (const options of heavy) stacks.push(await startOpcuaStack(options));
}
for (const device of devices) void report(device);
say({ event: "listening", certificates: Object.fromEntries(stacks.map(({ host, certificateFile }) => [host, certificateFile])) });
for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line) as Told);

async function report(device: OpcuaDevice): Promise<void> {
  for (let seen = 0; ; seen += 1) {
    await device.waitUntil(({ requests }) => requests > seen);
    say({ event: "asked", address: device.host });
  }
}

function obey(told: Told): void {
  const address = "count" in told ? told.count : told.behave;
  const device = devices.find(({ host }) => host === address);
  if ("behave" in told) return device?.behave(told.behaviour);
  const stack = stacks.find(({ host }) => host === address);
  if (device) {
    const { requestFrames: _frames, requestTimes: _times, requestsByService, ...numbers } = device.counts;
    say({ event: "counted", address, ...numbers, services: Object.fromEntries(requestsByService) });
  } else if (stack) {
    const { requestsByClass, ...numbers } = stack.counts;
    say({ event: "counted", address, ...numbers, openSessions: stack.sessionsNow(), services: Object.fromEntries(requestsByClass) });
  }
}

function say(message: object): void {
  console.log(JSON.stringify(message));
}
