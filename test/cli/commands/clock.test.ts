/** `clock accept`: a person says that the wall clock is right, with a name and a reason in the audit, with or without a poller. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { clock } from "../../../src/cli/commands/clock.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "battery changed"];

describe("clock accept", () => {
  test("without a poller writes who, why and what was trusted before, and then the wall clock's time", async () => {
    const { code, out } = await site.run(clock, ["accept", ...signed]);
    assert.equal(code, 0);
    assert.match(out, /^The wall clock counts as right: .* The highest trusted time was 2026-11-22 12:00:00 UTC\.$/u);
    const [entry] = site.state.audit;
    assert.deepEqual(
      [entry?.source, entry?.type, entry?.detail],
      ["eto-1", "clock_accepted", "battery changed (the highest trusted time was 2026-11-22T12:00:00.000Z)"],
    );
    assert.equal(site.state.trusted, entry?.at);
  });

  test("with a poller asks it", async () => {
    await site.poller({
      clock: () => Promise.resolve({ ok: true, result: { before: "2027-11-21T12:00:00.000Z", now: "2026-11-21T12:00:00.000Z" } }),
    });
    const { code, out } = await site.run(clock, ["accept", ...signed, "--json"]);
    assert.deepEqual([code, JSON.parse(out)], [0, { before: "2027-11-21T12:00:00.000Z", now: "2026-11-21T12:00:00.000Z" }]);
    assert.deepEqual(site.sent, [["clock", { by: "eto-1", reason: "battery changed" }]]);
    assert.deepEqual(site.state.audit, []);
  });

  test("says what keeps it from being done", async () => {
    site.state.problem = "disk full";
    assert.deepEqual(await site.run(clock, ["accept", ...signed]), { code: 1, out: "", err: "disk full" });
    await site.poller({ clock: () => Promise.resolve({ ok: false, problems: ["the audit cannot be written"] }) });
    assert.deepEqual(await site.run(clock, ["accept", ...signed]), { code: 1, out: "", err: "the audit cannot be written" });
  });

  test("needs the word, a name and a reason", async () => {
    assert.equal((await site.run(clock, ["set", ...signed])).code, 2);
    assert.equal((await site.run(clock, ["accept"])).code, 2);
  });
});
