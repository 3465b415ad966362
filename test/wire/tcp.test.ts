/** The TCP wire on loopback: what leaves, what comes in, and how it ends. Time stands still unless a test moves it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Closed, OwnedWire } from "../../src/domain/wire.ts";
import { isOpen } from "../../src/domain/wire.ts";
import { after, milliseconds } from "../../src/domain/units.ts";
import { modbusPolicy } from "../../src/wire/frames/modbus.ts";
import { tcpDialler, type Violation } from "../../src/wire/tcp.ts";
import { modbusCheck, type ModbusCheckOptions } from "../support/checks.ts";
import { FakeClock, settled } from "../support/fake-clock.ts";
import { TestPermit, type TestPermitOptions } from "../support/permits.ts";
import { startDeafListener } from "./support/deaf-listener.ts";
import { type Kernel, type Peer, type PeerOptions, startPeer, type Visit, watchKernel } from "./support/peer.ts";

const request = "0001 0000 0005 01 2b0e0100".replaceAll(" ", "");
const reply = "0001 0000 000a 01 2b0e01010000010000".replaceAll(" ", "");

let clock: FakeClock;
let kernel: Kernel;
let violations: Violation[];
let peers: Peer[];

beforeEach(() => {
  clock = new FakeClock();
  kernel = watchKernel();
  violations = [];
  peers = [];
});

afterEach(async () => {
  kernel.stopWatching();
  for (const peer of peers) await peer.close();
  assert.equal(clock.waiting, 0, "a timer was forgotten");
});

async function peerThat(options: PeerOptions = {}): Promise<Peer> {
  const peer = await startPeer(options);
  peers.push(peer);
  return peer;
}

interface Dialled {
  readonly permit: TestPermit & Parameters<OwnedWire["lend"]>[0];
  readonly dialled: Promise<OwnedWire | Closed>;
}

function dial(options: ModbusCheckOptions, permitOptions: TestPermitOptions = {}): Dialled {
  const permit = TestPermit.for(modbusCheck(options), clock, permitOptions);
  const dialled = tcpDialler({ clock, onViolation: (violation) => violations.push(violation) })(permit, modbusPolicy);
  return { permit, dialled };
}

async function connected(
  peer: Peer,
  options: Omit<ModbusCheckOptions, "port"> = {},
): Promise<{ wire: OwnedWire; visit: Visit; permit: Dialled["permit"] }> {
  const { permit, dialled } = dial({ port: peer.port, ...options });
  const wire = await dialled;
  assert.ok(isOpen(wire), JSON.stringify(wire));
  return { wire, permit, visit: await peer.visit(peer.visits.length === 0 ? 0 : peer.visits.length - 1) };
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

function framesOf(wire: OwnedWire): { readonly all: string[]; first(): Promise<string> } {
  const all: string[] = [];
  const { promise, resolve } = Promise.withResolvers<string>();
  wire.onFrame((frame) => {
    all.push(Buffer.from(frame).toString("hex"));
    resolve(all[0]!);
  });
  return { all, first: () => promise };
}

/** Resolves when the peer's kernel knows that there is nobody on the other side: it learns it by a RST. */
async function gone({ socket }: Visit): Promise<void> {
  const error = once(socket, "error");
  socket.write("anybody?");
  const [{ code }] = (await error) as [NodeJS.ErrnoException];
  assert.match(code ?? "", /EPIPE|ECONNRESET/);
}

const answering: PeerOptions = { onData: (visit) => visit.say(reply) };

