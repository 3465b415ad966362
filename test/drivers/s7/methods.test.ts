/** What S7 methods may ask, as exact bytes and as words, and what they refuse. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { MethodInput } from "../../../src/domain/driver.ts";
import { hex } from "../../../src/domain/template.ts";
import { calledTsap, identityAsk, s7Methods, type S7Ask } from "../../../src/drivers/s7/methods.ts";
import { s7Policy } from "../../../src/wire/frames/s7.ts";
import { askOf, counter, route } from "../../support/s7-checks.ts";

const [cpuStatus, read] = s7Methods as [(typeof s7Methods)[number], (typeof s7Methods)[number]];

function problemsOf(method: typeof cpuStatus, input: MethodInput): readonly string[] {
  const parsed = method.parse(input);
  return "problems" in parsed ? parsed.problems : [];
}

const frames = (ask: S7Ask): readonly string[] =>
  [cpuStatus.opening(ask), (ask.what === "list" ? cpuStatus : read).asking(ask)].flatMap(({ templates }) =>
    templates.map(({ bytes, mask }) => hex(bytes.map((byte, at) => byte & mask[at]!))),
  );

describe("the frames of", () => {
  test("the operating mode", () => {
    assert.deepEqual(frames(askOf("s7-cpu-status", { s7: route })), [
      "0300001611e00000000100c0010ac1020100c2020302",
      "0300001902f08032010000000000080000f0000001000101e0",
      "0300002102f080320700000000000800080001120411440100ff09000404240000",
    ]);
  });

  test("bytes of a data block, whose address counts bits", () => {
    const bytes = { area: "DB", db: 258, byte: 4, count: 4, value: { type: "uint32" } } as const;
    assert.equal(
      frames(askOf("s7-read", { s7: route, bytes }))[2],
      "0300001f02f080320100000000000e00000401120a100200040102 84 000020".replaceAll(" ", ""),
    );
  });

  test("the identification, which no heartbeat asks for", () => {
    assert.ok(frames(identityAsk(route, "module"))[2]?.endsWith("00110000"));
    assert.ok(frames(identityAsk(route, "components"))[2]?.endsWith("001c0000"));
  });
});

describe("whatever is asked", () => {
  const routes = fc.record({ rack: fc.nat(7), slot: fc.nat(31), connectionType: fc.constantFrom("basic", "op") });
  const places = fc.record({ area: fc.constantFrom("DB", "M", "I", "Q"), db: fc.nat(70_000), byte: fc.nat(70_000), count: fc.nat(6) });

  test("is on the read-only list with every template, and connects as no programming device", () => {
    fc.assert(
      fc.property(routes, places, (s7, bytes) => {
        for (const method of s7Methods) {
          const parsed = method.parse({ s7, ...(method === read && { bytes }) });
          if ("problems" in parsed) continue;
          const allowances = [method.opening(parsed.ask), method.asking(parsed.ask)];
          for (const { operation, bytes: frame } of allowances.flatMap(({ templates }) => templates)) {
            assert.equal(s7Policy.operation(frame), operation);
            if (operation === "s7-connect") assert.deepEqual([...frame.subarray(20)], [...calledTsap(s7)]);
            assert.ok(operation !== "s7-connect" || frame[20] === 2 || frame[20] === 3);
          }
        }
      }),
    );
  });

  test("is one question on one connection", () => {
    const ask = askOf("s7-read", { s7: route, bytes: counter });
    assert.deepEqual([read.opening(ask).connectionsMax, read.opening(ask).requestsMax, read.opening(ask).bytesMax], [1, 2, 47]);
    assert.deepEqual([read.asking(ask).connectionsMax, read.asking(ask).requestsMax, read.asking(ask).bytesMax], [0, 1, 31]);
    assert.equal(read.closing(ask).requestsMax, 0);
    assert.equal(cpuStatus.closing(ask).requestsMax, 0);
  });
});

describe("the words that an engineer signs", () => {
  test("name TSAP, rack, slot and list", () => {
    assert.equal(
      cpuStatus.describe(askOf("s7-cpu-status", { s7: route })),
      "COTP connect TSAP 01.00 -> 03.02 (S7-basic, rack 0, slot 2), communication setup, read SZL 0x0424 (operating mode)",
    );
  });

  test("say that it is the owner who lets it be an OP, and which bytes are read", () => {
    const ask = askOf("s7-read", {
      s7: { rack: 1, slot: 3, connectionType: "op" },
      bytes: { area: "M", db: 0, byte: 20, count: 1, value: { type: "bit" }, bit: 3 },
    });
    assert.equal(
      read.describe(ask),
      "COTP connect TSAP 01.00 -> 02.23 (OP, by the owner's statement, rack 1, slot 3), communication setup, read M byte 20 as bit 3",
    );
    assert.match(read.describe(askOf("s7-read", { s7: route, bytes: counter })), /read DB1 byte 0 to 1 as uint16$/u);
    assert.match(read.describe(askOf("s7-read", { s7: route, bytes: { area: "DB", db: 1, byte: 7, count: 1 } })), /read DB1 byte 7$/u);
  });
});

describe("is refused:", () => {
  const cases: readonly [what: string, method: typeof cpuStatus, input: MethodInput, problem: RegExp][] = [
    ["no rack and slot", cpuStatus, {}, /^s7: missing, expected where the CPU stands, such as s7: \{rack: 0, slot: 2\}/u],
    ["a rack that does not exist", cpuStatus, { s7: { ...route, rack: 8 } }, /^rack: found 8, expected 0 to 7$/u],
    ["a slot that does not exist", cpuStatus, { s7: { ...route, slot: 32 } }, /^slot: found 32, expected 0 to 31$/u],
    ["a unit", cpuStatus, { s7: route, unitId: 1 }, /^unitId: found 1, expected none/u],
    [
      "a Modbus register",
      read,
      { s7: route, bytes: counter, register: { protocolAddress: 0, count: 1 } },
      /^register: found a Modbus register/u,
    ],
    ["bytes beside the mode", cpuStatus, { s7: route, bytes: counter }, /^register: found one, expected none: the operating mode/u],
    ["a read of nothing", read, { s7: route }, /^register: missing, expected the bytes to read/u],
    ["no bytes at all", read, { s7: route, bytes: { ...counter, count: 0 } }, /^count: found 0, expected 1 to 4$/u],
    [
      "a count that is not the type's",
      read,
      { s7: route, bytes: { ...counter, count: 4 } },
      /^count: found 4, expected 2 for one uint16$/u,
    ],
    ["data block 0", read, { s7: route, bytes: { ...counter, db: 0 } }, /^db: found 0, expected 1 to 65535$/u],
    ["a block beside the memory", read, { s7: route, bytes: { ...counter, area: "M" } }, /^db of area M: found 1, expected 0$/u],
    ["bytes behind the end", read, { s7: route, bytes: { ...counter, byte: 65_535 } }, /^byte: found 65535 and 2 on/u],
    [
      "a bit without its number",
      read,
      { s7: route, bytes: { ...counter, count: 1, value: { type: "bit" } } },
      /^bit: found -1, expected 0 to 7$/u,
    ],
  ];
  for (const [what, method, input, problem] of cases) {
    test(what, () => {
      const problems = problemsOf(method, input);
      assert.ok(
        problems.some((one) => problem.test(one)),
        problems.join("; "),
      );
    });
  }
});
