/** The whole way of a site's files: load, plan, approve, write, load again, and the plan asks exactly what was signed; with the shipped library and the real Modbus frames. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { approve, type ApprovalRequest } from "../../../src/config/approve.ts";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { loadSite } from "../../../src/config/load.ts";
import type { LoadedSite } from "../../../src/config/loaded-site.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import type { Method } from "../../../src/domain/driver.ts";
import type { DeviceId, ProfileId } from "../../../src/domain/plan.ts";
import { hex } from "../../../src/domain/template.ts";
import { modbusMethods } from "../../../src/drivers/modbus/methods.ts";
import { siteFolder } from "../site-folder.ts";
import { refusals, today } from "./support/site.ts";

const methods = new Map(modbusMethods.map((method) => [method.id, method as Method]));

const watchlist = `schema: watchlist/v1
segments:
  - {id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}
gateways:
  - {id: fw-serial, address: 10.20.1.30, segment: hvac, responseTimeout: 1s, retries: 3, unitCount: 6, otherClients: [SCADA-1]}
devices:
  - id: fresh-water-plc
    name: Fresh water plant PLC
    address: 10.20.1.11
    segment: hvac
    function: control
    category: II
    profile: schneider-m221
    port: 1502
    statements:
      otherClients: [SCADA-1, {name: HMI-2, connections: 2}]
      connectionPool: {size: 8, overflow: rejects, source: "TM221 manual p. 41"}
      watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}
    checks:
      - {method: modbus-fc43, unitId: 1, interval: 60s}
  - id: tank-level-7
    name: Tank level 7
    via: fw-serial
    function: monitoring
    category: I
    profile: generic-modbus-rtu
    statements: {watchdog: {mode: none, closeCausesFault: false, by: eto-1, on: 2026-11-20}}
    checks:
      - {method: modbus-fc43, unitId: 7, interval: 120s}
excluded:
  - {gateway: fw-serial, unitId: 9, reason: "spare"}
`;

const files = new Map([["watchlist.yaml", watchlist]]);
const agreedByTheSite = `schema: site-profile/v1
id: generic-modbus-rtu
approval: {stage: draft}
agreed: # the units say who they are
  - {method: modbus-fc43, by: eto-1, on: 2026-11-20, reason: "tried at the shipyard"}
`;

function planned(settings: string, wholeLibrary = false): { site: LoadedSite; compiled: Compiled } {
  const loaded = loadSite(settings, { lab: false, wholeLibrary });
  assert.ok(loaded.ok, loaded.ok ? "" : loaded.problems.map(formatProblem).join("\n"));
  const compiled = compile(loaded.site, { methods, wallNow: today, lab: false });
  assert.deepEqual(compiled.problems, []);
  return { site: loaded.site, compiled };
}

describe("a site's files, from draft to the plan", () => {
  test("ask exactly what was signed", (t) => {
    const { settings } = siteFolder(t, new Map([...files, ["device-profiles/generic-modbus-rtu.yaml", agreedByTheSite]]));
    const first = planned(settings);
    assert.deepEqual(refusals(first.compiled), ["fresh-water-plc/modbus-fc43 not_approved", "tank-level-7/modbus-fc43 not_approved"]);

    for (const [profile, device] of [
      ["schneider-m221", "fresh-water-plc"],
      ["generic-modbus-rtu", "tank-level-7"],
    ] as const) {
      const { site, compiled } = planned(settings);
      const request: ApprovalRequest = {
        profile: profile as ProfileId,
        devices: [device as DeviceId],
        covers: compiled.covers.get(profile as ProfileId) ?? "",
        preparedBy: "eto-1",
        acceptedBy: "chief engineer, mail 2026-11-21",
        basis: { kind: "risk", text: "identification only, tried at the shipyard" },
        until: "2028-02-21",
        changeReference: "MOC-2026-014",
      };
      const edit = approve(site, compiled, request, today);
      assert.ok(edit.ok, edit.ok ? "" : edit.problems.join("\n"));
      mkdirSync(path.dirname(edit.location), { recursive: true });
      writeFileSync(edit.location, edit.text);
    }

    const { plan } = planned(settings).compiled;
    assert.deepEqual([...plan.refused.values()], []);
    const sent = [...plan.checks.values()].map(({ id, target, interval, line, opening, asking, closing }) => [
      id,
      `${target.address}:${target.port}`,
      interval,
      line,
      [opening, asking, closing].flatMap(({ templates }) => templates.map(({ bytes }) => hex(bytes))).join(" "),
    ]);
    assert.deepEqual(sent, [
      ["fresh-water-plc/modbus-fc43", "10.20.1.11:1502", 60_000, "address:10.20.1.11", "000000000005012b0e0100"],
      ["tank-level-7/modbus-fc43", "10.20.1.30:502", 120_000, "gateway:fw-serial", "000000000005072b0e0100"],
    ]);
  });
});

test("every shipped profile compiles to an envelope, and is a draft until somebody signs", (t) => {
  const { settings } = siteFolder(t, files);
  const { site, compiled } = planned(settings, true);
  assert.ok(site.shippedProfiles.size >= 60);
  assert.deepEqual([...compiled.covers.keys()].toSorted(), [...site.shippedProfiles.keys()].toSorted());
  assert.equal(compiled.plan.checks.size, 0);
  for (const { connection, watchdog } of compiled.envelopes.values()) {
    // No shipped fact has been checked by two persons: nothing may be looser than the defaults.
    assert.ok(connection.poolSize <= 4 && connection.mode === "fresh" && connection.reserve >= 2);
    assert.notEqual(watchdog.closeCausesFault, "no");
  }
});
