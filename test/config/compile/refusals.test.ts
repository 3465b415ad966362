/** Every standing refusal has a case that shows it, and of several the first in the order of the list is the one in the plan. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { standingReasons } from "../../../src/domain/reasons.ts";
import {} from "../../../src/domain/units.ts";
import { approved, compiledFrom, rawDevice, rawProfile, rawSite, today } from "./support/site.ts";

import { ask, signedUntil, risk, wallAt, cases } from "./support/refusal-cases.ts";

describe("a check is refused", () => {
  for (const { what, reason, site, at, detail } of cases) {
    test(`as ${reason} when ${what}`, () => {
      const { plan, problems } = compiledFrom(site, at ?? today);
      assert.deepEqual(problems, []);
      const refusal = [...plan.refused.values()].find(({ device }) => device === "plc-1" || device === "unit-1");
      assert.equal(refusal?.reason, reason);
      assert.match(refusal.detail, detail);
      assert.ok(!refusal.detail.includes("\n"), "one line");
      assert.equal(plan.checks.has(refusal.check), false);
    });
  }

  test("with the frames that would be sent, where they are known", () => {
    const { plan } = compiledFrom(rawSite());
    assert.equal([...plan.refused.values()][0]?.templates.length, 1);
  });
});

test("every reason of the list has a case", () => {
  assert.deepEqual(new Set(cases.map(({ reason }) => reason)), new Set(Object.keys(standingReasons)));
});

describe("the same sites without what stands against them ask the device", () => {
  test("approved as it is", () => {
    assert.deepEqual([...compiledFrom(approved(rawSite())).plan.checks.keys()], ["plc-1/modbus-fc43"]);
  });

  test("on trial, where it is named", () => {
    assert.equal(compiledFrom(approved(rawSite(), { stage: "trial", trialDevices: ["plc-1"] })).plan.checks.size, 1);
  });

  test("by a method left to the site, once the site agrees to it by name", () => {
    const agreed = [{ method: "modbus-fc43", by: "eto-1", on: "2026-11-20", reason: "tried in the yard" }];
    const site = rawSite([rawDevice(1)], {
      profiles: { "test-plc": rawProfile({ methods: ask("ask") }) },
      siteProfiles: { "test-plc": { agreed } },
    });
    assert.equal(compiledFrom(approved(site)).plan.checks.size, 1);
  });

  test("on the day on which the approval begins, wherever on earth that is", () => {
    const site = approved(rawSite(), { approvedOn: "2026-11-22" });
    assert.equal(compiledFrom(site, wallAt("2026-11-21T09:59:59Z")).plan.checks.size, 0);
    assert.equal(compiledFrom(site, wallAt("2026-11-21T10:00:00Z")).plan.checks.size, 1);
  });

  test("to the last moment of the grace, and of an accepted risk", () => {
    const ordinary = signedUntil("2027-01-31");
    assert.equal(compiledFrom(ordinary, wallAt("2027-05-01T23:59:59Z")).plan.checks.size, 1);
    assert.equal(compiledFrom(ordinary, wallAt("2027-05-02T00:00:00Z")).plan.checks.size, 0);
    const accepted = approved(rawSite(), { basis: risk("2027-01-31") });
    assert.equal(compiledFrom(accepted, wallAt("2027-01-31T23:59:59Z")).plan.checks.size, 1);
    assert.equal(compiledFrom(accepted, wallAt("2027-02-01T00:00:00Z")).plan.checks.size, 0);
  });
});

describe("of several reasons", () => {
  test("the first of the list is the one in the plan, and all are kept", () => {
    const device = rawDevice(1, { function: "safety", statements: {}, checks: [{ method: "modbus-fc17", unitId: 1 }] });
    const { plan, findings } = compiledFrom(rawSite([device], {}, { excluded: [{ range: "10.20.1.8/29", reason: "burner" }] }));
    const check = [...plan.refused.keys()][0]!;
    assert.equal(plan.refused.get(check)?.reason, "safety_function", "what no approval could change comes first");
    assert.deepEqual(
      findings.get(check)?.map(({ reason }) => reason),
      ["safety_function", "excluded", "not_approved", "statement_missing", "method_withdrawn"],
    );
  });

  test("they stand in the order of the list, the budget's too", () => {
    const order = Object.keys(standingReasons);
    for (const { site, at } of cases) {
      for (const found of compiledFrom(site, at ?? today).findings.values()) {
        const ranks = found.map(({ reason }) => order.indexOf(reason));
        assert.deepEqual(
          ranks,
          ranks.toSorted((a, b) => a - b),
        );
      }
    }
  });

  test("dry run tells what stands against the device besides", () => {
    const { plan } = compiledFrom(approved(rawSite([rawDevice(1, { statements: {} })]), { stage: "dry-run" }));
    assert.equal([...plan.refused.values()][0]?.reason, "statement_missing");
  });

  test("a dry run needs no signature", () => {
    const siteProfiles = { "test-plc": { approval: { stage: "dry-run" } } };
    assert.equal([...compiledFrom(rawSite([rawDevice(1)], { siteProfiles })).plan.refused.values()][0]?.reason, "dry_run");
  });

  test("a suspension is the true one, whatever has become of the approval", () => {
    const site = approved(rawSite(), { stage: "suspended", devices: {}, covers: `sha256:${"0".repeat(64)}` });
    assert.equal([...compiledFrom(site).plan.refused.values()][0]?.reason, "stage");
  });
});
