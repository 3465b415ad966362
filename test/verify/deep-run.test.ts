/** What a deep query may ask is lawful in its run, towards its devices, and nowhere else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { approvedBy } from "../../src/verify/approved.ts";
import { deepRunOf, RecordUnreadable, type DeepRun } from "../../src/verify/deep-run.ts";
import { judge } from "../../src/verify/judge.ts";
import type { Judgement } from "../../src/verify/judgement.ts";
import { device, exchange, frames, instant, tcp, type Bytes, whoHas } from "./support/captured.ts";
import { check, fc43Frame, once, plan } from "./support/plans.ts";

const regularFrame = "000200000005012b0e0200";
const floor = { device: "plc", gapMs: 30_000 };
const regular = { operation: "modbus-read-device-identification-regular", hex: regularFrame, mask: "0000ffffffffffffffffff" };
const deep = { ...check({ floor, intervalMs: 30_000, asking: once(regular) }), id: "plc/deep-regular" };
const approved = approvedBy({ ...plan(check({ floor })), deepChecks: [deep] });

const run: DeepRun = { id: "dq-1", fromNs: instant(10_000), toNs: instant(110_000), addresses: new Set([device]) };

function judged(sent: readonly (readonly Bytes[])[], deepRuns: readonly DeepRun[] = [run]): Judgement {
  return judge({ frames: frames(...sent), approved, deepRuns });
}
const heartbeat = (atMs: number, sourcePort: number): readonly Bytes[] => exchange(atMs, fc43Frame, { sourcePort });
const asked = (atMs: number, sourcePort: number): readonly Bytes[] => exchange(atMs, regularFrame, { sourcePort });
const details = ({ violations }: Judgement): readonly string[] => violations.map(({ kind, detail }) => `${kind}: ${detail}`);

describe("a deep query in a capture", () => {
  test("between two heartbeats, a floor from each, accuses nobody", () => {
    const judgement = judged([heartbeat(0, 40_000), asked(30_100, 40_001), heartbeat(60_200, 40_002)]);
    assert.deepEqual(details(judgement), []);
    assert.deepEqual(
      judgement.checks.map(({ check: id, requests }) => [id, requests]),
      [
        ["plc/modbus-fc43", 2],
        ["plc/deep-regular", 1],
      ],
    );
  });

  test("leaves the line's own count to the heartbeats, also once the run is over", () => {
    const over = { ...run, toNs: instant(40_000) };
    assert.deepEqual(details(judged([heartbeat(0, 40_000), asked(30_100, 40_001), heartbeat(60_200, 40_002)], [over])), []);
  });

  test("goes over a connection that the heartbeats keep, too", () => {
    const said = (atMs: number, sequence: number, hex: string): Bytes => tcp({ atMs, sequence, flags: "PA", hex });
    const kept = [said(0, 1000, fc43Frame), said(30_100, 1011, regularFrame), said(60_200, 1022, fc43Frame)];
    assert.deepEqual(details(judged([kept])), []);
  });

  for (const [what, runs] of [
    ["without a record", []],
    ["before its run", [{ ...run, fromNs: instant(40_000) }]],
    ["after its run", [{ ...run, toNs: instant(20_000) }]],
    ["to a device that was not in it", [{ ...run, addresses: new Set(["192.0.2.99"]) }]],
  ] as const)
    test(`is not approved ${what}, and says whose bytes they are`, () => {
      const found = details(judged([heartbeat(0, 40_000), asked(30_100, 40_001)], runs));
      assert.ok(
        found.some((one) =>
          /^payload-not-approved: .* outside the run of a deep query, in which plc\/deep-regular would have them/u.test(one),
        ),
        found.join("\n"),
      );
    });

  test("nearer to a heartbeat than the floor is too early, on either side", () => {
    for (const sent of [
      [heartbeat(0, 40_000), asked(29_000, 40_001)],
      [asked(20_000, 40_000), heartbeat(49_000, 40_001)],
    ])
      assert.deepEqual([...new Set(judged(sent).violations.map(({ kind }) => kind))], ["too-early"]);
  });

  test("has no connection behind its question that is nearer than the floor, with a request or without, in its run and right after it", () => {
    const syn = (atMs: number): readonly Bytes[] => [tcp({ atMs, sourcePort: 40_009, flags: "S" })];
    const judgedWith = (atMs: number, runs = [run]): readonly string[] =>
      details(judged([heartbeat(0, 40_000), asked(30_100, 40_001), syn(atMs)], runs));
    const line = `too-early: line address:${device}: connected`;
    assert.deepEqual(judgedWith(30_600), [`${line} in a deep query 499.500 ms after the time before; at least 30000 ms`]);
    assert.deepEqual(judgedWith(60_000), [`${line} in a deep query 29899.500 ms after the time before; at least 30000 ms`]);
    assert.deepEqual(judgedWith(60_200), []);
    const over = [{ ...run, toNs: instant(31_000) }];
    assert.deepEqual(judgedWith(60_050, over), [`${line} after a deep query 29949.500 ms after the time before; at least 30000 ms`]);
    assert.deepEqual(judgedWith(60_200, over), []);
    // The line itself counts from the heartbeat, which the deep query's connection does not hide.
    assert.deepEqual(judgedWith(59_000, over), [`${line} 58999.500 ms after the time before; at least 60000 ms`]);
    const alone = [tcp({ atMs: 31_000, sourcePort: 40_008, flags: "S" })];
    assert.deepEqual(details(judged([heartbeat(0, 40_000), syn(30_100), alone])), [
      `${line} in a deep query 900.000 ms after the time before; at least 30000 ms`,
    ]);
  });

  test("has no other device of its line asked sooner, over a connection of its own or a kept one", () => {
    const frame = { operation: "modbus-read-device-identification", hex: "000000000005022b0e0100", mask: "0000ffffffffffffffffff" };
    const other = { ...check({ asking: once(frame) }), id: "tank/modbus-fc43", device: "tank" };
    const both = approvedBy({ ...plan(check({ floor }), other), lines: [{ id: `address:${device}`, gapMs: 7000 }], deepChecks: [deep] });
    const found = (...sent: readonly (readonly Bytes[])[]): readonly string[] =>
      details(judge({ frames: frames(...sent), approved: both, deepRuns: [run] }));
    const asksOther = "000300000005022b0e0100";
    const soon = found(asked(30_100, 40_001), exchange(31_100, asksOther, { sourcePort: 40_002 }));
    assert.deepEqual(soon, [
      `too-early: line address:${device}: connected in a deep query 999.500 ms after the time before; at least 7000 ms`,
    ]);
    const said = (atMs: number, sequence: number, hex: string): readonly Bytes[] => [tcp({ atMs, sequence, flags: "PA", hex })];
    assert.deepEqual(found(said(30_100, 1000, regularFrame), said(31_100, 1011, asksOther)), [
      `too-early: line address:${device}: asked beside a deep query 1000.000 ms after the time before; at least 7000 ms`,
    ]);
    assert.deepEqual(found(asked(30_100, 40_001), exchange(37_200, asksOther, { sourcePort: 40_002 })), []);
  });

  test("takes no heartbeat's interval away: two within it are still too early", () => {
    const found = judged([heartbeat(0, 40_000), asked(15_000, 40_001), heartbeat(50_000, 40_002)]).violations;
    assert.ok(found.some(({ kind, detail }) => kind === "too-early" && detail.startsWith("check plc/modbus-fc43")));
  });
});

test("the address resolution that a deep query may cost counts in its run alone", () => {
  const thrice = [0, 30_000, 60_000].flatMap((atMs) => [1, 2, 3].map((more) => whoHas(atMs + more, device)));
  assert.deepEqual(details(judged([thrice])), []);
  assert.deepEqual(
    judged([thrice], []).violations.map(({ kind }) => kind),
    ["arp-beyond-bound"],
  );
});

describe("a record", () => {
  const whole = {
    schema: "deep-query/v1",
    id: "dq-1",
    startedAt: "2026-11-22T12:00:00.000Z",
    endedAt: "2026-11-22T12:01:00.000Z",
    devices: [{ address: `${device}:502` }],
  };
  test("says when it ran, and towards whom", () => {
    const { fromNs, toNs, addresses } = deepRunOf(whole);
    assert.deepEqual([toNs - fromNs, [...addresses]], [60_000_000_000n, [device]]);
  });
  for (const [what, record, why] of [
    ["nothing", null, /schema undefined: expected "deep-query\/v1"/u],
    ["another file", { schema: "plan/v1" }, /schema "plan\/v1"/u],
    ["no devices", { ...whole, devices: undefined }, /devices: expected a list/u],
    ["a device without an address", { ...whole, devices: [{}] }, /devices\[0\]\.address: expected a text/u],
    ["a time without an offset", { ...whole, startedAt: "2026-11-22T12:00:00" }, /startedAt: expected a time such as/u],
    ["no end", { ...whole, endedAt: undefined }, /endedAt: expected a time such as/u],
  ] as const)
    test(`that is none is refused: ${what}`, () => {
      assert.throws(
        () => deepRunOf(record),
        (error: unknown) => error instanceof RecordUnreadable && why.test(error.message),
      );
    });
});
