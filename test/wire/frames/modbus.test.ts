/** The Modbus frame policy: what may leave, what may come, and what answers what. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Operation } from "../../../src/domain/operations.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";

const { frameLength, operation, answers } = modbusPolicy;

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
}

/** A frame whose header is right. */
function framed(unit: number, pdu: readonly number[], transaction = 1): Uint8Array {
  return Uint8Array.of(transaction >> 8, transaction & 0xff, 0, 0, 0, pdu.length + 1, unit, ...pdu);
}

function read(functionCode: number, address: number, count: number, unit = 1): Uint8Array {
  return framed(unit, [functionCode, address >> 8, address & 0xff, count >> 8, count & 0xff]);
}

const byte = fc.integer({ min: 0, max: 255 });
const unit = fc.oneof(fc.integer({ min: 1, max: 247 }), fc.constant(255));

describe("a frame's length", () => {
  const cases: readonly [what: string, hex: string, expected: number | "malformed"][] = [
    ["is unknown before the header", "", 0],
    ["is unknown without the length", "0001 0000 00", 0],
    ["is unknown without the frame", "0001 0000 0005 01 2b0e01", 0],
    ["is the length field and six", "0001 0000 0005 01 2b0e0100", 11],
    ["does not count what comes behind", "0001 0000 0005 01 2b0e0100 ffff", 11],
    ["is malformed with another protocol id in its first byte", "0001 01", "malformed"],
    ["is malformed with another protocol id in its second byte", "0001 0001", "malformed"],
    ["is malformed beyond 254, from the first byte that says so", "0001 0000 01", "malformed"],
    ["is malformed at 255", "0001 0000 00ff", "malformed"],
    ["is malformed at 1, where no function code fits", "0001 0000 0001 01", "malformed"],
    ["is malformed at 0", "0001 0000 0000", "malformed"],
  ];
  for (const [what, hex, expected] of cases) {
    test(what, () => {
      assert.equal(frameLength(bytes(hex), "in"), expected);
      assert.equal(frameLength(bytes(hex), "out"), expected);
    });
  }

  test("fits the longest frame there is, and no longer one", () => {
    const longest = framed(
      1,
      Array.from({ length: 253 }, () => 3),
    );
    assert.equal(frameLength(longest, "in"), 260);
    assert.equal(modbusPolicy.inboundBytesMax, 260);
  });

  test("is unknown for each beginning of a lawful frame", () => {
    const whole = read(3, 0, 1);
    for (let length = 0; length < whole.length; length++) assert.equal(frameLength(whole.subarray(0, length), "in"), 0, `${length} bytes`);
  });

  test("never changes its mind as bytes come in", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (stream) => {
        let decided: number | "malformed" = 0;
        for (let length = 0; length <= stream.length; length++) {
          const now = frameLength(stream.subarray(0, length), "in");
          if (decided === 0) decided = now;
          assert.equal(now, decided);
        }
      }),
    );
  });

  test("is 0, malformed, or within 8 and 260 and what is there", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (stream) => {
        const length = frameLength(stream, "in");
        assert.ok(length === 0 || length === "malformed" || (length >= 8 && length <= 260 && length <= stream.length));
      }),
    );
  });
});

describe("what may leave", () => {
  const cases: readonly [what: string, frame: Uint8Array, expected: Operation][] = [
    ["one coil", read(1, 0, 1), "modbus-read-coils"],
    ["2000 coils", read(1, 0, 2000), "modbus-read-coils"],
    ["2000 discrete inputs", read(2, 100, 2000), "modbus-read-discrete-inputs"],
    ["125 holding registers", read(3, 0, 125), "modbus-read-holding-registers"],
    ["the last holding register", read(3, 65_535, 1), "modbus-read-holding-registers"],
    ["one input register", read(4, 7, 1), "modbus-read-input-registers"],
    ["report server id", framed(1, [17]), "modbus-report-server-id"],
    ["read device identification, basic", framed(1, [43, 14, 1, 0]), "modbus-read-device-identification"],
    ["read device identification, one object", framed(255, [43, 14, 4, 0x80]), "modbus-read-device-identification"],
    ["unit 247", read(3, 0, 1, 247), "modbus-read-holding-registers"],
    ["unit 255, the device itself", read(3, 0, 1, 255), "modbus-read-holding-registers"],
  ];
  for (const [what, frame, expected] of cases) {
    test(what, () => {
      assert.equal(operation(frame), expected);
    });
  }
});

