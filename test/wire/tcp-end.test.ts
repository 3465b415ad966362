/** How a TCP wire ends: by whom, with what, and at the latest when. */
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { describe, test } from "node:test";
import { settled } from "../support/fake-clock.ts";
import { answering, bytes, clock, connected, framesOf, gone, kernel, peerThat, reply, request, useWires } from "./support/wires.ts";

useWires();

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
    const closed = await wire.closed;
    // The kernel may take 40 ms of real time for its acknowledgement of the FIN.
    assert.equal(typeof closed.acknowledged, "boolean");
    assert.deepEqual(
      { ...closed, acknowledged: true },
      {
        by: "us",
        failure: "timeout",
        detail: "the device did not close within 2000 ms",
        acknowledged: true,
      },
    );
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

test("an error that is not the operating system's is a bug, and thrown", async () => {
  const peer = await peerThat();
  const { wire } = await connected(peer);
  assert.throws(() => kernel.sockets[0]?.emit("error", new TypeError("ours")), /ours/);
  wire.abort("timeout", "enough");
  await wire.closed;
});
