/** The limits and how they relate: a change that breaks a relation is a change of what was promised. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as all from "../../src/domain/limits.ts";

const { limits, labLimits } = all;

describe("limits", () => {
  it("are the documented safety defaults", () => {
    assert.equal(limits.intervalDefault, 60_000);
    assert.equal(limits.intervalFloor, 30_000);
    assert.equal(limits.intervalFloorIcmp, 60_000);
    assert.equal(limits.intervalFloorOpcuaGetEndpoints, 300_000);
    assert.equal(limits.segmentStartsPerSecondDefault, 2);
    assert.equal(limits.siteStartsPerSecondDefault, 10);
    assert.equal(all.retries, 0);
    assert.equal(all.missesToDownDefault, 3);
    assert.equal(all.answerWithinDefault, 5000);
    assert.equal(all.connectWithinDefault, 800);
    assert.equal(all.budgetShareMax, 0.7);
    assert.equal(all.backoffMax, 900_000);
  });
  it("lie in order: floor, default, longest", () => {
    assert.ok(limits.intervalFloor <= limits.intervalDefault && limits.intervalDefault <= limits.intervalMax);
    assert.ok(all.echoesAtOnceMax >= (limits.siteStartsPerSecondDefault * all.answerWithinDefault) / 1000, "echoes of dead hosts pile up");
    assert.ok(all.answerWithinDefault <= all.answerWithinMax && all.connectWithinDefault <= all.connectWithinMax);
    assert.ok(limits.segmentStartsPerSecondDefault <= limits.siteStartsPerSecondDefault);
    assert.ok(all.segmentStartsPerSecondMost <= all.siteStartsPerSecondMost);
    assert.ok(all.startsPerSecondLeast <= limits.segmentStartsPerSecondDefault);
  });
  it("the smallest budget carries one check within the longest interval", () => {
    assert.ok(all.startsPerSecondLeast * all.budgetShareMax * limits.intervalMax >= 1000);
  });
  it("an exchange, its release included, ends within the shortest interval", () => {
    assert.ok(all.connectWithinDefault + all.answerWithinDefault + all.releaseWithin + all.finishWithin < limits.intervalFloor);
    assert.ok(all.connectWithinMax + all.answerWithinMax > limits.intervalFloor, "longer timeouts hold the line, which skips the slot");
  });
  it("a start that waits for others stays within half the slack of its slot, in a lab too", () => {
    const slack = Math.min(all.slotSlackMax, labLimits.intervalFloor * all.slotSlackShare);
    assert.ok(all.startsGatheredWithin <= slack / 2);
  });
  it("a shutdown lets an ordinary exchange end, and ends before a service manager kills it: systemd waits 90 s", () => {
    assert.ok(all.connectWithinDefault + all.answerWithinDefault < all.drainWithin);
    assert.ok(all.drainWithin + all.releaseWithin + 2 * all.finishWithin < 90_000);
  });
  it("one SYN fits the default connect timeout: Linux repeats it after 1 s", () => assert.ok(all.connectWithinDefault < 1000));
  it("a stop is seen, and a stall told from an ordinary delay, well within the promised second", () => {
    assert.ok(all.pulseEvery * 2 < all.stopWithin);
    assert.ok(all.pulseEvery + all.stallAfter < all.stopWithin);
    assert.ok(all.pulseEvery + all.stopFinishWithin < all.stopWithin);
  });
  it("lab mode lowers floors only", () => {
    assert.deepEqual(
      { ...labLimits, intervalFloor: 0, intervalFloorIcmp: 0, intervalFloorOpcuaGetEndpoints: 0 },
      { ...limits, intervalFloor: 0, intervalFloorIcmp: 0, intervalFloorOpcuaGetEndpoints: 0 },
    );
    assert.equal(labLimits.intervalFloor, 1000);
  });
  it("cannot be changed at run time", () => assert.ok(Object.isFrozen(limits) && Object.isFrozen(labLimits)));
});
