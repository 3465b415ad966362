/** A whole site is signed in one sitting: everything that a sheet says is approved, or nothing and one list of all that is missing. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSiteProfile } from "../../src/config/profiles.ts";
import { csvText, readCsv } from "../../src/config/csv.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import { columns, worksheet, type Column } from "../../src/config/worksheet.ts";
import { importWorksheet, type Imported } from "../../src/config/worksheet-import.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import type { DeviceId } from "../../src/domain/plan.ts";
import { methods } from "./compile/support/methods.ts";
import { loaded, rawDevice, rawProfile, rawSite, today, type Raw, type RawSite } from "./compile/support/site.ts";
import { later, recompiled } from "./support/approving.ts";

type Row = Record<Column, string>;

/** Devices plc-1 and on, spread over the families in turn. */
function plant(devices: number, families: number): RawSite {
  const ids = Array.from({ length: families }, (_, index) => `family-${index + 1}`);
  const subnets = (n: number): string => `10.20.${1 + Math.floor(n / 200)}`;
  const raw = Array.from({ length: devices }, (_, n) =>
    rawDevice(n + 1, {
      address: `${subnets(n)}.${10 + (n % 200)}`,
      segment: `s-${subnets(n)}`.replaceAll(".", "-"),
      profile: ids[n % families]!,
      checks: [{ method: "modbus-fc43", unitId: 1, interval: "10m" }],
    }),
  );
  const nets = [...new Set(raw.map((_, n) => subnets(n)))];
  const segments = nets.map((net): Raw => ({
    id: `s-${net}`.replaceAll(".", "-"),
    zone: "OT-1",
    subnet: `${net}.0/24`,
    localAddress: `${net}.5`,
  }));
  const profiles = Object.fromEntries(ids.map((id) => [id, rawProfile({ id })]));
  return rawSite(raw, { profiles }, { segments, gateways: [] });
}

function exported(site: LoadedSite): readonly Row[] {
  const table = readCsv(worksheet(site, recompiled(site), methods));
  assert.ok(!("found" in table));
  return table.slice(1).map(({ cells }) => Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ""])) as Row);
}

const signed: Partial<Row> = {
  decision: "approve",
  prepared_by: "eto-1",
  accepted_by: "chief engineer, mail 2026-11-21",
  basis: "risk",
  basis_text: "identification only, tried at the shipyard",
  until: "21.02.2028",
  change: "MOC-2026-014",
};
const filled = (rows: readonly Row[]): readonly Row[] =>
  rows.map((row) => (row.record === "family" ? { ...row, ...signed } : { ...row, decision: row.decision || "approve" }));
const textOf = (rows: readonly Row[]): string => csvText([columns, ...rows.map((row) => columns.map((column) => row[column]))]);
const imported = (site: LoadedSite, rows: readonly Row[], now = today): Imported =>
  importWorksheet(site, recompiled(site), "signing.csv", textOf(rows), now);
const problemsOf = (found: Imported): readonly string[] => (found.ok ? [] : found.problems);

function written(site: LoadedSite, result: Imported): LoadedSite {
  assert.ok(result.ok, result.ok ? "" : result.problems.join("\n"));
  const siteProfiles = new Map(site.siteProfiles);
  for (const { file, location, text, request } of result.edits) {
    const yaml = parseYaml(file, text);
    assert.ok(yaml.ok);
    const parsed = parseSiteProfile(yaml, request.profile, site.shippedProfiles.get(request.profile)?.value);
    assert.ok(parsed.ok);
    siteProfiles.set(request.profile, { file, location, text, lines: yaml.lines, value: parsed.value });
  }
  return { ...site, siteProfiles };
}

test("an echo, which has no port, is shown without one", () => {
  const raw = rawSite([rawDevice(1, { checks: [{ method: "icmp-echo" }] })]);
  assert.match(exported(loaded(raw)).find(({ device }) => device === "plc-1")!.sends, / to 10\.20\.1\.11 icmp every /u);
});

