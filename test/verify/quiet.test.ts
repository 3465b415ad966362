/** The list of times in which nothing was to leave, as a person writes it, is read as it stands there or refused with its entry. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { instantNs, QuietUnreadable, quietTimes } from "../../src/verify/quiet.ts";

const entry = { why: "stopped", from: "2026-11-21T12:00:00.000Z", to: "2026-11-21T12:05:00.000Z" };
const startNs = BigInt(Date.parse(entry.from)) * 1_000_000n;

describe("a time in which nothing was to leave", () => {
  test("counts from a second after it was said, for everybody, unless it says otherwise", () => {
    assert.deepEqual(quietTimes([entry]), [
      { why: "stopped", fromNs: startNs, toNs: startNs + 300_000_000_000n, graceMs: 1000, addresses: undefined },
    ]);
    const [own, empty] = quietTimes([
      { ...entry, graceMs: 0, addresses: ["192.0.2.1", "192.0.2.2"] },
      { ...entry, graceMs: 0.5, addresses: [] },
    ]);
    assert.deepEqual([own?.graceMs, own?.addresses], [0, new Set(["192.0.2.1", "192.0.2.2"])]);
    assert.deepEqual([empty?.graceMs, empty?.addresses], [0.5, new Set()], "nobody, which is not everybody");
  });

  const mistakes: readonly [what: string, json: unknown, message: string][] = [
    ["no list", {}, "expected a list of {why, from, to, graceMs?, addresses?}"],
    ["nothing in it", [null], "entry 1: why: expected a text"],
    ["no reason", [entry, { ...entry, why: "" }], "entry 2: why: expected a text"],
    ["a reason that is no text", [{ ...entry, why: 7 }], "entry 1: why: expected a text"],
    ["no beginning", [{ ...entry, from: undefined }], "entry 1: from: expected a time such as 2026-11-21T12:00:00.000Z"],
    ["an end on another clock", [{ ...entry, to: "2026-11-21T12:05:00" }], "entry 1: to: expected a time such as 2026-11-21T12:05:00.000Z"],
    ["a grace before it", [{ ...entry, graceMs: -1 }], "entry 1: graceMs: expected milliseconds"],
    ["a grace in words", [{ ...entry, graceMs: "1s" }], "entry 1: graceMs: expected milliseconds"],
    ["one address without a list", [{ ...entry, addresses: "192.0.2.1" }], "entry 1: addresses: expected a list of texts"],
    ["an address that is none", [{ ...entry, addresses: ["192.0.2.1", 7] }], "entry 1: addresses: expected a list of texts"],
  ];
  for (const [what, json, message] of mistakes)
    test(`with ${what} is refused`, () => {
      assert.throws(
        () => quietTimes(json),
        (error: unknown) => error instanceof QuietUnreadable && error.message === message,
      );
    });
});

describe("a moment", () => {
  test("is read to the nanosecond, in the offset that it names", () => {
    for (const [text, expected] of [
      ["2026-11-21T12:00:00Z", startNs],
      ["2026-11-21T12:00:00.5Z", startNs + 500_000_000n],
      ["2026-11-21T12:00:00.000000001Z", startNs + 1n],
      ["2026-11-21T14:00:00.25+02:00", startNs + 250_000_000n],
      ["2026-11-21T08:30:00-03:30", startNs],
    ] as const)
      assert.equal(instantNs(text), expected, text);
  });

  test("is none without an offset, with a day that does not exist, or with anything around it", () => {
    for (const text of [
      "2026-11-21T12:00:00",
      "2026-13-21T12:00:00Z",
      "2026-11-21",
      " 2026-11-21T12:00:00Z",
      "2026-11-21T12:00:00Z.",
      "",
      7,
    ])
      assert.equal(instantNs(text), undefined, String(text));
  });

  test("is the very one that was written", () => {
    const whole = fc.date({ min: new Date("1970-01-01T00:00:00Z"), max: new Date("2100-01-01T00:00:00Z"), noInvalidDate: true });
    fc.assert(fc.property(whole, (date) => assert.equal(instantNs(date.toISOString()), BigInt(date.getTime()) * 1_000_000n)));
  });
});
