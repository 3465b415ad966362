/** A segment is held back and let go by an edit of the watchlist that leaves every other character of it as it was. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Edit } from "../../src/config/approve-text.ts";
import type { LoadedSite } from "../../src/config/loaded-site.ts";
import { parseWith } from "../../src/config/schema-problems.ts";
import { watchlistSchema } from "../../src/config/schema/watchlist.ts";
import { endSegmentHold, holdSegment, type SegmentRequest } from "../../src/config/segment-stages.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import type { SegmentId } from "../../src/domain/plan.ts";
import { approved, loaded, rawDevice, rawSite, refusals, today, type Raw } from "./compile/support/site.ts";
import { problemsOf, recompiled } from "./support/approving.ts";

const hvac = "hvac" as SegmentId;
const request = (changes: Partial<SegmentRequest> = {}): SegmentRequest => ({
  segment: hvac,
  stage: "suspended",
  by: "eto-1",
  reason: "switches are exchanged",
  ...changes,
});
const base = approved(
  rawSite(
    [rawDevice(1), rawDevice(2, { segment: "aft", address: "10.20.2.12" })],
    {},
    { gateways: [], segments: [segment("hvac", 1), segment("aft", 2)] },
  ),
);

/** The site with this text as its watchlist. */
function withText(site: LoadedSite, text: string): LoadedSite {
  const yaml = parseYaml("watchlist.yaml", text);
  assert.ok(yaml.ok, yaml.ok ? "" : JSON.stringify(yaml.problems));
  const read = parseWith(watchlistSchema, yaml);
  assert.ok(read.ok, read.ok ? "" : JSON.stringify(read.problems));
  return { ...site, watchlist: { ...site.watchlist, text, lines: yaml.lines, value: read.value } };
}

function after(site: LoadedSite, edit: Edit): LoadedSite {
  assert.ok(edit.ok, edit.ok ? "" : edit.problems.join("\n"));
  return withText(site, edit.text);
}

describe("a segment", () => {
  const site = loaded(base);

  test("that is suspended is not asked, and the refusal names file, line, person and reason", () => {
    const held = after(site, holdSegment(site, request(), today));
    const compiled = recompiled(held);
    assert.deepEqual(refusals(compiled), ["plc-1/modbus-fc43 stage"]);
    const [refusal] = compiled.plan.refused.values();
    assert.match(
      refusal?.detail ?? "",
      /^watchlist\.yaml:\d+: segmentStages\[0\]: segment hvac is suspended \(2026-11-21T12:00:00Z by eto-1: switches are exchanged\): .*suspend --segment hvac --end/,
    );
    assert.deepEqual(compiled.plan.segments.get(hvac)?.heldBack, { stage: "suspended", since: today });
  });

  test("in dry run sends nothing and shows the frames", () => {
    const held = after(site, holdSegment(site, request({ stage: "dry-run" }), today));
    const [refusal] = recompiled(held).plan.refused.values();
    assert.equal(refusal?.reason, "dry_run");
    assert.equal(refusal.templates.length, 1);
  });

  test("is asked again once all that held it has ended, and only what is named ends", () => {
    const twice = after(site, holdSegment(site, request(), today));
    const thrice = after(twice, holdSegment(twice, request({ by: "eto-2", reason: "again" }), today));
    const both = after(thrice, holdSegment(thrice, request({ stage: "dry-run" }), today));
    const dry = after(both, endSegmentHold(both, request()));
    assert.deepEqual(refusals(recompiled(dry)), ["plc-1/modbus-fc43 dry_run"]);
    const free = after(dry, endSegmentHold(dry, request({ stage: "dry-run" })));
    assert.deepEqual(refusals(recompiled(free)), []);
    assert.deepEqual(problemsOf(endSegmentHold(free, request())), ['segment: found "hvac", which is not suspended: nothing to end']);
  });

  test("of another name, or without a person, is refused", () => {
    const problems = problemsOf(holdSegment(site, request({ segment: "fore" as SegmentId, by: " " }), today));
    assert.deepEqual(
      problems.map((line) => line.slice(0, 14)),
      ['by: found " ",', "segment: found"],
    );
  });

  test("that is held back is not lifted by an approval: it is what stands against the check before", () => {
    const bare = loaded({ ...structuredClone(base), siteProfiles: {} });
    const compiled = recompiled(after(bare, holdSegment(bare, request(), today)));
    assert.deepEqual([...compiled.proposals.values()].find(({ check }) => check.device === "plc-1")?.mendFirst, ["stage"]);
  });
});

describe("the watchlist keeps everything else as it was", () => {
  const rest = [
    "# the watchlist of the aurora",
    "schema:   watchlist/v1   # odd spaces",
    "segments:",
    "    - {id: hvac, zone: OT-1,   subnet: 10.20.1.0/24, localAddress: 10.20.1.5}   # deck 2",
    "    - id:   aft",
    "      zone: 'OT-1'",
    '      subnet: "10.20.2.0/24"',
    "      localAddress: 10.20.2.5",
    "devices: []   # none yet",
  ].join("\n");
  const layouts: Readonly<Record<string, string>> = {
    "without the key": `${rest}\n`,
    "without a line end": rest,
    "with a comment at the end": `${rest}\n\n# the end\n`,
    "with an empty list": `${rest}\nsegmentStages: []  # nothing\n`,
    "with the key before others": `segmentStages: []\n${rest}\n`,
    "with one in braces": `${rest}\nsegmentStages: # held\n  # why: see the log\n  - {segment: aft, stage: dry-run, by: eto-9, since: 2026-11-01T00:00:00Z, reason: new} # first\nexcluded: [] # none\n`,
    "with one over several lines": `${rest}\nsegmentStages:\n- segment: aft\n  stage: dry-run\n  by: eto-9\n  since: "2026-11-01T00:00:00Z"\n  reason: new # words\nexcluded: [] # none\n`,
  };
  const comments = (text: string): readonly string[] => text.match(/#[^\n]*/gu) ?? [];
  for (const [what, text] of Object.entries(layouts)) {
    test(what, () => {
      const site = withText(loaded(base), text);
      const edit = holdSegment(site, request(), today);
      const held = after(site, edit);
      assert.equal(held.watchlist.value.segmentStages.at(-1)?.by, "eto-1");
      assert.deepEqual(comments(held.watchlist.text), comments(text));
      for (const line of rest.split("\n")) assert.ok(held.watchlist.text.includes(line), line);
      const free = after(held, endSegmentHold(held, request()));
      assert.deepEqual(free.watchlist.value, site.watchlist.value);
      assert.deepEqual(comments(free.watchlist.text), comments(text));
    });
  }

  test("also where the whole of it stands in braces", () => {
    const text = `{schema: watchlist/v1, # odd\n segments: [{id: hvac, zone: OT-1, subnet: 10.20.1.0/24, localAddress: 10.20.1.5}], devices: []}\n`;
    const site = withText(loaded(base), text);
    const held = after(site, holdSegment(site, request(), today));
    assert.equal(held.watchlist.value.segmentStages.length, 1);
    assert.match(held.watchlist.text, /# odd/);
  });
});

function segment(id: string, net: number): Raw {
  return { id, zone: "OT-1", subnet: `10.20.${net}.0/24`, localAddress: `10.20.${net}.5` };
}