describe("a fresh exchange", () => {
  test("is one connection, one request, one answer and a FIN from our side", async () => {
    const peer = await peerThat(answering);
    const { wire, permit, visit } = await connected(peer);
    const frames = framesOf(wire);
    assert.ok(wire.quiet);
    wire.send(bytes(request));
    assert.ok(!wire.quiet);
    assert.equal(await frames.first(), reply);
    assert.ok(wire.quiet);
    wire.finish();
    assert.equal(await visit.ended, "fin");
    assert.deepEqual(await wire.closed, { by: "us", detail: "closed after the answer" });
    assert.equal(visit.received, request);
    assert.equal(kernel.bytes, 11);
    assert.deepEqual(permit.sent, { connections: 1, requests: 1, bytes: 11 });
    assert.ok(!wire.quiet);
  });

  test("is not cut short by the limit for connecting once it is connected", async () => {
    const peer = await peerThat(answering);
    const { wire } = await connected(peer, { connectWithinMs: 800 });
    await clock.advance(60_000);
    assert.ok(wire.quiet);
    wire.finish();
    assert.equal((await wire.closed).failure, undefined);
  });

  test("leaves by the local address that the target names", async () => {
    const peer = await peerThat();
    const { wire, visit } = await connected(peer, { localAddress: "127.0.0.9" });
    assert.equal(visit.socket.remoteAddress, "127.0.0.9");
    wire.abort("timeout", "enough");
    await wire.closed;
  });

  test("works over IPv6", async () => {
    const peer = await peerThat({ ...answering, host: "::1" });
    const { wire } = await connected(peer, { address: "::1" });
    const frames = framesOf(wire);
    wire.send(bytes(request));
    assert.equal(await frames.first(), reply);
    wire.finish();
    await wire.closed;
  });

  test("takes an answer that comes byte by byte", async () => {
    const peer = await peerThat({
      onData: async (visit) => {
        for (const byte of reply.match(/../gu) ?? []) {
          visit.say(byte);
          await settled();
        }
      },
    });
    const { wire } = await connected(peer);
    const frames = framesOf(wire);
    wire.send(bytes(request));
    assert.equal(await frames.first(), reply);
    assert.deepEqual(frames.all, [reply]);
    wire.finish();
    await wire.closed;
  });

  test("hands every listener a copy of its own", async () => {
    const peer = await peerThat(answering);
    const { wire } = await connected(peer);
    wire.onFrame((frame) => frame.fill(0xee));
    const frames = framesOf(wire);
    wire.send(bytes(request));
    assert.equal(await frames.first(), reply);
    wire.finish();
    await wire.closed;
  });
});

describe("a kept connection", () => {
  test("carries the next exchange under the next permit", async () => {
    const peer = await peerThat(answering);
    const { wire, permit, visit } = await connected(peer, { connection: "kept" });
    const frames = framesOf(wire);
    wire.send(bytes(request));
    await frames.first();
    wire.reclaim();
    const next = TestPermit.for(permit.check, clock, { connectionsMax: 0 });
    wire.lend(next);
    const answered = new Promise((resolve) => wire.onFrame(resolve));
    wire.send(bytes(request));
    await answered;
    assert.deepEqual(next.sent, { connections: 0, requests: 1, bytes: 11 });
    assert.equal(visit.received, request + request);
    assert.equal(peer.visits.length, 1);
    wire.finish();
    await wire.closed;
  });

  test("that the device closes while idle ends without a failure", async () => {
    const peer = await peerThat();
    const { wire, visit } = await connected(peer, { connection: "kept" });
    wire.reclaim();
    visit.socket.end();
    assert.deepEqual(await wire.closed, { by: "peer", detail: "the device closed the connection" });
    assert.equal(await visit.ended, "fin");
    assert.ok(!wire.quiet);
  });

  test("is not ended by a permit that was taken back after it was reclaimed", async () => {
    const peer = await peerThat(answering);
    const { wire, permit } = await connected(peer, { connection: "kept" });
    wire.reclaim();
    permit.revoke("stopped");
    assert.ok(wire.quiet);
    wire.finish();
    assert.deepEqual(await wire.closed, { by: "us", detail: "closed after the answer" });
  });
});

