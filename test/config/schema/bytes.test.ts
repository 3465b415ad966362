/** Bytes of an S7 CPU as a liveness register: what is taken, and what each mistake is told. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { livenessRegister, type LivenessRegister } from "../../../src/config/schema/register.ts";
import { seconds } from "../../../src/domain/units.ts";

const parse = (written: object) => livenessRegister.safeParse({ id: "alive", ...written });

function read(written: object): LivenessRegister {
  const parsed = parse(written);
  assert.ok(parsed.success, parsed.success ? "" : parsed.error.message);
  return parsed.data;
}

describe("bytes are taken", () => {
  const cases: readonly [what: string, written: object, bytes: object][] = [
    ["of a data block, one where no type is named", { area: "DB", db: 10, byte: 4 }, { area: "DB", db: 10, byte: 4, count: 1 }],
    ["of the memory, as many as are counted", { area: "M", byte: 0, count: 3 }, { area: "M", db: 0, byte: 0, count: 3 }],
    [
      "as many as a value takes",
      { area: "I", byte: 2, type: "float32" },
      { area: "I", db: 0, byte: 2, count: 4, value: { type: "float32" } },
    ],
    ["as a bit", { area: "Q", byte: 1, bit: 7, type: "bit" }, { area: "Q", db: 0, byte: 1, count: 1, value: { type: "bit" }, bit: 7 }],
  ];
  for (const [what, written, bytes] of cases) {
    test(what, () => assert.deepEqual(read(written), { id: "alive", note: null, space: "s7-bytes", bytes }));
  }

  test("with what is expected of them", () => {
    const found = read({ area: "DB", db: 1, byte: 0, type: "uint8", expect: { counterAdvances: { within: "5m" } } });
    assert.deepEqual(found.expectation, { kind: "counter-advances", within: seconds(300), wrapsAfter: 255 });
  });
});

describe("is refused:", () => {
  const cases: readonly [what: string, written: object, told: RegExp][] = [
    ["a byte without an area", { byte: 4 }, /^area: area beside db, byte and bit: DB, M, I or Q$/u],
    ["an area without a byte", { area: "M" }, /^byte: byte: the first one to read$/u],
    ["a data block without its number", { area: "DB", byte: 4 }, /^db: db: the number of the data block$/u],
    ["a number beside the memory", { area: "M", db: 1, byte: 4 }, /^db: no db with area M$/u],
    ["an order of words", { area: "M", byte: 4, type: "uint32", wordOrder: "big" }, /^wordOrder: no wordOrder: an S7 CPU/u],
    ["a bit without its number", { area: "M", byte: 4, type: "bit" }, /^bit: bit: 0 to 7$/u],
    ["a bit's number without the type", { area: "M", byte: 4, bit: 1 }, /^bit: no bit without type bit$/u],
    ["more bytes than four", { area: "M", byte: 4, count: 5 }, /^count: 1 to 4 bytes$/u],
    ["a count that is not the type's", { area: "M", byte: 4, count: 4, type: "uint16" }, /^count: 2 for one uint16, or no count$/u],
    ["bytes behind the end", { area: "M", byte: 65_535, type: "uint16" }, /^byte: bytes that end at 65535 or before$/u],
    ["an expectation without a type", { area: "M", byte: 4, expect: { equals: 1 } }, /^expect: type beside it: one of bit, uint8, /u],
    [
      "more than the type can hold",
      { area: "M", byte: 4, type: "uint8", expect: { equals: 256 } },
      /^expect: whole numbers from 0 to 255 for uint8/u,
    ],
    [
      "a Modbus address beside it",
      { area: "M", byte: 4, protocolAddress: 4 },
      /^protocolAddress: no protocolAddress beside area and byte/u,
    ],
    ["an area that is none", { area: "DI", byte: 4 }, /^area: /u],
    ["a type of S7 in a register", { modicon: 40_001, type: "uint8" }, /^type: a type of 16 or 32 bits$/u],
  ];
  for (const [what, written, told] of cases) {
    test(what, () => {
      const parsed = parse(written);
      assert.ok(!parsed.success);
      const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
      assert.match(lines.join("\n"), told);
    });
  }
});
