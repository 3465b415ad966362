/** The simulated OPC UA server as node-opcua's client sees it, what it counts, and each of its bad habits. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { AttributeIds, DataType } from "node-opcua";
import {
  behaviourName,
  type OpcuaBehaviour,
  type OpcuaDevice,
  type OpcuaDeviceOptions,
  startOpcuaDevice,
} from "../../simulators/opcua/device.ts";
import { opcuaClient, opcuaSession, publish, subscribe, urlOf } from "./opcua-client.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

async function started(t: TestContext, options: Partial<OpcuaDeviceOptions> = {}): Promise<OpcuaDevice> {
  const device = await startOpcuaDevice({ host: "127.0.0.1", port: 0, ...options });
  t.after(() => device.close());
  return device;
}

const hello = (() => {
  const url = Buffer.from("opc.tcp://plc");
  const body = Buffer.alloc(8 + 24 + url.length);
  body.write("HELF", "latin1");
  body.writeUInt32LE(body.length, 4);
  for (const offset of [12, 16]) body.writeUInt32LE(65_535, offset);
  body.writeUInt32LE(url.length, 28);
  url.copy(body, 32);
  return body.toString("hex");
})();
const acknowledge = `41434b46${"1c000000"}00000000ffff0000ffff00000000000000000000`;

async function greeted(t: TestContext, behaviour: OpcuaBehaviour): Promise<{ readonly device: OpcuaDevice; readonly client: RawClient }> {
  const device = await started(t, { behaviour });
  const client = await connectRaw(device);
  t.after(() => client.reset());
  client.send(hello);
  return { device, client };
}

/** A healthy server's keep-alives, 100 ms apart, as a clock that this test does not keep itself. */
async function keepAlives(t: TestContext, count: number): Promise<"quiet"> {
  const session = await opcuaSession(t, await started(t));
  await subscribe(session, 100);
  for (let seen = 0; seen < count; seen += 1) await publish(session);
  return "quiet";
}

test("HEL is answered with ACK, byte for byte, and counted with its URL", async (t) => {
  const { device, client } = await greeted(t, "healthy");
  assert.equal(await client.bytes(28), acknowledge);
  client.finish();
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
  await device.waitUntil(({ openConnections, hellos }) => openConnections === 0 && hellos === 1);
  assert.deepEqual([device.counts.connections, device.counts.endpointUrl, device.counts.uncleanCloses], [1, "opc.tcp://plc", 0]);
});

test("node-opcua's client reads its state, gets a keep-alive at once after one interval and then every third, and gives its session back", async (t) => {
  const device = await started(t, { state: "suspended" });
  const session = await opcuaSession(t, device);
  assert.equal(session.timeout, 5000);
  const [state, time, other] = await session.read(
    ["i=2259", "i=2258", "i=2994"].map((nodeId) => ({ nodeId, attributeId: AttributeIds.Value })),
  );
  assert.deepEqual([state?.value.value, time?.value.dataType, other?.statusCode.name], [3, DataType.DateTime, "BadNodeIdUnknown"]);
  const made = await subscribe(session, 100, 3);
  assert.deepEqual([made.revisedPublishingInterval, made.revisedMaxKeepAliveCount, made.revisedLifetimeCount], [100, 3, 9]);
  const sentAt: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    const { notificationMessage } = await publish(session);
    sentAt.push(performance.now());
    assert.deepEqual([notificationMessage.notificationData?.length, notificationMessage.sequenceNumber], [0, 1]);
  }
  const gaps = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
  assert.ok(
    gaps.every((gap) => gap >= 280 && gap <= 1000),
    String(gaps),
  );
  await session.close();
  const { counts } = device;
  assert.deepEqual([counts.sessions, counts.openSessions, counts.sessionsClosed, counts.mostSessionsAtOnce], [1, 0, 1, 1]);
  assert.deepEqual([counts.requestsByService.get("publish"), counts.writes, counts.malformedRequests], [3, 0, 0]);
  assert.equal(counts.pipelinedRequests, 0);
});

test("a Publish that comes late is answered at once", async (t) => {
  const device = await started(t);
  const session = await opcuaSession(t, device);
  await subscribe(session, 600);
  await keepAlives(t, 7);
  const before = performance.now();
  await publish(session);
  assert.ok(performance.now() - before < 300, `${performance.now() - before} ms`);
});

test("a session whose client is gone stays until its timeout, and counts towards the most there are", async (t) => {
  const device = await started(t, { sessionsMax: 1, sessionTimeoutMs: { min: 100, max: 1200 } });
  const session = await opcuaSession(t, device);
  assert.equal(session.timeout, 1200);
  await assert.rejects(opcuaSession(t, device), /BadTooManySessions/u);
  await device.waitUntil(({ sessionsTimedOut }) => sessionsTimedOut === 1);
  assert.equal(device.counts.openSessions, 0);
  await opcuaSession(t, device);
  assert.equal(device.counts.mostSessionsAtOnce, 1);
});

test("a write is counted and refused", async (t) => {
  const device = await started(t);
  const session = await opcuaSession(t, device);
  const value = { value: { dataType: DataType.Int32, value: 1 } };
  await assert.rejects(session.write({ nodeId: "i=2259", attributeId: AttributeIds.Value, value }), /BadServiceUnsupported/u);
  assert.equal(device.counts.writes, 1);
});

