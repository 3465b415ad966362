/** S7 checks of a watchlist, with the shipped profiles and the real frames: what is planned, who says where the CPU stands, and what an approval covers. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { approve } from "../../../src/config/approve.ts";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { usualSysctls } from "../../../src/config/compile/worst-case.ts";
import { describePlan } from "../../../src/config/describe.ts";
import { loadSite } from "../../../src/config/load.ts";
import type { LoadedSite } from "../../../src/config/loaded-site.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { DeviceId, ProfileId } from "../../../src/domain/plan.ts";
import { hex } from "../../../src/domain/template.ts";
import { methods } from "../../../src/drivers/registry.ts";
import { siteFolder } from "../site-folder.ts";
import { refusals, today } from "./support/site.ts";

interface Wish {
  readonly profile?: string;
  readonly check?: string;
  /** Keys of the device besides. */
  readonly more?: string;
  readonly otherClients?: string;
  /** A further statement. */
  readonly stated?: string;
}

const s7300 = "siemens-s7-300-400" as ProfileId;
const s71200 = "siemens-s7-1200" as ProfileId;
const slot2 = "s7: {rack: 0, slot: 2}";
const op = (reason = "an OP resource is free, there is no panel"): string =>
  `s7ConnectionType: {type: op, by: eto-1, on: 2026-11-20, reason: "${reason}"}`;

function watchlist({ profile = s7300, check = "{method: s7-cpu-status}", more = slot2, otherClients = "[]", stated = "" }: Wish): string {
  return `schema: watchlist/v1
segments: [{id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}]
devices:
  - id: plc
    address: 10.20.1.11
    segment: hvac
    function: control
    category: II
    profile: ${profile}
    ${more}
    statements:
      otherClients: ${otherClients}
      watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}
      ${stated}
    checks: [${check}]
`;
}

const siteFile = (profile: string, keys = ""): string => `schema: site-profile/v1
id: ${profile}
approval: {stage: draft}
agreed: [{method: s7-read, by: eto-1, on: 2026-11-20, reason: "a counter of our own"}]
${keys}`;
const counter =
  "liveness: [{id: counter, area: DB, db: 10, byte: 4, type: uint16, expect: {counterAdvances: {within: 5m}}, note: counts in OB1}]\n";

interface Planned {
  readonly site: LoadedSite;
  readonly compiled: Compiled;
}

function planned(settings: string): Planned {
  const loaded = loadSite(settings, { lab: false });
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
  return { site: loaded.site, compiled: compile(loaded.site, { methods, wallNow: today, lab: false }) };
}

function settingsOf(t: TestContext, wish: Wish, own?: string): string {
  const files = new Map([["watchlist.yaml", watchlist(wish)]]);
  if (own !== undefined) files.set(`device-profiles/${wish.profile ?? s7300}.yaml`, own);
  return siteFolder(t, files).settings;
}

function approved(settings: string, profile: ProfileId = s7300): Compiled {
  const { site, compiled } = planned(settings);
  assert.deepEqual(compiled.problems, []);
  const edit = approve(
    site,
    compiled,
    {
      profile,
      devices: ["plc" as DeviceId],
      covers: compiled.covers.get(profile) ?? "",
      preparedBy: "eto-1",
      acceptedBy: "chief engineer",
      basis: { kind: "risk", text: "tried at the shipyard" },
      until: "2028-02-21",
      changeReference: "MOC-1",
    },
    today,
  );
  assert.ok(edit.ok, edit.ok ? "" : edit.problems.join("\n"));
  mkdirSync(path.dirname(edit.location), { recursive: true });
  writeFileSync(edit.location, edit.text);
  return planned(settings).compiled;
}

const connectOf = ({ plan }: Compiled): string => hex([...plan.checks.values()][0]!.opening.templates[0]!.bytes);
const rewritten = (settings: string, wish: Wish): void =>
  writeFileSync(path.join(path.dirname(settings), "watchlist.yaml"), watchlist(wish));

