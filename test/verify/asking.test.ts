/** Which frame is a question of which check, what opens and ends a conversation, and what comes too early for check, line or device. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eitherOf } from "../../src/verify/approved.ts";
import { judge } from "../../src/verify/judge.ts";
import type { Judgement } from "../../src/verify/judgement.ts";
import { device, exchange, frames, poller, tcp, udp, type Bytes } from "./support/captured.ts";
import { approved, check, fc43Frame, once } from "./support/plans.ts";

function judged(sent: readonly (Bytes | readonly Bytes[])[], checks: readonly object[]): Judgement {
  return judge({ frames: frames(...sent), approved: approved(...checks) });
}
function kinds(judgement: Judgement): readonly string[] {
  return judgement.violations.map(({ kind }) => kind);
}

describe("what is asked, and when", () => {
  test("two units of one bus nearer than its gap, over connections of their own, a kept one, and beside a datagram", () => {
    const line = "gateway:fw";
    const ask = (unit: string): object => ({ operation: "any", hex: `0000000000020${unit}11`, mask: "0000ffffffffffff" });
    const units = ["1", "2"].map((unit) => check({ id: `unit-${unit}/modbus-fc17`, line, asking: once(ask(unit)) }));
    const identity = { operation: "enip-list-identity", hex: "6300", mask: "ffff" };
    const target = { address: device, port: 44_818, transport: "udp", localAddress: poller };
    const list = check({ id: "list/enip", line, protocol: "enip", target, asking: once(identity) });
    const { lineGapMs: _all, ...rest } = approved(...units, list);
    const found = (...sent: readonly (Bytes | readonly Bytes[])[]): readonly string[] =>
      judge({ frames: frames(...sent), approved: { ...rest, lineGapMs: new Map([[line, 7000]]) } }).violations.map(({ detail }) => detail);
    const said = (atMs: number, sequence: number, unit: string): Bytes =>
      tcp({ atMs, sequence, flags: "PA", hex: `0001000000020${unit}11`.padStart(16, "0") });
    const again = { sourcePort: 40_001 };
    const one = "0001000000020111";
    const two = "0002000000020211";
    assert.deepEqual(found(exchange(0, one), exchange(7000.5, two, again)), []);
    assert.deepEqual(found(exchange(0, one), exchange(6000, two, again)), [
      `line ${line}: connected 5999.500 ms after the time before; at least 7000 ms`,
    ]);
    assert.deepEqual(found(said(0, 1000, "1"), said(7000, 1008, "2")), []);
    const kept = `line ${line}: asked 6000.000 ms after the time before; at least 7000 ms`;
    assert.deepEqual(found(said(0, 1000, "1"), said(6000, 1008, "2")), [kept]);
    assert.deepEqual(found(said(0, 1000, "1"), udp(6000, device, 44_818, "6300")), [kept]);
    assert.deepEqual(found(udp(0, device, 44_818, "6300"), said(6000, 1008, "2")), [kept]);
  });

  test("two checks of one device within its floor, each in its own interval, behind a gateway whose bus was ready", () => {
    const floor = { device: "gateway:fw unit 1", gapMs: 30_000 };
    const line = "gateway:fw";
    const fc17 = { operation: "modbus-report-server-id", hex: "0000000000020111", mask: "0000ffffffffffff" };
    const two = [check({ line, floor }), check({ id: "plc/modbus-fc17", line, floor, asking: once(fc17) })];
    const gap = (ms: number): readonly string[] => {
      const sent = frames(exchange(0, fc43Frame), exchange(ms, "000200000002" + "0111", { sourcePort: 40_001 }));
      const { lineGapMs: _all, ...rest } = approved(...two);
      return judge({ frames: sent, approved: { ...rest, lineGapMs: new Map([[line, 7000]]) } }).violations.map(({ detail }) => detail);
    };
    assert.deepEqual(gap(30_000), []);
    const [first, second] = [10_000, 30_000].map((gapMs) => approved(...two.map((one) => ({ ...one, floor: { ...floor, gapMs } }))));
    for (const plans of [
      [first!, second!],
      [second!, first!],
    ]) {
      const both = { ...eitherOf(plans), lineGapMs: new Map([[line, 7000]]) };
      const sent = frames(exchange(0, fc43Frame), exchange(10_000, "000200000002" + "0111", { sourcePort: 40_001 }));
      assert.deepEqual(judge({ frames: sent, approved: both }).violations, [], "of two plans the looser one");
    }
    assert.deepEqual(gap(29_999), ["device gateway:fw unit 1: asked 29999.000 ms after the time before; at least 30000 ms"]);
  });

  test("a second goodbye, and a second opening", () => {
    const frame = (operation: string, byte: string): object => ({ operation, hex: `00000000000201${byte}`, mask: "ffffffffffffffff" });
    const phases = { opening: once(frame("open", "01")), asking: once(frame("ask", "02")), closing: once(frame("close", "03")) };
    const say = (...bytes: readonly string[]): readonly string[] =>
      kinds(judged([exchange(0, bytes.map((byte) => `00000000000201${byte}`).join(""))], [check(phases)]));
    assert.deepEqual(say("01", "02", "03"), []);
    assert.deepEqual(say("01", "02", "03", "03"), ["too-many-requests"]);
    assert.deepEqual(say("01", "02", "01"), ["too-many-requests"]);
    assert.deepEqual(say("01", "01", "02"), ["too-many-requests"]);
    assert.deepEqual(say("02", "01"), ["too-many-requests"]);
  });

  test("a goodbye that looks as a question does, as an encrypted one: one of them, and nothing after it but what ends the channel", () => {
    const sealed = { operation: "opcua-secured-message", hex: "4d534746", mask: "ffffffff", lengthMax: 40 };
    const end = { operation: "opcua-close-channel", hex: "434c4f46", mask: "ffffffff", lengthMax: 40 };
    const closing = { connectionsMax: 0, requestsMax: 2, bytesMax: 80, frames: [sealed, end] };
    const two = check({ protocol: "opcua", asking: once(sealed), closing });
    const say = (...types: readonly string[]): readonly string[] =>
      kinds(judged([exchange(0, types.map((type) => `${type}0c00000000000000`).join(""))], [two]));
    assert.deepEqual(say(sealed.hex, sealed.hex, end.hex), []);
    assert.deepEqual(say(sealed.hex, sealed.hex, sealed.hex), ["too-many-requests"]);
    assert.deepEqual(say(sealed.hex, sealed.hex, sealed.hex, end.hex), ["too-many-requests"]);
    assert.deepEqual(say(sealed.hex, end.hex, end.hex, sealed.hex), ["too-early"]);
  });

  test("the same request twice in an exchange that may hold two of different kinds", () => {
    const renew = { operation: "renew", hex: "0000000000020105", mask: "ffffffffffffffff" };
    const ask = { operation: "ask", hex: "0000000000020102", mask: "ffffffffffffffff" };
    const two = check({ asking: { connectionsMax: 0, requestsMax: 2, bytesMax: 100, frames: [renew, ask] } });
    assert.deepEqual(kinds(judged([exchange(0, renew.hex + ask.hex)], [two])), []);
    assert.deepEqual(kinds(judged([exchange(0, ask.hex + ask.hex)], [two])), ["too-early"]);
    // The later of the two is what the interval counts from; and neither goes on over another connection, or after its time.
    const said = (atMs: number, sequence: number, hex: string, sourcePort = 40_000): Bytes =>
      tcp({ atMs, sequence, sourcePort, flags: "PA", hex });
    const later = judged([said(0, 1000, renew.hex), said(4000, 1008, ask.hex), said(63_000, 1016, ask.hex)], [two]);
    assert.deepEqual(kinds(later), ["too-early"]);
    assert.equal(later.checks[0]?.smallestGapMs, 59_000);
    for (const elsewhere of [said(1000, 2000, ask.hex, 40_001), said(5001, 1008, ask.hex)])
      assert.equal(judged([said(0, 1000, renew.hex), elsewhere], [two]).checks[0]?.requests, 2);
  });
});
