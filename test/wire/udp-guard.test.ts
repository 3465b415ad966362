/** The UDP wire's guard on loopback: what it never lets out, and what of a device's datagrams it never takes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Closed, isOpen, type OwnedWire } from "../../src/domain/wire.ts";
import { enipPolicy } from "../../src/wire/frames/enip.ts";
import { enipCheck, type EnipCheckOptions, enipReply, healthyReply } from "../support/enip-checks.ts";
import { TestPermit } from "../support/permits.ts";
import type { UdpPeer } from "./support/udp-peer.ts";
import { answering, clock, cutOff, dial, door, hexOf, opened, peerThat, request, useUdpWires, violations } from "./support/udp-wires.ts";

useUdpWires();

describe("a datagram of the device is malformed", () => {
  const reply = (counter: number): string => healthyReply(hexOf(request(counter)))!;
  const cases: readonly [what: string, datagram: string][] = [
    ["when it is empty", ""],
    ["when it is cut off", reply(1).slice(0, -2)],
    ["when something is behind it", `${reply(1)}00`],
    ["when it is two answers", reply(1) + reply(1)],
    ["when it is of another protocol", "000100000005012b0e0100"],
    ["when it is as long as datagrams get", "63".repeat(9000)],
    ["when it is one byte longer than any lawful reply", enipReply(hexOf(request(1)), "00".repeat(521))],
  ];
  for (const [what, datagram] of cases) {
    test(what, async () => {
      const peer = await peerThat((one) => one.say(datagram));
      const { wire, frames } = await opened({ port: peer.port });
      wire.send(request(1));
      const closed = await wire.closed;
      assert.equal(closed.failure, "malformed");
      assert.match(closed.detail, /not one whole frame/);
      assert.deepEqual(frames, []);
    });
  }

  test("when the driver cannot take it, which ends the exchange and not the process", async () => {
    const peer = await peerThat(answering);
    const { wire } = await opened({ port: peer.port });
    wire.onFrame(() => {
      throw new RangeError("out of range");
    });
    wire.send(request(1));
    const closed = await wire.closed;
    assert.equal(closed.failure, "malformed");
    assert.match(closed.detail, /the driver could not take the answer \(out of range\)/);
  });
});

describe("nothing leaves", () => {
  async function nothingReached(peer: UdpPeer, wire: OwnedWire, failure: Closed["failure"]): Promise<void> {
    assert.equal((await wire.closed).failure, failure);
    assert.equal(await peer.settled(), 0);
  }

  const offences: readonly [what: string, frame: Uint8Array][] = [
    ["a frame that is not on the read-only list", Buffer.from(hexOf(request(1)).replace("6300", "0400"), "hex")],
    ["half a frame", request(1).subarray(0, 20)],
    ["two frames", Buffer.concat([request(1), request(1)])],
    ["no frame", new Uint8Array(0)],
    ["a frame off its template", Buffer.from(hexOf(request(1)).replace("f4010000", "ffff0000"), "hex")],
    ["a session over UDP", Buffer.from("650004000000000000000000f4010000010000000000000001000000", "hex")],
  ];
  for (const [what, frame] of offences) {
    test(`of ${what}`, async () => {
      const peer = await peerThat();
      const { wire, permit } = await opened({ port: peer.port });
      wire.send(frame);
      await nothingReached(peer, wire, "guard_blocked");
      assert.equal(permit.violations.length, 1);
      assert.equal(permit.sent.requests, 0);
    });
  }

  test("without a permit", async () => {
    const peer = await peerThat();
    const { wire, permit } = await opened({ port: peer.port });
    wire.reclaim();
    wire.send(request(1));
    await nothingReached(peer, wire, "guard_blocked");
    assert.deepEqual(
      violations.map(({ target }) => target),
      [permit.check.target],
    );
  });

  test("a second time before the answer", async () => {
    const peer = await peerThat();
    const { wire, permit } = await opened({ port: peer.port });
    wire.send(request(1));
    wire.send(request(2));
    assert.equal((await wire.closed).failure, "guard_blocked");
    assert.equal(permit.violations.length, 1);
    await peer.until(1);
    assert.equal(await peer.settled(), 1);
  });

  test("when time ran out between opening and asking", async () => {
    const peer = await peerThat();
    const { wire, permit } = await opened({ port: peer.port });
    await clock.freeze(permit.check.answerWithin);
    wire.send(request(1));
    await nothingReached(peer, wire, "timeout");
    assert.deepEqual(permit.violations, []);
  });

  test("when leave was taken back without a word", async () => {
    const peer = await peerThat();
    const { wire, permit } = await opened({ port: peer.port });
    permit.expire("stopped");
    wire.send(request(1));
    await nothingReached(peer, wire, "timeout");
  });

  test("once the permit was revoked", async () => {
    const peer = await peerThat();
    const { wire, permit } = await opened({ port: peer.port });
    permit.revoke("stopped");
    wire.send(request(1));
    await nothingReached(peer, wire, "timeout");
    assert.equal((await wire.closed).detail, "the permit was taken back: stopped");
  });

  test("under a permit for another device", async () => {
    const peer = await peerThat();
    const { wire } = await opened({ port: peer.port });
    const other = TestPermit.for(enipCheck({ method: "enip-list-identity", port: 9 }), clock, { connectionsMax: 0 });
    wire.lend(other);
    wire.send(request(1));
    await nothingReached(peer, wire, "guard_blocked");
    assert.equal(other.violations.length, 1);
  });

  test("after the end, and that is no offence", async () => {
    const peer = await peerThat();
    const { wire, permit } = await opened({ port: peer.port });
    wire.finish();
    wire.send(request(1));
    wire.abort("timeout", "again");
    await nothingReached(peer, wire, undefined);
    assert.deepEqual(permit.violations, []);
  });

  const targets: readonly [what: string, options: Partial<EnipCheckOptions> & { readonly port: number }][] = [
    ["a name", { address: "localhost", port: 44_818 }],
    ["everybody", { address: "255.255.255.255", port: 44_818 }],
    ["a group", { address: "224.0.0.1", port: 44_818 }],
    ["nobody", { address: "0.0.0.0", port: 44_818 }],
    ["no port", { port: 0 }],
    ["a port beyond the last", { port: 65_536 }],
    ["a TCP target", { port: 44_818, transport: "tcp" }],
  ];
  for (const [what, options] of targets) {
    test(`to ${what}, which is a violation`, async () => {
      const { permit, dialled } = dial(options);
      const closed = await dialled;
      assert.ok(!isOpen(closed) && closed.failure === "guard_blocked");
      assert.equal(permit.violations.length, 1);
      assert.equal(door.sockets, 0);
    });
  }

  test("by another interface than the segment's", async () => {
    const peer = await peerThat();
    cutOff("the way to it is eth1");
    const { dialled, permit } = dial({ port: peer.port });
    assert.deepEqual(await dialled, { by: "us", failure: "driver_unavailable", detail: "the way to it is eth1" });
    assert.deepEqual(permit.violations, []);
    assert.equal(await peer.settled(), 0);
    assert.equal(door.sockets, 0);
  });

  test("under a permit that was taken back before it was dialled", async () => {
    const peer = await peerThat();
    const check = enipCheck({ method: "enip-list-identity", port: peer.port });
    const permit = TestPermit.for(check, clock, { connectionsMax: 0 });
    permit.revoke("stopped");
    const closed = await door.dial(permit, enipPolicy);
    assert.deepEqual(closed, { by: "us", failure: "timeout", detail: "the permit was taken back: stopped" });
    assert.equal(await peer.settled(), 0);
  });
});
