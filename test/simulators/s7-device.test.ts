/** The simulated S7 CPU counts what it is sent, and snap7's own client, which nobody here wrote, reads it as a CPU. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { type S7Device, startS7Device } from "../../simulators/s7/device.ts";
import { connectRaw } from "./raw-client.ts";

const run = promisify(execFile);
const connect = "0300001611e00000000100c0010ac1020100c2020302";
const setup = "0300001902f08032010000000000080000f0000001000101e0";

async function started(options: Partial<Parameters<typeof startS7Device>[0]> = {}): Promise<S7Device & AsyncDisposable> {
  const device = await startS7Device({ host: "127.0.0.1", port: 0, ...options });
  return Object.assign(device, { [Symbol.asyncDispose]: () => device.close() });
}

/** The client may crash its process, so it has one of its own. */
async function asSnap7Reads(device: S7Device): Promise<Readonly<Record<string, unknown>>> {
  const program = `
    const { S7Client } = require("node-snap7");
    const client = new S7Client();
    client.SetParam(client.RemotePort, ${device.port});
    client.SetConnectionType(3);
    const said = { connected: client.ConnectTo("${device.host}", 0, 2) };
    said.status = client.PlcStatus();
    said.order = client.GetOrderCode();
    said.bytes = client.DBRead(1, 0, 2).toString("hex");
    client.Disconnect();
    console.log(JSON.stringify(said));`;
  const { stdout } = await run(process.execPath, ["-e", program]);
  return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
}

test("snap7 reads mode, order number and bytes of it", async () => {
  await using device = await started({ cpu: { memory: { DB1: Buffer.from("beef", "hex") } } });
  assert.deepEqual(await asSnap7Reads(device), {
    connected: true,
    status: 8,
    order: { Code: "6ES7 000-0SIM0-0XX0 ", V1: 1, V2: 2, V3: 3 },
    bytes: "beef",
  });
  assert.deepEqual([device.counts.writes, device.counts.malformedRequests], [0, 0]);
  device.switchTo(4);
  assert.equal((await asSnap7Reads(device))["status"], 4);
});

test("counts connections, requests by kind, the type that each connects as, writes and noise", async () => {
  await using device = await started();
  const client = await connectRaw({ host: device.host, port: device.port });
  client.send(connect);
  await client.bytes(22);
  client.send(setup);
  await client.bytes(27);
  client.send("0300002102f0803201000003000010000029000000000009505f50524f4752414d");
  await device.waitUntil(({ writes }) => writes === 1);
  client.send("474554202f");
  await device.waitUntil(({ malformedRequests }) => malformedRequests === 1);
  const { counts } = device;
  assert.deepEqual([counts.connections, counts.requests, counts.openConnections], [1, 3, 1]);
  assert.deepEqual(Object.fromEntries(counts.requestsByKind), { connect: 1, setup: 1, other: 1 });
  assert.deepEqual([...counts.connectsByType], [[3, 1]]);
  client.finish();
  await device.waitUntil(({ openConnections }) => openConnections === 0);
});