describe("nothing is dialled", () => {
  test("when the connection is not granted", async () => {
    const peer = await peerThat();
    const late = dial({ port: peer.port }, { deadline: clock.monotonic() });
    assert.deepEqual(await late.dialled, { by: "us", failure: "timeout", detail: "the deadline has passed" });
    const beyond = dial({ port: peer.port }, { connectionsMax: 0 });
    assert.deepEqual(await beyond.dialled, { by: "us", failure: "guard_blocked", detail: "beyond the allowance" });
    assert.equal(kernel.connects, 0);
  });

  const targets: readonly [what: string, options: ModbusCheckOptions][] = [
    ["a name", { address: "localhost", port: 502 }],
    ["no port", { port: 0 }],
    ["a port beyond the last", { port: 65_536 }],
    ["half a port", { port: 1.5 }],
  ];
  for (const [what, options] of targets) {
    test(`to ${what}, which is a violation`, async () => {
      const { permit, dialled } = dial(options);
      const closed = await dialled;
      assert.ok(!isOpen(closed) && closed.failure === "guard_blocked");
      assert.equal(permit.violations.length, 1);
      assert.equal(kernel.connects, 0);
    });
  }

  test("over another transport, which is a violation", async () => {
    const check = modbusCheck({ port: 502 });
    const permit = TestPermit.for({ ...check, target: { ...check.target, transport: "udp" } }, clock);
    const closed = await tcpDialler({ clock, onViolation: () => {} })(permit, modbusPolicy);
    assert.ok(!isOpen(closed) && closed.failure === "guard_blocked");
    assert.equal(kernel.connects, 0);
  });

  test("when the permit is taken back in the same tick", async () => {
    const peer = await peerThat();
    const { permit, dialled } = dial({ port: peer.port });
    permit.revoke("stopped");
    assert.deepEqual(await dialled, { by: "us", failure: "timeout", detail: "the permit was taken back: stopped" });
    const { wire } = await connected(peer);
    assert.equal(peer.visits.length, 1);
    wire.abort("timeout", "enough");
    await wire.closed;
  });

  test("when the permit was taken back before the wire came to listen", async () => {
    const permit = TestPermit.for(modbusCheck({ port: 502 }), clock);
    permit.revoke("stopped");
    const lenient = Object.assign(Object.create(permit) as typeof permit, { spendConnection: () => ({ granted: true }) });
    const bound = Object.defineProperties(lenient, {
      check: { value: permit.check },
      deadline: { value: permit.deadline },
      onRevoked: { value: permit.onRevoked.bind(permit) },
    });
    const closed = await tcpDialler({ clock, onViolation: () => {} })(bound, modbusPolicy);
    assert.deepEqual(closed, { by: "us", failure: "timeout", detail: "the permit was taken back: stopped" });
    assert.equal(kernel.connects, 0);
  });
});

describe("a device that cannot be reached", () => {
  test("refuses", async () => {
    const peer = await startPeer();
    await peer.close();
    const closed = await dial({ port: peer.port }).dialled;
    assert.ok(!isOpen(closed));
    assert.equal(closed.failure, "refused");
    assert.equal(closed.by, "peer");
    assert.match(closed.detail, /ECONNREFUSED/);
  });

  test("is given up at the connect limit, and its SYNs end", async () => {
    const deaf = await startDeafListener();
    let done = false;
    const { dialled, permit } = dial({ port: deaf.port, connectWithinMs: 800 });
    void dialled.then(() => (done = true));
    await clock.advance(799);
    assert.ok(!done);
    await clock.advance(1);
    assert.deepEqual(await dialled, { by: "us", failure: "timeout", detail: "no connection within 800 ms" });
    assert.deepEqual(permit.sent, { connections: 1, requests: 0, bytes: 0 });
    assert.equal(await deaf.wake(), 0);
    await deaf.close();
  });

  test("is given up at the permit's deadline where that comes first", async () => {
    const deaf = await startDeafListener();
    const { dialled } = dial({ port: deaf.port, connectWithinMs: 800 }, { deadline: after(clock.monotonic(), milliseconds(300)) });
    await clock.advance(300);
    const closed = await dialled;
    assert.ok(!isOpen(closed) && closed.failure === "timeout");
    await deaf.close();
  });

  test("from an address that is not ours is unreachable", async () => {
    const peer = await peerThat();
    const closed = await dial({ port: peer.port, localAddress: "192.0.2.1" }).dialled;
    assert.ok(!isOpen(closed));
    assert.equal(closed.failure, "unreachable");
  });
});

