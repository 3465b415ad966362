/** Durations read one way only, and are written so that a person never reads less than there is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../src/domain/duration.ts";
import { milliseconds } from "../../src/domain/units.ts";

describe("a duration in a file", () => {
  const good: readonly [text: string, inMs: number][] = [
    ["0s", 0],
    ["800ms", 800],
    ["30s", 30_000],
    ["5m", 300_000],
    ["5min", 300_000],
    ["2h", 7_200_000],
    ["14d", 1_209_600_000],
    ["999999999d", 86_399_999_913_600_000],
  ];
  for (const [text, inMs] of good) test(`${text} is ${inMs} ms`, () => assert.equal(parseDuration(text), inMs));

  const bad = [
    "",
    "30",
    "30 s",
    " 30s",
    "30s ",
    "1.5s",
    "-1s",
    "+1s",
    "1e3s",
    "0x10s",
    "30S",
    "30sec",
    "5m30s",
    "s",
    "٣s",
    "1000000000s",
    "30s\n",
  ];
  for (const text of bad) test(`${JSON.stringify(text)} is none`, () => assert.equal(parseDuration(text), undefined));
});

describe("a duration for people", () => {
  const cases: readonly [inMs: number, text: string][] = [
    [0, "0 ms"],
    [0.2, "1 ms"],
    [800, "800 ms"],
    [999.5, "1000 ms"],
    [1000, "1 s"],
    [1010, "1.1 s"],
    [5000, "5 s"],
    [9999, "10 s"],
    [10_000, "10 s"],
    [10_001, "11 s"],
    [60_000, "1 min"],
    [185_000, "3 min 5 s"],
    [3_600_000, "1 h"],
    [3_605_000, "1 h"],
    [7_500_000, "2 h 5 min"],
    [86_400_000, "1 d"],
    [90_000_000, "1 d 1 h"],
    [1_209_600_000, "14 d"],
  ];
  for (const [inMs, text] of cases) test(`${inMs} ms is ${text}`, () => assert.equal(formatDuration(milliseconds(inMs)), text));

  test("reads back, where a file could say it, as at least as long to the second below an hour", () => {
    fc.assert(
      fc.property(fc.integer({ min: 10_000, max: 3_599_000 }), (span) => {
        const parts = formatDuration(milliseconds(span)).matchAll(/(\d+) (min|s)/gu);
        const read = parts.reduce((sum, [, amount, unit]) => sum + (parseDuration(`${amount ?? ""}${unit ?? ""}`) ?? Number.NaN), 0);
        assert.ok(read >= span && read < span + 1000, `${span} was written as ${read}`);
      }),
    );
  });
});
