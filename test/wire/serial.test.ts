/** The serial wire: one port, kept open; one frame at a time, into silence, at the moment it is allowed; and what comes late or unasked. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { withCrc } from "../../src/domain/crc16.ts";
import type { SerialSettings } from "../../src/domain/plan.ts";
import { milliseconds } from "../../src/domain/units.ts";
import { type Closed, isOpen, type OwnedWire } from "../../src/domain/wire.ts";
import { modbusRtuPolicy } from "../../src/wire/frames/modbus-rtu.ts";
import { type SerialDialler, serialDialler, type SerialPort, silenceBefore } from "../../src/wire/serial.ts";
import type { Violation } from "../../src/wire/tcp.ts";
import { modbusCheck } from "../support/checks.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { TestPermit } from "../support/permits.ts";

const device = "/dev/pts/7";
const settings: SerialSettings = { baudRate: 9600, parity: "even", stopBits: 1 };
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const framed = (hex: string): Uint8Array => withCrc(bytes(hex));
const hexOf = (frame: Uint8Array): string => Buffer.from(frame).toString("hex");

/** A port whose other end is the test. */
class FakePort implements SerialPort {
  readonly written: string[] = [];
  closed = false;
  takes = Number.POSITIVE_INFINITY;
  failure: Error | undefined;
  readonly #waiting: { resolve: (chunk: Uint8Array) => void; reject: (error: Error) => void }[] = [];

