/** The simulated Modbus device's connection slots, and how it goes dark and comes back. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type ConnectionLimit, type ModbusDevice, oneConnectionOnly, startModbusDevice } from "../../simulators/modbus/device.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

async function limited(t: TestContext, connections: ConnectionLimit): Promise<ModbusDevice> {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0, connections });
  t.after(() => device.close());
  return device;
}

async function answers(client: RawClient): Promise<void> {
  client.send("0001 0000 0006 01 0300040001");
  assert.equal(await client.bytes(11), "0001000000050103020004");
}

test("a device with one connection turns the second away and keeps serving the first", async (t) => {
  const device = await limited(t, oneConnectionOnly);
  const first = await connectRaw(device);
  await answers(first);
  const second = await connectRaw(device);
  assert.deepEqual(await second.ended(), { how: "fin", left: "" });
  await answers(first);
  assert.equal(device.counts.turnedAway, 1);
  assert.equal(device.counts.mostConnectionsAtOnce, 2);
  first.finish();
  second.finish();
  await device.waitUntil(({ openConnections }) => openConnections === 0);
  await answers(await connectRaw(device));
});

test("evict-oldest closes the oldest connection, however busy it is", async (t) => {
  const device = await limited(t, { size: 2, overflow: "evict-oldest", ghosts: "reaped" });
  const oldest = await connectRaw(device);
  await answers(oldest);
  const second = await connectRaw(device);
  await answers(second);
  await answers(oldest);
  const third = await connectRaw(device);
  assert.deepEqual(await oldest.ended(), { how: "fin", left: "" });
  await answers(second);
  await answers(third);
  assert.equal(device.counts.evictions, 1);
});

test("evict-idle closes the connection that was unused for longest", async (t) => {
  const device = await limited(t, { size: 2, overflow: "evict-idle", ghosts: "reaped" });
  const first = await connectRaw(device);
  await answers(first);
  const second = await connectRaw(device);
  await answers(second);
  await answers(first);
  const third = await connectRaw(device);
  assert.deepEqual(await second.ended(), { how: "fin", left: "" });
  await answers(first);
  await answers(third);
});

test("refuse: the kernel refuses while the pool is full, and not when a slot is free again", async (t) => {
  const device = await limited(t, { size: 1, overflow: "refuse", ghosts: "reaped" });
  const { port } = device;
  const first = await connectRaw(device);
  await answers(first);
  await assert.rejects(connectRaw(device), { code: "ECONNREFUSED" });
  first.finish();
  await device.waitUntil(({ openConnections }) => openConnections === 0);
  await device.comeBack();
  assert.equal(device.port, port);
  await answers(await connectRaw(device));
});

test("a slot of a never-reaped pool is lost when its client leaves without a FIN, until the device is switched off and on", async (t) => {
  const device = await limited(t, { size: 1, overflow: "close-newcomer", ghosts: "never-reaped" });
  const polite = await connectRaw(device);
  polite.finish();
  await device.waitUntil(({ connections, openConnections }) => connections === 1 && openConnections === 0);
  assert.equal(device.counts.ghostConnections, 0);
  const rude = await connectRaw(device);
  await answers(rude);
  rude.reset();
  await device.waitUntil(({ ghostConnections }) => ghostConnections === 1);
  const next = await connectRaw(device);
  assert.deepEqual(await next.ended(), { how: "fin", left: "" });
  await device.goDark();
  assert.equal(device.counts.ghostConnections, 0);
  await device.comeBack();
  await answers(await connectRaw(device));
});

test("a ghost is evicted before any connection that somebody holds", async (t) => {
  const device = await limited(t, { size: 2, overflow: "evict-oldest", ghosts: "never-reaped" });
  const holder = await connectRaw(device);
  await answers(holder);
  const rude = await connectRaw(device);
  await answers(rude);
  rude.reset();
  await device.waitUntil(({ ghostConnections }) => ghostConnections === 1);
  await answers(await connectRaw(device));
  await answers(holder);
  assert.equal(device.counts.evictions, 0);
  assert.equal(device.counts.ghostConnections, 0);
});

test("a limit can be set at run time", async (t) => {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0 });
  t.after(() => device.close());
  await answers(await connectRaw(device));
  device.limitConnections({ ...oneConnectionOnly, overflow: "refuse" });
  await assert.rejects(connectRaw(device), { code: "ECONNREFUSED" });
  device.limitConnections(undefined);
  await device.comeBack();
  await answers(await connectRaw(device));
});

test("a dark device resets its clients and refuses, and comes back on the same port with its counts", async (t) => {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0 });
  t.after(() => device.close());
  const { port } = device;
  const client = await connectRaw(device);
  await answers(client);
  await device.goDark();
  assert.equal((await client.ended()).how, "rst");
  assert.equal(device.counts.openConnections, 0);
  await assert.rejects(connectRaw(device), { code: "ECONNREFUSED" });
  await device.comeBack();
  assert.equal(device.port, port);
  await answers(await connectRaw(device));
  assert.equal(device.counts.requests, 2);
  assert.equal(device.counts.uncleanCloses, 0);
});

test("after close nothing is open, nothing listens and nothing comes back", async () => {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0 });
  const clients = [await connectRaw(device), await connectRaw(device)];
  for (const client of clients) await answers(client);
  await device.close();
  await device.close();
  for (const client of clients) await client.ended();
  assert.equal(device.counts.openConnections, 0);
  await assert.rejects(connectRaw(device), { code: "ECONNREFUSED" });
  await assert.rejects(device.comeBack(), /closed for good/);
});

test("a port that is taken is said at the start", async (t) => {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0 });
  t.after(() => device.close());
  await assert.rejects(startModbusDevice({ host: "127.0.0.1", port: device.port }), { code: "EADDRINUSE" });
});
