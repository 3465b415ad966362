/** `report scope`: one truth in four forms, and what nobody has signed, stated or read says so. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { report } from "../../../src/cli/commands/report.ts";
import { readCsv } from "../../../src/config/csv.ts";
import { scopeColumns, type ScopeRow } from "../../../src/config/scope-report.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(2);
});
afterEach(() => site.remove());

async function rows(): Promise<readonly ScopeRow[]> {
  const { code, out } = await site.run(report, ["scope", "--json"]);
  assert.equal(code, 0);
  return (JSON.parse(out) as { rows: readonly ScopeRow[] }).rows;
}

describe("report scope says", () => {
  test("of an approved device who signed, on what grounds and until when, and what is sent", async () => {
    await site.approve();
    const [row] = await rows();
    assert.equal(row?.state, "asked");
    assert.match(row.approver, /^chief engineer, mail 2026-11-21; prepared by eto-1 on /);
    assert.deepEqual([row.grounds, row.change, row.review], ["vendor confirmation: EIO0000003089 p. 41", "MOC-2026-014", "2028-02-21"]);
    assert.match(row.sends, /^FC 43\/14 .* to 192\.0\.2\.11 tcp\/502; requests: Modbus FC 43\/14/);
    assert.match(row.connections, /^others: none; at most one of ours; pool not documented, counts as 4; 2 in reserve$/);
    assert.match(row.watchdog, /^none, an ended connection does not trip it; eto-1, 2026-11-20$/);
  });

  test("of one that nobody signed that it is unsigned, and why it is not asked", async () => {
    const [row] = await rows();
    for (const cell of [row?.grounds, row?.approver, row?.change, row?.review]) assert.equal(cell, "MISSING: unsigned");
    assert.match(row?.state ?? "", /^NOT ASKED: not_approved /);
    assert.match((await site.run(report, ["scope"])).out, /^- NOT COMPLETE: 2 of 2 rows lack something: see MISSING$/m);
  });

  test("of a device added since that it is unsigned, though its family is approved", async () => {
    await site.approve();
    site.watch(3);
    const list = await rows();
    assert.deepEqual(
      list.map(({ approver }) => approver.startsWith("MISSING")),
      [true, true, true].map((_, at) => at === 2),
    );
  });

  test("what the owner has not stated", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace(/statements: \{.*?\}\},/u, "statements: {},"));
    const [unstated] = await rows();
    assert.equal(unstated?.watchdog, "MISSING: not stated");
    assert.match(unstated.connections, /^MISSING: other clients are not stated/);
  });

  test("of a safety function that it is never asked, and misses no statement for what is not opened", async () => {
    const list = site.read("watchlist.yaml");
    const unstated = list.replace(/statements: \{.*?\}\},/u, "").replace("function: control", "function: safety");
    site.write("watchlist.yaml", unstated.replace(/checks: \[[^\]]*\]/u, "checks: []"));
    const [safety] = await rows();
    assert.equal(safety?.state, "never asked: its function is safety");
    assert.equal(safety.sends, "nothing");
    assert.deepEqual([safety.connections, safety.watchdog], ["none is opened", "-"]);
    assert.match((await site.run(report, ["scope"])).out, /^- Scope: checks asked: 0 of 1; devices without a check: 1; exclusions: 0$/m);
  });

  test("first what is excluded and which zones are joined, with the reason and the name", async () => {
    await site.approve();
    const list = site.read("watchlist.yaml");
    const joined = list.replace(
      /^segments:$/mu,
      "segments:\n  - {id: engine, zone: OT-2, subnet: 198.51.100.0/24, localAddress: 198.51.100.5}",
    );
    site.write(
      "watchlist.yaml",
      `${joined}excluded: [{address: 192.0.2.66, reason: maker's letter}, {range: 192.0.2.80/28, reason: burner}]\nzoneCrossings: [{zones: [OT-1, OT-2], approvedBy: chief, reason: one cabinet, changeReference: MOC-7}]\n`,
    );
    const { out } = await site.run(report, ["scope"]);
    assert.match(
      out,
      /^- Excluded: 192\.0\.2\.66: maker's letter\n- Excluded: 192\.0\.2\.80\/28: burner\n- Zones: joins zones OT-1, OT-2: approved by chief, MOC-7: one cabinet$/m,
    );
  });

  test("of a pool that is only heard of that it is unverified, and of a remembered one that no document states it", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replaceAll("generic-modbus-tcp", "siemens-s7-1200"));
    const [heard] = await rows();
    assert.match(heard?.connections ?? "", /; pool 3 \(secondary source, unverified\); /);
  });

  test("never of an interval that a vendor approved it", async () => {
    await site.approve();
    for (const { intervalSource } of await rows()) {
      assert.match(intervalSource, /Watchkeeper's (?:default|profile|floor)/);
      assert.doesNotMatch(intervalSource, /vendor|approved/iu);
    }
  });
});

test("Markdown, HTML and CSV hold every cell of the same rows, and no cell of them is run", async () => {
  site.write("watchlist.yaml", site.read("watchlist.yaml").replace("name: PLC 1,", 'name: "=cmd <script>|x",'));
  const [row] = await rows();
  const markdown = (await site.run(report, ["scope"])).out;
  const html = (await site.run(report, ["scope", "--format", "html"])).out;
  const table = readCsv((await site.run(report, ["scope", "--format", "csv"])).out);
  assert.ok(!("found" in table));
  assert.deepEqual(table[0]?.cells, Object.values(scopeColumns));
  assert.deepEqual(
    table[1]?.cells,
    Object.keys(scopeColumns).map((key) => row?.[key as keyof ScopeRow]),
  );
  for (const head of Object.values(scopeColumns).slice(1))
    assert.ok(markdown.includes(`**${head}:**`) && html.includes(`<th>${head}</th>`));
  assert.ok(!html.includes("<script>") && html.includes("&lt;script&gt;"));
  assert.ok(markdown.includes("\\<script\\>\\|x"));
});

test("anything but scope, and an unknown form, are wrong usage", async () => {
  assert.equal((await site.run(report, ["availability"])).code, 2);
  assert.equal((await site.run(report, ["scope", "--format", "pdf"])).code, 2);
});