  write(frame: Uint8Array): number {
    if (this.failure) throw this.failure;
    this.written.push(hexOf(frame));
    return Math.min(frame.length, this.takes);
  }
  read(): Promise<Uint8Array> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
  close(): Promise<void> {
    this.closed = true;
    this.unplug("Port is not open");
    return Promise.resolve();
  }
  async says(chunk: Uint8Array): Promise<void> {
    this.#waiting.shift()?.resolve(chunk);
    await turns();
  }
  unplug(message: string): void {
    this.#waiting.shift()?.reject(new Error(message));
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** A wire that is still open fails the test with these words: waiting for it would hang. */
async function ended(wire: OwnedWire): Promise<Closed> {
  const closed = await Promise.race([wire.closed, turns()]);
  assert.ok(closed, "the wire is still open, expected it to have ended");
  return closed;
}

let clock: FakeClock;
let ports: FakePort[];
let opened: [string, SerialSettings][];
let refusal: Error | undefined;
let violations: Violation[];
let door: SerialDialler;

beforeEach(() => {
  clock = new FakeClock();
  [ports, opened, violations, refusal] = [[], [], [], undefined];
  door = serialDialler({
    clock,
    onViolation: (violation) => violations.push(violation),
    open: (path, wanted) => {
      if (refusal) return Promise.reject(refusal);
      opened.push([path, wanted]);
      const port = new FakePort();
      ports.push(port);
      return Promise.resolve(port);
    },
  });
});
afterEach(() => door.close());

const register = { protocolAddress: 5, count: 1 };
const request = framed("030300050001");
const answer = framed("03030203ed");

async function dialled(options: { unitId?: number; serial?: SerialSettings; address?: string } = {}) {
  const { unitId = 3, serial = settings, address = device } = options;
  const check = modbusCheck({ address, port: 0, serial, unitId, framing: "rtu", method: "modbus-fc3", register });
  const permit = TestPermit.for(check, clock, { connectionsMax: 0 });
  const dialling = door.dial(permit, modbusRtuPolicy);
  await turns();
  await clock.advance(milliseconds(10));
  await turns();
  return { permit, got: await dialling };
}

async function open(options: Parameters<typeof dialled>[0] = {}): Promise<{ wire: OwnedWire; permit: TestPermit; frames: string[] }> {
  const { permit, got } = await dialled(options);
  assert.ok(isOpen(got), JSON.stringify(got));
  const frames: string[] = [];
  got.onFrame((frame) => frames.push(hexOf(frame)));
  return { wire: got, permit, frames };
}

describe("the silence before a frame", () => {
  test("is 3.5 characters of 11 bits at 9600 bit/s, and 1.75 ms above 19,200", () => {
    assert.equal(Math.round(silenceBefore(settings) * 100), 401);
    assert.equal(Math.round(silenceBefore({ baudRate: 19_200, parity: "none", stopBits: 1 }) * 100), 182);
    assert.equal(silenceBefore({ baudRate: 38_400, parity: "even", stopBits: 1 }), 1.75);
  });
});

describe("a serial wire", () => {
  test("spends no connection, opens its port once with the plan's settings, and keeps it over exchanges", async () => {
    const first = await open();
    first.wire.send(request);
    await ports[0]!.says(answer);
    assert.deepEqual(first.frames, [hexOf(answer)]);
    assert.ok(first.wire.quiet);
    first.wire.finish();
    assert.equal((await ended(first.wire)).failure, undefined);
    const second = await open({ unitId: 4 });
    second.wire.send(framed("040300050001"));
    assert.deepEqual(opened, [[device, settings]]);
    assert.deepEqual(ports[0]!.written, [hexOf(request), hexOf(framed("040300050001"))]);
    assert.deepEqual(first.permit.sent, { connections: 0, requests: 1, bytes: 8 });
  });

  test("puts an answer together that comes byte by byte", async () => {
    const { wire, frames } = await open();
    wire.send(request);
    for (const byte of answer) await ports[0]!.says(Uint8Array.of(byte));
    assert.deepEqual(frames, [hexOf(answer)]);
  });

  test("has one exchange at a time", async () => {
    const { wire } = await open();
    const { got } = await dialled({ unitId: 4 });
    assert.match((got as Closed).detail, /another exchange over \/dev\/pts\/7 is not over/u);
    wire.send(request);
    wire.send(request);
    const { failure, detail } = await ended(wire);
    assert.equal(failure, "guard_blocked");
    assert.match(detail, /a further frame before the answer/u);
    assert.equal(ports[0]!.written.length, 1);
  });

  test("puts nothing on the bus that is off the template, a write, or the broadcast, and trips", async () => {
    for (const frame of [framed("030600050001"), framed("030300060001"), framed("000300050001"), request.slice(0, 7)]) {
      const { wire, permit } = await open();
      wire.send(frame);
      assert.equal((await ended(wire)).failure, "guard_blocked");
      assert.equal(permit.violations.length, 1);
    }
    assert.deepEqual(ports[0]!.written, []);
  });

  test("sends nothing into a bus on which somebody speaks, and blames no device for it", async () => {
    const { wire } = await open();
    await ports[0]!.says(bytes("0103"));
    await clock.advance(milliseconds(3));
    wire.send(request);
    const { failure, detail } = await ended(wire);
    assert.equal(failure, "driver_unavailable");
    assert.match(detail, /\/dev\/pts\/7 is not silent: another master on this bus, or noise/u);
    assert.deepEqual(ports[0]!.written, []);
    const next = await open();
    next.wire.send(request);
    assert.equal(ports[0]!.written.length, 1);
  });

  test("does not take a late answer for the next one's: it is heard and dropped between two exchanges, and another unit's while one waits", async () => {
    const late = await open();
    late.wire.send(request);
    late.wire.abort("timeout", "no answer in time");
    await ports[0]!.says(framed("0303020001"));
    const next = await open({ unitId: 4 });
    next.wire.send(framed("040300050001"));
    await ports[0]!.says(framed("0303020002"));
    assert.deepEqual(next.frames, []);
    await ports[0]!.says(framed("04030203ed"));
    assert.deepEqual([late.frames, next.frames], [[], [hexOf(framed("04030203ed"))]]);
  });

  test("takes half an answer of before for no beginning of the next", async () => {
    const late = await open();
    late.wire.send(request);
    await ports[0]!.says(answer.slice(0, 4));
    late.wire.abort("timeout", "no answer in time");
    const next = await open();
    next.wire.send(request);
    await ports[0]!.says(answer);
    assert.deepEqual(next.frames, [hexOf(answer)]);
  });

  test("ends at an answer that is not well framed", async () => {
    const { wire } = await open();
    wire.send(request);
    await ports[0]!.says(bytes("0303020001ffff"));
    assert.equal((await ended(wire)).failure, "malformed");
  });

  test("is not to be had where the port is not: absent, somebody else's, or gone in the middle", async () => {
    refusal = new Error("Error Resource temporarily unavailable Cannot lock port");
    const { got } = await dialled();
    assert.deepEqual(got, { by: "us", failure: "driver_unavailable", detail: `${device}: ${refusal.message}` });
    refusal = undefined;
    const { wire } = await open();
    wire.send(request);
    ports[0]!.unplug("Input/output error");
    const { failure, detail } = await ended(wire);
    assert.deepEqual([failure, detail, ports[0]!.closed], ["driver_unavailable", `${device}: Input/output error`, true]);
    await open();
    assert.equal(opened.length, 2);
  });

  test("closes its port where that takes half a frame, or fails", async () => {
    const half = await open();
    ports[0]!.takes = 3;
    half.wire.send(request);
    assert.match((await ended(half.wire)).detail, /took 3 of 8 bytes/u);
    const failing = await open();
    ports[1]!.failure = Object.assign(new Error("EIO: i/o error, write"), { code: "EIO", syscall: "write" });
    failing.wire.send(request);
    assert.equal((await ended(failing.wire)).failure, "driver_unavailable");
    assert.deepEqual([ports[0]!.closed, ports[1]!.closed], [true, true]);
  });

  test("opens its port anew where a reload has set it otherwise, and closes all at the end", async () => {
    const { wire } = await open();
    wire.finish();
    const faster: SerialSettings = { ...settings, baudRate: 19_200 };
    const next = await open({ serial: faster });
    assert.deepEqual([ports[0]!.closed, opened[1]], [true, [device, faster]]);
    await door.close();
    assert.ok(ports[1]!.closed);
    assert.equal((await ended(next.wire)).by, "us");
  });

  test("goes to device files alone", async () => {
    const { permit, got } = await dialled({ address: "/etc/passwd" });
    assert.equal((got as Closed).failure, "guard_blocked");
    assert.equal(permit.violations.length, 1);
    assert.deepEqual(opened, []);
  });
});
