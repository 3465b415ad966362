/** `import` and `export`: an inventory becomes a watchlist and comes back; nothing that stands there changes, and nothing is approved. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { exportCommand } from "../../../src/cli/commands/export.ts";
import { importCommand } from "../../../src/cli/commands/import.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { watchlistText } from "../../../src/cli/site-template.ts";
import { TestSite, type Ran } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(1);
});
afterEach(() => site.remove());

const head = "name;ip address;mac;manufacturer;model;serial number;location;category;zone;function";
const csv = (...rows: readonly string[]): void => writeFileSync(path.join(site.folder, "inv.csv"), [head, ...rows, ""].join("\n"));
const run = (...more: readonly string[]): Promise<Ran> => site.run(importCommand, ["inv.csv", ...more]);

interface Json {
  readonly written: boolean;
  readonly placed: readonly {
    readonly id: string;
    readonly profile: string;
    readonly never: boolean;
    readonly entry: Readonly<Record<string, unknown>>;
  }[];
  readonly already: readonly string[];
  readonly unplaced: readonly { readonly line: number; readonly kind: string; readonly detail: string }[];
}
const json = async (...more: readonly string[]): Promise<Json> => JSON.parse((await run("--json", ...more)).out) as Json;

describe("an inventory is taken over", () => {
  test("each device with a proposed profile and comments; what stood there stays to the letter; nobody is asked", async () => {
    const before = site.read("watchlist.yaml");
    csv(
      "Fresh water;192.0.2.20;00-80-F4-01-02-03;Schneider;TM221CE24R;=HYPERLINK(1);Deck 2;II;OT-1;",
      "Cooling;192.0.2.21;;Siemens;S7-1200;;;;;",
    );
    const { code, out } = await run();
    assert.equal(code, 0);
    assert.match(out, /^2 lines read: 2 devices added to watchlist\.yaml, 0 there already, 0 not placed\. Nothing is approved\./);
    const after = site.read("watchlist.yaml");
    assert.ok(after.startsWith(before));
    assert.match(after, /# From inv\.csv, line 2\. Profile proposed: schneider-m221 \(.*M221 stands in the model\)/);
    assert.match(after, /# To be looked at: function \(supposed\), category \(not in the inventory; III is the strictest\)/);
    assert.match(after, /# To be stated before anybody can approve it: otherClients, watchdog/);
    const planned = JSON.parse((await site.run(plan, ["--json"])).out) as {
      checks: readonly unknown[];
      refused: readonly { device: string; reason: string }[];
    };
    assert.deepEqual(planned.checks, []);
    assert.ok(planned.refused.some(({ device }) => device === "fresh-water"));
    assert.match(site.state.audit.at(-1)?.detail ?? "", /2 devices added from inv\.csv, none of them approved/);
  });

  test("what sounds like safety is entered as such, with no check", async () => {
    csv(
      "Burner control;192.0.2.20;;Siemens;S7-1200;;;;;control",
      "Fire panel;192.0.2.21;;ACME;F1;;;;;",
      "Breaker 1;192.0.2.22;;Eaton;PXR25;;;;;",
    );
    const { placed } = await json();
    assert.deepEqual(
      placed.map(({ never, entry }) => [never, entry["function"], entry["checks"]]),
      [
        [true, "safety", []],
        [true, "safety", []],
        [true, "protection", []],
      ],
    );
    assert.match(site.read("watchlist.yaml"), /Supposed to be safety, because of "Burner": never asked/);
  });

  test("into a watchlist as `init` writes it, into an empty list, and behind a comment at the end", async () => {
    const segment = "segments:\n  - {id: hvac, zone: OT-1, subnet: 192.0.2.0/24, localAddress: 192.0.2.5}\n";
    csv("Cooling;192.0.2.21;;Siemens;S7-1200;;;;;");
    for (const [text, expected] of [
      [`${watchlistText()}${segment}`, /\n\ndevices:\n {2}# From/],
      [`schema: watchlist/v1\ndevices: [] # none yet\n${segment}`, /devices: # none yet\n {2}# From[^]*\nsegments:/],
      [`schema: watchlist/v1\n${segment.trimEnd()}`, /\n\ndevices:\n/],
    ] as const) {
      site.write("watchlist.yaml", text);
      assert.equal((await run()).code, 0, text);
      assert.match(site.read("watchlist.yaml"), expected);
    }
    site.write(
      "watchlist.yaml",
      `schema: watchlist/v1\n${segment}devices: [{id: a, address: 192.0.2.30, segment: hvac, function: control, category: I, profile: generic-s7, checks: []}]\n`,
    );
    const { code, err } = await run();
    assert.equal(code, 1);
    assert.match(err, /found `devices:` in brackets, expected one device below the other/);
  });

  test("--dry-run and a second import change nothing", async () => {
    csv("Cooling;192.0.2.21;;Siemens;S7-1200;;;;;");
    const before = site.read("watchlist.yaml");
    assert.equal((await json("--dry-run")).written, false);
    assert.equal(site.read("watchlist.yaml"), before);
    await run();
    const once = site.read("watchlist.yaml");
    const { written, already, placed } = await json();
    assert.deepEqual([written, already, placed], [false, ["cooling"], []]);
    assert.equal(site.read("watchlist.yaml"), once);
  });

  test("without its audit record, nothing is written", async () => {
    csv("Cooling;192.0.2.21;;Siemens;S7-1200;;;;;");
    const before = site.read("watchlist.yaml");
    site.state.problem = "the disk is full";
    const { code, err } = await run();
    assert.equal(code, 1);
    assert.match(err, /a change without its audit record does not happen/);
    assert.equal(site.read("watchlist.yaml"), before);
  });
});

test("what cannot be placed stands in one list with its line and reason; the rest is written", async () => {
  csv(
    "No address;;;Siemens;S7-1200;;;;;",
    "Two;192.0.2.30, 192.0.2.31;;Siemens;S7-1200;;;;;",
    "Range;192.0.2.30-40;;Siemens;S7-1200;;;;;",
    "Elsewhere;10.9.9.9;;Siemens;S7-1200;;;;;",
    "Unknown;192.0.2.32;;ACME;X1;;;;;",
    "Ours;192.0.2.5;;Siemens;S7-1200;;;;;",
    "Broadcast;192.0.2.255;;Siemens;S7-1200;;;;;",
    "Good;192.0.2.33;;Siemens;S7-1200;;;;OT-2;",
    "Good;192.0.2.34;;Siemens;S7-1200;;;;;",
    "Other name;192.0.2.33;;Siemens;S7-1200;;;;;",
    "PLC 1;192.0.2.99;;Siemens;S7-1200;;;;;",
    "日本;192.0.2.40;;Siemens;S7-1200;;;;;",
  );
  const { unplaced, placed } = await json("--dry-run");
  assert.deepEqual(
    unplaced.map(({ line, kind }) => [line, kind]),
    [
      [2, "no address"],
      [3, "several addresses"],
      [4, "a range"],
      [5, "no segment"],
      [6, "unknown vendor or model"],
      [7, "refused by the watchlist"],
      [8, "refused by the watchlist"],
      [10, "twice in the inventory"],
      [11, "twice in the inventory"],
      [12, "otherwise in the watchlist"],
      [13, "refused by the watchlist"],
    ],
  );
  assert.deepEqual(
    placed.map(({ id }) => id),
    ["good"],
  );
  const { code, out } = await run();
  assert.equal(code, 1);
  assert.match(out, /Could not be placed\n {2}line 2 +No address +no address: found no address/);
  assert.match(out, /the inventory has it in zone "OT-2", its segment hvac lies in "OT-1"/);
  assert.match(out, /A segment is one subnet/);
  assert.match(site.read("watchlist.yaml"), /- id: good\n/);
});

test("a file that is not there, or no table, is one line", async () => {
  assert.match((await site.run(importCommand, ["absent.csv"])).err, /absent\.csv: cannot be read/);
  writeFileSync(path.join(site.folder, "inv.csv"), "nothing\n");
  assert.match((await run()).err, /inv\.csv:1: found no line with a column for names or addresses/);
});

test("export and import make a watchlist of the same devices, and no cell is a formula", async () => {
  site.write(
    "watchlist.yaml",
    [
      "schema: watchlist/v1",
      "segments: [{id: hvac, zone: OT-1, subnet: 192.0.2.0/24, localAddress: 192.0.2.5}]",
      "gateways: [{id: bus, address: 192.0.2.40, segment: hvac, responseTimeout: 1s, retries: 0, unitCount: 3, otherClients: []}]",
      "devices:",
      "  - {id: sw-1, address: 192.0.2.10, segment: hvac, function: network, category: I, profile: generic-managed-switch, checks: []}",
      "  - id: plc-1",
      "    name: '=1+1'",
      "    address: 192.0.2.11",
      "    segment: hvac",
      "    function: monitoring",
      "    category: II",
      "    profile: siemens-s7-1200",
      "    macs: ['00:80:f4:01:02:03']",
      "    switchPorts: [{switch: sw-1, ifIndex: 5}]",
      "    asset: {manufacturer: Siemens, model: 'S7-1200', firmware: '4.10', serial: '-12;3', location: 'Deck \"2\"'}",
      "    checks: []",
      "  - {id: unit-7, via: bus, function: monitoring, category: I, profile: generic-modbus-rtu, checks: []}",
      "",
    ].join("\n"),
  );
  assert.equal((await site.run(exportCommand, ["inv.csv"])).code, 0);
  const sheet = site.read("inv.csv");
  assert.doesNotMatch(sheet, /(?:^|[;"])[=+@]/mu);
  const again = await json();
  assert.deepEqual([again.already, again.placed, again.unplaced], [["sw-1", "plc-1", "unit-7"], [], []]);
  site.write("watchlist.yaml", site.read("watchlist.yaml").replace(/ {2}- id: plc-1\n[^]*? {4}checks: \[\]\n/u, ""));
  const { placed } = await json();
  assert.equal(placed.length, 1);
  const { checks: _checks, ...entry } = placed[0]!.entry;
  assert.deepEqual(entry, {
    id: "plc-1",
    name: "=1+1",
    address: "192.0.2.11",
    segment: "hvac",
    function: "monitoring",
    category: "II",
    profile: "siemens-s7-1200",
    macs: ["00:80:f4:01:02:03"],
    switchPorts: [{ switch: "sw-1", ifIndex: 5 }],
    asset: { manufacturer: "Siemens", model: "S7-1200", firmware: "4.10", serial: "-12;3", location: 'Deck "2"' },
  });
});
