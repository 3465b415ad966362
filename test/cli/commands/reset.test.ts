/** `reset`: lifts exactly the trip that was named, with a record, and nothing else. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { reset } from "../../../src/cli/commands/reset.ts";
import type { TripStatus } from "../../../src/domain/control.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "PLC exchanged"];
const trip = (scope: TripStatus["scope"]): TripStatus => ({
  scope,
  cause: "identity_mismatch",
  detail: "found WAGO",
  since: "2026-11-21T09:30:00.000Z",
});
const told = (scope: string) => `Reset ${scope}, tripped since 2026-11-21 09:30:00 UTC: identity_mismatch: found WAGO`;

describe("reset without a poller", () => {
  for (const [what, argv, scope] of [
    ["a device", ["plc-1"], "device:plc-1"],
    ["a segment", ["--segment", "hvac"], "segment:hvac"],
    ["a family", ["--profile", "schneider-m221"], "profile:schneider-m221"],
    ["the site", ["--site"], "site"],
  ] as const) {
    test(`lifts the trip of ${what} and no other`, async () => {
      const other = trip("device:other");
      site.state.trips = [trip(scope), other];
      assert.deepEqual(await site.run(reset, [...argv, ...signed]), { code: 0, out: told(scope), err: "" });
      assert.deepEqual(site.state.trips, [other]);
      assert.deepEqual(
        site.state.audit.map(({ category, type, detail }) => [category, type, detail]),
        [["trip", "reset", `${scope}: PLC exchanged`]],
      );
    });
  }

  test("says what is tripped when that one is not", async () => {
    site.state.trips = [trip("segment:hvac")];
    assert.deepEqual(await site.run(reset, ["plc-1", ...signed]), {
      code: 1,
      out: "",
      err: "device:plc-1: found no trip, expected one to lift (tripped: segment:hvac)",
    });
    assert.deepEqual(site.state.audit, []);
  });

  test("says that nothing is tripped", async () => {
    const ran = await site.run(reset, ["plc-1", ...signed, "--json"]);
    assert.deepEqual(JSON.parse(ran.out), { problems: ["device:plc-1: found no trip, expected one to lift (nothing is tripped)"] });
    assert.equal(ran.code, 1);
  });
});

describe("reset with a poller", () => {
  test("asks it, and tells what it lifted", async () => {
    await site.poller({ reset: ({ scope }) => Promise.resolve({ ok: true, result: { lifted: [trip(scope)] } }) });
    assert.deepEqual(await site.run(reset, ["plc-1", ...signed]), { code: 0, out: told("device:plc-1"), err: "" });
    assert.deepEqual(site.sent, [["reset", { scope: "device:plc-1", by: "eto-1", reason: "PLC exchanged" }]]);
    assert.deepEqual(JSON.parse((await site.run(reset, ["plc-1", ...signed, "--json"])).out), { lifted: [trip("device:plc-1")] });
  });

  test("tells its problems", async () => {
    await site.poller({});
    assert.deepEqual(await site.run(reset, ["plc-1", ...signed]), { code: 1, out: "", err: "this poller cannot reset" });
  });
});

describe("reset is wrong usage", () => {
  for (const [what, argv, message] of [
    ["without a scope", [], "found nothing to reset, expected one of <device>, --segment, --profile, --site"],
    [
      "with two",
      ["plc-1", "--segment", "hvac"],
      "found device:plc-1 and segment:hvac to reset, expected one of <device>, --segment, --profile, --site",
    ],
  ] as const) {
    test(what, async () => {
      const ran = await site.run(reset, [...argv, ...signed]);
      assert.equal(ran.code, 2);
      assert.equal(ran.err.split("\n")[0], `watchkeeper reset: ${message}`);
    });
  }

  test("without a name and a reason", async () => {
    const ran = await site.run(reset, ["plc-1"]);
    assert.equal(ran.code, 2);
    assert.match(ran.err, /--by <name> is missing: who has looked\n.*--reason <text> is missing: what was found/);
  });
});
