/** Tables survive the way through a spreadsheet, and no cell of them is run as a formula. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { csvText, readCsv } from "../../src/config/csv.ts";

const cellsOf = (text: string): unknown => {
  const read = readCsv(text);
  return "found" in read ? read : read.map(({ cells }) => cells);
};

describe("a table", () => {
  test("reads back as it was written, whatever stands in its cells", () => {
    const cell = fc
      .string({ unit: fc.constantFrom("a", '"', ";", ",", "\n", "=", "+", "-", "@", "'", " x", "ü", "\t") })
      .map((text) => text.trim());
    fc.assert(
      fc.property(fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 5 }), (rows) => {
        const written = [["head", "of", "it"], ...rows].filter((row) => row.some((one) => one !== ""));
        assert.deepEqual(cellsOf(csvText(written)), written);
      }),
    );
  });

  test("gives no spreadsheet a formula", () => {
    for (const begin of ["=", "+", "-", "@"]) assert.ok(csvText([[`${begin}cmd|' /C calc'!A0`]]).startsWith(`\uFEFF"'${begin}`), begin);
  });

  test("is read with semicolons, commas and tabs, with and without a byte order mark, with either line end", () => {
    for (const separator of [";", ",", "\t"])
      for (const end of ["\n", "\r\n"])
        for (const mark of ["", "\uFEFF"]) {
          const text = `${mark}a${separator}b${end}"1${separator}2"${separator}${end}${end}`;
          assert.deepEqual(cellsOf(text), [
            ["a", "b"],
            [`1${separator}2`, ""],
          ]);
        }
    assert.deepEqual(cellsOf("a;b;"), [["a", "b", ""]]);
    assert.deepEqual(cellsOf(""), []);
  });

  test("counts lines through cells that hold several", () => {
    const read = readCsv('a;b\n"1\n2";3\n4;5\n');
    assert.deepEqual("found" in read ? read : read.map(({ line }) => line), [1, 2, 4]);
  });

  test("that is broken is refused with its line", () => {
    assert.deepEqual(cellsOf('a;b\n"1;2\n'), { line: 2, found: "a quote that is never closed" });
    assert.deepEqual(cellsOf('a;b\n"1"x;2\n'), { line: 2, found: "text after a closing quote" });
    assert.deepEqual(cellsOf('a;b\n1"x;2\n'), { line: 2, found: 'a quote in the middle of a cell (1"x)' });
  });
});
