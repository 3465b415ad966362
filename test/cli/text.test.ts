/** Text in columns and lines: nothing is lost, and nothing is wider than the terminal unless it is one word. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { columns, counted, wrapped } from "../../src/cli/text.ts";

test("text breaks at spaces", () => {
  assert.deepEqual(wrapped("one two three four", 9), ["one two", "three", "four"]);
});

test("a word longer than the line stays whole, so that it can be copied", () => {
  assert.deepEqual(wrapped("see sha256:0123456789abcdef now", 10), ["see", "sha256:0123456789abcdef", "now"]);
});

test("the last column breaks under itself", () => {
  assert.deepEqual(
    columns(
      [
        ["id", "a long explanation of the thing"],
        ["longer-id", "short"],
      ],
      34,
    ),
    ["id         a long explanation of", "           the thing", "longer-id  short"],
  );
});

test("the last column goes below the line where it has no room beside it", () => {
  assert.deepEqual(columns([["a-rather-long-name", "what it says"]], 30), ["a-rather-long-name", "      what it says"]);
});

test("colours take no room", () => {
  const red = "\u001b[31mDOWN\u001b[0m";
  assert.deepEqual(
    columns(
      [
        [red, "x"],
        ["longer", "y"],
      ],
      80,
    ),
    [`${red}    x`, "longer  y"],
  );
});

test("an empty last cell leaves no blanks behind", () => {
  assert.deepEqual(
    columns(
      [
        ["a", ""],
        ["bb", "c"],
      ],
      80,
    ),
    ["a", "bb  c"],
  );
});

test("no rows are no lines", () => {
  assert.deepEqual(columns([], 80), []);
});

test("one is singular", () => {
  assert.deepEqual([counted(0, "device"), counted(1, "device"), counted(2, "entry", "entries")], ["0 devices", "1 device", "2 entries"]);
});
