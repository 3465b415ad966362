/** Every read of a deep query stands under a method that exists and has a name of its own. */
import assert from "node:assert/strict";
import { it } from "node:test";
import { deepReadIds, deepReadName, deepReads } from "../../src/domain/deep-reads.ts";
import { methods } from "../../src/drivers/registry.ts";

it("names each read as approvals and records show it, with the number of a slot or an interface", () => {
  assert.equal(deepReadName({ read: "snmp-system" }), "snmp-system");
  assert.equal(deepReadName({ read: "enip-slots", number: 0 }), "enip-slots slot 0");
  assert.equal(deepReadName({ read: "snmp-interfaces", number: 24 }), "snmp-interfaces interface 24");
});

it("puts each read under a method that this build speaks, whose rules hold for it", () => {
  for (const read of deepReadIds) assert.ok(methods.has(deepReads[read].method), read);
});