describe("the guard", () => {
  const offences: readonly [what: string, frame: string, detail: RegExp][] = [
    ["a write", "0001 0000 0006 01 06 0000 0001", /not on the read-only list/],
    ["a read off the template", "0001 0000 0006 01 03 0000 0001", /off the template/],
    ["another unit", "0001 0000 0005 02 2b0e0100", /off the template/],
    ["two frames in one", request + request, /not one whole frame/],
    ["half a frame", request.slice(0, 20), /not one whole frame/],
    ["an empty frame", "", /not one whole frame/],
    ["another protocol id", "0001 0001 0005 01 2b0e0100", /not one whole frame/],
  ];
  for (const [what, frame, detail] of offences) {
    test(`stops ${what}: nothing leaves, the permit is void, the wire is reset`, async () => {
      const peer = await peerThat();
      const { wire, permit, visit } = await connected(peer);
      wire.send(bytes(frame));
      const closed = await wire.closed;
      assert.equal(closed.failure, "guard_blocked");
      assert.equal(permit.violations.length, 1);
      assert.match(permit.violations[0]!, detail);
      assert.equal(kernel.bytes, 0);
      assert.equal(await visit.ended, "rst");
      assert.equal(visit.received, "");
    });
  }

  test("stops a second request before the answer to the first", async () => {
    const peer = await peerThat();
    const { wire, permit } = await connected(peer);
    wire.send(bytes(request));
    wire.send(bytes(request));
    assert.equal((await wire.closed).failure, "guard_blocked");
    assert.match(permit.violations[0]!, /a further frame before the answer/);
    assert.equal(kernel.bytes, 11);
  });

  test("stops a frame for which no permit is lent, and reports it", async () => {
    const peer = await peerThat();
    const { wire, permit } = await connected(peer, { connection: "kept" });
    wire.reclaim();
    wire.send(bytes(request));
    assert.equal((await wire.closed).failure, "guard_blocked");
    assert.equal(violations.length, 1);
    assert.deepEqual(violations[0]?.target, permit.check.target);
    assert.match(violations[0]?.detail ?? "", /without a permit: 0001000000/);
    assert.deepEqual(permit.violations, []);
    assert.equal(kernel.bytes, 0);
  });

  for (const [what, elsewhere] of [
    ["address", { address: "127.0.0.2" }],
    ["port", { port: 1 }],
    ["local address", { localAddress: "127.0.0.3" }],
  ] as const) {
    test(`stops a permit for another ${what}`, async () => {
      const peer = await peerThat();
      const { wire } = await connected(peer, { connection: "kept" });
      wire.reclaim();
      const foreign = TestPermit.for(modbusCheck({ port: peer.port, ...elsewhere }), clock);
      wire.lend(foreign);
      wire.send(bytes(request));
      assert.equal((await wire.closed).failure, "guard_blocked");
      assert.match(foreign.violations[0]!, /lent elsewhere/);
      assert.equal(kernel.bytes, 0);
    });
  }

  test("ends the exchange, without a violation, when a lawful frame comes too late", async () => {
    const peer = await peerThat();
    const { wire, permit } = await connected(peer);
    permit.expire("stopped");
    wire.send(bytes(request));
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "stopped" });
    assert.deepEqual(permit.violations, []);
    assert.equal(kernel.bytes, 0);
  });

  test("sends what it checked, whatever becomes of the buffer", async () => {
    const peer = await peerThat();
    const { wire, visit } = await connected(peer);
    const frame = bytes(request);
    wire.send(frame);
    frame.fill(0xff);
    await once(visit.socket, "data");
    assert.equal(visit.received, request);
    wire.abort("timeout", "enough");
    await wire.closed;
  });

  test("lets a library speak into the void once the wire has ended", async () => {
    const peer = await peerThat();
    const { wire, permit } = await connected(peer);
    wire.abort("timeout", "enough");
    wire.send(bytes("ff"));
    await wire.closed;
    wire.reclaim();
    wire.send(bytes("ff"));
    assert.deepEqual(permit.violations, []);
    assert.deepEqual(violations, []);
    assert.equal(kernel.bytes, 0);
  });

  test("aborts at once when the permit is taken back, though lent twice", async () => {
    const peer = await peerThat();
    const { wire, permit, visit } = await connected(peer);
    wire.lend(permit);
    wire.send(bytes(request));
    permit.revoke("stopped");
    assert.ok(!wire.quiet);
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "the permit was taken back: stopped" });
    assert.equal(await visit.ended, "rst");
  });
});

