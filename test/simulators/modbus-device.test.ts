/** The simulated Modbus device as a healthy one: what it answers, what it counts, and what the real client library makes of it. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import modbusSerial from "modbus-serial";
import { type ModbusDevice, type ModbusDeviceOptions, startModbusDevice } from "../../simulators/modbus/device.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

const identity = { vendorName: "ACME", productCode: "P-1", revision: "2.0" };

async function started(t: TestContext, options: Partial<ModbusDeviceOptions> = {}): Promise<{ device: ModbusDevice; client: RawClient }> {
  const device = await startModbusDevice({ host: "127.0.0.1", port: 0, identity, ...options });
  t.after(() => device.close());
  return { device, client: await connectRaw(device) };
}

/** The PDU of the answer to a PDU sent to unit 1. */
async function ask(client: RawClient, pdu: string): Promise<string> {
  const length = pdu.length / 2 + 1;
  client.send(`00070000${length.toString(16).padStart(4, "0")}01${pdu}`);
  const header = await client.bytes(7);
  assert.equal(header.slice(0, 8), "00070000");
  assert.equal(header.slice(12), "01");
  return client.bytes(Number.parseInt(header.slice(8, 12), 16) - 1);
}

test("basic identification holds vendor, product code and revision, byte for byte", async (t) => {
  const { client } = await started(t);
  client.send("abcd 0000 0005 01 2b0e0100");
  assert.equal(await client.bytes(30), "abcd00000018012b0e01810000030004" + "41434d45" + "0103502d31" + "0203322e30");
});

test("regular and extended identification hold the optional objects too, basic does not", async (t) => {
  const { client } = await started(t, { identity: { ...identity, modelName: "M" } });
  assert.equal(await ask(client, "2b0e0100"), "2b0e01820000030004" + "41434d45" + "0103502d31" + "0203322e30");
  assert.equal(await ask(client, "2b0e0200"), "2b0e02820000040004" + "41434d45" + "0103502d31" + "0203322e30" + "05014d");
  assert.equal(await ask(client, "2b0e0305"), "2b0e0382000001" + "05014d");
});

test("a start object that does not exist is answered from the beginning", async (t) => {
  const { client } = await started(t);
  assert.equal(await ask(client, "2b0e0177"), await ask(client, "2b0e0100"));
});

test("a single object can be read, one that is missing is exception 2, an unknown read code exception 3, another MEI type exception 1", async (t) => {
  const { client } = await started(t);
  assert.equal(await ask(client, "2b0e0401"), "2b0e0481000001" + "0103502d31");
  assert.equal(await ask(client, "2b0e0405"), "ab02");
  assert.equal(await ask(client, "2b0e0500"), "ab03");
  assert.equal(await ask(client, "2b0d0100"), "ab01");
});

test("an identity too long for one reply is continued at the object the reply names", async (t) => {
  const { client } = await started(t, { identity: { vendorName: "v".repeat(200), productCode: "p".repeat(100), revision: "1" } });
  assert.match(await ask(client, "2b0e0100"), /^2b0e0181ff010100c8(76){200}$/);
  assert.match(await ask(client, "2b0e0101"), /^2b0e01810000020164(70){100}020131$/);
});

test("an identity that fills a reply to the last byte is not continued, one byte more is", async (t) => {
  const { device, client } = await started(t, { identity: { vendorName: "v".repeat(238), productCode: "p", revision: "1" } });
  assert.equal((await ask(client, "2b0e0100")).length / 2, 253);
  device.become({ identity: { vendorName: "v".repeat(238), productCode: "p", revision: "12" } });
  assert.match(await ask(client, "2b0e0100"), /^2b0e0181ff0202/);
});

test("an identity object that fits into no reply is refused", async () => {
  const tooLong = { ...identity, vendorName: "v".repeat(245) };
  await assert.rejects(startModbusDevice({ host: "127.0.0.1", port: 0, identity: tooLong }), /object 0 has 245 bytes; at most 244/);
});

