/** From draft to approved: nothing is proposed before its time, and a person decides all the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { approvalGrace, approvalWarning, dryRunSoak, trialSoak } from "../../src/domain/limits.ts";
import type { DeviceId, ProfileId, Segment, SegmentId, Stage } from "../../src/domain/plan.ts";
import { endWords, segmentWords, stepWords } from "../../src/domain/stage-words.ts";
import { approvalAge, nextStep, type PlannedFamily } from "../../src/domain/stages.ts";
import { wallMs, type WallMs } from "../../src/domain/units.ts";

const noon = wallMs(Date.parse("2026-11-21T12:00:00Z"));
const later = (spanMs: number): WallMs => wallMs(noon + spanMs);
const well = (): undefined => undefined;
const family = (stage: Stage, changes: Partial<PlannedFamily> = {}): PlannedFamily => ({
  id: "schneider-m221" as ProfileId,
  stage,
  since: noon,
  trial: new Map(),
  ...changes,
});
const onTrial = (...devices: readonly (readonly [string, WallMs | undefined])[]): PlannedFamily =>
  family("trial", { trial: new Map(devices.map(([id, since]) => [id as DeviceId, since])) });

describe("an approval", () => {
  const end = { expires: later(approvalWarning * 2), ends: wallMs(later(approvalWarning * 2) + approvalGrace) };
  const risk = { expires: end.expires, ends: end.expires };

  test("warns 60 days before its expiry, then has its grace, then ends", () => {
    const ages = [noon, wallMs(end.expires - approvalWarning), end.expires, end.ends].map((now) => approvalAge(end, now));
    assert.deepEqual(ages, ["running", "expiring", "grace", "ended"]);
    assert.equal(approvalAge(end, wallMs(end.expires - approvalWarning - 1)), "running");
  });

  test("on an accepted risk has no grace", () => {
    assert.equal(approvalAge(risk, wallMs(risk.expires - 1)), "expiring");
    assert.equal(approvalAge(risk, risk.expires), "ended");
  });

  test("says so in one line", () => {
    assert.equal(endWords("x", end, noon), undefined);
    assert.equal(endWords("x", end, wallMs(end.expires - 86_400_000)), "the approval of x ends on 2027-03-21, in 1 d: renew it");
    assert.equal(endWords("x", risk, wallMs(risk.expires - 1)), "the approval of x ends on 2027-03-21, in 1 d, without grace: renew it");
    assert.equal(
      endWords("x", end, end.expires),
      "the approval of x EXPIRED on 2027-03-21: renew it before 2027-06-19, the last day on which it is asked",
    );
    assert.equal(endWords("x", end, end.ends), "the approval of x ended on 2027-06-19: nothing of it is asked");
  });
});

describe("a dry run", () => {
  test("leads to a trial after 24 h and not before", () => {
    assert.equal(nextStep(family("dry-run"), later(dryRunSoak - 1), well)?.ready, false);
    assert.deepEqual(nextStep(family("dry-run"), later(dryRunSoak), well), {
      next: "trial",
      readyAt: later(dryRunSoak),
      ready: true,
      against: [],
    });
    assert.match(
      stepWords(family("dry-run"), noon) ?? "",
      /^schneider-m221 is in dry run: shown for less than 24 h; from 2026-11-22 12:00 UTC on watchkeeper approve schneider-m221 --trial .* is proposed$/,
    );
    assert.match(stepWords(family("dry-run"), later(dryRunSoak)) ?? "", /has been long enough: next, watchkeeper approve .* --trial/);
  });

  test("of which nobody knows since when leads nowhere", () => {
    assert.equal(nextStep(family("dry-run", { since: undefined }), later(dryRunSoak * 9), well)?.ready, false);
    assert.match(stepWords(family("dry-run", { since: undefined }), noon) ?? "", /approval\.since does not say since when$/);
  });

  test("does not get older when the clock is set back", () => {
    assert.equal(nextStep(family("dry-run"), wallMs(noon - 1), well)?.ready, false);
  });
});

describe("a trial", () => {
  test("leads to approval once each of its devices has had 72 h", () => {
    const both = onTrial(["plc-1", noon], ["plc-2", later(3_600_000)]);
    const early = nextStep(both, later(trialSoak), well);
    assert.deepEqual([early?.ready, early?.against], [false, ["plc-2: on trial for less than 72 h"]]);
    assert.equal(early?.readyAt, later(trialSoak + 3_600_000));
    assert.equal(nextStep(both, later(trialSoak + 3_600_000), well)?.ready, true);
    assert.match(
      stepWords(both, later(trialSoak + 3_600_000)) ?? "",
      /on trial with plc-1, plc-2 and has been long enough: next, .* --all-new/,
    );
  });

  test("waits for a device that is not well, however long it has been", () => {
    const found = nextStep(onTrial(["plc-1", noon], ["plc-2", noon]), later(trialSoak * 9), (id) =>
      id === "plc-2" ? "it is down" : undefined,
    );
    assert.deepEqual([found?.ready, found?.against], [false, ["plc-2: it is down"]]);
    assert.equal(
      stepWords(onTrial(["plc-2", noon]), later(trialSoak * 9), () => "it is down"),
      "schneider-m221 is on trial with plc-2: plc-2: it is down",
    );
  });

  test("of a device of which nobody knows since when leads nowhere", () => {
    const found = nextStep(onTrial(["plc-1", undefined]), later(trialSoak * 9), well);
    assert.deepEqual(
      [found?.ready, found?.readyAt, found?.against],
      [false, undefined, ["plc-1: approval.trialSince does not say since when"]],
    );
  });
});

test("nothing is proposed in the other stages", () => {
  for (const stage of ["draft", "approved", "suspended"] as const) assert.equal(stepWords(family(stage), later(trialSoak * 9)), undefined);
});

test("a segment that is held back is named, with what lets it go", () => {
  const segment: Segment = {
    id: "hvac" as SegmentId,
    zone: "OT-1",
    subnet: "192.0.2.0/24",
    localAddress: "192.0.2.5",
    startsPerSecondMax: 2,
  };
  const held = (stage: "dry-run" | "suspended"): Segment => ({ ...segment, heldBack: { stage, since: noon } });
  assert.equal(segmentWords(segment, noon), undefined);
  assert.equal(
    segmentWords(held("suspended"), noon),
    "segment hvac is suspended since 2026-11-21 12:00 UTC; once its cause is gone: watchkeeper suspend --segment hvac --end …",
  );
  assert.match(
    segmentWords(held("dry-run"), noon) ?? "",
    /in dry run since 2026-11-21 12:00 UTC; from 2026-11-22 12:00 UTC on .* is proposed$/,
  );
  assert.match(segmentWords(held("dry-run"), later(dryRunSoak)) ?? "", /long enough: next, watchkeeper dry-run --segment hvac --end …$/);
});
