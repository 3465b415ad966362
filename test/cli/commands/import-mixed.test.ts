/** An inventory of 300 mixed devices with the errors people make becomes a watchlist and one list of what needs a person; nothing is polled. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { checkConfig } from "../../../src/cli/commands/check-config.ts";
import { exportCommand } from "../../../src/cli/commands/export.ts";
import { importCommand } from "../../../src/cli/commands/import.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { asCsv, lineNumbers, lines, type Fate } from "../support/mixed-inventory.ts";
import { TestSite } from "../support/site.ts";

const segments = `schema: watchlist/v1
segments:
  - {id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5, startsPerSecondMax: 2}
  - {id: engine, zone: OT-1, subnet: 10.20.2.0/24, localAddress: 10.20.2.5, startsPerSecondMax: 2}
`;

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(0);
  site.write("watchlist.yaml", segments);
});
afterEach(() => site.remove());

interface Json {
  readonly rows: number;
  readonly placed: readonly {
    readonly line: number;
    readonly id: string;
    readonly never: boolean;
    readonly entry: Readonly<Record<string, unknown>>;
    readonly notes: readonly string[];
  }[];
  readonly unplaced: readonly { readonly line: number; readonly kind: string; readonly detail: string }[];
}

const encodings: ReadonlyMap<string, () => Uint8Array> = new Map([
  ["UTF-8 with a byte order mark and semicolons", () => Buffer.from(`\uFEFF${asCsv(";")}`)],
  ["UTF-16 and tabs", () => Buffer.from(`\uFEFF${asCsv("\t")}`, "utf16le")],
  ["UTF-8 without a mark, and commas", () => Buffer.from(asCsv(","))],
]);

async function imported(bytes: Uint8Array, ...more: readonly string[]): Promise<{ code: number; out: string }> {
  writeFileSync(path.join(site.folder, "inventory.csv"), bytes);
  const { code, out, err } = await site.run(importCommand, ["inventory.csv", ...more]);
  assert.equal(err, "");
  return { code, out };
}

test("there are 300 lines, and most of them are good", () => {
  assert.equal(lines.length, 300);
  assert.equal(new Set(lines.map(({ fate }) => fate)).size, 11);
});

describe("each line is placed, or listed with its number and the reason, as it is saved in", () => {
  for (const [name, bytes] of encodings)
    test(name, async () => {
      const { code, out } = await imported(bytes(), "--dry-run", "--json");
      assert.equal(code, 1, out);
      const { placed, unplaced } = JSON.parse(out) as Json;
      const numbers = lineNumbers();
      const became = new Map<number, Fate>([
        ...placed.map((one): [number, Fate] => [one.line, one.never ? "never asked" : "placed"]),
        ...unplaced.map((one): [number, Fate] => [one.line, one.kind as Fate]),
      ]);
      const expected = lines.flatMap(({ fate, cells }, at) => (fate === "blank" ? [] : [[numbers[at], cells[0], fate]]));
      assert.deepEqual(
        lines.flatMap(({ cells }, at) => (became.has(numbers[at]!) ? [[numbers[at], cells[0], became.get(numbers[at]!)]] : [])),
        expected,
      );
      assert.equal(became.size, expected.length);
    });
});

describe("what is written", () => {
  test("is a sound watchlist in which nothing is asked, whatever a person has typed", async () => {
    const { out } = await imported(encodings.get("UTF-8 with a byte order mark and semicolons")!(), "--json");
    const { placed } = JSON.parse(out) as Json;
    assert.equal((await site.run(checkConfig)).code, 0);
    const { devices, checks } = JSON.parse((await site.run(plan, ["--json"])).out) as Record<"devices" | "checks", readonly unknown[]>;
    assert.deepEqual([devices.length, checks], [placed.length, []]);
    const entry = (id: string): Readonly<Record<string, unknown>> => placed.find((one) => one.id === id)!.entry;
    assert.equal(entry("kuehlwasserpumpe-1")["name"], "Kühlwasserpumpe 1");
    assert.equal(entry("kuehlwasserpumpe-5")["address"], "10.20.1.24");
    assert.deepEqual((entry("kuehlwasserpumpe-5")["asset"] as Record<string, string>)["location"], "Lüfterraum achtern");
    assert.deepEqual(entry("brandmeldezentrale")["checks"], []);
  });

  test("goes back to a sheet in which no cell is a formula, and comes again to nothing new", async () => {
    await imported(encodings.get("UTF-8 with a byte order mark and semicolons")!());
    const written = site.read("watchlist.yaml");
    assert.equal((await site.run(exportCommand, ["sheet.csv"])).code, 0);
    assert.doesNotMatch(site.read("sheet.csv"), /(?:^|[;"])[=+@]/mu);
    const again = await site.run(importCommand, ["sheet.csv"]);
    assert.equal(again.code, 0);
    assert.match(again.out, /: 0 devices added to watchlist\.yaml, 260 there already, 0 not placed/u);
    assert.equal(site.read("watchlist.yaml"), written);
  });
});

test("what a person reads is short: devices by profile, and one entry for the same trouble of many lines", async () => {
  const { out } = await imported(encodings.get("UTF-8 with a byte order mark and semicolons")!(), "--dry-run");
  assert.match(
    out,
    /^287 lines read: 260 devices to be added to watchlist\.yaml, 0 there already, 27 not placed\. Nothing is approved\.$/m,
  );
  assert.match(out, /^ {2}moxa-mgate +28 {2}kuehlwasserpumpe-6, kuehlwasserpumpe-15, kuehlwasserpumpe-24 and 25 more$/m);
  assert.match(out, /^ {2}lines 307, 308, 309 +Ohne Adresse and 2 more +no address: found no address$/m);
  assert.match(out, /^ {2}line 295 +hyperlink-http-a-example-pumpe +its name/m);
  assert.match(out, /found "1,0202E\+07", expected one address: the/);
  assert.ok(out.split("\n").length < 120, out);
});
