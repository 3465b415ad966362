/** The driver's reading of registers and of server ids: values, and what of a reply is not believed. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MalformedReply } from "../../../src/domain/driver.ts";
import type { ValueType } from "../../../src/domain/expectation.ts";
import type { Answer } from "../../../src/domain/outcome.ts";
import { modbusDriver } from "../../../src/drivers/modbus/driver.ts";
import type { ModbusAsk, ReadAsk } from "../../../src/drivers/modbus/methods.ts";
import { modbusPolicy } from "../../../src/wire/frames/modbus.ts";
import { FakeWire } from "../support/fake-wire.ts";

async function answerTo(ask: ModbusAsk, pduHex: string): Promise<{ answer: Answer; sent: readonly string[] }> {
  const wire = new FakeWire(modbusPolicy);
  const session = await modbusDriver.open(wire, ask);
  const answer = session.ask(ask);
  wire.answer(pduHex);
  return { answer: await answer, sent: wire.sent };
}

const reads = (functionCode: ReadAsk["functionCode"], count: number, value?: ValueType): ReadAsk => ({
  functionCode,
  unitId: 7,
  protocolAddress: 100,
  count,
  ...(value && { value }),
});
const wide = (type: "uint32" | "int32" | "float32", wordOrder: "big" | "little"): ReadAsk => reads(3, 2, { type, wordOrder });

describe("a register", () => {
  const values: readonly [what: string, ReadAsk, reply: string, value: number | undefined][] = [
    ["one coil that is on", reads(1, 1, { type: "bit" }), "010101", 1],
    ["one input that is off, its padding set", reads(2, 1, { type: "bit" }), "0201fe", 0],
    ["16 bits without a sign", reads(3, 1, { type: "uint16" }), "0302ffff", 65_535],
    ["16 bits with a sign", reads(4, 1, { type: "int16" }), "0402fffe", -2],
    ["32 bits, high word first", wide("uint32", "big"), "030400010002", 65_538],
    ["32 bits, low word first", wide("uint32", "little"), "030400010002", 131_073],
    ["32 bits with a sign, high word first", wide("int32", "big"), "0304fffffffe", -2],
    ["32 bits with a sign, low word first", wide("int32", "little"), "0304fffeffff", -2],
    ["a float, high word first", wide("float32", "big"), "030442480000", 50],
    ["a float, low word first", wide("float32", "little"), "030400004248", 50],
    ["a float that is none", wide("float32", "big"), "03047fc00000", Number.NaN],
    ["registers of which nothing is made", reads(3, 3), "0306000100020003", undefined],
    ["nine coils of which nothing is made", reads(1, 9), "0102ff01", undefined],
  ];
  for (const [what, ask, reply, value] of values) {
    test(`holding ${what} reads ${String(value)}`, async () => {
      const { answer } = await answerTo(ask, reply);
      assert.deepEqual(answer, value === undefined ? { said: "alive" } : { said: "alive", value });
    });
  }

  for (const [what, ask, reply] of [
    ["one byte short", reads(3, 1), "030200"],
    ["one byte long", reads(3, 1), "0302000100"],
    ["of another count", reads(3, 2), "03020001"],
    ["of more coils", reads(1, 8), "0102ffff"],
    ["without a count", reads(4, 1), "04"],
  ] as const) {
    test(`reply ${what} is malformed`, async () => {
      await assert.rejects(answerTo(ask, reply), MalformedReply);
    });
  }

  test("that the device does not have is an exception, and life", async () => {
    const { answer } = await answerTo(reads(3, 1), "8302");
    assert.deepEqual(answer, { said: "alive", note: "exception 0x02 to FC 3: illegal data address" });
  });

  test("is asked for in one request, at its own address", async () => {
    for (const functionCode of [1, 2, 3, 4] as const) {
      const { sent } = await answerTo(reads(functionCode, 1), `8${functionCode}06`);
      assert.deepEqual(sent, [`000100000006070${functionCode}00640001`]);
    }
  });
});

describe("a server id", () => {
  const ask: ModbusAsk = { functionCode: 17, unitId: 7 };

  test("is asked of its unit, in one request", async () => {
    assert.deepEqual((await answerTo(ask, "1102b4ff")).sent, ["0001000000020711"]);
  });

  const said: readonly [what: string, reply: string, Answer][] = [
    ["with text", "110bb4ff4c4d42332e312e3600", { said: "alive", identity: { product: "LMB3.1.6" } }],
    ["that begins with text", `1109${Buffer.from("Pymodbus").toString("hex")}ff`, { said: "alive", identity: { product: "Pymodbus" } }],
    ["without text", "1102b4ff", { said: "alive" }],
    ["with bytes that are no text", "1105b4ff41420a", { said: "alive" }],
    [
      "of a CPU that does not run",
      "1105b400504c43",
      { said: "degraded", failure: "protocol_error", detail: "FC 17: the run indicator is off", identity: { product: "PLC" } },
    ],
  ];
  for (const [what, reply, answer] of said) {
    test(`${what} is read`, async () => assert.deepEqual((await answerTo(ask, reply)).answer, answer));
  }

  test("has its escapes and line ends taken out", async () => {
    const { answer } = await answerTo(ask, "110ab4ff1b5b33316d504c43");
    assert.deepEqual(answer, { said: "alive", identity: { product: "[31mPLC" } });
  });

  test("that counts wrongly is malformed", async () => {
    for (const reply of ["1103b4ff", "1101b4ff", "1101b4", "1100", "11"]) await assert.rejects(answerTo(ask, reply), MalformedReply, reply);
  });
});
