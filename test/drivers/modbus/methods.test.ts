/** The pure half of Modbus: what is accepted, and the exact bytes that come of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { MethodInput } from "../../../src/domain/driver.ts";
import { fitting, hex } from "../../../src/domain/template.ts";
import { modbusMethods } from "../../../src/drivers/modbus/methods.ts";
import { drivers, methods } from "../../../src/drivers/registry.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";

const method = methods.get("modbus-fc43")!;

function problems(input: MethodInput): readonly string[] {
  const parsed = method.parse(input);
  assert.ok("problems" in parsed);
  return parsed.problems;
}

function askOf(unitId: number): unknown {
  const parsed = method.parse({ unitId });
  assert.ok("ask" in parsed);
  return parsed.ask;
}

describe("modbus-fc43", () => {
  test("asks for the basic identification in eleven bytes, of which the transaction id alone is free", () => {
    const asking = method.asking(askOf(7));
    assert.deepEqual({ ...asking, templates: undefined }, { connectionsMax: 0, requestsMax: 1, bytesMax: 11, templates: undefined });
    assert.equal(asking.templates.length, 1);
    const [template] = asking.templates;
    assert.equal(template?.operation, "modbus-read-device-identification");
    assert.equal(hex(template.bytes), "000000000005072b0e0100");
    assert.equal(hex(template.mask), "0000ffffffffffffffffff");
  });

  test("opens one connection and has no word for goodbye", () => {
    assert.deepEqual(method.opening(askOf(1)), { connectionsMax: 1, requestsMax: 0, bytesMax: 0, templates: [] });
    assert.deepEqual(method.closing(askOf(1)), { connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: [] });
  });

  test("describes itself in the line that is signed", () => {
    assert.equal(method.describe(askOf(255)), "FC 43/14 read device identification, basic, unit 255");
  });

  test("proves no more than a communication module, over TCP, on port 502", () => {
    assert.deepEqual([method.proves, method.transport, method.defaultPort, method.protocol], ["comms-module", "tcp", 502, "modbus"]);
  });

  test("makes an ask that nobody can change", () => {
    assert.ok(Object.isFrozen(askOf(1)));
    assert.deepEqual(askOf(1), { functionCode: 43, unitId: 1, readCode: 1, objectId: 0 });
  });

  const refused: readonly [what: string, input: MethodInput, problem: RegExp][] = [
    ["no unit", {}, /^unitId: missing, expected 1 to 247, or 255/],
    ["unit 0", { unitId: 0 }, /^unitId: found 0 \(the broadcast\), expected 1 to 247/],
    ["unit 248", { unitId: 248 }, /found 248/],
    ["unit 256", { unitId: 256 }, /found 256/],
    ["half a unit", { unitId: 1.5 }, /found 1\.5/],
    ["no number", { unitId: Number.NaN }, /found NaN/],
    ["a register", { unitId: 1, register: { protocolAddress: 0, count: 1 } }, /^register: found one, expected none/],
  ];
  for (const [what, input, problem] of refused) {
    test(`refuses ${what}`, () => {
      assert.equal(problems(input).length, 1);
      assert.match(problems(input)[0]!, problem);
    });
  }
});

describe("every Modbus method", () => {
  test("makes templates that the wire's policy reads as the operation they name", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...modbusMethods),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 65_535 }),
        (one, unitId, transaction) => {
          const parsed = one.parse({ unitId });
          if (!("ask" in parsed)) return;
          for (const template of one.asking(parsed.ask).templates) {
            const frame = Uint8Array.from(template.bytes);
            frame[0] = transaction >> 8;
            frame[1] = transaction & 0xff;
            assert.equal(modbusPolicy.operation(frame), template.operation);
            assert.equal(fitting([template], frame), template);
          }
        },
      ),
    );
  });

  test("is in the registry, and has a driver", () => {
    for (const one of modbusMethods) {
      assert.equal(methods.get(one.id), one);
      assert.equal(drivers.get(one.protocol)?.protocol, one.protocol);
    }
  });
});
