/** The mark of what a device says: another for whatever it says otherwise, and the same for the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isMark, markOf, otherThanSeen } from "../../src/config/identity-mark.ts";
import { baselineDevicesMax } from "../../src/domain/baseline-control.ts";
import { controlBodyBytesMax } from "../../src/domain/control.ts";
import { knownIdentity, plate } from "../support/identities.ts";

const said = knownIdentity("plc", plate);
const mark = markOf([said])!;

describe("the mark of what a device says", () => {
  test("is twelve digits in three groups, whatever was accepted before and in whichever order it was said", () => {
    assert.match(mark, /^[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}$/u);
    assert.equal(markOf([knownIdentity("plc", plate, { ...plate, firmware: "1.0" })]), mark);
    const other = { ...said, source: "modbus-fc17" };
    assert.equal(markOf([said, other]), markOf([other, said]));
    assert.notEqual(markOf([said, other]), mark);
    assert.equal(markOf([]), undefined);
  });

  test("is another for another device, place, method, field or text", () => {
    const others = [
      knownIdentity("pump", plate),
      { ...said, place: "192.0.2.11 unit 2" },
      { ...said, source: "modbus-fc17" },
      knownIdentity("plc", { ...plate, firmware: "1.12" }),
      knownIdentity("plc", { ...plate, serial: "7" }),
      knownIdentity("plc", { vendor: plate.vendor!, product: plate.product! }),
      knownIdentity("plc", { ...plate, firmware: "1.11 " }),
      knownIdentity("plc", { ...plate, firmware: "\ud800" }),
    ].map((one) => markOf([one]));
    assert.equal(new Set([mark, ...others]).size, others.length + 1);
  });

  test("may be written with capitals, and without its dashes", () => {
    for (const written of [mark, mark.toUpperCase(), mark.replaceAll("-", ""), ` ${mark.replaceAll("-", " ")}`])
      assert.equal(isMark(mark, written), true, written);
    for (const written of ["", mark.slice(0, -1), `${mark}0`]) assert.equal(isMark(mark, written), false, written);
    assert.equal(isMark(undefined, ""), false);
  });

  test("that does not hold is named beside the one that does, with everything that the device says", () => {
    const words = otherThanSeen("plc", [said, { ...said, source: "modbus-fc17", said: { description: "M221" } }], "0000-0000-0000");
    assert.match(words, /^plc: found the mark .*, expected 0000-0000-0000.*modbus-fc43 at .*; modbus-fc17 at .*: description "M221"\./u);
  });

  test("fits a body of the control socket, as often as one request may name it, with the longest ids and reason", () => {
    const devices = Array.from({ length: baselineDevicesMax }, () => ({ device: "x".repeat(63), seen: mark }));
    const body = JSON.stringify({ devices, beside: false, by: "漢".repeat(1000), reason: "漢".repeat(1000) });
    assert.ok(Buffer.byteLength(body) <= controlBodyBytesMax, `${Buffer.byteLength(body)} bytes`);
  });
});
