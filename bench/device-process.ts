/** Simulated devices in a process of their own, so that their work is not counted as the poller's. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { startModbusDevice } from "../simulators/modbus/device.ts";
import { startOpcuaDevice } from "../simulators/opcua/device.ts";
import type { Place } from "./bare.ts";

type Served = "modbus" | "opcua";

const address = "127.1.0.1";
const deaths = ["silent", "silent-publish", "huge-chunk", "closes-at-once", "gone"] as const;

export interface DeviceProcess {
  readonly places: readonly Place[];
  end(): Promise<void>;
}

export function startDevices(count: number): Promise<DeviceProcess> {
  return start("modbus", count);
}

/** OPC UA servers of which none ever gives a sign of life that counts: some are not there at all. */
export function startDeadServers(count: number): Promise<DeviceProcess> {
  return start("opcua", count);
}

async function start(protocol: Served, count: number): Promise<DeviceProcess> {
  const child = fork(import.meta.filename, [protocol, String(count)], { execArgv: [] });
  const [ports] = (await Promise.race([once(child, "message"), failing(child)])) as [readonly number[]];
  return {
    places: ports.map((port) => ({ address, port })),
    async end() {
      child.disconnect();
      await once(child, "exit");
    },
  };
}

async function failing(child: ReturnType<typeof fork>): Promise<never> {
  const [code] = (await once(child, "exit")) as [number | null];
  throw new Error(`bench: the simulated devices ended with ${String(code)}`);
}

async function serve(protocol: Served, count: number): Promise<void> {
  const devices = await Promise.all(Array.from({ length: count }, (_, index) => startOne(protocol, index)));
  const gone = devices.filter((_, index) => protocol === "opcua" && deaths[index % deaths.length] === "gone");
  await Promise.all(gone.map((device) => device.close()));
  process.once("disconnect", () => void Promise.all(devices.filter((device) => !gone.includes(device)).map((device) => device.close())));
  process.send!(devices.map(({ port }) => port));
}

function startOne(protocol: Served, index: number): Promise<{ readonly port: number; close(): Promise<void> }> {
  if (protocol === "modbus") return startModbusDevice({ host: address, port: 0 });
  const death = deaths[index % deaths.length]!;
  return startOpcuaDevice({ host: address, port: 0, behaviour: death === "gone" ? "silent" : death });
}

const [, script, protocol = "", count = ""] = process.argv;
if (script === import.meta.filename) await serve(protocol as Served, Number(count));
