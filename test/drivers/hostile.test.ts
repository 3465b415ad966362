/** A driver that turned against the plant: whatever it tries, the device receives nothing of it and the violation is known. */
import assert from "node:assert/strict";
import { connect, Socket } from "node:net";
import { createSocket } from "node:dgram";
import { afterEach, beforeEach, describe, test } from "node:test";
import modbusSerial from "modbus-serial";
import { startModbusDevice, type ModbusDevice } from "../../simulators/modbus/device.ts";
import { type Closed, isOpen, type OwnedWire, type Wire } from "../../src/domain/wire.ts";
import { WirePort } from "../../src/drivers/modbus/port.ts";
import { modbusPolicy } from "../../src/wire/frames/modbus.ts";
import { tcpDialler, type Violation } from "../../src/wire/tcp.ts";
import { armTripwire } from "../../src/wire/tripwire.ts";
import { modbusCheck } from "../support/checks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { TestPermit } from "../support/permits.ts";
import { type Kernel, watchKernel } from "../wire/support/peer.ts";

const ModbusRTU = modbusSerial.default;
type Client = InstanceType<typeof ModbusRTU>;

const lawful = Buffer.from("000100000005012b0e0100", "hex");

let device: ModbusDevice;
let clock: FakeClock;
let kernel: Kernel;
let violations: Violation[];

beforeEach(async () => {
  device = await startModbusDevice({ host: "127.0.0.1", port: 0 });
  clock = new FakeClock();
  kernel = watchKernel();
  violations = [];
});

afterEach(async () => {
  kernel.stopWatching();
  await device.close();
  assert.equal(clock.waiting, 0);
});

interface Grip {
  readonly wire: OwnedWire;
  readonly permit: TestPermit & Parameters<OwnedWire["lend"]>[0];
}

async function dialled(connection: "fresh" | "kept" = "fresh"): Promise<Grip> {
  const permit = TestPermit.for(modbusCheck({ port: device.port, connection }), clock);
  const wire = await tcpDialler({ clock, cutOff: () => undefined, onViolation: (violation) => violations.push(violation) })(
    permit,
    modbusPolicy,
  );
  assert.ok(isOpen(wire));
  return { wire, permit };
}

/** modbus-serial itself, unfenced but for the wire. */
function library(wire: Wire): Client {
  const client = new ModbusRTU(new WirePort(wire, (reply) => reply));
  client.open(() => {});
  return client;
}

async function receivedNothing(wire: OwnedWire): Promise<Closed> {
  const closed = await wire.closed;
  await device.waitUntil(({ connections, openConnections }) => connections === 1 && openConnections === 0);
  assert.equal(kernel.bytes, 0);
  assert.equal(device.counts.bytes, 0);
  assert.equal(device.counts.requests, 0);
  return closed;
}

describe("a library that was patched to send", () => {
  const ignored = (): void => {};
  const attempts: readonly [what: string, attempt: (client: Client) => void][] = [
    ["FC 5 write single coil", (client) => client.writeFC5(1, 0, true, ignored)],
    ["FC 6 write single register", (client) => client.writeFC6(1, 0, 1, ignored)],
    ["FC 15 write multiple coils", (client) => client.writeFC15(1, 0, [true], ignored)],
    ["FC 16 write multiple registers", (client) => client.writeFC16(1, 0, [1], ignored)],
    ["FC 22 mask write register", (client) => client.writeFC22(1, 0, 0xff, 0, ignored)],
    ["FC 23 read and write registers", (client) => client.writeFC23(1, 0, 1, 0, 1, [1], ignored)],
    ["FC 8 diagnostics", (client) => client.writeCustomFC(1, 8, [0, 1, 0, 0], ignored)],
    ["FC 90 (UMAS)", (client) => client.writeCustomFC(1, 90, [0, 2], ignored)],
    ["FC 3, which is a read but not in the plan", (client) => client.writeFC3(1, 0, 1, ignored)],
    ["FC 43/14 to unit 0", (client) => readIdentification(client, 0, 1)],
    ["FC 43/14 to another unit", (client) => readIdentification(client, 2, 1)],
    ["FC 43/14 for the extended stream", (client) => readIdentification(client, 1, 3)],
    [
      "FC 17 to unit 0, by leaving out its arguments",
      (client) => void client.reportServerID(undefined as unknown as number).catch(ignored),
    ],
  ];
  for (const [what, attempt] of attempts) {
    test(`${what} gets nothing out`, async () => {
      const { wire, permit } = await dialled();
      attempt(library(wire));
      assert.equal((await receivedNothing(wire)).failure, "guard_blocked");
      assert.equal(permit.violations.length, 1);
      assert.deepEqual(permit.sent, { connections: 1, requests: 0, bytes: 0 });
    });
  }
});

