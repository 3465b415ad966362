/** A register is one place on the wire, whichever of the two ways it is written. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { livenessRegister, registerSpaces, type LivenessRegister } from "../../../src/config/schema/register.ts";

function parse(written: object): LivenessRegister | readonly string[] {
  const parsed = livenessRegister.safeParse({ id: "level", ...written });
  return parsed.success ? parsed.data : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function refused(written: object): string {
  const found = parse(written);
  return Array.isArray(found) ? found.join("\n") : "";
}

describe("Modicon's number", () => {
  const numbers: readonly [number, string, number][] = [
    [1, "coils", 0],
    [9999, "coils", 9998],
    [10_001, "discrete-inputs", 0],
    [19_999, "discrete-inputs", 9998],
    [30_001, "input-registers", 0],
    [39_999, "input-registers", 9998],
    [40_001, "holding-registers", 0],
    [49_999, "holding-registers", 9998],
    [100_001, "discrete-inputs", 0],
    [165_536, "discrete-inputs", 65_535],
    [300_001, "input-registers", 0],
    [365_536, "input-registers", 65_535],
    [400_001, "holding-registers", 0],
    [465_536, "holding-registers", 65_535],
  ];
  for (const [modicon, space, protocolAddress] of numbers) {
    test(`${modicon} is ${space} ${protocolAddress} on the wire`, () => {
      assert.deepEqual(parse({ modicon }), { id: "level", note: null, space, protocolAddress, count: 1 });
    });
  }

  for (const modicon of [10_000, 20_001, 30_000, 40_000, 50_001, 99_999, 100_000, 165_537, 200_001, 300_000, 365_537, 400_000]) {
    test(`${modicon} names no register`, () => {
      assert.match(refused({ modicon }), /^modicon: a Modicon number: 1 to 9999/);
    });
  }

  test("every one reads the place that it is written from", () => {
    const digits = new Map([
      ["discrete-inputs", 1],
      ["input-registers", 3],
      ["holding-registers", 4],
    ] as const);
    fc.assert(
      fc.property(fc.constantFrom(...digits.keys()), fc.integer({ min: 0, max: 65_535 }), (space, protocolAddress) => {
        const modicon = digits.get(space)! * 100_000 + protocolAddress + 1;
        assert.deepEqual(parse({ modicon }), parse({ space, protocolAddress }));
      }),
    );
  });
});

describe("a protocol address", () => {
  test("is taken as it is, in each of the four tables", () => {
    for (const space of registerSpaces) {
      assert.deepEqual(parse({ space, protocolAddress: 0x2002, count: 2, note: "constant" }), {
        id: "level",
        note: "constant",
        space,
        protocolAddress: 0x2002,
        count: 2,
      });
    }
  });

  const mistakes: readonly [string, object, RegExp][] = [
    ["without its table", { protocolAddress: 3 }, /^protocolAddress: space beside protocolAddress/],
    [
      "beside Modicon's number",
      { space: "coils", protocolAddress: 3, modicon: 4 },
      /^modicon: either protocolAddress or modicon, not both/,
    ],
    ["that is missing", { space: "coils" }, /protocolAddress \(0-based, with space\) or modicon/],
    [
      "beyond the end",
      { space: "coils", protocolAddress: 65_535, count: 2 },
      /^protocolAddress: a range that ends at protocol address 65535/,
    ],
    ["above 65535", { space: "coils", protocolAddress: 65_536 }, /a whole number from 0 to 65535/],
    [
      "in a table that contradicts Modicon's number",
      { space: "coils", modicon: 40_001 },
      /^modicon: a number of the space coils; this one is of holding-registers/,
    ],
    ["with too many registers", { modicon: 40_001, count: 126 }, /a whole number from 1 to 125/],
    ["bare", { address: 40_001 }, /Unrecognized key/],
  ];
  for (const [what, written, expected] of mistakes) {
    test(`${what} is refused`, () => {
      assert.match(refused(written), expected);
    });
  }
});
