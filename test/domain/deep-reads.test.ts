/** Every read of a deep query stands under a method that exists, and its request is what the read says. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { deepReadIds, deepReadName, deepReads, goesOnWords } from "../../src/domain/deep-reads.ts";
import { methods } from "../../src/drivers/registry.ts";

it("names each read as approvals and records show it, with the number of a slot or an interface", () => {
  assert.equal(deepReadName({ read: "snmp-system" }), "snmp-system");
  assert.equal(deepReadName({ read: "enip-slots", number: 0 }), "enip-slots slot 0");
  assert.equal(deepReadName({ read: "snmp-interfaces", number: 24 }), "snmp-interfaces interface 24");
});

it("says where a divided answer goes on: from a number, or in a table behind a hardware address", () => {
  assert.equal(goesOnWords("modbus-identification-regular", 3), "from 3");
  assert.equal(goesOnWords("snmp-bridge-table", 0x00_80_f4_0a_0b_0c), "behind 00:80:f4:0a:0b:0c");
  assert.equal(goesOnWords("enip-slots slot 3", 1), "from 1");
});

it("puts each read under a method that this build speaks, whose rules hold for it", () => {
  for (const read of deepReadIds) assert.ok(methods.has(deepReads[read].method), read);
});

it("reads of an S7 CPU the list that the read names, and not the operating mode", () => {
  const s7 = { rack: 0, slot: 2, connectionType: "basic" } as const;
  for (const [read, list, index] of [
    ["s7-module", "0x0011", "0000"],
    ["s7-components", "0x001c", "0000"],
    ["s7-protection", "0x0232", "0004"],
  ] as const) {
    const method = methods.get(deepReads[read].method)!;
    const parsed = method.parse({ s7, deep: { read } });
    assert.ok("ask" in parsed);
    assert.match(method.describe(parsed.ask), new RegExp(`read SZL ${list}`, "u"));
    const [frame] = method.asking(parsed.ask).templates;
    assert.equal(Buffer.from(frame!.bytes.subarray(29)).toString("hex"), `${list.slice(2)}${index}`);
  }
});
