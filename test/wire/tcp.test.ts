/** The TCP wire on loopback: how it comes to be, what it carries, and what it believes. Time stands still unless a test moves it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { after, milliseconds } from "../../src/domain/units.ts";
import { isOpen } from "../../src/domain/wire.ts";
import { modbusPolicy } from "../../src/wire/frames/modbus.ts";
import { tcpDialler } from "../../src/wire/tcp.ts";
import { modbusCheck, type ModbusCheckOptions } from "../support/checks.ts";
import { settled } from "../support/fake-clock.ts";
import { TestPermit } from "../support/permits.ts";
import { startDeafListener } from "./support/deaf-listener.ts";
import { startPeer } from "./support/peer.ts";
import { answering, bytes, clock, connected, dial, framesOf, kernel, peerThat, reply, request, useWires } from "./support/wires.ts";

useWires();

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
    const closed = await tcpDialler({ clock, cutOff: () => undefined, onViolation: () => {} })(permit, modbusPolicy);
    assert.ok(!isOpen(closed) && closed.failure === "guard_blocked");
    assert.equal(kernel.connects, 0);
  });

  test("when its packets would leave by another interface: nobody's fault but ours", async () => {
    const peer = await peerThat();
    const permit = TestPermit.for(modbusCheck({ port: peer.port }), clock);
    const cutOff = ({ address }: { readonly address: string }): string => `packets to ${address} would leave by tun0`;
    const closed = await tcpDialler({ clock, cutOff, onViolation: () => {} })(permit, modbusPolicy);
    assert.deepEqual(closed, { by: "us", failure: "driver_unavailable", detail: "packets to 127.0.0.1 would leave by tun0" });
    assert.deepEqual([permit.violations, kernel.connects], [[], 0]);
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
    const closed = await tcpDialler({ clock, cutOff: () => undefined, onViolation: () => {} })(bound, modbusPolicy);
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

  test("from an address that is not ours is our own trouble", async () => {
    const peer = await peerThat();
    const closed = await dial({ port: peer.port, localAddress: "192.0.2.1" }).dialled;
    assert.ok(!isOpen(closed));
    assert.deepEqual([closed.by, closed.failure], ["us", "driver_unavailable"]);
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