test("bytes that are no chunk end the connection and are counted", async (t) => {
  const device = await started(t);
  for (const bytes of ["474554202f20485454502f312e31", `48454c46${"ffffff7f"}00000000`, `48454c43${"20000000"}${"00".repeat(24)}`]) {
    const client = await connectRaw(device);
    client.send(bytes);
    await client.ended();
  }
  assert.equal(device.counts.malformedRequests, 3);
});

test("silent takes everything and says nothing", async (t) => {
  const { device, client } = await greeted(t, "silent");
  await device.waitUntil(({ hellos }) => hellos === 1);
  client.finish();
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
});

test("busy answers HEL with ERR BadTcpServerTooBusy and goes", async (t) => {
  const { client } = await greeted(t, "busy");
  const { how, left } = await client.ended();
  assert.equal(how, "fin");
  assert.match(left, /^45525246[0-9a-f]{8}00007d80/u);
});

test("closes-at-once sends its FIN to whoever connects", async (t) => {
  const device = await started(t, { behaviour: "closes-at-once" });
  const client = await connectRaw(device);
  assert.deepEqual(await client.ended(), { how: "fin", left: "" });
});

test("garbage-after-ack sends 64 bytes that are no chunk", async (t) => {
  const { client } = await greeted(t, "garbage-after-ack");
  assert.equal(await client.bytes(28 + 64), acknowledge + "a5".repeat(64));
});

test("never-closes leaves its side open", async (t) => {
  const { device, client } = await greeted(t, "never-closes");
  await client.bytes(28);
  client.finish();
  // The device's kernel hands it the FIN before what another connection sends later.
  const other = await connectRaw(device);
  t.after(() => other.reset());
  other.send(hello);
  await other.bytes(28);
  assert.equal(device.counts.openConnections, 2);
});

const refusedConnections: readonly OpcuaBehaviour[] = ["busy", "closes-at-once", "huge-chunk"];
for (const behaviour of refusedConnections) {
  test(`${behaviourName(behaviour)} lets no client of node-opcua in`, async (t) => {
    const device = await started(t, { behaviour });
    const client = await opcuaClient(t);
    await assert.rejects(client.connect(urlOf(device)));
    assert.equal(device.counts.connections, 1);
  });
}

test("too-many-sessions and refused answer one service with a ServiceFault", async (t) => {
  const device = await started(t, { behaviour: "too-many-sessions" });
  await assert.rejects(opcuaSession(t, device), /BadTooManySessions/u);
  device.behave({ kind: "refused", service: "activateSession", status: 0x8020_0000 });
  await assert.rejects(opcuaSession(t, device), /BadIdentityTokenInvalid/u);
});

test("publish-error answers every Publish with BadTimeout, unasked-publish answers twice, silent-publish never", async (t) => {
  const device = await started(t, { behaviour: "publish-error" });
  const session = await opcuaSession(t, device);
  await subscribe(session, 100);
  await assert.rejects(publish(session), /BadTimeout/u);
  await assert.rejects(publish(session), /BadTimeout/u);
  device.behave("silent-publish");
  const unanswered = publish(session).then(
    () => "answered",
    () => "ended",
  );
  assert.equal(await Promise.race([unanswered, keepAlives(t, 3)]), "quiet");
});

test("impatient revises the publishing interval to its own, and keeps to it", async (t) => {
  const device = await started(t, { behaviour: { kind: "impatient", publishingIntervalMs: 50 } });
  const session = await opcuaSession(t, device);
  const made = await subscribe(session, 10_000, 10);
  assert.deepEqual([made.revisedPublishingInterval, made.revisedMaxKeepAliveCount], [50, 1]);
  const before = performance.now();
  for (let count = 0; count < 4; count += 1) await publish(session);
  assert.ok(performance.now() - before < 1500);
});

test("short-token gives tokens that end at once, and counts each renewal", async (t) => {
  const device = await started(t, { behaviour: { kind: "short-token", lifetimeMs: 20 } });
  await opcuaSession(t, device);
  await device.waitUntil(({ renewals }) => renewals >= 2);
  assert.equal(device.counts.channels, 1);
});

test("redirecting says that its endpoints are elsewhere", async (t) => {
  const endpointUrl = "opc.tcp://127.0.0.99:4840";
  const device = await started(t, { behaviour: { kind: "redirecting", endpointUrl } });
  const client = await opcuaClient(t);
  await client.connect(urlOf(device));
  const endpoints = await client.getEndpoints();
  assert.deepEqual([endpoints.length, endpoints[0]?.endpointUrl], [1, endpointUrl]);
});

test("chunked and late are understood by a patient client; wrong ids and a reset by none", async (t) => {
  const device = await started(t, { behaviour: "chunked" });
  const session = await opcuaSession(t, device);
  assert.equal((await session.read({ nodeId: "i=2259", attributeId: AttributeIds.Value })).value.value, 0);
  device.behave({ kind: "late", afterMs: 150 });
  const before = performance.now();
  await session.read({ nodeId: "i=2259", attributeId: AttributeIds.Value });
  assert.ok(performance.now() - before >= 140);
  device.behave("reset");
  await assert.rejects(session.read({ nodeId: "i=2259", attributeId: AttributeIds.Value }));
});
