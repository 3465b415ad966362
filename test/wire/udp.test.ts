/** The UDP wire on loopback: what it carries, whose datagrams it takes, and that its socket outlives every exchange. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { describe, test } from "node:test";
import { isOpen } from "../../src/domain/wire.ts";
import { armTripwire } from "../../src/wire/tripwire.ts";
import { enbtItem, enipReply, healthyReply } from "../support/enip-checks.ts";
import { settled } from "../support/fake-clock.ts";
import { TestPermit } from "../support/permits.ts";
import { answering, clock, dial, door, hexOf, opened, peerThat, request, useUdpWires, violations } from "./support/udp-wires.ts";

useUdpWires();

describe("an exchange", () => {
  test("is one datagram and its answer, spends no connection, and ends in silence", async () => {
    const peer = await peerThat(answering);
    const { wire, permit, frames, answered } = await opened({ port: peer.port });
    assert.ok(wire.quiet);
    wire.send(request(1));
    assert.ok(!wire.quiet);
    await answered();
    assert.deepEqual(frames, [healthyReply(hexOf(request(1)))]);
    assert.ok(wire.quiet);
    wire.finish();
    assert.deepEqual(await wire.closed, { by: "us", detail: "over after the answer" });
    assert.ok(!wire.quiet);
    assert.deepEqual(permit.sent, { connections: 0, requests: 1, bytes: 24 });
    assert.equal(await peer.settled(), 1);
    assert.deepEqual(peer.received, [hexOf(request(1))]);
    assert.deepEqual(door.dropped, { late: 0, foreign: 0 });
  });

  test("leaves by the local address that the target names", async () => {
    const peer = await peerThat(answering);
    const { wire, answered } = await opened({ port: peer.port, localAddress: "127.0.0.9" });
    wire.send(request(1));
    await answered();
    assert.equal(peer.from?.address, "127.0.0.9");
  });

  test("works over IPv6", async () => {
    const peer = await peerThat(answering, "::1");
    const { wire, answered } = await opened({ port: peer.port, address: "::1", localAddress: "::1" });
    wire.send(request(1));
    await answered();
    assert.ok(wire.quiet);
  });

  test("may follow another over the same wire, under the next permit", async () => {
    const peer = await peerThat(answering);
    const { wire, permit, answered } = await opened({ port: peer.port, connection: "kept" });
    wire.send(request(1));
    await answered();
    wire.reclaim();
    wire.lend(TestPermit.for(permit.check, clock, { connectionsMax: 0 }));
    const again = new Promise((resolve) => wire.onFrame(resolve));
    wire.send(request(2));
    await again;
    assert.equal(peer.received.length, 2);
    assert.deepEqual(violations, []);
  });

  test("hands every listener a copy of its own", async () => {
    const peer = await peerThat(answering);
    const { wire, permit } = await opened({ port: peer.port });
    const got: string[] = [];
    wire.onFrame((frame) => frame.fill(0xee));
    const { promise, resolve } = Promise.withResolvers<void>();
    wire.onFrame((frame) => {
      got.push(hexOf(frame));
      resolve();
    });
    wire.send(request(1));
    await promise;
    assert.deepEqual(got, [healthyReply(hexOf(request(1)))]);
    assert.deepEqual(permit.violations, []);
  });

  test("sends the bytes that were checked, whatever becomes of the driver's", async () => {
    const peer = await peerThat();
    const { wire } = await opened({ port: peer.port });
    const frame = request(1);
    wire.send(frame);
    frame.fill(0xee);
    await peer.until(1);
    assert.deepEqual(peer.received, [hexOf(request(1))]);
  });
});

describe("the socket", () => {
  test("is one for each of our addresses, and outlives every exchange", async () => {
    const peer = await peerThat(answering);
    const ports = new Set<number>();
    for (let round = 1; round <= 3; round++) {
      const { wire, answered } = await opened({ port: peer.port, localAddress: "127.0.0.1" });
      wire.send(request(round));
      await answered();
      ports.add(peer.from!.port);
      wire.finish();
    }
    assert.equal(ports.size, 1);
    assert.equal(door.sockets, 1);
    await opened({ port: peer.port, localAddress: "127.0.0.2" });
    assert.equal(door.sockets, 2);
  });

  test("is known to the tripwire, which stops every other", async () => {
    const blocked: string[] = [];
    const disarm = armTripwire({ onBlocked: (detail) => blocked.push(detail) });
    try {
      const { dialled } = dial({ port: 9 });
      assert.ok(isOpen(await dialled));
      assert.deepEqual(blocked, []);
      const foreign = createSocket("udp4");
      assert.throws(() => foreign.send("x", 9, "127.0.0.1"), { code: "ERR_SOCKET_DGRAM_NOT_RUNNING" });
      assert.equal(blocked.length, 1);
    } finally {
      disarm();
    }
  });

  test("that cannot be had is the exchange's failure, and is tried again by the next", async () => {
    const peer = await peerThat(answering);
    const closed = await dial({ port: peer.port, localAddress: "192.0.2.1" }).dialled;
    assert.ok(!isOpen(closed));
    assert.equal(closed.failure, "driver_unavailable");
    assert.equal(door.sockets, 0);
    assert.ok(isOpen(await dial({ port: peer.port }).dialled));
  });

  test("ends the exchanges over it when it is closed", async () => {
    const peer = await peerThat();
    const { wire } = await opened({ port: peer.port });
    wire.send(request(1));
    door.close();
    assert.equal((await wire.closed).detail, "the socket was closed");
    assert.equal(door.sockets, 0);
  });
});

describe("a datagram is dropped and counted", () => {
  test("from an address that was never asked", async () => {
    const peer = await peerThat();
    const stranger = await peerThat();
    const { wire, frames, answered } = await opened({ port: peer.port });
    wire.send(request(1));
    await peer.until(1);
    const asker = createSocket("udp4");
    const { promise, resolve } = Promise.withResolvers<void>();
    asker.send("where", stranger.port, "127.0.0.1", () => resolve());
    await promise;
    await stranger.until(1);
    await stranger.say(healthyReply(hexOf(request(1)))!, peer.from!.port);
    await peer.say(healthyReply(hexOf(request(1)))!);
    await answered();
    asker.close();
    assert.equal(frames.length, 1);
    assert.deepEqual(door.dropped, { late: 0, foreign: 1 });
  });

  test("when it comes after the exchange is over, and the next exchange does not take it for its answer", async () => {
    const peer = await peerThat();
    const first = await opened({ port: peer.port });
    first.wire.send(request(1));
    await peer.until(1);
    first.wire.abort("timeout", "no answer in time");
    assert.deepEqual(await first.wire.closed, { by: "us", failure: "timeout", detail: "no answer in time" });
    await peer.say(healthyReply(hexOf(request(1)))!);
    const second = await opened({ port: peer.port });
    second.wire.send(request(2));
    await peer.until(2);
    await peer.say(healthyReply(hexOf(request(1)))!);
    await peer.say(healthyReply(hexOf(request(2)))!);
    await second.answered();
    assert.deepEqual(second.frames, [healthyReply(hexOf(request(2)))]);
    assert.deepEqual(door.dropped, { late: 2, foreign: 0 });
  });

  test("when it is the answer once more", async () => {
    const peer = await peerThat();
    const { wire, frames, answered } = await opened({ port: peer.port });
    wire.send(request(1));
    await peer.until(1);
    await peer.say(healthyReply(hexOf(request(1)))!);
    await peer.say(healthyReply(hexOf(request(1)))!);
    await answered();
    while (door.dropped.late === 0) await settled();
    assert.ok(wire.quiet);
    assert.equal(frames.length, 1);
    wire.finish();
    assert.equal((await wire.closed).failure, undefined);
  });

  test("and named in the failure, when it answers something else and nothing better comes", async () => {
    const peer = await peerThat();
    const { wire } = await opened({ port: peer.port });
    wire.send(request(1));
    await peer.until(1);
    await peer.say(healthyReply(hexOf(request(9)))!);
    await peer.say(enipReply(hexOf(request(1)).replace("6300", "6500"), "01000000"));
    while (door.dropped.late < 2) await settled();
    wire.abort("timeout", "no answer in time");
    const { failure, detail } = await wire.closed;
    assert.equal(failure, "timeout");
    assert.match(detail, /^no answer in time; 2 datagrams of the device answered something else: 63003300/);
  });
});

test("a wire that ends before its answer says so", async () => {
  const peer = await peerThat();
  const { wire } = await opened({ port: peer.port });
  wire.send(request(1));
  wire.finish();
  assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "ended before the answer" });
});

test("two exchanges with one port of a device are not open at once", async () => {
  const peer = await peerThat();
  const { wire } = await opened({ port: peer.port });
  const closed = await dial({ port: peer.port }).dialled;
  assert.ok(!isOpen(closed));
  assert.equal(closed.failure, "driver_unavailable");
  wire.finish();
  assert.ok(isOpen(await dial({ port: peer.port }).dialled));
});

test("answers are told apart by the device they come from", async () => {
  const answers = await Promise.all([0, 1, 2].map(() => peerThat(answering)));
  const grips = await Promise.all(answers.map(({ port }) => opened({ port })));
  for (const { wire } of grips) wire.send(request(1));
  await Promise.all(grips.map(({ answered }) => answered()));
  for (const { frames } of grips) assert.deepEqual(frames, [enipReply(hexOf(request(1)), `0100${enbtItem}`)]);
});