describe("an answer is malformed and ends the exchange", () => {
  const answers: readonly [what: string, says: string, detail: RegExp][] = [
    ["of another transaction", "0002 0000 0003 01 ab01", /not the answer to what was asked/],
    ["of another unit", "0001 0000 0003 02 ab01", /not the answer to what was asked/],
    ["to another function", "0001 0000 0003 01 8301", /not the answer to what was asked/],
    ["with another protocol id", "0001 0001 0003 01 ab01", /not well framed/],
    ["that promises 65535 bytes", "0001 0000 ffff 01 ab01", /not well framed/],
    ["of length 0", "0001 0000 0000 01 ab01", /not well framed/],
    ["that is garbage", "deadbeefdeadbeef", /not well framed/],
    ["that comes twice", reply + reply, /bytes behind the answer/],
    ["with a byte behind it", `${reply}00`, /1 bytes behind the answer/],
    ["of 64 KiB", `0001 0000 00fe ${"00".repeat(65_530)}`, /bytes behind the answer|not the answer/],
  ];
  for (const [what, says, detail] of answers) {
    test(what, async () => {
      const peer = await peerThat({ onData: (visit) => visit.say(says) });
      const { wire, visit } = await connected(peer);
      const frames = framesOf(wire);
      wire.send(bytes(request));
      const closed = await wire.closed;
      assert.equal(closed.failure, "malformed");
      assert.match(closed.detail, detail);
      assert.ok(closed.detail.length < 200);
      assert.equal(await visit.ended, "rst");
      assert.deepEqual(frames.all, []);
    });
  }

  test("that nobody asked for", async () => {
    const peer = await peerThat({ onVisit: (visit) => visit.say(reply) });
    const { wire } = await connected(peer);
    const closed = await wire.closed;
    assert.equal(closed.failure, "malformed");
    assert.match(closed.detail, /nobody asked for/);
  });

  test("that comes a second time, later, on a kept connection", async () => {
    const peer = await peerThat(answering);
    const { wire, visit } = await connected(peer, { connection: "kept" });
    const frames = framesOf(wire);
    wire.send(bytes(request));
    await frames.first();
    wire.reclaim();
    visit.say(reply);
    assert.equal((await wire.closed).failure, "malformed");
    assert.deepEqual(frames.all, [reply]);
  });

  test("that makes the driver throw, which does not end the process", async () => {
    const peer = await peerThat(answering);
    const { wire } = await connected(peer);
    wire.onFrame(() => {
      throw new RangeError("out of bounds");
    });
    wire.send(bytes(request));
    const closed = await wire.closed;
    assert.equal(closed.failure, "malformed");
    assert.match(closed.detail, /could not take the answer \(out of bounds\): 0001/);
  });
});