describe("a sheet of 300 devices in 25 families", () => {
  const site = loaded(plant(300, 25));
  const rows = exported(site);

  test("holds each of them, with what is sent, stated and documented", () => {
    assert.deepEqual(
      [rows.filter(({ record }) => record === "family").length, rows.filter(({ record }) => record === "device").length],
      [25, 300],
    );
    const device = rows.find(({ device: id }) => id === "plc-1")!;
    assert.match(device.sends, /to 10\.20\.1\.10 tcp\/502 every 10 min/);
    assert.match(device.stated, /otherClients: \["?.*SCADA-1.*; watchdog: /);
    assert.equal(device.missing, "");
    assert.match(rows[0]!.documents, /^Manual, T-1, p\. 1, \(full-document\)$/);
  });

  test("goes through in one sitting, and a second time changes nothing, on whatever day", () => {
    const result = imported(site, filled(rows));
    const after = written(site, result);
    const { plan } = recompiled(after);
    assert.deepEqual([plan.checks.size, plan.refused.size], [300, 0]);
    const again = imported(after, filled(rows), later("2026-12-24"));
    assert.ok(again.ok);
    assert.deepEqual([again.edits.length, again.unchanged.length], [0, 25]);
  });

  test("that lacks things approves nothing and names them all at once, each with its line", () => {
    const holes = filled(rows).map((row, index): Row => {
      if (row.device === "plc-7") return { ...row, decision: "" };
      if (row.device === "plc-8") return { ...row, decision: "maybe" };
      if (row.profile === "family-2" && row.record === "family") return { ...row, until: "", change: "" };
      if (row.profile === "family-3" && row.record === "family") return { ...row, accepted_by: "ETO-1" };
      return index === 0 ? { ...row, basis: "hope" } : row;
    });
    const problems = problemsOf(imported(site, holes));
    const expected = [
      /^signing\.csv:\d+: decision: found nothing, expected approve or leave for plc-7$/,
      /^signing\.csv:\d+: decision: found "maybe", expected approve or leave for plc-8$/,
      /^signing\.csv:\d+: until: found nothing, expected it filled in for family-2$/,
      /^signing\.csv:\d+: change: found nothing, expected it filled in for family-2$/,
      /^signing\.csv:\d+: family-3: acceptedBy: found "ETO-1", who prepared it, expected another person/,
      /^signing\.csv:2: basis: found "hope", expected risk or vendor$/,
    ];
    for (const one of expected)
      assert.ok(
        problems.some((line) => one.test(line)),
        `${String(one)}\n${problems.join("\n")}`,
      );
    assert.equal(problems.length, expected.length);
  });
});

describe("a sheet", () => {
  const raw = plant(3, 1);
  const rows = filled(exported(loaded(raw)));
  const edited = (change: (raw: RawSite) => void): readonly string[] => {
    const copy = structuredClone(raw);
    change(copy);
    return problemsOf(imported(loaded(copy), rows));
  };
  const first = ({ watchlist }: RawSite): Raw => (watchlist["devices"] as Raw[])[0]!;

  test("is refused where a device has changed since its export", () => {
    assert.match(
      edited((copy) => void (first(copy)["port"] = 1502))[0] ?? "",
      /^signing\.csv:3: digest: found "sha256:.*plc-1 was changed since the export/,
    );
    assert.match(
      edited((copy) => void (first(copy)["id"] = "plc-9")).join("\n"),
      /no row for device plc-9[^]*device: found "plc-1", expected a device of the watchlist/,
    );
  });

  test("is refused where the profile has changed since its export", () => {
    const found = edited(({ profiles }) => void (profiles["family-1"] = rawProfile({ id: "family-1", ownerMustState: ["firmware"] })));
    assert.match(found.join("\n"), /plc-1 is to be approved and lacks something: .*firmware is not stated/);
    const other = edited(
      ({ profiles }) => void (profiles["family-1"] = rawProfile({ id: "family-1", identification: { vendors: ["X"], products: [] } })),
    );
    assert.match(other.join("\n"), /^signing\.csv:2: family-1: covers: found "sha256:.*the profile is other than what was looked at/);
  });

  test("leaves alone what it says to leave, and puts a family on trial where it says so", () => {
    const some = rows.map((row): Row =>
      row.device === "plc-2" ? { ...row, decision: "leave" } : row.record === "family" ? { ...row, decision: "trial" } : row,
    );
    const result = imported(loaded(raw), some);
    assert.ok(result.ok);
    assert.deepEqual([result.edits[0]?.admits, result.edits[0]?.request.stage], [["plc-1", "plc-3"] as DeviceId[], "trial"]);
  });

  test("without a decision for a family that has devices to approve, or with one too many, is refused", () => {
    const undecided = rows.map((row): Row => (row.record === "family" ? { ...row, decision: "leave" } : row));
    assert.match(problemsOf(imported(loaded(raw), undecided))[0] ?? "", /decision: found "leave", expected approve or trial for family-1/);
    const nobody = rows.map((row): Row => (row.record === "device" ? { ...row, decision: "leave" } : row));
    assert.match(
      problemsOf(imported(loaded(raw), nobody))[0] ?? "",
      /decision: found "approve", expected leave for family-1, of which no device/,
    );
    const nothing = nobody.map((row): Row => ({ ...row, decision: "leave" }));
    assert.deepEqual(problemsOf(imported(loaded(raw), nothing)), ["signing.csv: found nothing to approve, expected a decision of approve"]);
  });

  test("that is no sheet of ours is refused with its line", () => {
    const site = loaded(raw);
    const read = (text: string): readonly string[] => problemsOf(importWorksheet(site, recompiled(site), "x.csv", text, today));
    assert.match(read("a;b\n1;2\n")[0] ?? "", /^x\.csv:1: found no column record, profile, /);
    assert.match(read('"a')[0] ?? "", /^x\.csv:1: found a quote that is never closed/);
    assert.match(
      problemsOf(imported(site, [...rows, rows[0]!])).join("\n"),
      /profile: found "family-1", expected each family once \(first on line 2\)/,
    );
    assert.match(
      problemsOf(imported(site, [...rows, { ...rows[0]!, record: "x" }])).join("\n"),
      /record: found "x", expected family or device/,
    );
  });
});
