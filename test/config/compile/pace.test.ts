/** Intervals and waits: the largest floor, the shortest wait, and nothing below or beyond the limits. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { effectiveInterval, intervalFloor, shortestInterval } from "../../../src/config/compile/interval.ts";
import { effectiveTimeouts, familyTimeouts, missesToDown } from "../../../src/config/compile/timeouts.ts";
import { methodIds } from "../../../src/domain/operations.ts";
import { milliseconds, seconds } from "../../../src/domain/units.ts";

describe("the floor of an interval", () => {
  test("is 30 s, 60 s for ICMP and 300 s for GetEndpoints", () => {
    for (const method of methodIds) {
      const expected = method === "icmp-echo" ? 60 : method === "opcua-get-endpoints" ? 300 : 30;
      assert.equal(intervalFloor(method, false), seconds(expected), method);
    }
  });

  test("is 1 s in lab mode", () => {
    for (const method of methodIds) assert.equal(intervalFloor(method, true), seconds(1), method);
  });
});

describe("an interval", () => {
  test("is the largest of floor, profile and watchlist", () => {
    assert.equal(effectiveInterval(shortestInterval(seconds(30), seconds(60), undefined), seconds(45)), seconds(60));
    assert.equal(effectiveInterval(shortestInterval(seconds(30), seconds(60), seconds(90)), seconds(45)), seconds(90));
    assert.equal(effectiveInterval(shortestInterval(seconds(30)), seconds(45)), seconds(45));
    assert.equal(effectiveInterval(shortestInterval(seconds(30)), seconds(1)), seconds(30));
  });

  test("is 60 s where the watchlist names none, or what the profile wants above it", () => {
    assert.equal(effectiveInterval(seconds(30), undefined), seconds(60));
    assert.equal(effectiveInterval(seconds(300), undefined), seconds(300));
  });

  test("never lies below any of them", () => {
    const span = fc.integer({ min: 1, max: 3_600_000 }).map(milliseconds);
    fc.assert(
      fc.property(span, span, span, span, (floor, shipped, site, value) => {
        const interval = effectiveInterval(shortestInterval(floor, shipped, site), value);
        assert.equal(interval, Math.max(floor, shipped, site, value));
      }),
    );
  });
});

describe("a wait", () => {
  test("is 800 ms for a connection and 5 s for an answer where nobody says anything", () => {
    assert.deepEqual(familyTimeouts(undefined, {}), { connectWithin: 800, answerWithin: 5000 });
  });

  test("is the shortest that a profile states, even beyond the default, never beyond the limit", () => {
    const stated = { connectWithin: seconds(2), answerWithin: seconds(9) };
    assert.deepEqual(familyTimeouts(stated), { connectWithin: 2000, answerWithin: 9000 });
    assert.deepEqual(familyTimeouts(stated, { connectWithin: seconds(1) }), { connectWithin: 1000, answerWithin: 9000 });
    assert.deepEqual(familyTimeouts({ connectWithin: seconds(60), answerWithin: seconds(60) }), {
      connectWithin: 3000,
      answerWithin: 30_000,
    });
  });

  test("can be shortened by a check, not lengthened: the approval covers what the profile says", () => {
    const ofFamily = familyTimeouts();
    assert.deepEqual(effectiveTimeouts(ofFamily, { answerWithin: seconds(2) }), { connectWithin: 800, answerWithin: 2000 });
    assert.deepEqual(effectiveTimeouts(ofFamily, { connectWithin: seconds(3), answerWithin: seconds(30) }), ofFamily);
    assert.deepEqual(effectiveTimeouts(ofFamily, undefined), ofFamily);
  });
});

test("a device is down after the fewest misses that any file states, 3 where none does", () => {
  assert.equal(missesToDown(), 3);
  assert.equal(missesToDown(undefined, 5, undefined), 5);
  assert.equal(missesToDown(5, 4, 9), 4);
});
