/** What makes another value of what a device says, and what does not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  comparable,
  differences,
  differenceWords,
  newFields,
  sameSaid,
  saidOf,
  saidWords,
  type IdentityField,
} from "../../src/domain/said.ts";

const hash = "ab".repeat(32);

describe("what is no other value", () => {
  const same: readonly (readonly [IdentityField, string, string])[] = [
    ["vendor", "Schneider Electric", " SCHNEIDER  electric\u0000\u0000"],
    ["vendor", "Acme [no. 283]", "vendor id 283 [no. 283]"],
    ["product", "TM221 CE24R", "TM221CE24R"],
    ["product", "---", " --- "],
    ["description", "Switch  SW 05.3", "switch sw 05.3\u0000"],
    ["firmware", "V01.20", "1.20"],
    ["firmware", "10.001.0", "10.1"],
    ["firmware", "0", "0.0"],
    ["firmware", "B-4711 ", "b-4711"],
    ["serial", "0x00C0FFEE", "c0ffee"],
    ["serial", "S C-C2UR28922012", "s c c2ur 28922012"],
    ["serial", "0000", "0"],
    ["certificate", `${hash} 00ff`, `00FF, ${hash.toUpperCase()}`],
    ["hardware_address", "00:80:F4:0a:0b:0c", "0-80-f4-a-b-c"],
  ];
  for (const [field, a, b] of same)
    test(`${field}: ${a} and ${JSON.stringify(b)}`, () => assert.equal(comparable(field, a), comparable(field, b)));
});

describe("what is another value", () => {
  const other: readonly (readonly [IdentityField, string, string])[] = [
    ["vendor", "Acme [no. 283]", "Acme [no. 284]"],
    ["vendor", "Acme", "Acme [no. 283]"],
    ["product", "TM221CE24R", "TM221CE40R"],
    ["product", "---", "+++"],
    ["description", "SW 05.3.01", "SW 0.53.01"],
    ["firmware", "2.8", "2.80"],
    ["firmware", "1.2", "1.2b"],
    ["serial", "0", "00000001"],
    ["serial", "---", "+++"],
    ["certificate", hash, `${hash} ${hash}`],
    ["hardware_address", "00:80:f4:0a:0b:0c", "00:80:f4:0a:0b:0d"],
  ];
  for (const [field, a, b] of other) test(`${field}: ${a} and ${b}`, () => assert.notEqual(comparable(field, a), comparable(field, b)));
});

test("what is accepted and not said any more is a difference, and what is newly said is a new field", () => {
  const accepted = { vendor: "A", firmware: "1.0", serial: "7" };
  const said = { vendor: "a", firmware: "1.1", product: "P" };
  assert.deepEqual(differences(accepted, said), [
    { field: "firmware", before: "1.0", after: "1.1" },
    { field: "serial", before: "7", after: undefined },
  ]);
  assert.equal(differenceWords(differences(accepted, said)), 'firmware: was "1.0", is "1.1"; serial number: was "7", is not said any more');
  assert.deepEqual(newFields(accepted, said), ["product"]);
  assert.deepEqual([sameSaid(accepted, accepted), sameSaid(accepted, said), sameSaid({}, said)], [true, false, false]);
  assert.deepEqual([saidWords(said), saidWords({})], ['vendor "a", product "P", firmware "1.1"', "nothing"]);
});

test("each protocol's fields: SNMP's text and that of Modbus FC 17 are descriptions, a maker's number stands beside its name", () => {
  const modbus = {
    vendor: "Schneider",
    product: "TM221",
    revision: "1.11",
    serial: "7",
    certificate: hash,
    hardwareAddress: "0:1:2:3:4:5",
  };
  assert.deepEqual(saidOf("modbus-fc43", modbus), {
    vendor: "Schneider",
    product: "TM221",
    firmware: "1.11",
    serial: "7",
    certificate: hash,
    hardware_address: "0:1:2:3:4:5",
  });
  assert.deepEqual(saidOf("modbus-fc17", { product: "LMB3.1.6" }), { description: "LMB3.1.6" });
  assert.deepEqual(saidOf("snmp-get", { vendor: "Hirschmann", vendorCode: "248", code: "1.3.6.1.4.1.248.14", product: "MACH SW 05.3" }), {
    vendor: "Hirschmann [no. 248]",
    product: "1.3.6.1.4.1.248.14",
    description: "MACH SW 05.3",
  });
  assert.deepEqual(saidOf("snmp-get", { product: "MACH" }), { description: "MACH" });
  assert.deepEqual(saidOf("enip-identity", { vendorCode: "1" }), { vendor: "vendor [no. 1]" });
});
