/** By which time a command judges expiry: the highest trusted time of the state folder where the wall clock is behind it, said in one line. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { approve } from "../../src/cli/commands/approve.ts";
import { conduits } from "../../src/cli/commands/conduits.ts";
import { explain } from "../../src/cli/commands/explain.ts";
import { plan } from "../../src/cli/commands/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { family, signature, TestSite } from "./support/site.ts";

let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  site.watch(1);
  await site.approve();
});
afterEach(() => site.remove());

/** The approval ends on 2028-02-21, and its grace 90 days later. */
const afterGrace = wallMs(Date.parse("2028-06-01T00:00:00Z"));
const said =
  /^Approvals are judged by 2028-06-01 00:00:00 UTC, the highest trusted time of this site: the wall clock shows 2026-11-21 12:00:00 UTC, which is earlier/u;

test("a wall clock that is behind lengthens no approval in any command, and each says so once", async () => {
  site.state.highest = afterGrace;
  const explained = await site.run(explain, ["plc-1"]);
  assert.match(explained.out, /approval_expired/u);
  for (const { err } of [explained, await site.run(plan), await site.run(conduits)]) {
    assert.match(err, said);
    assert.equal(err.split("Approvals are judged").length, 2, err);
  }
  const { err, out } = await site.run(plan, ["--json"]);
  assert.match(err, said);
  assert.equal((JSON.parse(out) as { refused: readonly { reason: string }[] }).refused[0]?.reason, "approval_expired");
});

test("an approval is dated by it too, and refused where it would end before it", async () => {
  site.state.highest = afterGrace;
  const ran = await site.run(approve, [family, "--all-new", "--covers", await site.covers(), ...signature]);
  assert.equal(ran.code, 1);
  assert.match(ran.err, /until: found 2028-02-21, expected a day from 2028-06-01 /u);
});

test("a wall clock that is right, or a second behind, is gone by and nothing is said", async () => {
  for (const highest of ["2026-11-20T12:00:00Z", "2026-11-21T12:00:01Z"]) {
    site.state.highest = wallMs(Date.parse(highest));
    const { out, err } = await site.run(explain, ["plc-1"]);
    assert.deepEqual([out.includes("approval_expired"), err], [false, ""]);
  }
});

test("a time that cannot be read is said, and the wall clock counts", async () => {
  site.state.highest = { problems: ["journal.sqlite: EACCES"] };
  const { out, err } = await site.run(explain, ["plc-1"]);
  assert.doesNotMatch(out, /approval_expired/u);
  assert.equal(
    err,
    "Approvals are judged by the wall clock: the highest trusted time of this site cannot be read (journal.sqlite: EACCES).",
  );
});
