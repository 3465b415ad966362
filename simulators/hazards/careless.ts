/**
 * The control: plain loops on the protocols' packages with their defaults, as one finds them in many a script. They must be seen to do harm.
 *
 * `node careless.ts targets.json`; ended by a signal.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { Target } from "./hazard.ts";

interface ModbusClient {
  connectTCP(address: string, options: { port: number }): Promise<void>;
  setID(unitId: number): void;
  setTimeout(spanMs: number): void;
  readHoldingRegisters(address: number, count: number): Promise<unknown>;
  readDeviceIdentification(code: number, object: number): Promise<unknown>;
}

type Ask = (target: Target) => Promise<void>;

const { targets, metricsAddress } = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as {
  readonly targets: readonly Target[];
  readonly metricsAddress: string;
};
const pauseMs = 100;

// What a person does who is woken at night by a crash of the script: the loop goes on.
process.on("uncaughtException", () => {});
const askers: Readonly<Record<Target["protocol"], () => Promise<Ask>>> = { modbus: modbusAsk, s7: s7Ask, opcua: opcuaAsk };
await Promise.all(targets.map(poll));

async function poll(target: Target): Promise<void> {
  const ask = await askers[target.protocol]();
  if (target.atEachScrape) return exporter(target, ask);
  for (;;) {
    try {
      await ask(target);
      await pause(pauseMs);
    } catch {
      // The next one may go better, and at once.
    }
  }
}

/** As many exporters are made: whoever reads the page has the device asked. */
async function exporter(target: Target, ask: Ask): Promise<void> {
  const [host = "", port = ""] = metricsAddress.split(":");
  createServer((_, response) => {
    ask(target).then(
      () => response.end("up 1\n"),
      () => response.end("up 0\n"),
    );
  }).listen(Number(port), host);
  await ask(target);
}

/** Each time over a new connection that nobody closes. */
async function modbusAsk(): Promise<Ask> {
  const { default: Client } = (await import("modbus-serial")) as unknown as { default: new () => ModbusClient };
  return async ({ address, port, unitId }) => {
    const client = new Client();
    await client.connectTCP(address, { port });
    client.setID(unitId);
    client.setTimeout(500);
    await client.readHoldingRegisters(0, 10);
    await client.readDeviceIdentification(1, 0);
  };
}

/** ConnectTo asks for a programming device's connection; it is kept. */
async function s7Ask(): Promise<Ask> {
  const { default: snap7 } = await import("node-snap7");
  const client = new snap7.S7Client();
  let connected = false;
  return async ({ address, port }) => {
    client.SetParam(client.RemotePort, port);
    if (!connected)
      await new Promise<void>((resolve, reject) =>
        client.ConnectTo(address, 0, 2, (error) => (error ? reject(new Error("no connection")) : resolve())),
      );
    connected = true;
  };
}

/** A subscription at the server's own pace; on any error another session, and nobody gives the old one back. */
async function opcuaAsk(): Promise<Ask> {
  const { OPCUAClient, ClientSubscription } = await import("node-opcua");
  return async ({ address, port }) => {
    const client = OPCUAClient.create({ endpointMustExist: false, connectionStrategy: { maxRetry: 0 } });
    await client.connect(`opc.tcp://${address}:${port}`);
    const session = await client.createSession();
    const subscription = ClientSubscription.create(session, { requestedPublishingInterval: 100, publishingEnabled: true });
    await new Promise<void>((_, reject) => {
      for (const event of ["terminated", "internal_error"] as const)
        subscription.on(event, () => reject(new Error("the subscription ended")));
    });
  };
}

function pause(spanMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, spanMs));
}
