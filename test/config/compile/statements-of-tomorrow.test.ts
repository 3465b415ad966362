/** A statement is what somebody saw: its day has begun somewhere on earth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatProblem } from "../../../src/config/problem.ts";
import { compiledFrom, rawDevice, rawSite } from "./support/site.ts";

const problems = (on: string): readonly string[] => {
  const statements = { otherClients: [], watchdog: { mode: "none", by: "eto-1", on }, firmware: { version: "1", by: "eto-1", on } };
  return compiledFrom(rawSite([rawDevice(1, { statements })])).problems.map(formatProblem);
};

test("a watchdog or firmware looked at on a day to come is a problem", () => {
  const found = problems("2026-12-24");
  assert.equal(found.length, 2);
  assert.match(
    found[0] ?? "",
    /^watchlist\.yaml:\d+: devices\[0\]\.statements\.watchdog\.on: found 2026-12-24, a day that has not begun, expected 2026-11-21 or earlier/,
  );
  assert.match(found[1] ?? "", /statements\.firmware\.on: /);
});

test("today is no day to come, nor is tomorrow where it has begun already", () => {
  for (const on of ["2026-11-21", "2026-11-22"]) assert.deepEqual(problems(on), []);
  assert.equal(problems("2026-11-23").length, 2);
});