test("coils, inputs and registers come from their own tables", async (t) => {
  const { client } = await started(t, {
    registers: (table, address) => {
      if (table === "coils") return address % 2;
      if (table === "discrete-inputs") return address === 9 ? 1 : 0;
      return (table === "holding-registers" ? 0x1100 : 0x2200) + address;
    },
  });
  assert.equal(await ask(client, "010000000a"), "0102aa02");
  assert.equal(await ask(client, "020000000a"), "02020002");
  assert.equal(await ask(client, "0300050002"), "030411051106");
  assert.equal(await ask(client, "0400050001"), "04022205");
});

test("an address that is not there is exception 2, an impossible quantity exception 3, an unknown function exception 1", async (t) => {
  const { client } = await started(t, { registers: new Map([[4, 7]]) });
  assert.equal(await ask(client, "0300040001"), "03020007");
  assert.equal(await ask(client, "0300040002"), "8302");
  assert.equal(await ask(client, "03ffff0002"), "8302");
  assert.equal(await ask(client, "0300040000"), "8303");
  assert.equal(await ask(client, "030004007e"), "8303");
  assert.equal(await ask(client, "0800000000"), "8801");
});

test("function 17 tells the server id and whether the CPU runs", async (t) => {
  const { device, client } = await started(t, { serverId: 9 });
  assert.equal(await ask(client, "11"), "110509ff502d31");
  device.become({ running: false });
  assert.equal(await ask(client, "11"), "11050900502d31");
});

test("a device that was exchanged has another identity from the next request on", async (t) => {
  const { device, client } = await started(t);
  device.become({ identity: { ...identity, vendorName: "EMCA" } });
  assert.equal(await ask(client, "2b0e0400"), "2b0e0481000001" + "0004454d4341");
});

test("a device says nothing to other unit ids, a gateway says why", async (t) => {
  const { device, client } = await started(t, { unitIds: [1] });
  client.send("0001 0000 0005 02 2b0e0100");
  await device.waitUntil(({ requests }) => requests === 1);
  assert.equal(await ask(client, "2b0e0400"), "2b0e0481000001" + "000441434d45");
  assert.deepEqual(
    [...device.counts.requestsByUnit],
    [
      [2, 1],
      [1, 1],
    ],
  );

  const gateway = await started(t, { unitIds: [1], otherUnits: "gateway-target-silent" });
  gateway.client.send("0001 0000 0005 02 2b0e0100");
  assert.equal(await gateway.client.bytes(9), "00010000000302ab0b");
});

test("everything that is sent is counted, a write above all", async (t) => {
  const { device, client } = await started(t);
  await ask(client, "2b0e0100");
  await ask(client, "2b0e0100");
  assert.equal(await ask(client, "0600010001"), "8601");
  const { counts } = device;
  assert.equal(counts.connections, 1);
  assert.equal(counts.openConnections, 1);
  assert.equal(counts.requests, 3);
  assert.equal(counts.writes, 1);
  assert.equal(counts.bytes, 11 + 11 + 12);
  assert.equal(counts.pipelinedRequests, 0);
  assert.equal(counts.malformedRequests, 0);
  assert.deepEqual(
    [...counts.requestsByFunction],
    [
      [43, 2],
      [6, 1],
    ],
  );
  assert.equal(counts.requestTimes.length, 3);
  assert.equal(counts.requestFrames.at(-1), "000700000006010600010001");
});

test("requests that come in single bytes are put together", async (t) => {
  const { device, client } = await started(t);
  for (const [index, byte] of ("00010000000501" + "2b0e0401").match(/../g)?.entries() ?? []) {
    client.send(byte);
    await device.waitUntil(({ bytes }) => bytes === index + 1);
  }
  assert.equal(await client.bytes(19), "0001 0000 000d 01 2b0e0481000001 0103502d31".replaceAll(" ", ""));
  assert.equal(device.counts.requests, 1);
});

