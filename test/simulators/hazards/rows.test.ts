/** Every row of docs/hazards.md names a guard, a stand-in and a test that are there, and every scene of the suite a row. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { hazards } from "../../../simulators/hazards/suite.ts";

const page = new URL("../../../docs/hazards.md", import.meta.url);
/** The numbers left out rest on memory alone. */
const expected: readonly string[] = [
  ...numbered("H", 29).filter((row) => !["H5", "H7", "H8", "H9", "H10", "H13", "H21"].includes(row)),
  "H17b",
  ...numbered("R", 17),
];
const rows = [...readFileSync(page, "utf8").matchAll(/^\| ([HR]\d+b?) \| (.+) \| (.+) \| (.+) \| (.+) \|$/gmu)].map(
  ([, id = "", ...cells]) => ({ id, cells }),
);

function numbered(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, at) => `${letter}${at + 1}`);
}

test("every row of the list is there, once", () => {
  assert.deepEqual(rows.map(({ id }) => id).toSorted(), expected.toSorted());
});

for (const { id, cells } of rows) {
  test(`${id} has a guard, a stand-in and a test that are there`, () => {
    const [hazard = "", guard = "", standIn = "", proof = ""] = cells;
    assert.ok(hazard.length > 0 && guard.length > 0);
    for (const cell of [standIn, proof]) {
      const link = /^\[[^\]]+\]\(([^)]+)\)$/u.exec(cell)?.[1];
      assert.ok(link !== undefined && existsSync(new URL(link, page)), cell);
    }
    assert.match(proof, /\((.*\.(test|proof)\.ts|.*mistakes\/.*\.yaml)\)$/u);
  });
}

test("the scenes of the suite name rows that are there", () => {
  const known = new Set(rows.map(({ id }) => id));
  for (const { id, rows: named } of hazards) for (const row of named) assert.ok(known.has(row), `${id}: ${row}`);
});
