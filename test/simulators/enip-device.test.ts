/** The simulated EtherNet/IP device: what it answers byte for byte over TCP and UDP, what it counts, and each of its bad habits. */
import assert from "node:assert/strict";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { describe, type TestContext, test } from "node:test";
import { type EnipBehaviour, type EnipDevice, type EnipDeviceOptions, startEnipDevice } from "../../simulators/enip/device.ts";
import { connectRaw, type RawClient } from "./raw-client.ts";

const context = "f401000001000000";
const listIdentity = `630000000000000000000000${context}00000000`;
const registerSession = `650004000000000000000000${context}0000000001000000`;
const inSession = (command: string, session: string, data: string): string =>
  `${command}${Buffer.from([data.length / 2, 0]).toString("hex")}${session}00000000${context}00000000${data}`;
const readIdentity = (session: string): string => inSession("6f00", session, "00000000050002000000" + "0000b2000600" + "010220012401");
const unregister = (session: string): string => inSession("6600", session, "");

const identity = {
  vendorId: 7,
  deviceType: 12,
  productCode: 9,
  revision: [3, 4],
  status: 0x0030,
  serialNumber: 0x1234,
  productName: "SIM",
  state: 3,
} as const;
const attributes = "07000c000900" + "0304" + "3000" + "34120000" + "03" + "53494d";

async function started(t: TestContext, options: Partial<EnipDeviceOptions> = {}): Promise<EnipDevice> {
  const device = await startEnipDevice({ host: "127.0.0.1", port: 0, identity, ...options });
  t.after(() => device.close());
  return device;
}

/** Header and data of the next frame. */
async function frame(client: RawClient): Promise<string> {
  const header = await client.bytes(24);
  const length = Buffer.from(header, "hex").readUInt16LE(2);
  return header + (length > 0 ? await client.bytes(length) : "");
}

async function session(client: RawClient): Promise<string> {
  client.send(registerSession);
  const reply = await frame(client);
  assert.equal(reply.slice(48), "01000000");
  return reply.slice(8, 16);
}

interface Datagrams {
  readonly socket: Socket;
  next(): Promise<string>;
}

async function datagrams(t: TestContext): Promise<Datagrams> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  t.after(() => socket.close());
  return {
    socket,
    next: async () => {
      const [datagram] = (await once(socket, "message")) as [Buffer];
      return datagram.toString("hex");
    },
  };
}

function identityReply(port: number): string {
  const listening = Buffer.alloc(2);
  listening.writeUInt16BE(port);
  const item = `0100${"0002"}${listening.toString("hex")}7f000001${"00".repeat(8)}${attributes}03`;
  return `63002b00${"00".repeat(8)}${context}00000000` + `01000c002500${item}`;
}

test("List Identity is answered over TCP and over UDP, byte for byte", async (t) => {
  const device = await started(t);
  const client = await connectRaw(device);
  client.send(listIdentity);
  assert.equal(await frame(client), identityReply(device.port));
  const udp = await datagrams(t);
  const reply = udp.next();
  udp.socket.send(Buffer.from(listIdentity, "hex"), device.port, device.host);
  assert.equal(await reply, identityReply(device.port));
  await device.waitUntil(({ datagrams: count }) => count === 1);
  const { connections, requests, writes, malformedRequests, pipelinedRequests, bytes } = device.counts;
  assert.deepEqual([connections, requests, writes, malformedRequests, pipelinedRequests, bytes], [1, 2, 0, 0, 0, 48]);
});

test("the Identity object is read within a session, which is counted when it is given back", async (t) => {
  const device = await started(t);
  const client = await connectRaw(device);
  const handle = await session(client);
  client.send(readIdentity(handle));
  assert.equal((await frame(client)).slice(48), `000000000000020000000000b2001700` + `81000000${attributes}03`);
  client.send(unregister(handle));
  await client.ended();
  const { sessions, sessionsGivenBack, uncleanCloses } = device.counts;
  assert.deepEqual([sessions, sessionsGivenBack, uncleanCloses], [1, 1, 0]);
  assert.deepEqual(
    [...device.counts.requestsByCommand],
    [
      [0x65, 1],
      [0x6f, 1],
      [0x66, 1],
    ],
  );
});

test("what needs a session has none over UDP, or with another's handle", async (t) => {
  const device = await started(t);
  const client = await connectRaw(device);
  client.send(readIdentity("99999999"));
  assert.equal((await frame(client)).slice(16, 24), "64000000");
  const udp = await datagrams(t);
  const reply = udp.next();
  udp.socket.send(Buffer.from(registerSession, "hex"), device.port, device.host);
  assert.equal((await reply).slice(16, 24), "01000000");
});

test("another path or service is a CIP error, and one that writes is counted", async (t) => {
  const device = await started(t);
  const client = await connectRaw(device);
  const handle = await session(client);
  const routed = async (message: string): Promise<string> => {
    const length = Buffer.from([message.length / 2, 0]).toString("hex");
    client.send(inSession("6f00", handle, `000000000500020000000000b200${length}${message}`));
    return (await frame(client)).slice(48 + 32);
  };
  assert.equal(await routed("010220062401"), "81000500");
  assert.equal(await routed("0e0220012401"), "8e000800");
  assert.equal(device.counts.writes, 0);
  assert.equal(await routed("050220012401"), "85000800");
  assert.equal(device.counts.writes, 1);
});

