/** The way from draft to approved: a dry run for a day, a trial of some devices for three, then all; a segment as a whole beside it. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { approve } from "../../../src/cli/commands/approve.ts";
import { dryRun } from "../../../src/cli/commands/dry-run.ts";
import { explain } from "../../../src/cli/commands/explain.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import { suspend } from "../../../src/cli/commands/suspend.ts";
import { family, signature, TestSite } from "../support/site.ts";

const file = `device-profiles/${family}.yaml`;
const signed = ["--by", "eto-1", "--reason", "commissioning"] as const;
let site: TestSite;
beforeEach(() => {
  site = new TestSite();
  site.watch(2);
});
afterEach(() => site.remove());

const at = (moment: string) => ({ wall: Date.parse(moment) });

describe("a family", () => {
  test("goes through dry run and trial, and each step is proposed when its time has come", async () => {
    assert.equal((await site.run(dryRun, [family, ...signed])).code, 0);
    assert.match(site.read(file), /stage: dry-run\n {2}since: 2026-11-21T12:00:00Z/);
    assert.match((await site.run(explain, ["plc-1"])).out, /^plc-1 is not asked: dry_run: /);
    const proposal = async (moment: string): Promise<string> => (await site.run(plan, ["--full"], at(moment))).out;
    assert.match(await proposal("2026-11-22T11:59:59Z"), /What is proposed next\n.*shown for less than 24 h; from 2026-11-22 12:00 UTC on/);
    assert.match(await proposal("2026-11-22T12:00:00Z"), /What is proposed next\n.*next, watchkeeper approve generic-modbus-tcp --trial/);
    const trial = (device: string, moment: string): Promise<{ code: number; err: string }> =>
      site
        .covers()
        .then((covers) => site.run(approve, [family, "--devices", device, "--trial", "--covers", covers, ...signature], at(moment)));
    assert.equal((await trial("plc-1", "2026-11-22T13:00:00Z")).code, 0);
    assert.match(site.read(file), /stage: trial\n {2}since: 2026-11-22T13:00:00Z/);
    // A second device a day later has its own three days, and takes nothing from the first.
    assert.equal((await trial("plc-2", "2026-11-23T13:00:00Z")).code, 0);
    assert.match(site.read(file), /trialSince:\n {4}plc-1: 2026-11-22T13:00:00Z\n {4}plc-2: 2026-11-23T13:00:00Z/);
    assert.match(site.read(file), /stage: trial\n {2}since: 2026-11-22T13:00:00Z/);
    assert.match(await proposal("2026-11-25T13:00:00Z"), /plc-2: on trial for less than 72 h; from 2026-11-26 13:00 UTC on/);
    assert.match(await proposal("2026-11-26T13:00:00Z"), /next, watchkeeper approve generic-modbus-tcp --all-new/);
    await site.approve();
    assert.doesNotMatch(site.read(file), /trialSince/);
    assert.doesNotMatch(await proposal("2026-12-26T13:00:00Z"), /What is proposed next/);
  });

  test("that is asked says that it no longer will be", async () => {
    await site.approve();
    const ran = await site.run(dryRun, [family, ...signed]);
    assert.match(ran.out, /^It was approved: from the next reload its devices are not asked until it is approved again\.$/m);
    assert.equal(site.state.audit.at(-1)?.type, "dry_run");
    const again = await site.run(dryRun, [family, ...signed]);
    assert.match(again.err, /^profile: found "generic-modbus-tcp" in dry run since 2026-11-21T12:00:00Z: it stays so$/m);
  });

  test("on trial begins its three days anew once it was changed", async () => {
    const covers = await site.covers();
    await site.run(approve, [family, "--devices", "plc-1", "--trial", "--covers", covers, ...signature]);
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("192.0.2.11", "192.0.2.99"));
    await site.run(approve, [family, "--devices", "plc-1", "--trial", "--covers", covers, ...signature], at("2026-11-23T12:00:00Z"));
    assert.match(site.read(file), /trialSince:\n {4}plc-1: 2026-11-23T12:00:00Z/);
  });
});

describe("a segment", () => {
  test("is held back and let go by an edit of the watchlist, with a record each time", async () => {
    await site.approve();
    const before = site.read("watchlist.yaml");
    assert.equal((await site.run(suspend, ["--segment", "hvac", ...signed])).code, 0);
    assert.ok(site.read("watchlist.yaml").startsWith(before));
    assert.match(
      (await site.run(explain, ["plc-1"])).out,
      /^plc-1 is not asked: stage: watchlist\.yaml:\d+: segmentStages\[0\]: segment hvac is suspended/,
    );
    assert.match((await site.run(plan, ["--full"])).out, /segment hvac is suspended since 2026-11-21 12:00 UTC; once its cause is gone/);
    assert.equal((await site.run(suspend, ["--segment", "hvac", "--end", ...signed])).code, 0);
    assert.match((await site.run(plan)).out, /2 checks asked, 0 not asked/);
    const records = site.state.audit.slice(-2).map(({ detail }) => detail);
    assert.deepEqual(records, [
      "watchlist.yaml: segment hvac: suspended by eto-1: commissioning",
      "watchlist.yaml: segment hvac: suspended ended by eto-1: commissioning",
    ]);
  });

  test("in dry run is not let go by ending a suspension", async () => {
    await site.run(dryRun, ["--segment", "hvac", ...signed]);
    const ran = await site.run(suspend, ["--segment", "hvac", "--end", ...signed]);
    assert.equal(ran.err, 'segment: found "hvac", which is not suspended: nothing to end');
    assert.equal((await site.run(dryRun, ["--segment", "hvac", "--end", ...signed])).code, 0);
  });
});

test("either a family or a segment is named, and only a segment is let go", async () => {
  for (const words of [[], [family, "--segment", "hvac"], [family, "--end"]]) {
    assert.equal((await site.run(suspend, [...words, ...signed])).code, 2, words.join(" "));
    assert.equal((await site.run(dryRun, [...words, ...signed])).code, 2, words.join(" "));
  }
});
