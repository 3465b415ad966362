/** A template lets through the frames it describes, byte for byte, and nothing else. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { fitting, frameTemplate, hex, longest, openEndedTemplate, templateJson } from "../../src/domain/template.ts";

/** FC 43/14 to unit 1; the transaction number is free. */
const frame = Uint8Array.of(0, 0, 0, 0, 0, 5, 1, 0x2b, 0x0e, 1, 0);
const mask = Uint8Array.of(0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255);
const template = frameTemplate("modbus-read-device-identification", frame, mask);

describe("a frame template", () => {
  test("refuses bytes and mask of different lengths", () => {
    assert.throws(() => frameTemplate("modbus-read-coils", Uint8Array.of(1, 2), Uint8Array.of(255)), {
      name: "RangeError",
      message: "template: 2 bytes but a mask of 1",
    });
  });

  test("refuses a mask that fixes nothing, an empty one too", () => {
    for (const free of [Uint8Array.of(0, 0), new Uint8Array()]) {
      assert.throws(() => frameTemplate("modbus-read-coils", free, free), { name: "RangeError", message: /allows anything/ });
    }
  });

  test("keeps copies, so that nobody can change what was approved", () => {
    const bytes = Uint8Array.of(1, 2);
    const copied = frameTemplate("modbus-read-coils", bytes, bytes);
    bytes.fill(9);
    assert.deepEqual([...copied.bytes, ...copied.mask], [1, 2, 1, 2]);
    assert.ok(Object.isFrozen(copied));
  });
});

describe("a frame fits", () => {
  test("with any transaction number", () => {
    fc.assert(
      fc.property(fc.nat(255), fc.nat(255), (high, low) => {
        assert.equal(fitting([template], frame.with(0, high).with(1, low)), template);
      }),
    );
  });

  test("not once any fixed bit differs", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 10 }), fc.nat(7), (at, bit) => {
        assert.equal(fitting([template], frame.with(at, (frame[at] ?? 0) ^ (1 << bit))), undefined);
      }),
    );
  });

  test("where a mask leaves some bits of a byte free, in those bits alone", () => {
    const half = frameTemplate("modbus-read-coils", Uint8Array.of(0x40), Uint8Array.of(0xf0));
    for (let byte = 0; byte < 256; byte++) assert.equal(fitting([half], Uint8Array.of(byte)) === half, byte >> 4 === 4);
  });

  test("not when it is shorter, longer or empty", () => {
    for (const other of [frame.slice(0, -1), Uint8Array.of(...frame, 0), new Uint8Array()])
      assert.equal(fitting([template], other), undefined);
  });

  test("the first template that describes it, and none of an empty list", () => {
    const same = frameTemplate("modbus-read-coils", frame, mask);
    assert.equal(fitting([same, template], frame), same);
    assert.equal(fitting([], frame), undefined);
  });
});

describe("a template that says only how a frame begins", () => {
  const open = openEndedTemplate("opcua-open-channel", Uint8Array.of(0x4f, 0x50, 0x4e, 0x46), Uint8Array.of(255, 255, 255, 255), 6);

  test("fits what begins so, up to its length and no longer", () => {
    const begins = [0x4f, 0x50, 0x4e, 0x46];
    for (const rest of [[], [1], [1, 2]]) assert.equal(fitting([open], Uint8Array.of(...begins, ...rest)), open);
    assert.equal(fitting([open], Uint8Array.of(...begins, 1, 2, 3)), undefined);
    assert.equal(fitting([open], Uint8Array.of(0x4f, 0x50, 0x4e)), undefined);
  });

  test("fits nothing that begins otherwise in any fixed bit", () => {
    fc.assert(
      fc.property(fc.nat(3), fc.nat(7), (at, bit) => {
        const other = Uint8Array.of(0x4f, 0x50, 0x4e, 0x46, 9);
        assert.equal(fitting([open], other.with(at, other[at]! ^ (1 << bit))), undefined);
      }),
    );
  });

  test("must fix something and leave room for a rest", () => {
    const two = Uint8Array.of(1, 2);
    for (const lengthMax of [2, 1, 2.5, Number.NaN])
      assert.throws(() => openEndedTemplate("opcua-hello", two, two, lengthMax), { name: "RangeError", message: /at most .* beginning/ });
    assert.throws(() => openEndedTemplate("opcua-hello", two, Uint8Array.of(0, 0), 9), { name: "RangeError", message: /allows anything/ });
    assert.ok(Object.isFrozen(open));
  });

  test("says its length wherever it is shown or digested, and a whole one does not", () => {
    assert.deepEqual(templateJson(open), { operation: "opcua-open-channel", hex: "4f504e46", mask: "ffffffff", lengthMax: 6 });
    assert.deepEqual(Object.keys(templateJson(template)), ["operation", "hex", "mask"]);
    assert.deepEqual([longest(open), longest(template)], [6, frame.length]);
  });
});

test("bytes are written in lower-case hexadecimal, two digits each", () => {
  assert.equal(hex(Uint8Array.of(0, 0x0e, 0x2b, 255)), "000e2bff");
  assert.equal(hex(new Uint8Array()), "");
});
