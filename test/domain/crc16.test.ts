/** The check sum of Modbus RTU, held against frames that the standard and devices have made. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc16, crcFits, withCrc } from "../../src/domain/crc16.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));

describe("the check sum of a Modbus RTU frame", () => {
  // "123456789" gives 4B37 by definition (CRC-16/MODBUS); 01 03 00 00 00 01 is the request that every manual shows.
  for (const [frame, sum] of [
    ["313233343536373839", 0x4b37],
    ["010300000001", 0x0a84],
    ["", 0xffff],
  ] as const) {
    test(`of ${frame === "" ? "nothing" : frame} is ${sum.toString(16)}`, () => {
      assert.equal(crc16(bytes(frame)), sum);
    });
  }

  test("stands behind the frame, its low byte first", () => {
    assert.deepEqual(withCrc(bytes("010300000001")), bytes("010300000001840a"));
  });

  test("fits the frame it was made for, and none of which a bit was turned", () => {
    const whole = withCrc(bytes("010300000001"));
    assert.equal(crcFits(whole), true);
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const turned = Uint8Array.from(whole, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      assert.equal(crcFits(turned), false, `bit ${bit}`);
    }
  });

  test("fits nothing that is a sum alone, or less", () => {
    for (const hex of ["ffff", "00", ""]) assert.equal(crcFits(bytes(hex)), false, hex);
  });
});
