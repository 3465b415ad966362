/** Raw RTU frames inside TCP: where one ends, what may leave, and that a wrong check sum is no frame. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { crc16, crcFits, withCrc } from "../../../src/domain/crc16.ts";
import { modbusRtuPolicy } from "../../../src/wire/frames/modbus-rtu.ts";

const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, "hex"));
const framed = (hex: string): Uint8Array => withCrc(bytes(hex));
const { frameLength, operation, answers } = modbusRtuPolicy;

describe("the check sum", () => {
  test("is that of the standard's own kind of example, low byte first", () => {
    // Often printed: ten holding registers of unit 1.
    assert.equal(Buffer.from(framed("01030000000a")).toString("hex"), "01030000000ac5cd");
    assert.equal(crc16(Buffer.from("123456789")), 0x4b37);
  });

  test("finds every single wrong bit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 255 }), fc.nat(), (body, spot) => {
        const frame = withCrc(body);
        assert.ok(crcFits(frame));
        const bit = spot % (frame.length * 8);
        frame[bit >> 3]! ^= 1 << (bit & 7);
        assert.ok(!crcFits(frame));
      }),
    );
  });
});

describe("an RTU reply", () => {
  test("ends where its byte count says, and is nothing before", () => {
    const reply = framed("0703040001ffff");
    for (let length = 0; length < reply.length; length++) assert.equal(frameLength(reply.subarray(0, length), "in"), 0);
    assert.equal(frameLength(reply, "in"), reply.length);
    assert.equal(frameLength(Buffer.concat([reply, bytes("00")]), "in"), reply.length);
  });

  test("that is an exception has five bytes", () => assert.equal(frameLength(framed("07830b"), "in"), 5));

  const malformed: readonly [what: string, Uint8Array][] = [
    ["with a wrong check sum", bytes("0703020001ffff")],
    ["of another function", framed("0711020001")],
    ["of a write", framed("070600000001")],
    ["without data", framed("070300")],
    ["of more bytes than one can hold", bytes("0703fb")],
    ["that is a Modbus TCP frame", bytes("00010000000507030200010000")],
  ];
  for (const [what, reply] of malformed) test(`${what} is malformed`, () => assert.equal(frameLength(reply, "in"), "malformed"));

  test("answers the request of its unit and function alone", () => {
    const request = framed("070300050001");
    assert.ok(answers(request, framed("0703020001")));
    assert.ok(answers(request, framed("078302")));
    assert.ok(!answers(request, framed("0803020001")));
    assert.ok(!answers(request, framed("0704020001")));
  });
});

describe("an RTU request", () => {
  for (const [functionCode, name] of [
    ["01", "modbus-read-coils"],
    ["02", "modbus-read-discrete-inputs"],
    ["03", "modbus-read-holding-registers"],
    ["04", "modbus-read-input-registers"],
  ] as const) {
    test(`of function ${functionCode} is ${name}`, () => {
      const request = framed(`07${functionCode}00050001`);
      assert.equal(operation(request), name);
      assert.equal(frameLength(request, "out"), 8);
    });
  }

  const refused: readonly [what: string, Uint8Array][] = [
    ["to all units", framed("000300050001")],
    ["to unit 248", framed("f80300050001")],
    ["to unit 255", framed("ff0300050001")],
    ["for no register", framed("070300050000")],
    ["for 126 registers", framed("07030005007e")],
    ["beyond the last register", framed("0703ffff0002")],
    ["that writes a coil", framed("07050005ff00")],
    ["that writes a register", framed("070600050001")],
    ["with a wrong check sum", bytes("0703000500010000")],
    ["of a length that no read has", framed("0711")],
  ];
  for (const [what, request] of refused) test(`${what} has no operation`, () => assert.equal(operation(request), undefined));
});