describe("the end", () => {
  test("by the device before the answer is a reset, answered with a FIN", async () => {
    const peer = await peerThat({ onData: (visit) => visit.socket.end() });
    const { wire, visit } = await connected(peer);
    wire.send(bytes(request));
    assert.deepEqual(await wire.closed, { by: "peer", failure: "reset", detail: "the device closed the connection before it answered" });
    assert.equal(await visit.ended, "fin");
  });

  test("by the device in the middle of the answer is a reset", async () => {
    const peer = await peerThat({ onData: (visit) => visit.socket.end(Buffer.from(reply.slice(0, 16), "hex")) });
    const { wire } = await connected(peer);
    wire.send(bytes(request));
    assert.equal((await wire.closed).failure, "reset");
  });

  test("by a RST is a reset", async () => {
    const peer = await peerThat({ onData: (visit) => visit.socket.resetAndDestroy() });
    const { wire } = await connected(peer);
    wire.send(bytes(request));
    const closed = await wire.closed;
    assert.equal(closed.failure, "reset");
    assert.equal(closed.by, "peer");
  });

  test("by the device, which our side cannot answer with a FIN, comes all the same", async () => {
    const peer = await peerThat();
    const { wire, visit } = await connected(peer, { connection: "kept" });
    Object.defineProperty(kernel.sockets[0], "_final", { value: () => {} });
    visit.socket.end();
    while (wire.quiet) await settled();
    let done = false;
    void wire.closed.then(() => (done = true));
    await clock.advance(3999);
    assert.ok(!done);
    await clock.advance(1);
    assert.deepEqual(await wire.closed, { by: "peer", detail: "the device closed the connection" });
  });

  test("by us, to which the device never agrees, is a RST after 2 s", async () => {
    const peer = await peerThat({ ...answering, closes: false });
    const { wire, visit } = await connected(peer);
    const frames = framesOf(wire);
    wire.send(bytes(request));
    await frames.first();
    let done = false;
    void wire.closed.then(() => (done = true));
    wire.finish();
    assert.equal(await visit.ended, "fin");
    await clock.advance(1999);
    assert.ok(!done);
    await clock.advance(1);
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "the device did not close within 2000 ms" });
    await gone(visit);
  });

  test("by a FIN before the answer is a RST, or the kernel would repeat the request", async () => {
    const peer = await peerThat();
    const { wire, visit } = await connected(peer);
    wire.send(bytes(request));
    wire.finish();
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "ended before the answer" });
    assert.equal(await visit.ended, "rst");
  });

  test("by a FIN and an abort in one tick comes all the same", async () => {
    const peer = await peerThat({ ...answering, closes: false });
    const { wire, visit } = await connected(peer);
    const frames = framesOf(wire);
    wire.send(bytes(request));
    await frames.first();
    wire.finish();
    wire.abort("timeout", "stopped");
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "stopped" });
    assert.equal(await visit.ended, "fin");
    await gone(visit);
  });

  test("keeps its first cause", async () => {
    const peer = await peerThat();
    const { wire } = await connected(peer);
    wire.abort("malformed", "first");
    wire.abort("timeout", "second");
    wire.finish();
    assert.deepEqual(await wire.closed, { by: "us", failure: "malformed", detail: "first" });
    wire.abort("reset", "third");
  });

  test("comes 2 s after an abort at the latest, whatever the kernel does", async (t) => {
    const peer = await peerThat();
    const { wire } = await connected(peer);
    t.mock.method(Socket.prototype, "resetAndDestroy", function (this: Socket) {
      return this;
    });
    let done = false;
    void wire.closed.then(() => (done = true));
    wire.abort("timeout", "enough");
    await clock.advance(1999);
    assert.ok(!done);
    await clock.advance(1);
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "enough" });
  });
});

test("two wires that read at once do not see each other's bytes", async () => {
  const longer = "0001 0000 000d 01 2b0e01010000010003506c63".replaceAll(" ", "");
  const grips = [await connected(await peerThat(answering)), await connected(await peerThat({ onData: (visit) => visit.say(longer) }))];
  const frames = grips.map(({ wire }) => framesOf(wire));
  for (const { wire } of grips) wire.send(bytes(request));
  assert.deepEqual(await Promise.all(frames.map((one) => one.first())), [reply, longer]);
  for (const { wire } of grips) wire.finish();
  await Promise.all(grips.map(({ wire }) => wire.closed));
});

test("a frame does not leave behind one that is still in Node's queue", async () => {
  const peer = await peerThat();
  const { wire, permit } = await connected(peer);
  Object.defineProperty(kernel.sockets[0], "writableLength", { value: 11 });
  wire.send(bytes(request));
  assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "an earlier frame had not left" });
  assert.equal(permit.sent.requests, 0);
  assert.equal(kernel.bytes, 0);
});

test("a frame that the kernel does not take at once ends the exchange", async (t) => {
  const peer = await peerThat();
  const { wire } = await connected(peer);
  t.mock.method(Socket.prototype, "_write", () => {});
  wire.send(bytes(request));
  assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "the kernel did not take the frame at once" });
});

test("an error that is not the operating system's is a bug, and thrown", async () => {
  const peer = await peerThat();
  const { wire } = await connected(peer);
  assert.throws(() => kernel.sockets[0]?.emit("error", new TypeError("ours")), /ours/);
  wire.abort("timeout", "enough");
  await wire.closed;
});
