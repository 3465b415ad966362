/** The pure half of Modbus: what is accepted, and the exact bytes that come of it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { MethodInput } from "../../../src/domain/driver.ts";
import type { MethodId } from "../../../src/domain/operations.ts";
import { fitting, hex } from "../../../src/domain/template.ts";
import { modbusMethods } from "../../../src/drivers/modbus/methods.ts";
import { drivers, methods } from "../../../src/drivers/registry.ts";
import { modbusRtuPolicy } from "../../../src/wire/frames/modbus-rtu.ts";
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

const word = { min: 0, max: 65_535 };

describe("a method that reads registers", () => {
  const frames: readonly [MethodId, number, string, string][] = [
    ["modbus-fc1", 8, "000000000006070100640008", "FC 1 read coils 100 to 107 (0-based), unit 7"],
    ["modbus-fc2", 1, "000000000006070200640001", "FC 2 read discrete input 100 (0-based), unit 7"],
    ["modbus-fc3", 125, "00000000000607030064007d", "FC 3 read holding registers 100 to 224 (0-based), unit 7"],
    ["modbus-fc4", 2, "000000000006070400640002", "FC 4 read input registers 100 to 101 (0-based), unit 7"],
  ];
  for (const [id, count, bytes, words] of frames) {
    test(`${id} is twelve bytes, of which the transaction id alone is free`, () => {
      const one = methods.get(id)!;
      const parsed = one.parse({ unitId: 7, register: { protocolAddress: 100, count } });
      assert.ok("ask" in parsed);
      const asking = one.asking(parsed.ask);
      assert.deepEqual([asking.requestsMax, asking.bytesMax, asking.templates.length], [1, 12, 1]);
      assert.equal(hex(asking.templates[0]!.bytes), bytes);
      assert.equal(hex(asking.templates[0]!.mask), `0000${"ff".repeat(10)}`);
      assert.equal(one.describe(parsed.ask), words);
    });
  }

  test("says how it reads a value", () => {
    const one = methods.get("modbus-fc3")!;
    const words = (register: NonNullable<MethodInput["register"]>): string => {
      const parsed = one.parse({ unitId: 1, register });
      assert.ok("ask" in parsed);
      return one.describe(parsed.ask);
    };
    assert.match(words({ protocolAddress: 0, count: 1, value: { type: "int16" } }), /register 0 \(0-based\) as int16, unit 1$/);
    assert.match(
      words({ protocolAddress: 0, count: 2, value: { type: "float32", wordOrder: "little" } }),
      / as float32, low word first, unit 1$/,
    );
  });

  const refused: readonly [what: string, MethodId, MethodInput["register"], problem: RegExp][] = [
    ["no register", "modbus-fc3", undefined, /^register: missing, expected the holding registers to read/],
    ["no count", "modbus-fc3", { protocolAddress: 0, count: 0 }, /^count: found 0, expected 1 to 125/],
    ["126 registers", "modbus-fc4", { protocolAddress: 0, count: 126 }, /^count: found 126, expected 1 to 125 input registers/],
    ["2001 coils", "modbus-fc1", { protocolAddress: 0, count: 2001 }, /^count: found 2001, expected 1 to 2000 coils/],
    ["half a register", "modbus-fc3", { protocolAddress: 0, count: 0.5 }, /^count: found 0\.5/],
    ["an address below 0", "modbus-fc3", { protocolAddress: -1, count: 1 }, /^protocolAddress: found -1, expected 0 to 65535/],
    ["an address above 65535", "modbus-fc3", { protocolAddress: 65_536, count: 1 }, /^protocolAddress: found 65536/],
    ["an end beyond 65535", "modbus-fc2", { protocolAddress: 65_535, count: 2 }, /^register: found 65535 and 2 on/],
    ["a bit of a register", "modbus-fc3", { protocolAddress: 0, count: 1, value: { type: "bit" } }, /^type: found bit/],
    ["a number of coils", "modbus-fc1", { protocolAddress: 0, count: 1, value: { type: "uint16" } }, /^type: found uint16, expected bit/],
    ["two registers as one of 16 bits", "modbus-fc3", { protocolAddress: 0, count: 2, value: { type: "uint16" } }, /^count: found 2/],
    [
      "one register as one of 32 bits",
      "modbus-fc3",
      { protocolAddress: 0, count: 1, value: { type: "uint32", wordOrder: "big" } },
      /^count: found 1, expected 2 for one uint32/,
    ],
  ];
  for (const [what, id, register, problem] of refused) {
    test(`refuses ${what}`, () => {
      const parsed = methods.get(id)!.parse({ unitId: 1, ...(register && { register }) });
      assert.ok("problems" in parsed);
      assert.match(parsed.problems.join("; "), problem);
    });
  }
});

describe("modbus-fc17", () => {
  test("is eight bytes to one unit, never to all", () => {
    const one = methods.get("modbus-fc17")!;
    const parsed = one.parse({ unitId: 9 });
    assert.ok("ask" in parsed);
    assert.equal(hex(one.asking(parsed.ask).templates[0]!.bytes), "0000000000020911");
    assert.equal(one.describe(parsed.ask), "FC 17 report server id, unit 9");
    assert.ok("problems" in one.parse({ unitId: 0 }));
    assert.ok("problems" in one.parse({ unitId: 9, register: { protocolAddress: 0, count: 1 } }));
  });
});

describe("a gateway that takes RTU frames over TCP", () => {
  const framing = "rtu-over-tcp";
  const register = { protocolAddress: 0, count: 10 };

  test("is sent the read with its check sum, every byte of it fixed", () => {
    const one = methods.get("modbus-fc3")!;
    const parsed = one.parse({ unitId: 1, register, framing });
    assert.ok("ask" in parsed);
    const { templates, bytesMax } = one.asking(parsed.ask);
    assert.deepEqual([hex(templates[0]!.bytes), hex(templates[0]!.mask), bytesMax], ["01030000000ac5cd", "ffffffffffffffff", 8]);
    assert.match(one.describe(parsed.ask), /unit 1, as an RTU frame over TCP$/);
    assert.equal(modbusRtuPolicy.operation(templates[0]!.bytes), "modbus-read-holding-registers");
  });

  test("is not asked what has no length in RTU, nor unit 255", () => {
    for (const id of ["modbus-fc43", "modbus-fc17"] as const) {
      const parsed = methods.get(id)!.parse({ unitId: 1, framing });
      assert.ok("problems" in parsed);
      assert.match(parsed.problems[0]!, /over a gateway with framing rtu-over-tcp, .* expected FC 1 to 4$/);
    }
    assert.ok("problems" in methods.get("modbus-fc3")!.parse({ unitId: 255, register, framing }));
  });
});

describe("every Modbus method", () => {
  test("makes templates that the wire's policy reads as the operation they name", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...modbusMethods),
        fc.integer({ min: 0, max: 300 }),
        fc.integer(word),
        fc.option(fc.record({ protocolAddress: fc.integer(word), count: fc.integer({ min: 0, max: 2100 }) }), { nil: undefined }),
        (one, unitId, transaction, register) => {
          const parsed = one.parse({ unitId, ...(register && { register }) });
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
