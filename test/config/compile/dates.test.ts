/** Days of approvals: when they begin, when they end, and how many months ahead they may. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { begins, dayOf, endOf, endOfDay, lastDayBefore, monthsLater } from "../../../src/config/compile/dates.ts";
import { wallMs } from "../../../src/domain/units.ts";

const signed = { approvedOn: "2026-11-21", expiresOn: "2028-02-21", basis: { vendorConfirmation: "T-1" } };
const iso = (moment: number | undefined): string => new Date(moment ?? Number.NaN).toISOString();

describe("so many months later", () => {
  const cases: readonly (readonly [string, number, string])[] = [
    ["2026-11-21", 15, "2028-02-21"],
    ["2026-11-30", 3, "2027-02-28"],
    ["2027-11-30", 3, "2028-02-29"],
    ["2026-01-31", 1, "2026-02-28"],
    ["2026-12-31", 0, "2026-12-31"],
    ["2026-12-01", 1, "2027-01-01"],
  ];
  for (const [from, months, to] of cases) test(`than ${from}, ${months}: ${to}`, () => assert.equal(monthsLater(from, months), to));
});

describe("an approval", () => {
  test("ends with the last day and 90 days of grace", () => {
    assert.equal(iso(endOf(signed)?.expires), "2028-02-22T00:00:00.000Z");
    assert.equal(iso(endOf(signed)?.ends), "2028-05-22T00:00:00.000Z");
  });

  test("that rests on an accepted risk ends with it, without grace", () => {
    const risk = (until: string) => ({ riskAcceptance: { by: "C", position: "chief", reason: "r", until } });
    assert.equal(iso(endOf({ ...signed, basis: risk("2027-01-31") })?.ends), "2027-02-01T00:00:00.000Z");
    assert.equal(iso(endOf({ ...signed, basis: risk("2028-03-31") })?.expires), "2028-02-22T00:00:00.000Z");
    assert.equal(iso(endOf({ ...signed, basis: risk("2028-03-31") })?.ends), "2028-04-01T00:00:00.000Z");
    assert.equal(iso(endOf({ ...signed, basis: risk("2099-01-01") })?.ends), "2028-05-22T00:00:00.000Z");
  });

  test("ends after 15 months and the grace, whatever its file says", () => {
    assert.equal(iso(endOf({ ...signed, expiresOn: "2099-01-01" })?.expires), "2028-02-22T00:00:00.000Z");
  });

  test("that nobody has signed has no end", () => {
    for (const key of ["approvedOn", "expiresOn", "basis"] as const) {
      const { [key]: _left, ...rest } = signed;
      assert.equal(endOf(rest), undefined);
    }
  });

  test("begins when its day begins anywhere on earth", () => assert.equal(iso(begins("2026-11-21")), "2026-11-20T10:00:00.000Z"));
});

test("the day that ends at a moment is the day whose end it is", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40_000 }), (day) => {
      const date = dayOf(wallMs(day * 86_400_000));
      assert.equal(lastDayBefore(endOfDay(date)), date);
    }),
  );
});