describe("the operating mode of a CPU", () => {
  test("once approved is asked as S7-basic over a fresh connection, in words that an engineer signs", (t) => {
    const compiled = approved(settingsOf(t, {}));
    const [check] = [...compiled.plan.checks.values()];
    assert.ok(check);
    assert.deepEqual([check.target.port, check.target.transport, check.connection, check.proves], [102, "tcp", "fresh", "cpu"]);
    assert.equal(connectOf(compiled), "0300001611e00000000100c0010ac1020100c2020302");
    const words = describePlan(compiled, { methods, sysctls: usualSysctls }).join("\n");
    assert.match(
      words,
      /COTP connect TSAP 01\.00 -> 03\.02 \(S7-basic, rack 0, slot 2\), communication setup, read SZL 0x0424 \(operating mode\)/u,
    );
  });

  test("of a family whose slots differ needs the watchlist to say where it stands; of an S7-1200 the profile says so", (t) => {
    const { compiled } = planned(settingsOf(t, { more: "" }));
    assert.match(
      compiled.problems.map(formatProblem).join("\n"),
      /s7: missing, expected where the CPU stands, such as s7: \{rack: 0, slot: 2\}/u,
    );
    const small = settingsOf(
      t,
      { profile: s71200, more: "" },
      siteFile(s71200).replace("s7-read", "s7-cpu-status").replace("a counter of our own", "OPC UA is off"),
    );
    const compact = approved(small, s71200);
    assert.ok(connectOf(compact).endsWith("c2020301"), connectOf(compact));
    rewritten(small, { profile: s71200, more: "s7: {rack: 1, slot: 3}" });
    assert.deepEqual(refusals(planned(small).compiled), ["plc/s7-cpu-status not_admitted"]);
  });

  test("is asked as an OP on the owner's statement alone, and each of its words is bound by the approval", (t) => {
    const settings = settingsOf(t, {});
    assert.ok(connectOf(approved(settings)).endsWith("c2020302"));
    rewritten(settings, { stated: op() });
    assert.deepEqual(refusals(planned(settings).compiled), ["plc/s7-cpu-status not_admitted"]);
    assert.ok(connectOf(approved(settings)).endsWith("c2020202"));
    rewritten(settings, { stated: op("another reason") });
    assert.deepEqual(refusals(planned(settings).compiled), ["plc/s7-cpu-status not_admitted"]);
  });

  test("cannot be asked as a programming device: the schema has no word for it", (t) => {
    const loaded = loadSite(settingsOf(t, { stated: op().replace("type: op", "type: pg") }), { lab: false });
    assert.ok(!loaded.ok);
    assert.match(loaded.problems.map(formatProblem).join("\n"), /s7ConnectionType\.type: found "?pg"?, expected one of basic, op/u);
  });

  test("on an S7-1200, of which 3 connections are believed, is refused beside another client", (t) => {
    const own = siteFile(s71200).replace("s7-read", "s7-cpu-status");
    const { compiled } = planned(settingsOf(t, { profile: s71200, more: "", otherClients: "[SCADA-1]" }, own));
    assert.ok(compiled.findings.get("plc/s7-cpu-status" as never)?.some(({ reason }) => reason === "no_connection_slot"));
  });

  test("of a statement that was made tomorrow is a problem", (t) => {
    const { compiled } = planned(settingsOf(t, { stated: op().replace("2026-11-20", "2026-12-01") }));
    assert.match(compiled.problems.map(formatProblem).join("\n"), /s7ConnectionType\.on: found 2026-12-01, a day that has not begun/u);
  });
});

describe("bytes of a CPU", () => {
  const wish: Wish = { check: "{method: s7-read, register: counter}" };

  test("that the site names and agrees to are read, and what is expected of them is covered", (t) => {
    const settings = settingsOf(t, wish, siteFile(s7300, counter));
    const compiled = approved(settings);
    const [check] = [...compiled.plan.checks.values()];
    assert.ok(check);
    assert.equal(hex(check.asking.templates[0]!.bytes), "0300001f02f080320100000000000e00000401120a10020002000a84000020");
    assert.deepEqual(check.expectedValue, {
      register: "counter",
      expectation: { kind: "counter-advances", within: 300_000, wrapsAfter: 65_535 },
    });
    const requests = Object.keys(compiled.envelopes.get(s7300)?.methods["s7-read"]?.requests ?? {});
    assert.deepEqual(requests, [
      "DB10 byte 4 to 5 as uint16, expected a counter that advances within 5 min and wraps after 65535 (300000 ms)",
    ]);
  });

  const plain = "liveness: [{id: counter, area: DB, db: 10, byte: 4, type: uint16, expect: {changesWithin: 5m}}]\n";
  for (const [what, from, to] of [
    ["another byte", "byte: 4", "byte: 6"],
    ["another block", "db: 10", "db: 11"],
    ["another meaning", "type: uint16", "type: int16"],
    ["another expectation", "changesWithin: 5m", "changesWithin: 6m"],
  ] as const) {
    test(`after approval: ${what} is not what was approved`, (t) => {
      const settings = settingsOf(t, wish, siteFile(s7300, plain));
      assert.deepEqual(refusals(approved(settings)), []);
      const file = path.join(path.dirname(settings), "device-profiles", `${s7300}.yaml`);
      const text = readFileSync(file, "utf8");
      const changed = text.replace(from, to);
      assert.notEqual(changed, text);
      writeFileSync(file, changed);
      assert.equal(refusals(planned(settings).compiled).length, 1);
    });
  }

  test("without a name are no check, and a Modbus register is none of them", (t) => {
    const bare = loadSite(settingsOf(t, { check: "{method: s7-read}" }, siteFile(s7300, counter)), { lab: false });
    assert.ok(!bare.ok && bare.problems.some(({ found }) => found === "no register"));
    const own = siteFile(s7300, "liveness: [{id: counter, modicon: 40001}]\n");
    const table = loadSite(settingsOf(t, wish, own), { lab: false });
    assert.ok(!table.ok);
    assert.match(
      table.problems.map(formatProblem).join("\n"),
      /found "counter", one of the holding-registers, expected one of the s7-bytes, which s7-read reads/u,
    );
  });

  test("that nobody agreed to are not read", (t) => {
    const own = siteFile(s7300, counter).replace(/^agreed: .*\n/mu, "");
    const { compiled } = planned(settingsOf(t, wish, own));
    assert.ok(compiled.findings.get("plc/s7-read" as never)?.some(({ reason }) => reason === "method_withdrawn"));
  });
});
