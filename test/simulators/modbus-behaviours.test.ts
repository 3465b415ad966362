/** The simulated Modbus device as a badly behaved one: what exactly each behaviour puts on the wire. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { behaviourName, type ModbusBehaviour, type ModbusDevice, startModbusDevice } from "../../simulators/modbus/device.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

const identity = { vendorName: "AB", productCode: "C", revision: "D" };
const request = "0009 0000 0005 01 2b0e0400";
const answer = "2b0e0481000001" + "00024142";

async function started(t: TestContext, behaviour: ModbusBehaviour): Promise<{ device: ModbusDevice; client: RawClient }> {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0, identity, behaviour });
  t.after(() => device.close());
  return { device, client: await connectRaw(device) };
}

const replies: readonly (readonly [ModbusBehaviour, string])[] = [
  ["healthy", `0009 0000 000c 01 ${answer}`],
  ["wrong-transaction", `000a 0000 000c 01 ${answer}`],
  ["wrong-unit", `0009 0000 000c 02 ${answer}`],
  ["wrong-function", `0009 0000 000c 01 03${answer.slice(2)}`],
  ["oversize-length", `0009 0000 ffff 01 ${answer}`],
  ["zero-length", `0009 0000 0000 01 ${answer}`],
  ["bad-protocol-id", `0009 0001 000c 01 ${answer}`],
  ["more-follows-forever", "0009 0000 000c 01 2b0e0481ff0001 00024142"],
  ["fc43-unsupported", "0009 0000 0003 01 ab01"],
  ["busy", "0009 0000 0003 01 ab06"],
  [{ kind: "exception", code: 0x0b }, "0009 0000 0003 01 ab0b"],
  [{ kind: "slow", afterMs: 1 }, `0009 0000 000c 01 ${answer}`],
  [{ kind: "drip", intervalMs: 1 }, `0009 0000 000c 01 ${answer}`],
  ["duplicate-reply", `0009 0000 000c 01 ${answer} 0009 0000 000c 01 ${answer}`],
  ["unsolicited", `0009 0000 000c 01 ${answer} 000a 0000 000c 01 ${answer}`],
  ["pipelined-garbage", `0009 0000 000c 01 ${answer} ${"a5".repeat(16)}`],
  ["never-closes", `0009 0000 000c 01 ${answer}`],
];

for (const [behaviour, spaced] of replies) {
  test(`${behaviourName(behaviour)}: exactly these bytes answer a request, and the connection stays`, async (t) => {
    const { device, client } = await started(t, behaviour);
    const expected = spaced.replaceAll(" ", "");
    client.send(request);
    assert.equal(await client.bytes(expected.length / 2), expected);
    device.behave("healthy");
    client.send("0010 0000 0005 01 2b0e0400");
    assert.equal(await client.bytes(18), `00100000000c01${answer}`, "nothing more came, and behaviour changes at run time");
    assert.equal(device.counts.pipelinedRequests, 0);
  });
}

test("fc43-unsupported and more-follows-forever leave other functions alone", async (t) => {
  const { device, client } = await started(t, "fc43-unsupported");
  client.send("0001 0000 0006 01 0300040001");
  assert.equal(await client.bytes(11), "0001000000050103020004");
  device.behave("more-follows-forever");
  client.send("0001 0000 0006 01 0300040001");
  assert.equal(await client.bytes(11), "0001000000050103020004");
});

test("wrong-function turns an answer of function 3 into one of function 4", async (t) => {
  const { client } = await started(t, "wrong-function");
  client.send("0001 0000 0006 01 0300040001");
  assert.equal(await client.bytes(11), "0001000000050104020004");
});

test("silent: the request is counted and only the device's other end of the connection is ever heard of", async (t) => {
  const { device, client } = await started(t, "silent");
  client.send(request);
  await device.waitUntil(({ requests }) => requests === 1);
  client.finish();
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
});

test("half-frame: the first half comes, the second never", async (t) => {
  const { client } = await started(t, "half-frame");
  client.send(request);
  assert.equal(await client.bytes(9), "00090000000c012b0e");
  client.finish();
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
});

test("reset: the request is answered with RST", async (t) => {
  const { device, client } = await started(t, "reset");
  client.send(request);
  assert.deepEqual(await client.ended(), { how: "rst", left: "" });
  assert.equal(device.counts.requests, 1);
  assert.equal(device.counts.uncleanCloses, 0, "the device ended it, not the client");
});

test("refuse-after-accept: the connection is closed with FIN before anything was asked", async (t) => {
  const { device, client } = await started(t, "refuse-after-accept");
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
  client.send(request);
  await device.waitUntil(({ requests }) => requests === 1);
  client.finish();
  await device.waitUntil(({ openConnections }) => openConnections === 0);
  assert.equal(device.counts.connections, 1);
});

test("reply-after-close: the answer comes only after the client's FIN", async (t) => {
  const { device, client } = await started(t, "reply-after-close");
  client.send(request);
  await device.waitUntil(({ requests }) => requests === 1);
  client.finish();
  assert.deepEqual(await client.ended(), { how: "fin", left: `00090000000c01${answer}` });
});

test("never-closes: the client's FIN is not returned, and the connection stays open until the client resets it", async (t) => {
  const { device, client } = await started(t, "never-closes");
  client.finish();
  await new Promise((resolve) => client.socket.once("finish", resolve));
  const probe = await connectRaw(device);
  probe.send(request);
  await probe.bytes(18);
  assert.equal(device.counts.openConnections, 2);
  client.reset();
  await device.goDark();
  assert.equal(device.counts.openConnections, 0);
});

test("a slow answer to a client that has left is not sent", async (t) => {
  const { device, client } = await started(t, { kind: "slow", afterMs: 86_400_000 });
  client.send(request);
  await device.waitUntil(({ requests }) => requests === 1);
  client.finish();
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
});

test("a client that resets in the middle of a dripping answer harms nobody", async (t) => {
  const { device, client } = await started(t, { kind: "drip", intervalMs: 1 });
  client.send(request);
  await client.bytes(3);
  client.reset();
  await device.waitUntil(({ uncleanCloses }) => uncleanCloses === 1);
  device.behave("healthy");
  const next = await connectRaw(device);
  next.send(request);
  assert.equal(await next.bytes(18), `00090000000c01${answer}`);
});

test("bytes nobody asked for reach every open connection", async (t) => {
  const { device, client } = await started(t, "healthy");
  await device.waitUntil(({ openConnections }) => openConnections === 1);
  device.sendUnasked(Buffer.from("160301", "hex"));
  assert.equal(await client.bytes(3), "160301");
});
