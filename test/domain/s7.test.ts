/** What S7 asks have in common: names, sizes, and who may be asked as. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { s7BytesMax, s7BytesName, s7BytesOf, s7Component, s7ConnectionTypes, s7Lists, s7ValueTypes } from "../../src/domain/s7.ts";

test("a programming device is not among the connection types", () => {
  assert.deepEqual(s7ConnectionTypes, { basic: 3, op: 2 });
});

test("four lists may be read, and the components one by one", () => {
  assert.deepEqual(s7Lists, {
    mode: { id: 0x0424, index: 0 },
    module: { id: 0x0011, index: 0 },
    components: { id: 0x001c, index: 0 },
    protection: { id: 0x0232, index: 4 },
  });
  assert.deepEqual(s7Component, { id: 0x011c, least: 1, most: 11 });
});

test("bytes are named as an engineer knows them", () => {
  assert.equal(s7BytesName({ area: "DB", db: 10, byte: 4, count: 4 }), "DB10 byte 4 to 7");
  assert.equal(s7BytesName({ area: "M", db: 0, byte: 20, count: 1 }), "M byte 20");
});

test("every type takes as many bytes as it has, and no more than may be read", () => {
  assert.deepEqual(
    s7ValueTypes.map((type) => [type, s7BytesOf(type)]),
    [
      ["bit", 1],
      ["uint8", 1],
      ["uint16", 2],
      ["int16", 2],
      ["uint32", 4],
      ["int32", 4],
      ["float32", 4],
    ],
  );
  assert.ok(s7ValueTypes.every((type) => s7BytesOf(type) <= s7BytesMax));
});
