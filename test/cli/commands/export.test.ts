/** `export`: beside the inventory what each device said of itself, whether a person has accepted it, and no cell that a spreadsheet runs. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { exportCommand } from "../../../src/cli/commands/export.ts";
import { readCsv } from "../../../src/config/csv.ts";
import { readInventory } from "../../../src/config/inventory/rows.ts";
import { knownIdentity, plate } from "../../support/identities.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(3);
});
afterEach(() => site.remove());

/** By head, of each device. */
function table(): readonly Readonly<Record<string, string>>[] {
  const read = readCsv(site.read("inv.csv"));
  assert.ok(!("found" in read));
  const [head, ...rows] = read;
  return rows.map(({ cells }) => Object.fromEntries(head!.cells.map((name, index) => [name, cells[index] ?? ""])));
}

test("what was found stands in columns of its own, with its day and whether it is accepted", async () => {
  const other = { ...knownIdentity("plc-1", { firmware: "1.11", serial: "=7" }), source: "enip-identity" };
  site.state.known = [
    knownIdentity("plc-1", plate, plate),
    other,
    knownIdentity("plc-2", plate, { ...plate, firmware: "1.10" }, "192.0.2.12"),
  ];
  assert.equal((await site.run(exportCommand, ["inv.csv"])).code, 0);
  const [first, second, third] = table();
  assert.deepEqual(
    ["found vendor", "found firmware", "found serial number", "found on", "identity"].map((name) => first?.[name]),
    ["Schneider Electric", "1.11", "=7", "2026-11-21", "not accepted yet"],
  );
  assert.equal(second?.["identity"], "CHANGED");
  assert.deepEqual([third?.["found vendor"], third?.["found on"], third?.["identity"]], ["", "", ""]);
  assert.doesNotMatch(site.read("inv.csv"), /(?:^|[;"])[=+@]/mu);
  const inventory = readInventory("inv.csv", site.read("inv.csv"));
  assert.ok("unused" in inventory);
  assert.deepEqual(
    inventory.unused.filter((head) => !/^"(?:found |identity")/u.test(head)),
    [],
  );
});

test("where the journal cannot be read the rest is written, and it says so", async () => {
  site.state.identities = () => ({ problems: ["journal.sqlite: not a database"] });
  const { code, err } = await site.run(exportCommand, ["inv.csv"]);
  assert.equal(code, 0);
  assert.match(err, /^What the devices said of themselves is left out: journal\.sqlite: not a database$/u);
  assert.equal(table().length, 3);
});
