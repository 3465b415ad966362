/** Canonical JSON is one text a value, as RFC 8785 writes it, and refuses what it could not write truly. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "../../src/domain/canonical.ts";

describe("canonical JSON", () => {
  test("writes the example of RFC 8785, section 3.2.2", () => {
    const text = String.raw`{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
      "literals": [null, true, false]
    }`;
    assert.equal(
      canonicalJson(JSON.parse(text)),
      String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test("sorts by UTF-16 units, as the example of RFC 8785, section 3.2.3", () => {
    const value = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\u{1f600}": 5, "\u0080": 6, "\u00f6": 7 };
    assert.equal(canonicalJson(value), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
  });

  test("writes minus zero as zero", () => assert.equal(canonicalJson([-0]), "[0]"));

  test("takes objects without a prototype and frozen ones", () => {
    assert.equal(canonicalJson(Object.freeze(Object.assign(Object.create(null) as object, { b: 1, a: 2 }))), '{"a":2,"b":1}');
  });

  test("takes one object that stands in two places", () => {
    const shared = { a: 1 };
    assert.equal(canonicalJson([shared, shared]), '[{"a":1},{"a":1}]');
  });

  test("is the same whatever the order of properties, and reads back as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = canonicalJson(value);
        assert.equal(canonicalJson(reversed(value)), text);
        assert.equal(canonicalJson(JSON.parse(text)), text);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("differs for values that differ", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        assert.equal(canonicalJson(a) === canonicalJson(b), equal(a, b));
      }),
    );
  });
});

describe("canonical JSON refuses", () => {
  class Device {
    readonly id = "a";
  }
  const cycle: Record<string, unknown> = {};
  cycle["self"] = [cycle];
  const cases: readonly [what: string, value: unknown, message: RegExp][] = [
    ["undefined", undefined, /\$: found undefined/],
    ["an undefined property", { a: { b: undefined } }, /\$\.a\.b: found undefined/],
    ["a hole in an array", Object.assign([1, 2, 3], { length: 4 }), /\$\[3\]: found undefined/],
    ["NaN", { a: [0, Number.NaN] }, /\$\.a\[1\]: found NaN/],
    ["infinity", Number.POSITIVE_INFINITY, /found Infinity/],
    ["a bigint", 1n, /found bigint/],
    ["a function", { toJSON: () => "x" }, /\$\.toJSON: found function/],
    ["a symbol", Symbol("x"), /found symbol/],
    ["a property named by a symbol", { [Symbol("x")]: 1 }, /named by a symbol/],
    ["a map, which JSON would write as {}", { a: new Map([[1, 2]]) }, /\$\.a: found an object of class Map/],
    ["bytes, which JSON would write as an object", Uint8Array.of(1), /class Uint8Array/],
    ["a date", new Date(0), /class Date/],
    ["an object of a class", new Device(), /class Device/],
    ["a lone surrogate", ["\ud83d"], /\$\[0\]: found text with a lone surrogate/],
    ["a property with a lone surrogate", { "\ude00": 1 }, /lone surrogate/],
    ["a value that contains itself", cycle, /\$\.self\[0\]: found a value that contains itself/],
  ];
  for (const [what, value, message] of cases) {
    test(what, () => assert.throws(() => canonicalJson(value), { name: "TypeError", message }));
  }
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toReversed();
  return Object.fromEntries(entries.map(([key, member]) => [key, reversed(member)]));
}

function equal(a: unknown, b: unknown): boolean {
  try {
    assert.deepStrictEqual(JSON.parse(JSON.stringify(a)), JSON.parse(JSON.stringify(b)));
    return true;
  } catch (error) {
    if (error instanceof assert.AssertionError) return false;
    throw error;
  }
}
