/** What is supposed, proposed and read of an inventory's cells: addresses, MACs, functions, categories and profiles. */
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { parseProfile } from "../../../src/config/profiles.ts";
import { addressIn } from "../../../src/config/inventory/addresses.ts";
import { statedCategory, supposedFunction } from "../../../src/config/inventory/guesses.ts";
import { idFrom, macsIn } from "../../../src/config/inventory/names.ts";
import { proposeProfile } from "../../../src/config/inventory/propose.ts";
import { entryText } from "../../../src/config/inventory/yaml-text.ts";
import { readFolder, readText } from "../../../src/config/read-file.ts";
import { parseYaml } from "../../../src/config/yaml.ts";
import { projectRoot } from "../../support/source-tree.ts";

const folder = path.join(projectRoot, "device-profiles");
const names = readFolder("device-profiles", folder);
const library = (names.ok ? names.names : [])
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => {
    const read = readText(name, path.join(folder, name));
    const yaml = read.ok ? parseYaml(name, read.text) : read;
    const parsed = yaml.ok ? parseProfile(yaml, name.slice(0, -5)) : yaml;
    if (!parsed.ok) throw new Error(name);
    return parsed.value;
  });

describe("an address cell", () => {
  const kinds: Readonly<Record<string, string>> = {
    "": "no address",
    "10.20.1.11, 10.20.2.11": "several addresses",
    "10.20.1.11 / 10.20.2.11": "no literal address",
    "10.20.1.0/24": "a range",
    "10.20.1.255/24": "a range",
    "10.20.1.30-40": "a range",
    "10.20.1.30 - 10.20.1.40": "a range",
    "10.20.1.30 bis 10.20.1.40": "a range",
    "10.20.1.x": "a range",
    "10.20.*.*": "a range",
    DHCP: "no literal address",
    "plc.ship.local": "no literal address",
    "010.020.001.011": "no literal address",
    "10.20.1.11:502": "no literal address",
  };
  for (const [cell, kind] of Object.entries(kinds))
    test(`${JSON.stringify(cell)} is ${kind}`, () => assert.equal((addressIn(cell) as { kind?: string }).kind, kind));

  test("one address, also with its mask", () => {
    const text = (cell: string): unknown => (addressIn(cell) as { address?: { text: string } }).address?.text;
    assert.deepEqual([text("10.20.1.11"), text("10.20.1.11/24"), text("2001:db8::5")], ["10.20.1.11", "10.20.1.11", "2001:db8::5"]);
  });
});

test("MACs are read however they are written; what is none, or of a group, is said", () => {
  const cell = "00-80-F4-01-02-03, 0080.f401.0204 0080F4010205;01:00:5e:00:00:01 nonsense";
  assert.deepEqual(macsIn(cell), {
    macs: ["00:80:f4:01:02:03", "00:80:f4:01:02:04", "00:80:f4:01:02:05"],
    bad: ["01:00:5e:00:00:01", "nonsense"],
  });
});

test("an id is made of any name, and of none there is none", () => {
  assert.equal(idFrom("Kühlwasser-Pumpe 2 (Bb)"), "kuehlwasser-pumpe-2-bb");
  assert.equal(idFrom("ÅÑ ß"), "an-ss");
  assert.equal(idFrom("日本"), "");
  assert.equal(idFrom(`${"x".repeat(62)} yy`), "x".repeat(62));
});

describe("the function", () => {
  for (const name of [
    "ESD panel",
    "Fire alarm",
    "F&G system",
    "Burner_PLC",
    "Brandmeldezentrale",
    "Kesselbrenner",
    "NOT-AUS Relais",
    "SIS logic solver",
    "Not-Aus",
  ])
    test(`${name} is supposed to be safety, for a word that is named`, () => {
      const { function: supposed, because } = supposedFunction("control", [name], false);
      assert.equal(supposed, "safety");
      assert.ok(because !== undefined && name.replaceAll("_", " ").includes(because));
    });

  test("protection and navigation are known by their words", () => {
    assert.equal(supposedFunction("", ["Generatorschutz SIPROTEC 7SJ"], false).function, "protection");
    assert.equal(supposedFunction("", ["ECDIS 1"], false).function, "navigation");
    assert.equal(supposedFunction("", ["Steering gear control"], false).function, "navigation");
  });

  test("words within words mean nothing: a fireplace, a basis, a desd", () => {
    for (const name of ["Firewall", "Basis station", "desdemona", "analysis", "Radarless"])
      assert.ok(["control", "network"].includes(supposedFunction("", [name], false).function), name);
  });

  test("the inventory's own word counts where nothing speaks against it", () => {
    assert.deepEqual(supposedFunction("monitoring", ["Tank 7"], false), { function: "monitoring", stated: true });
    assert.deepEqual(supposedFunction("safety", ["Tank 7"], false), { function: "safety", stated: true });
  });

  test("what only watches is monitoring, a switch is network, all else is control", () => {
    assert.equal(supposedFunction("", ["Power meter"], false).function, "monitoring");
    assert.equal(supposedFunction("", ["SW-1"], true).function, "network");
    assert.equal(supposedFunction("", ["Pump"], false).function, "control");
  });
});

