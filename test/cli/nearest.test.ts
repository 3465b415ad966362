/** A mistyped name is met with the one that was meant, and a strange one with silence rather than a wild guess. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest } from "../../src/cli/nearest.ts";

const names = ["init", "check-config", "plan", "explain", "approve", "status", "stop", "resume", "reset"];

for (const [typed, meant] of [
  ["plna", "plan"],
  ["PLAN", "plan"],
  ["chek-config", "check-config"],
  ["stauts", "status"],
  ["aprove", "approve"],
  ["rest", "reset"],
] as const) {
  test(`"${typed}" was probably meant to be ${meant}`, () => {
    assert.equal(nearest(typed, names), meant);
  });
}

for (const typed of ["delete", "", "x", "checkout"]) {
  test(`"${typed}" is near to nothing`, () => {
    assert.equal(nearest(typed, names), undefined);
  });
}

test("nothing is near where there are no names", () => {
  assert.equal(nearest("plan", []), undefined);
});

test("what only one name begins with is that name", () => {
  assert.equal(nearest("fresh", ["fresh-water-plc", "tank-level-7"]), "fresh-water-plc");
  assert.equal(nearest("tank-level", ["tank-level-7", "tank-level-8"]), "tank-level-7", "nearest by its letters, as two begin so");
});
