/** Every name and number is written so that Prometheus reads back the same. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { escaped, head, labels, sample } from "../../src/exporters/exposition.ts";

describe("a label's value", () => {
  const cases: readonly [value: string, written: string][] = [
    ["fresh-water-plc", "fresh-water-plc"],
    ["Süd 泵", "Süd 泵"],
    ['a"b', 'a\\"b'],
    ["a\\b", "a\\\\b"],
    ["a\nb", "a\\nb"],
    ['\\"\n', '\\\\\\"\\n'],
    ["", ""],
  ];
  for (const [value, written] of cases) {
    test(JSON.stringify(value), () => assert.equal(escaped(value), written));
  }
});

test("labels keep their order", () => {
  assert.equal(
    labels([
      ["b", "1"],
      ["a", 'x"'],
    ]),
    'b="1",a="x\\""',
  );
});

test("numbers that are none have names", () => {
  assert.deepEqual(
    [1.5, 0, -0.25, Number.NaN, Infinity, -Infinity].map((value) => sample("x", "", value)),
    ["x 1.5\n", "x 0\n", "x -0.25\n", "x NaN\n", "x +Inf\n", "x -Inf\n"],
  );
});

test("a help text stays on its line", () => {
  assert.equal(head({ name: "x_total", help: "a\\b\nc", type: "counter" }, "text"), "# HELP x_total a\\\\b\\nc\n# TYPE x_total counter\n");
});

test("a counter's family has no total in OpenMetrics", () => {
  assert.equal(head({ name: "x_total", help: "h", type: "counter" }, "openmetrics"), "# HELP x h\n# TYPE x counter\n");
  assert.equal(head({ name: "y_total", help: "h", type: "gauge" }, "openmetrics"), "# HELP y_total h\n# TYPE y_total gauge\n");
});