test("a category is read in three ways, and never supposed", () => {
  assert.deepEqual(["II", "cat. 3", "hoch", "low", "Kategorie I", "", "rot"].map(statedCategory), [
    "II",
    "III",
    "III",
    "I",
    "I",
    undefined,
    undefined,
  ]);
});

describe("a profile is proposed", () => {
  const proposed = (manufacturer: string, model: string, protocol = "", serial = false): string =>
    proposeProfile(library, { manufacturer, model, protocol, serial }).profile ?? "none";

  test("by vendor and model together", () => {
    assert.equal(proposed("Schneider", "TM221CE24R"), "schneider-m221");
    assert.equal(proposed("Siemens AG", "SIMATIC S7-1200 CPU 1214C"), "siemens-s7-1200");
    assert.equal(proposed("SIEMENS", "S7-1500"), "siemens-s7-1500");
  });

  test("not where the name is of a CPU that runs function safety too", () => {
    for (const failSafe of ["S7-1200 CPU 1214FC", "CPU 315F-2 PN/DP", "ET 200SP CPU 1512SP F-1 PN", "S7-400 CPU 416F-2", "cpu 1515f-2 pn"])
      assert.equal(proposed("Siemens AG", failSafe), "none", failSafe);
    assert.equal(proposed("Siemens", "S7-1200 CPU 1214C FW 4.4"), "siemens-s7-1200");
    assert.equal(proposed("Siemens", "SIMATIC S7-300 FM 350"), "siemens-s7-300-400");
  });
  test("by the number under which it is ordered, however it is spaced; a fail-safe CPU is left to a person", () => {
    assert.equal(proposed("Siemens", "6ES7 214-1AG40-0XB0"), "siemens-s7-1200");
    assert.equal(proposed("Siemens AG", "6ES7212-1AE40-0XB0"), "siemens-s7-1200");
    assert.equal(proposed("SIEMENS", "6ES7 315-2EH14-0AB0"), "siemens-s7-300-400");
    assert.equal(proposed("Siemens", "6ED1052-1CC01-0BA8"), "siemens-logo");
    assert.equal(proposed("ABB", "1SAP120600R0071"), "abb-ac500");
    assert.equal(proposed("Phoenix Contact", "2700974 ILC 151 ETH"), "phoenix-ilc");
    assert.equal(proposed("Rockwell Automation", "1756-EN2T/D"), "rockwell-controllogix");
    for (const failSafe of ["6ES7 214-1AF40-0XB0", "6ES7 215-1HF40-0XB0", "6ES7 315-2FJ14-0AB0", "6ES7 317-7UL10-0AB0"])
      assert.equal(proposed("Siemens", failSafe), "none", failSafe);
  });

  test("by neither of them alone: another vendor's model, a vendor without a model, a sibling of the family", () => {
    assert.equal(proposed("Siemens", "TM221CE24R"), "none");
    assert.equal(proposed("", "S7-1200"), "none");
    assert.equal(proposed("Schneider", ""), "none");
    assert.equal(proposed("Schneider", "Modicon XYZ"), "none");
  });

  test("by its protocol alone: the profile that knows nothing more; never an echo", () => {
    assert.equal(proposed("ACME", "X1", "Modbus TCP"), "generic-modbus-tcp");
    assert.equal(proposed("ACME", "X1", "OPC UA"), "generic-opcua");
    assert.equal(proposed("ACME", "X1", "EtherNet/IP"), "generic-ethernet-ip");
    assert.equal(proposed("ACME", "X1", "ICMP, ping"), "none");
    assert.equal(proposed("ACME", "X1", "", true), "generic-modbus-rtu");
  });
});

test("an entry reads back as it was meant, whatever its texts look like", () => {
  const entry = {
    id: "1",
    name: "no",
    a: ["true", "1.10", "x: y", '# "no"', "10.20.1.11", "- a", "60s", "Deck 2", ""],
    b: { c: true, d: null, e: undefined, f: 1 },
  };
  const yaml = parseYaml("x.yaml", `list:\n${entryText(entry, ["a comment: # of it"], 2)}`);
  assert.deepEqual(yaml.ok && JSON.parse(JSON.stringify(yaml.value)), { list: [JSON.parse(JSON.stringify(entry))] });
});
