/** What a plan allows is read from its text as it stands there, or refused with the place that cannot be read. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { approvedBy, asks, eitherOf, fits, PlanUnreadable, type ApprovedFrame } from "../../src/verify/approved.ts";
import { check, fc43, fc43Frame, once, plan, writeFrame } from "./support/plans.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const template = (hex: string, mask: string, lengthMax?: number): ApprovedFrame => ({
  operation: "any",
  bytes: bytesOf(hex),
  mask: bytesOf(mask),
  lengthMax,
});

describe("a frame fits a template", () => {
  test("of its own length alone, and bit by bit where the mask says so", () => {
    const one = template("0103f0", "ff03f0");
    for (const [frame, expected] of [
      ["0103f0", true],
      ["01fffa", true],
      ["0002f0", false],
      ["0103e0", false],
      ["0103f000", false],
      ["0103", false],
      ["", false],
    ] as const)
      assert.equal(fits(one, bytesOf(frame)), expected, frame);
  });

  test("of an open end from its beginning up to the length it names, and none that is shorter than the beginning", () => {
    const open = template("4d0000", "ff0000", 5);
    for (const [frame, expected] of [
      ["4d", false],
      ["4d01", false],
      ["4d0102", true],
      ["4d01020304", true],
      ["4d0102030405", false],
      ["4e0102", false],
    ] as const)
      assert.equal(fits(open, bytesOf(frame)), expected, frame);
    assert.equal(fits(template("4d00", "ffff", 5), bytesOf("4d")), false, "a byte that is not there is no zero");
  });

  test("just where no fixed bit differs", () => {
    const three = fc.uint8Array({ minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(three, three, three, (bytes, mask, noise) => {
        const free = bytes.map((byte, at) => byte ^ (noise[at]! & ~mask[at]!));
        const some = bytes.map((byte, at) => byte ^ noise[at]!);
        const one: ApprovedFrame = { operation: "any", bytes, mask, lengthMax: undefined };
        assert.equal(fits(one, free), true);
        assert.equal(fits(one, some), !noise.some((bits, at) => (bits & mask[at]!) !== 0));
      }),
    );
  });

  test("and a check asks with any of its own", () => {
    const { checks } = approvedBy(
      plan(check({ asking: { ...once(fc43, 2), frames: [fc43, { operation: "other", hex: "07", mask: "ff" }] } })),
    );
    assert.equal(asks(checks[0]!, bytesOf(fc43Frame)), true);
    assert.equal(asks(checks[0]!, bytesOf("07")), true);
    assert.equal(asks(checks[0]!, bytesOf(writeFrame)), false);
  });
});

describe("what is read from a plan", () => {
  test("of the packets in the worst case is the highest of its three figures", () => {
    for (const highest of ["packetsMax", "packetsMaxFrozen", "packetsMaxKilled"]) {
      const worstCase = { packetsMax: 1, packetsMaxFrozen: 2, packetsMaxKilled: 3, arpBroadcastsMax: 4, arpProbesMax: 5, [highest]: 9 };
      const [read] = approvedBy(plan(check({ worstCase }))).checks;
      assert.deepEqual([read?.packetsMax, read?.arpBroadcastsMax, read?.arpProbesMax], [9, 4, 5], highest);
    }
  });

  test("without a floor or a device has none, as plans of earlier releases", () => {
    for (const floor of [undefined, null])
      assert.deepEqual(
        approvedBy(plan(check({ floor, device: null }))).checks.map((one) => [one.floor, one.device, one.deep]),
        [[undefined, undefined, false]],
      );
    const { checks } = approvedBy({ ...plan(check()), deepChecks: [check({ floor: { device: "plc", gapMs: 7 }, device: "plc" })] });
    assert.deepEqual(
      checks.map((one) => [one.floor?.gapMs, one.device, one.deep]),
      [
        [undefined, undefined, false],
        [7, "plc", true],
      ],
    );
  });

  test("of several plans is what any of them allows, at the shorter of two gaps, whichever comes first", () => {
    const withGap = (gapMs: number, id: string): ReturnType<typeof approvedBy> =>
      approvedBy({ ...plan(check({ id })), lines: [{ id: "address:192.0.2.11", gapMs }] });
    for (const plans of [
      [withGap(60_000, "a"), withGap(7000, "b")],
      [withGap(7000, "a"), withGap(60_000, "b")],
    ]) {
      const either = eitherOf(plans);
      assert.deepEqual([...either.lineGapMs], [["address:192.0.2.11", 7000]]);
      assert.deepEqual(
        either.checks.map(({ id }) => id),
        ["a", "b"],
      );
    }
    assert.deepEqual([...eitherOf([withGap(60_000, "a")]).lineGapMs.values()], [60_000]);
  });
});

describe("a plan that cannot be read is refused with its place", () => {
  const framed = (frame: object): object => plan(check({ asking: once({ operation: "any", hex: "00", mask: "ff", ...frame }) }));
  const cases: readonly [what: string, text: unknown, message: string][] = [
    ["no group", [], "the plan: expected a group"],
    ["nothing", null, "the plan: expected a group"],
    ["another schema", { ...plan(check()), schema: "plan/v2" }, 'schema "plan/v2": expected "plan/v1", as `plan --json` prints it'],
    ["no checks", { ...plan(check()), checks: {} }, "checks: expected a list"],
    ["an interval in words", plan(check({ intervalMs: "60s" })), "checks[0].intervalMs: expected a number"],
    ["an interval without end", plan(check({ intervalMs: Infinity })), "checks[0].intervalMs: expected a number"],
    ["a line without a name", plan(check({ line: 7 })), "checks[0].line: expected a text"],
    ["a mask of another length", framed({ mask: "ffff" }), "checks[0].asking.frames[0]: hex and mask differ in length"],
    ["half a byte", framed({ hex: "0" }), "checks[0].asking.frames[0].hex: expected lower-case hexadecimal"],
    ["something before the digits", framed({ hex: "0x00" }), "checks[0].asking.frames[0].hex: expected lower-case hexadecimal"],
    ["digits in upper case", framed({ mask: "FF" }), "checks[0].asking.frames[0].mask: expected lower-case hexadecimal"],
    ["of a deep query", { ...plan(check()), deepChecks: [{}] }, "deepChecks[0].target: expected a group"],
  ];
  for (const [what, text, message] of cases)
    test(what, () => {
      assert.throws(
        () => approvedBy(text),
        (error: unknown) => error instanceof PlanUnreadable && error.message === message,
      );
    });
});