function readIdentification(client: Client, unitId: number, readCode: number): void {
  const unfenced = client as unknown as { writeFC43(unitId: number, readCode: number, objectId: number, done: () => void): void };
  unfenced.writeFC43(unitId, readCode, 0, () => {});
}

describe("a driver that holds the wire", () => {
  test("cannot put two frames into one write", async () => {
    const { wire, permit } = await dialled();
    wire.send(Buffer.concat([lawful, lawful]));
    assert.equal((await receivedNothing(wire)).failure, "guard_blocked");
    assert.match(permit.violations[0]!, /not one whole frame/);
  });

  test("cannot hide a write behind a lawful frame", async () => {
    const { wire, permit } = await dialled();
    wire.send(Buffer.concat([lawful, Buffer.from("000200000006010600000001", "hex")]));
    assert.equal((await receivedNothing(wire)).failure, "guard_blocked");
    assert.equal(permit.violations.length, 1);
  });

  test("cannot change the bytes after they were checked", async () => {
    const { wire, permit } = await dialled();
    const frame = Buffer.from(lawful);
    const answered = new Promise((resolve) => wire.onFrame(resolve));
    wire.send(frame);
    Buffer.from("000100000006010600000001", "hex").copy(frame);
    await answered;
    assert.deepEqual(device.counts.requestFrames, [lawful.toString("hex")]);
    assert.equal(device.counts.writes, 0);
    assert.deepEqual(permit.violations, []);
    wire.finish();
    await wire.closed;
  });

  test("cannot ask when nobody has lent it a permit", async () => {
    const { wire, permit } = await dialled("kept");
    wire.reclaim();
    wire.send(lawful);
    assert.equal((await receivedNothing(wire)).failure, "guard_blocked");
    assert.deepEqual(
      violations.map(({ target }) => target),
      [permit.check.target],
    );
  });

  test("cannot ask twice", async () => {
    device.behave("silent");
    const { wire, permit } = await dialled();
    wire.send(lawful);
    await device.waitUntil(({ requests }) => requests === 1);
    wire.send(lawful);
    assert.equal((await wire.closed).failure, "guard_blocked");
    assert.equal(permit.violations.length, 1);
    assert.equal(kernel.bytes, lawful.length);
    assert.equal(device.counts.requests, 1);
  });

  test("cannot send after the permit has run out", async () => {
    const { wire, permit } = await dialled();
    await clock.freeze(permit.check.answerWithin);
    wire.send(lawful);
    assert.equal((await receivedNothing(wire)).failure, "timeout");
  });

  test("finds no socket on the wire to send by itself", async () => {
    const { wire } = await dialled();
    const reachable = [wire, ...Object.values(wire), ...Reflect.ownKeys(wire).map((key) => Reflect.get(wire, key) as unknown)];
    assert.ok(!reachable.some((one) => one instanceof Socket));
    wire.finish();
    await wire.closed;
  });
});

describe("a driver that brings its own socket", () => {
  const blocked: string[] = [];
  let disarm: () => void;
  beforeEach(() => {
    blocked.length = 0;
    disarm = armTripwire({ onBlocked: (detail) => blocked.push(detail) });
  });
  afterEach(() => disarm());

  test("reaches no device over TCP, while the wires go on working", async () => {
    const own = connect({ host: device.host, port: device.port });
    await new Promise((resolve) => own.once("close", resolve));
    assert.equal(blocked.length, 1);
    assert.match(blocked[0]!, new RegExp(`127\\.0\\.0\\.1:${device.port}`));
    const { wire } = await dialled();
    const answered = new Promise((resolve) => wire.onFrame(resolve));
    wire.send(lawful);
    await answered;
    wire.finish();
    await wire.closed;
    assert.equal(device.counts.connections, 1);
    assert.equal(blocked.length, 1);
  });

  test("reaches no device by modbus-serial's own connection", async () => {
    const client = new ModbusRTU();
    await assert.rejects(client.connectTCP(device.host, { port: device.port }), /tripwire/);
    assert.equal(blocked.length, 1);
    assert.equal(device.counts.connections, 0);
  });

  test("reaches no device over UDP", () => {
    assert.throws(() => createSocket("udp4").send("x", device.port, device.host), { code: "ERR_SOCKET_DGRAM_NOT_RUNNING" });
    assert.equal(blocked.length, 1);
  });
});
