/** The TCP wire as a guard: what does not leave, and what is not believed. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { Socket } from "node:net";
import { describe, test } from "node:test";
import { modbusCheck } from "../support/checks.ts";
import { TestPermit } from "../support/permits.ts";
import { answering, bytes, clock, connected, framesOf, kernel, peerThat, reply, request, useWires, violations } from "./support/wires.ts";

useWires();

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
