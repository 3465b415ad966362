/** Text of others stays on its line and does nothing to a terminal. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { printable } from "../../src/domain/printable.ts";

test("ordinary text of any script is left as it is", () => {
  assert.equal(printable("TM221CE24R – Süd, 泵 2, 5 °C", 100), "TM221CE24R – Süd, 泵 2, 5 °C");
});

test("line breaks, escape codes, direction marks and half characters become question marks", () => {
  assert.equal(printable("a\r\nb\u001b[2Jc\u202ed\ud800e\u2028f\u0000g\u009bh", 100), "a??b?[2Jc?d?e?f?g?h");
});

test("long text is cut and says so", () => {
  assert.equal(printable("x".repeat(1000), 5), "xxxx…");
});

test("a cut through a character leaves no half of it", () => {
  assert.equal(printable("ab😀cd", 4), "ab?…");
});
