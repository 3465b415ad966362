/** An element lies whole within what holds it, or it is none. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { elementAt, elementsIn, integerOf, tags } from "../../../src/wire/frames/ber.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe("an element", () => {
  test("is read with a length of one byte, or of up to three behind their number, padded ones too", () => {
    for (const [hex, from, to] of [
      ["0500", 2, 2],
      ["0403 010203", 2, 5],
      ["0481 03 010203", 3, 6],
      ["0482 0003 010203", 4, 7],
      ["0483 000003 010203", 5, 8],
    ] as const)
      assert.deepEqual(elementAt(bytes(hex), 0, bytes(hex).length), { tag: bytes(hex)[0], from, to }, hex);
    const long = Uint8Array.of(4, 0x82, 1, 2, ...new Uint8Array(0x102));
    assert.deepEqual(elementAt(long, 0, long.length), { tag: 4, from: 4, to: long.length });
  });

  test("is none without its end, of an indefinite length, or of one of four bytes", () => {
    for (const hex of ["", "04", "0401", "0403 0102", "0481", "0481 02 01", "0482 00", "0480 01 0000", "0484 00000001 01"])
      assert.equal(elementAt(bytes(hex), 0, bytes(hex).length), undefined, hex);
  });

  test("never reaches beyond the end of what holds it, though there are bytes behind", () => {
    const inside = bytes("0403 010203 040506");
    for (let end = 0; end < 5; end++) assert.equal(elementAt(inside, 0, end), undefined, `${end} bytes`);
    assert.equal(elementAt(bytes("0481 03 010203"), 0, 5), undefined);
    assert.equal(elementAt(bytes("0482 0003 010203"), 0, 3), undefined);
    assert.equal(elementsIn(bytes("0500 0402 01 ff"), { from: 0, to: 5 }), undefined);
    assert.equal(elementsIn(bytes("0500 04 00"), { from: 0, to: 3 }), undefined);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.nat(40), fc.nat(40), (some, at, end) => {
        fc.pre(end <= some.length);
        const found = elementAt(some, at, end);
        assert.ok(found === undefined || (at + 2 <= found.from && found.from <= found.to && found.to <= end));
        for (const one of elementsIn(some, { from: 0, to: end }) ?? []) assert.ok(one.to <= end);
      }),
    );
  });

  test("holds others one behind the other, or nothing", () => {
    const two = bytes("0500 0401 07");
    assert.deepEqual(
      elementsIn(two, { from: 0, to: 5 })?.map(({ tag }) => tag),
      [tags.null, tags.octets],
    );
    assert.deepEqual(elementsIn(two, { from: 2, to: 2 }), []);
  });
});

test("a number is whole, of one byte to six, with its sign", () => {
  for (const [hex, value] of [
    ["0201 00", 0],
    ["0201 7f", 127],
    ["0201 80", -128],
    ["0201 ff", -1],
    ["0202 0100", 256],
    ["0206 7fffffffffff", 2 ** 47 - 1],
    ["0206 800000000000", -(2 ** 47)],
    ["0200", undefined],
    ["0207 00000000000001", undefined],
    ["0401 01", undefined],
  ] as const) {
    const whole = bytes(hex);
    assert.equal(integerOf(whole, elementAt(whole, 0, whole.length)!), value, hex);
  }
});
