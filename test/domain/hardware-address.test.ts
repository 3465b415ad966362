/** Hardware addresses as people write them, and as numbers that sort as they do. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  hardwareAddressBytes,
  hardwareAddresses,
  hardwareAddressNumber,
  hardwareAddressOf,
  hardwareAddressWords,
} from "../../src/domain/hardware-address.ts";

const addresses = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: hardwareAddressBytes, maxLength: hardwareAddressBytes });

test("an address is written with two digits a byte", () => {
  assert.equal(hardwareAddressWords([0, 0x80, 0xf4, 0x0a, 0x0b, 0x0c]), "00:80:f4:0a:0b:0c");
});

test("every address is a number of its own, and back, and numbers sort as addresses do", () => {
  assert.equal(hardwareAddressNumber([255, 255, 255, 255, 255, 255]), hardwareAddresses - 1);
  fc.assert(
    fc.property(addresses, addresses, (one, other) => {
      assert.deepEqual(hardwareAddressOf(hardwareAddressNumber(one)), one);
      const [a, b] = [hardwareAddressWords(one), hardwareAddressWords(other)];
      assert.equal(Math.sign(hardwareAddressNumber(one) - hardwareAddressNumber(other)), a === b ? 0 : a < b ? -1 : 1);
    }),
  );
});