test("what no device should get is counted as malformed", async (t) => {
  const device = await started(t);
  const udp = await datagrams(t);
  for (const [index, wrong] of ["63", listIdentity + listIdentity, listIdentity.replace(/0$/u, "1")].entries()) {
    udp.socket.send(Buffer.from(wrong, "hex"), device.port, device.host);
    await device.waitUntil(({ malformedRequests }) => malformedRequests === index + 1);
  }
  const client = await connectRaw(device);
  client.send(`${listIdentity.slice(0, 4)}ffff${listIdentity.slice(8)}`);
  await client.ended();
  assert.equal(device.counts.malformedRequests, 4);
  assert.equal(device.counts.requests, 0);
});

test("requests before an answer are pipelined", async (t) => {
  const device = await started(t, { behaviour: "silent" });
  const client = await connectRaw(device);
  client.send(listIdentity + listIdentity);
  await device.waitUntil(({ requests }) => requests === 2);
  assert.equal(device.counts.pipelinedRequests, 1);
});

describe("a badly behaved device", () => {
  const habits: readonly [behaviour: EnipBehaviour, expected: (reply: string, correct: string) => boolean][] = [
    ["truncated", (reply, correct) => reply === correct.slice(0, reply.length) && reply.length < correct.length],
    ["wrong-context", (reply, correct) => reply.slice(24, 40) === "0bfefffffeffffff" && reply.slice(40) === correct.slice(40)],
    ["wrong-command", (reply, correct) => reply.startsWith("6500") && reply.slice(4) === correct.slice(4)],
    ["wrong-session", (reply) => reply.slice(8, 16) === "ff000000"],
    ["oversize", (reply) => reply.slice(4, 8) === "ffff"],
    ["item-too-long", (reply, correct) => reply === correct.replace("0c002500", "0c002600")],
    [{ kind: "encapsulation-error", status: 3 }, (reply) => reply.slice(0, 24) === "630000000000000003000000"],
    [{ kind: "cip-error", status: 8 }, (reply, correct) => reply === correct],
    [{ kind: "late", afterMs: 1 }, (reply, correct) => reply === correct],
    ["session-refused", (reply, correct) => reply === correct],
  ];
  for (const [behaviour, expected] of habits) {
    test(JSON.stringify(behaviour), async (t) => {
      const device = await started(t, { behaviour });
      const udp = await datagrams(t);
      const answered = udp.next();
      udp.socket.send(Buffer.from(listIdentity, "hex"), device.port, device.host);
      const reply = await answered;
      assert.ok(expected(reply, identityReply(device.port)), reply);
    });
  }

  test("answers twice", async (t) => {
    const device = await started(t, { behaviour: "duplicate-reply" });
    const client = await connectRaw(device);
    client.send(listIdentity);
    assert.equal(await frame(client), await frame(client));
  });

  test("refuses a session and gives none", async (t) => {
    const device = await started(t, { behaviour: "session-refused" });
    const client = await connectRaw(device);
    client.send(registerSession);
    assert.equal(await frame(client), `650000000000000002000000${context}00000000`);
    assert.equal(device.counts.sessions, 0);
  });

  test("answers a read with a CIP error", async (t) => {
    const device = await started(t, { behaviour: { kind: "cip-error", status: 0x0c } });
    const client = await connectRaw(device);
    const handle = await session(client);
    client.send(readIdentity(handle));
    assert.equal((await frame(client)).slice(48 + 32), "81000c00");
  });

  test("resets the connection", async (t) => {
    const device = await started(t, { behaviour: "reset" });
    const client = await connectRaw(device);
    client.send(listIdentity);
    await device.waitUntil(({ requests, openConnections }) => requests === 1 && openConnections === 0);
    assert.equal(device.counts.uncleanCloses, 0);
  });

  test("keeps its side open when the session is given back", async (t) => {
    const device = await started(t, { behaviour: "never-closes" });
    const client = await connectRaw(device);
    const handle = await session(client);
    client.send(unregister(handle));
    await device.waitUntil(({ sessionsGivenBack }) => sessionsGivenBack === 1);
    assert.equal(device.counts.openConnections, 1);
    client.reset();
    await device.waitUntil(({ uncleanCloses }) => uncleanCloses === 1);
  });
});

test("an exchanged device has another identity from the next request on, and changes its habits", async (t) => {
  const device = await started(t);
  device.become({ vendorId: 8 });
  device.behave("truncated");
  assert.equal(device.behaviour, "truncated");
  device.behave("healthy");
  const client = await connectRaw(device);
  client.send(listIdentity);
  assert.equal(await frame(client), identityReply(device.port).replace("07000c000900", "08000c000900"));
});

test("a port that is taken for UDP is an error, and nothing is left listening", async (t) => {
  const taken = createSocket("udp4");
  taken.bind(0, "127.0.0.1");
  await once(taken, "listening");
  t.after(() => taken.close());
  const { port } = taken.address();
  await assert.rejects(startEnipDevice({ host: "127.0.0.1", port }), { code: "EADDRINUSE" });
  await assert.rejects(connectRaw({ host: "127.0.0.1", port }), { code: "ECONNREFUSED" });
});
