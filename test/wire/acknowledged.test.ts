/** Whether a peer has acknowledged what was sent, read from the kernel's table: of a real connection, and of tables written down. */
import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { describe, mock, test } from "node:test";
import { acknowledged, acknowledgedSoon, type Ends } from "../../src/wire/acknowledged.ts";
import { bytes, clock, connected, peerThat, request, useWires } from "./support/wires.ts";

const ends: Ends = { localAddress: "192.0.2.5", localPort: 40_000, remoteAddress: "192.0.2.11", remotePort: 502 };
const head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
const row = (state: string, txQueue: string): string =>
  `   1: 050200C0:9C40 0B0200C0:01F6 ${state} ${txQueue}:00000000 00:00000000 00000000  1000        0 12345 1 0000000000000000 20 4 30 10 -1`;
const table =
  (...rows: readonly string[]) =>
  () =>
    [head, ...rows, ""].join("\n");

describe("the kernel's table of connections", () => {
  test("says so by an empty queue", () => {
    assert.equal(acknowledged(ends, table(row("01", "00000000"))), true);
    assert.equal(acknowledged(ends, table(row("05", "00000000"))), true);
    assert.equal(acknowledged(ends, table(row("01", "0000000B"))), false);
    assert.equal(acknowledged(ends, table(row("04", "00000001"))), false);
  });
  test("says nothing of a connection that it does not hold, or that is not open", () => {
    assert.equal(acknowledged(ends, table()), undefined);
    assert.equal(acknowledged({ ...ends, localPort: 40_001 }, table(row("01", "00000000"))), undefined);
    assert.equal(acknowledged({ ...ends, remoteAddress: "192.0.2.12" }, table(row("01", "00000000"))), undefined);
    assert.equal(acknowledged(ends, table(row("02", "00000000"))), undefined);
    assert.equal(acknowledged(ends, table("   1: 050200C0:9C40 0B0200C0:01F6 01")), false);
    // Another connection's number that ends in the same digits.
    assert.equal(acknowledged(ends, table(row("01", "00000000").replace("050200C0", "F050200C0"))), undefined);
    assert.equal(
      acknowledged(ends, () => undefined),
      undefined,
    );
    assert.equal(acknowledged({ ...ends, localAddress: "a name" }, table(row("01", "00000000"))), undefined);
  });
  test("writes IPv6 addresses in words of its own order", () => {
    const six: Ends = { localAddress: "2001:db8::5", localPort: 40_000, remoteAddress: "2001:db8::b", remotePort: 502 };
    const line = `   0: B80D0120000000000000000005000000:9C40 B80D012000000000000000000B000000:01F6 01 00000000:00000000 00`;
    const asked: string[] = [];
    const seen = acknowledged(six, (path) => {
      asked.push(path);
      return table(line)();
    });
    assert.deepEqual([seen, asked], [true, ["/proc/net/tcp6"]]);
  });
});

describe("a request that nobody answers", () => {
  useWires();

  test("was acknowledged, where the device's TCP has it: looked at when the deadline is over, just before the reset", async () => {
    const { wire, visit } = await connected(await peerThat());
    wire.send(bytes(request));
    while (visit.received === "") await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(10_000);
    wire.abort("timeout", "no answer in time");
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "no answer in time", acknowledged: true });
  });

  test("is looked at beside the loop a moment before its deadline, and only what has not arrived by then once more", async () => {
    const { wire, visit } = await connected(await peerThat());
    wire.send(bytes(request));
    while (visit.received === "") await new Promise((resolve) => setImmediate(resolve));
    wire.nearEnd?.();
    await acknowledgedSoon({ ...ends, localAddress: "127.0.0.1" });
    // The table is read by another thread: its turn comes after those that were asked before.
    for (let turn = 0; turn < 20; turn++) await acknowledgedSoon(ends);
    await clock.advance(10_000);
    const reading = mock.method(fs, "readFileSync", () => assert.fail("the loop stood still for the table"));
    syncBuiltinESMExports();
    wire.abort("timeout", "no answer in time");
    reading.mock.restore();
    syncBuiltinESMExports();
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "no answer in time", acknowledged: true });
  });

  test("is not looked at before its time is over: a stop has none to lose", async () => {
    const { wire } = await connected(await peerThat());
    wire.send(bytes(request));
    wire.abort("timeout", "the site was stopped");
    assert.deepEqual(await wire.closed, { by: "us", failure: "timeout", detail: "the site was stopped" });
  });
});
