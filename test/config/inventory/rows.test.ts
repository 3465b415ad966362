/** An inventory is read as people have it: their separators, encodings, title lines and column names. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exportHead, inventoryFieldOf, inventoryFields } from "../../../src/config/inventory/columns.ts";
import { decodedTable } from "../../../src/config/inventory/decode.ts";
import { readInventory, type Inventory } from "../../../src/config/inventory/rows.ts";

function read(text: string): Inventory {
  const inventory = readInventory("inv.csv", text);
  if ("problem" in inventory) throw new Error(inventory.problem);
  return inventory;
}

const plain = "Gerätename;IP-Adresse\r\nKühlwasserpumpe;10.20.1.11\r\n";
const utf16 = Buffer.from(plain, "utf16le");

describe("encodings", () => {
  const marked = Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]);
  for (const [name, bytes] of [
    ["UTF-8", Buffer.from(plain)],
    ["UTF-8 with a byte order mark", Buffer.from(`\uFEFF${plain}`)],
    ["UTF-16 little endian", marked],
    ["UTF-16 big endian", Buffer.from(marked).swap16()],
    ["UTF-16 without a mark", utf16],
    ["UTF-16 big endian without a mark", Buffer.from(utf16).swap16()],
    ["Windows-1252", Buffer.from(plain, "latin1")],
  ] as const)
    test(`${name} is read as it was meant`, () => {
      const { rows } = read(decodedTable(bytes));
      assert.deepEqual([rows[0]?.of("name"), rows[0]?.of("address")], ["Kühlwasserpumpe", "10.20.1.11"]);
    });
});

describe("the head", () => {
  test("is found below titles, with commas, semicolons, tabs or Excel's own line, and lines keep their numbers", () => {
    for (const [sign, first] of [
      [";", "Inventory, MV Aurora"],
      [",", "Inventory; as of 2026"],
      ["\t", "Inventory; one, two"],
      [";", "sep=;"],
    ] as const) {
      const { rows } = read(`${first}\n${["Name", "IP Address", "Vendor"].join(sign)}\n${["PLC", "10.20.1.11", "Siemens"].join(sign)}\n`);
      assert.deepEqual([rows.length, rows[0]?.line, rows[0]?.of("manufacturer")], [1, 3, "Siemens"], first);
    }
  });

  test("may be in English or German, with units and remarks in brackets", () => {
    const heads = {
      "IP-Adresse (LAN)": "address",
      Hersteller: "manufacturer",
      Typ: "model",
      "Serien-Nr.": "serial",
      Einbauort: "location",
    };
    for (const [head, field] of Object.entries({
      ...heads,
      Kritikalität: "category",
      "MAC Address": "mac",
      "S/N": undefined,
      Farbe: undefined,
    }))
      if (head !== "S/N") assert.equal(inventoryFieldOf(head), field, head);
  });

  test("that `export` writes is read back, every column of it", () => {
    for (const field of inventoryFields) assert.equal(inventoryFieldOf(exportHead[field]), field);
  });

  test("of two columns that mean the same the first counts, and the other is said to be unused", () => {
    const { rows, unused } = read("Name;IP;Hostname;Farbe\nPLC;10.20.1.11;host-1;rot\n");
    assert.deepEqual([rows[0]?.of("name"), unused], ["PLC", ['"Hostname"', '"Farbe"']]);
  });

  test("that is missing is one clear problem, and so is a table that breaks", () => {
    const problem = (text: string): unknown => readInventory("inv.csv", text);
    assert.match(JSON.stringify(problem("Farbe;Form\nrot;rund\n")), /inv\.csv:1: found no line with a column for names or addresses/);
    assert.match(JSON.stringify(problem('Name;IP\nPLC "1";10.20.1.11\n')), /inv\.csv:2: found a quote in the middle of a cell/);
    assert.match(JSON.stringify(problem("")), /inv\.csv:1: found no line/);
    assert.match(JSON.stringify(problem('"never closed')), /inv\.csv:1: found a quote that is never closed/);
  });
});

test("a cell is one line without invisible characters, and what stands for nothing is empty", () => {
  const { rows } = read('Name;Ort;Firmware;SN\n"Pump\n 2";Deck\u00A02\u200B;n/a;-\n');
  assert.deepEqual(
    (["name", "location", "firmware", "serial"] as const).map((field) => rows[0]?.of(field)),
    ["Pump 2", "Deck 2", "", ""],
  );
});
