/** Moments with their offset: across midnight, across a change to summer time, and never without one. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { instantWords, parseInstant } from "../../src/domain/instant.ts";
import { wallMs } from "../../src/domain/units.ts";

function utc(text: string): string | undefined {
  const read = parseInstant(text);
  return read && new Date(read.at).toISOString();
}

describe("a moment", () => {
  test("is read with its offset: Z, east, west, across midnight and a leap day", () => {
    assert.equal(utc("2026-11-21T22:00Z"), "2026-11-21T22:00:00.000Z");
    assert.equal(utc("2026-11-22T00:30:05+02:00"), "2026-11-21T22:30:05.000Z");
    assert.equal(utc("2026-12-31T20:00-05:00"), "2027-01-01T01:00:00.000Z");
    assert.equal(utc("2028-02-29T00:00+05:45"), "2028-02-28T18:15:00.000Z");
    assert.equal(parseInstant("2026-11-22T00:30-03:30")?.offsetMinutes, -210);
    assert.equal(parseInstant("2026-11-22T00:30-00:00")?.offsetMinutes, 0);
  });

  test("of the hour that comes twice when clocks go back is one or the other, by its offset", () => {
    assert.equal(utc("2026-10-25T02:30+02:00"), "2026-10-25T00:30:00.000Z");
    assert.equal(utc("2026-10-25T02:30+01:00"), "2026-10-25T01:30:00.000Z");
  });

  test("is nothing without an offset, of no day, or of no hour", () => {
    for (const text of [
      "2026-11-21T22:00",
      "2026-11-21",
      "22:00Z",
      "2026-11-31T00:00Z",
      "2027-02-29T00:00Z",
      "2026-11-21T24:00Z",
      "2026-11-21T12:60Z",
      "2026-11-21T12:00+14:01",
      "2026-11-21T12:00-12:30",
      "2026-11-21T12:00+01:60",
      "2026-11-21 12:00Z",
      "1969-12-31T23:00Z",
      "2026-11-21T12:00Z ",
      "0000-00-00T00:00Z",
    ])
      assert.equal(parseInstant(text), undefined, text);
  });

  test("is shown as its writer reads a clock, with UTC beside it", () => {
    const at = wallMs(Date.parse("2026-11-21T22:30:05Z"));
    assert.equal(instantWords(at, 0), "2026-11-21 22:30:05 UTC");
    assert.equal(instantWords(at, 120), "2026-11-22 00:30:05 +02:00 (2026-11-21 22:30:05 UTC)");
    assert.equal(instantWords(at, -210), "2026-11-21 19:00:05 -03:30 (2026-11-21 22:30:05 UTC)");
  });
});
