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

  test("holds 1 to 250 bytes of data, and is of function 1 to 4", () => {
    const reply = (functionCode: number, count: number): Uint8Array =>
      withCrc(Uint8Array.of(7, functionCode, count, ...new Uint8Array(count)));
    for (let count = 0; count < 256; count++)
      assert.equal(frameLength(reply(3, count), "in"), count >= 1 && count <= 250 ? count + 5 : "malformed", `${count} bytes of data`);
    for (let functionCode = 0; functionCode < 0x80; functionCode++) {
      const isRead = functionCode >= 1 && functionCode <= 4;
      assert.equal(frameLength(reply(functionCode, 2), "in"), isRead ? 7 : "malformed", `function ${functionCode}`);
      assert.equal(frameLength(withCrc(Uint8Array.of(7, functionCode + 0x80, 2)), "in"), isRead ? 5 : "malformed", `its exception`);
    }
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
    for (let code = 0; code < 256; code++)
      assert.equal(answers(framed("070400050001"), withCrc(Uint8Array.of(7, code, 2))), code === 0x04 || code === 0x84);
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
    ["with a byte behind its count", framed("07030005000100")],
    ["that ends before its count", framed("0703000500")],
  ];
  for (const [what, request] of refused) test(`${what} has no operation`, () => assert.equal(operation(request), undefined));

  test("has an operation for units 1 to 247, as many as the standard allows and up to the last address, and else none", () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 65_535 }), fc.constantFrom(0, 1, 125, 126, 256, 257, 2000, 2001, 65_410, 65_411));
    fc.assert(
      fc.property(
        fc.constantFrom(0, 1, 246, 247, 248),
        fc.integer({ min: 0, max: 6 }),
        word,
        word,
        (unit, functionCode, address, count) => {
          const request = withCrc(Uint8Array.of(unit, functionCode, address >> 8, address & 0xff, count >> 8, count & 0xff));
          const most = functionCode <= 2 ? 2000 : 125;
          const reads = functionCode >= 1 && functionCode <= 4 && count >= 1 && count <= most && address + count <= 65_536;
          assert.equal(operation(request) !== undefined, reads && unit >= 1 && unit <= 247);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