describe("what never leaves", () => {
  const cases: readonly [what: string, frame: Uint8Array][] = [
    ["nothing at all", new Uint8Array()],
    ["unit 0, the broadcast", read(3, 0, 1, 0)],
    ["unit 248, which is reserved", read(3, 0, 1, 248)],
    ["unit 254, which is reserved", read(3, 0, 1, 254)],
    ["no coils", read(1, 0, 0)],
    ["2001 coils", read(1, 0, 2001)],
    ["2001 discrete inputs", read(2, 0, 2001)],
    ["no registers", read(3, 0, 0)],
    ["126 holding registers", read(3, 0, 126)],
    ["126 input registers", read(4, 0, 126)],
    ["1000 registers", read(3, 0, 1000)],
    ["registers beyond the last address", read(4, 65_535, 2)],
    ["coils beyond the last address", read(1, 65_000, 600)],
    ["a read with a byte too many", framed(1, [3, 0, 0, 0, 1, 0])],
    ["a read with a byte too few", framed(1, [3, 0, 0, 0])],
    ["report server id with data", framed(1, [17, 0])],
    ["identification under another MEI type (CANopen)", framed(1, [43, 13, 1, 0])],
    ["identification with read code 0", framed(1, [43, 14, 0, 0])],
    ["identification with read code 5", framed(1, [43, 14, 5, 0])],
    ["identification with a byte too many", framed(1, [43, 14, 1, 0, 0])],
    ["identification with a byte too few", framed(1, [43, 14, 1])],
    ["two frames in one", Uint8Array.of(...framed(1, [17]), ...framed(1, [17]))],
    ["half a frame", framed(1, [43, 14, 1, 0]).subarray(0, 10)],
    ["another protocol id", bytes("0001 0001 0005 01 2b0e0100")],
  ];
  for (const [what, frame] of cases) {
    test(what, () => {
      assert.equal(operation(frame), undefined);
    });
  }

  test("any function code but 1 to 4, 17 and 43, whatever its data", () => {
    const reads = new Set([1, 2, 3, 4, 17, 43]);
    fc.assert(
      fc.property(byte, unit, fc.array(byte, { maxLength: 252 }), (functionCode, unitId, data) => {
        fc.pre(!reads.has(functionCode));
        assert.equal(operation(framed(unitId, [functionCode, ...data])), undefined);
      }),
    );
  });

  test("any frame that is not exactly as long as it says", () => {
    fc.assert(
      fc.property(unit, fc.array(byte, { minLength: 1, maxLength: 20 }), (unitId, extra) => {
        assert.equal(operation(Uint8Array.of(...framed(unitId, [43, 14, 1, 0]), ...extra)), undefined);
      }),
    );
  });

  test("a read of more than the standard allows, or beyond the last address", () => {
    const word = fc.integer({ min: 0, max: 65_535 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), word, word, (functionCode, address, count) => {
        const most = functionCode <= 2 ? 2000 : 125;
        const lawful = count >= 1 && count <= most && address + count <= 65_536;
        assert.equal(operation(read(functionCode, address, count)) !== undefined, lawful);
      }),
    );
  });
});

describe("an answer", () => {
  const request = framed(7, [43, 14, 1, 0], 0x1234);
  const cases: readonly [what: string, reply: Uint8Array, expected: boolean][] = [
    ["is the same function code", framed(7, [43, 14, 1, 1, 0, 0, 0], 0x1234), true],
    ["is an exception to it", framed(7, [0xab, 1], 0x1234), true],
    ["is not of another transaction, in the high byte", framed(7, [43], 0x1334), false],
    ["is not of another transaction, in the low byte", framed(7, [43], 0x1235), false],
    ["is not of another unit", framed(8, [43], 0x1234), false],
    ["is not another function code", framed(7, [3], 0x1234), false],
    ["is not an exception to another function code", framed(7, [0x83, 1], 0x1234), false],
  ];
  for (const [what, reply, expected] of cases) {
    test(what, () => {
      assert.equal(answers(request, reply), expected);
    });
  }

  test("is an exception with the very same low bits", () => {
    for (const functionCode of [1, 2, 3, 4, 17, 43])
      for (let code = 0; code < 256; code++)
        assert.equal(answers(framed(7, [functionCode]), framed(7, [code])), code === functionCode || code === functionCode + 0x80);
  });

  test("depends on transaction, unit and function code alone", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 60 }), fc.uint8Array({ minLength: 8, maxLength: 60 }), (asked, reply) => {
        const same = [0, 1, 6].every((at) => asked[at] === reply[at]);
        assert.equal(answers(asked, reply), same && (reply[7] === asked[7] || reply[7] === (asked[7]! | 0x80)));
      }),
    );
  });
});
