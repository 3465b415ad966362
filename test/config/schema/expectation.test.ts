/** A liveness register's value and what is expected of it: nothing is assumed, and nothing that the type cannot hold is expected. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { livenessRegister, type TableRegister } from "../../../src/config/schema/register.ts";
import { seconds } from "../../../src/domain/units.ts";

const parse = (written: object) => livenessRegister.safeParse({ id: "alive", modicon: 40_101, ...written });

function read(written: object): Partial<TableRegister> {
  const parsed = parse(written);
  assert.ok(parsed.success, parsed.success ? "" : parsed.error.message);
  assert.ok(parsed.data.space !== "s7-bytes");
  const { count, value, expectation } = parsed.data;
  return { count, ...(value && { value }), ...(expectation && { expectation }) };
}

function refused(written: object): string {
  const parsed = parse(written);
  return parsed.success ? "" : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n");
}

describe("a liveness register", () => {
  const accepted: readonly [what: string, object, Partial<TableRegister>][] = [
    ["without a type", {}, { count: 1 }],
    ["of 16 bits", { type: "int16" }, { count: 1, value: { type: "int16" } }],
    ["of 32 bits takes two", { type: "uint32", wordOrder: "little" }, { count: 2, value: { type: "uint32", wordOrder: "little" } }],
    [
      "that equals",
      { type: "uint16", expect: { equals: 4660 } },
      { count: 1, value: { type: "uint16" }, expectation: { kind: "equals", value: 4660 } },
    ],
    [
      "of a set, in order and once each",
      { type: "int16", expect: { inSet: [3, -1, 3] } },
      { count: 1, value: { type: "int16" }, expectation: { kind: "in-set", values: [-1, 3] } },
    ],
    [
      "in a range",
      { type: "float32", wordOrder: "big", expect: { inRange: { from: 49.5, to: 50.5 } } },
      { count: 2, value: { type: "float32", wordOrder: "big" }, expectation: { kind: "in-range", from: 49.5, to: 50.5 } },
    ],
    [
      "that changes",
      { type: "uint16", expect: { changesWithin: "5m" } },
      { count: 1, value: { type: "uint16" }, expectation: { kind: "changes", within: seconds(300) } },
    ],
    [
      "that counts to the end of its type",
      { type: "uint32", wordOrder: "big", expect: { counterAdvances: { within: "5m" } } },
      {
        count: 2,
        value: { type: "uint32", wordOrder: "big" },
        expectation: { kind: "counter-advances", within: seconds(300), wrapsAfter: 4_294_967_295 },
      },
    ],
    [
      "that is a coil needs no type",
      { modicon: 1, expect: { equals: 1 } },
      { count: 1, value: { type: "bit" }, expectation: { kind: "equals", value: 1 } },
    ],
  ];
  for (const [what, written, expected] of accepted) test(`${what} is read`, () => assert.deepEqual(read(written), expected));

  const mistakes: readonly [what: string, object, RegExp][] = [
    ["of 32 bits without a word order", { type: "uint32" }, /^wordOrder: big or little beside uint32/],
    ["of a float without a word order", { type: "float32" }, /^wordOrder: big or little beside float32/],
    ["of 16 bits with a word order", { type: "uint16", wordOrder: "big" }, /^wordOrder: no wordOrder beside uint16/],
    ["with a word order alone", { wordOrder: "big" }, /^wordOrder: no wordOrder without a type/],
    ["with an expectation and no type", { expect: { equals: 1 } }, /^expect: type beside it: one of uint16/],
    ["of 16 bits in two registers", { type: "uint16", count: 2 }, /^count: 1 for one uint16/],
    ["of 32 bits in one register", { type: "int32", wordOrder: "big", count: 1 }, /^count: 2 for one int32/],
    ["that is a bit of a register", { type: "bit" }, /^type: a type of 16 or 32 bits/],
    ["that is a number of coils", { modicon: 1, type: "uint16" }, /^type: bit: coils and discrete inputs hold bits/],
    ["with two expectations", { type: "uint16", expect: { equals: 1, inSet: [1] } }, /^expect: exactly one of equals/],
    ["with an empty expectation", { type: "uint16", expect: {} }, /^expect: exactly one of equals/],
    ["beyond its type", { type: "uint16", expect: { equals: 65_536 } }, /^expect: whole numbers from 0 to 65535 for uint16, found 65536/],
    ["below its type", { type: "uint16", expect: { inRange: { from: -1, to: 5 } } }, /^expect: whole numbers from 0 to 65535/],
    ["of half a number", { type: "int16", expect: { inSet: [0.5] } }, /^expect: whole numbers/],
    ["in a range that is none", { type: "int16", expect: { inRange: { from: 5, to: 1 } } }, /^expect: a range whose from is not above/],
    [
      "of a float that equals",
      { type: "float32", wordOrder: "big", expect: { equals: 1 } },
      /^expect: inRange or changesWithin for float32/,
    ],
    ["that counts with a sign", { type: "int16", expect: { counterAdvances: { within: "5m" } } }, /^expect: uint16 or uint32/],
    [
      "that counts to one",
      { type: "uint16", expect: { counterAdvances: { within: "5m", wrapsAfter: 1 } } },
      /^expect: a counter that wraps/,
    ],
    ["that changes after a bare number", { type: "uint16", expect: { changesWithin: 30 } }, /^expect\.changesWithin: a duration/],
  ];
  for (const [what, written, expected] of mistakes) test(`${what} is refused`, () => assert.match(refused(written), expected));
});
