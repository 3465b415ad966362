/** A restart shows as time that is missing; the count that begins again after 497 days does not. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { milliseconds, monotonicMs } from "../../src/domain/units.ts";
import { startedAnew } from "../../src/domain/uptime.ts";

const circle = 2 ** 32;
const hour = 360_000;
const ago = (before: number, now: number, elapsedMs: number): number | undefined =>
  startedAnew({ hundredths: before, at: monotonicMs(1000) }, { hundredths: now, at: monotonicMs(1000 + elapsedMs) });

describe("a device that", () => {
  const cases: readonly [what: string, before: number, now: number, elapsedMs: number, ago: number | undefined][] = [
    ["runs", hour, hour + 6000, 60_000, undefined],
    ["runs a little slowly", hour, hour + 5500, 60_000, undefined],
    ["runs fast, or had its clock set", hour, 5 * hour, 60_000, undefined],
    ["has started anew", 48 * hour, 3000, 60_000, 30_000],
    ["has started anew after 300 days", 300 * 24 * hour, 3000, 60_000, 30_000],
    ["has started anew and counts more than before already", 1000, 30_000, 900_000, 300_000],
    ["has begun to count again", circle - 3000, 3000, 60_000, undefined],
    ["has begun a moment before it should", circle - 6500, 100, 60_000, undefined],
    ["has begun a moment later than it should", circle - 5900, circle - 50, 60_000, undefined],
    ["has started anew as its count would have begun again", circle - 3000, 200, 120_000, 2000],
  ];
  for (const [what, before, now, elapsedMs, expected] of cases) {
    test(what, () => assert.equal(ago(before, now, elapsedMs), expected === undefined ? undefined : milliseconds(expected)));
  }
});

test("whoever goes on counting has never started anew, wherever its count stands", () => {
  const elapsed = fc.integer({ min: 0, max: 86_400_000 });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: circle - 1 }),
      elapsed,
      fc.double({ min: -0.009, max: 0.009, noNaN: true }),
      (before, elapsedMs, drift) => {
        const now = Math.floor(before + (elapsedMs / 10) * (1 + drift)) % circle;
        assert.equal(ago(before, now, elapsedMs), undefined);
      },
    ),
  );
});

test("whoever stood still for longer than its clock may be wrong has started anew, and says when", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: circle - 1 - 90_000 * 100 }),
      fc.integer({ min: 60_000, max: 3_600_000 }),
      (before, elapsedMs) => {
        assert.equal(ago(before + 360_000, 1000, elapsedMs), 10_000);
      },
    ),
  );
});
