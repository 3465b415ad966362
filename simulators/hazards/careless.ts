/** The control: a plain loop on modbus-serial with the library's defaults, as one finds it in many a script. It must be seen to do harm. */
import { readFileSync } from "node:fs";
import type { Target } from "./hazard.ts";

interface Client {
  connectTCP(address: string, options: { port: number }): Promise<void>;
  setID(unitId: number): void;
  setTimeout(spanMs: number): void;
  readHoldingRegisters(address: number, count: number): Promise<unknown>;
  readDeviceIdentification(code: number, object: number): Promise<unknown>;
}

const { default: ModbusRTU } = (await import("modbus-serial")) as unknown as { default: new () => Client };
const { targets } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as { targets: readonly Target[] };

// What a person does who is woken at night by a crash of the script: the loop goes on.
process.on("uncaughtException", () => {});
await Promise.all(targets.map(loop));

/** Ten times a second, each time over a new connection that nobody closes; on any error the next one at once. */
async function loop({ address, port, unitId }: Target): Promise<never> {
  for (;;) {
    const client = new ModbusRTU();
    try {
      await client.connectTCP(address, { port });
      client.setID(unitId);
      client.setTimeout(500);
      await client.readHoldingRegisters(0, 10);
      await client.readDeviceIdentification(1, 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
    } catch {
      // The next one may go better.
    }
  }
}