test("two requests in one segment, or a second one before the answer, are pipelined", async (t) => {
  const { device, client } = await started(t);
  client.send("0001 0000 0002 01 11" + "0002 0000 0002 01 11");
  await client.bytes(28);
  assert.equal(device.counts.pipelinedRequests, 1);

  device.behave("silent");
  client.send("0003 0000 0002 01 11");
  await device.waitUntil(({ requests }) => requests === 3);
  const other = await connectRaw(device);
  other.send("0004 0000 0002 01 11");
  await device.waitUntil(({ requests }) => requests === 4);
  assert.equal(device.counts.pipelinedRequests, 2);
});

test("a client that gave up leaves nothing unanswered", async (t) => {
  const { device, client } = await started(t, { behaviour: "silent" });
  client.send("0001 0000 0002 01 11");
  await device.waitUntil(({ requests }) => requests === 1);
  client.reset();
  await device.waitUntil(({ openConnections }) => openConnections === 0);
  assert.equal(device.counts.uncleanCloses, 1);
  const next = await connectRaw(device);
  next.send("0002 0000 0002 01 11");
  await device.waitUntil(({ requests }) => requests === 2);
  assert.equal(device.counts.pipelinedRequests, 0);
  assert.equal(device.counts.mostConnectionsAtOnce, 1);
});

for (const [fault, frame] of [
  ["a foreign protocol id", "000100010002 0111"],
  ["a length of 1", "000100000001 01"],
  ["a length of 255", "0001000000ff 01"],
] as const) {
  test(`a header with ${fault} is counted as malformed and the connection is closed`, async (t) => {
    const { device, client } = await started(t);
    client.send(frame);
    await client.ended();
    assert.equal(device.counts.malformedRequests, 1);
    assert.equal(device.counts.requests, 0);
  });
}

test("a request of the wrong size and one cut off by the end of the connection are malformed", async (t) => {
  const { device, client } = await started(t);
  assert.equal(await ask(client, "03000400"), "8303");
  client.send("0001 0000 0005 01 2b");
  client.finish();
  await device.waitUntil(({ malformedRequests }) => malformedRequests === 2);
  assert.equal(device.counts.requests, 1);
});

test("the memory of single requests is bounded", async (t) => {
  const { device, client } = await started(t);
  for (let sent = 0; sent < 1005; sent++) await ask(client, "11");
  assert.equal(device.counts.requests, 1005);
  assert.equal(device.counts.requestTimes.length, 1000);
  assert.equal(device.counts.requestFrames.length, 1000);
});

test("waiting for what no longer can happen is rejected when the device is closed", async (t) => {
  const { device } = await started(t);
  const waiting = assert.rejects(
    device.waitUntil(({ writes }) => writes > 0),
    /was closed before/,
  );
  await device.close();
  await waiting;
});

test("modbus-serial, a second opinion, sees the identity, the registers and the exception", async (t) => {
  const { device } = await started(t, { identity: { ...identity, productName: "Pump" } });
  const client = new modbusSerial.default();
  client.setTimeout(5000);
  await client.connectTCP(device.host, { port: device.port });
  client.setID(1);
  const identified = await client.readDeviceIdentification(2, 0);
  const objects = [
    ["0", "ACME"],
    ["1", "P-1"],
    ["2", "2.0"],
    ["4", "Pump"],
  ];
  assert.deepEqual(Object.entries(identified.data), objects);
  assert.equal(identified.conformityLevel, 0x82);
  assert.deepEqual((await client.readHoldingRegisters(40, 3)).data, [40, 41, 42]);
  assert.deepEqual((await client.readInputRegisters(7, 1)).data, [7]);
  assert.deepEqual((await client.readCoils(0, 3)).data.slice(0, 3), [false, true, true]);
  device.behave("busy");
  await assert.rejects(client.readHoldingRegisters(40, 1), { modbusCode: 6 });
  await new Promise<void>((resolve) => client.close(() => resolve()));
  assert.equal(device.counts.pipelinedRequests, 0);
});
