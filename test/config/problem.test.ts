/** One line for each problem, that a person can act on and that no file can break. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatPath, formatProblem, problemAt, quote, sortProblems, type Problem } from "../../src/config/problem.ts";

const source = { file: "watchlist.yaml", lines: { lineOf: () => 14 } };

test("a problem says where, what was found, what is expected and what to do", () => {
  const complaint = { found: '"10.20.1.0/24"', expected: "one literal unicast address", hint: "name each device" };
  const problem = problemAt(source, ["devices", 2, "address"], complaint);
  assert.equal(
    formatProblem(problem),
    'watchlist.yaml:14: devices[2].address: found "10.20.1.0/24", expected one literal unicast address (hint: name each device)',
  );
});

test("a problem of a whole file needs no path, and one without a hint shows none", () => {
  const problem = problemAt(source, [], { found: "an empty file", expected: "a group of keys" });
  assert.ok(!("hint" in problem));
  assert.equal(formatProblem(problem), "watchlist.yaml:14: found an empty file, expected a group of keys");
});

test("a path shows keys with points and list positions in brackets, and quotes keys that would mislead", () => {
  assert.equal(formatPath(["devices", 2, "checks", 0, "unitId"]), "devices[2].checks[0].unitId");
  assert.equal(formatPath(["methods", "modbus-fc3"]), "methods.modbus-fc3");
  assert.equal(formatPath(["log.level"]), '["log.level"]');
  assert.equal(formatPath(["web", "a b"]), 'web["a b"]');
  assert.equal(formatPath([0]), "[0]");
});

test("problems are sorted by file, line, path and what was found", () => {
  const problem = (file: string, line: number, path: string, found = "x"): Problem => ({ file, line, path, found, expected: "y" });
  const sorted = [problem("a", 2, "b"), problem("a", 2, "c", "1"), problem("a", 2, "c", "2"), problem("a", 10, "a"), problem("b", 1, "a")];
  assert.deepEqual(sortProblems(sorted.toReversed()), sorted);
  assert.deepEqual(sortProblems([sorted[0]!, sorted[0]!]), [sorted[0], sorted[0]]);
});

test("values are shown as what they are", () => {
  const shown: readonly [unknown, string][] = [
    ["a", '"a"'],
    ["", '""'],
    [5, "5"],
    [false, "false"],
    [null, "an empty value"],
    [undefined, "nothing"],
    [[], "an empty list"],
    [[1, 2], "a list of 2"],
    [{ a: 1 }, "a group of keys"],
  ];
  for (const [value, text] of shown) assert.equal(quote(value), text);
});

test("no text makes more than one line, turns it round or grows it without bound", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
      const shown = quote(text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\u2028\u2029]/u);
      assert.ok(shown.length <= 700);
    }),
  );
  assert.equal(quote("a\u202eb\nc"), '"aU+202Eb\\nc"');
  assert.equal(quote("x".repeat(81)), `"${"x".repeat(80)}…"`);
});
