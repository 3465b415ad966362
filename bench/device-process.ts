/** Simulated devices in a process of their own, so that their work is not counted as the poller's. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { startModbusDevice } from "../simulators/modbus/device.ts";
import type { Place } from "./bare.ts";

const address = "127.1.0.1";

export interface DeviceProcess {
  readonly places: readonly Place[];
  end(): Promise<void>;
}

export async function startDevices(count: number): Promise<DeviceProcess> {
  const child = fork(import.meta.filename, [String(count)], { execArgv: [] });
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

async function serve(count: number): Promise<void> {
  const devices = await Promise.all(Array.from({ length: count }, () => startModbusDevice({ host: address, port: 0 })));
  process.once("disconnect", () => void Promise.all(devices.map((device) => device.close())));
  process.send!(devices.map(({ port }) => port));
}

if (process.argv[1] === import.meta.filename) await serve(Number(process.argv[2]));
