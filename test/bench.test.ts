/** The benches run, with numbers too small to mean anything, and say what they measured and whether it is what was aimed for. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, it } from "node:test";
import { met, ratio, table, withVerdict, type Figure } from "../bench/figure.ts";
import { median, percentile, spreadOf } from "../bench/statistics.ts";

const main = new URL("../bench/main.ts", import.meta.url).pathname;

function bench(...args: string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: "utf8", timeout: 100_000 });
}

describe("the benches", () => {
  it("measure every figure, and end well whether or not the aims are met", () => {
    const { status, stdout, stderr } = bench("--tiny", "--json");
    assert.equal(status, 0, stderr);
    const { figures } = JSON.parse(stdout) as { readonly figures: readonly (Figure & { readonly met?: boolean })[] };
    assert.deepEqual(
      figures.map(({ name }) => name),
      [
        "CPU a check, fresh connection",
        "CPU a check, kept connection",
        "Start of a check late by, median",
        "Start of a check late by, 99 %",
        "Start of a check late by, worst",
        "Start beside 50 dead OPC UA servers late by, median",
        "Start beside 50 dead OPC UA servers late by, 99 %",
        "Memory a device, whole poller",
        "Memory a kept connection, on top",
        "One scrape takes",
        "One scrape is",
        "Longest work without a pause in it",
        "Longest block of the loop in it",
      ],
    );
    for (const { name, value, aim, met: verdict } of figures) {
      assert.ok(Number.isFinite(value), name);
      assert.equal(typeof verdict, aim ? "boolean" : "undefined", name);
    }
  });

  it("of growth take a process for each size, and compare each device with one at the working point", () => {
    const { status, stdout, stderr } = bench("--tiny", "--json", "--only", "growth");
    assert.equal(status, 0, stderr);
    const { figures } = JSON.parse(stdout) as { readonly figures: readonly Figure[] };
    const what = [
      "memory of each, without code",
      "CPU of a check without a socket",
      "scrape, of each",
      "reload, of each",
      "longest work without a pause in a scrape",
      "longest work without a pause in a reload",
    ];
    assert.deepEqual(
      figures.map(({ name }) => name),
      [100, 1000].flatMap((count) => what.map((one) => `${count} devices: ${one}`)),
    );
    for (const { name, value } of figures) assert.ok(value > 0, name);
  });

  it("refuse a part that they do not have, and an option that they do not know", () => {
    for (const args of [["--only", "magic"], ["--fast"]]) {
      const { status, stderr } = bench(...args);
      assert.equal(status, 2);
      assert.match(stderr, /npm run bench/u);
    }
  });
});

describe("a figure", () => {
  const beside = { what: "bare", value: 10 };

  it("meets an aim beside another up to the aim itself", () => {
    const aim = { atMost: 1.5, of: "beside" } as const;
    assert.equal(met({ name: "x", value: 15, unit: "ms", beside, aim }), true);
    assert.equal(met({ name: "x", value: 15.1, unit: "ms", beside, aim }), false);
    assert.throws(() => met({ name: "x", value: 1, unit: "ms", aim }), RangeError);
  });

  it("meets an aim in its own unit, and none where it has none", () => {
    assert.equal(met({ name: "x", value: 20, unit: "ms", beside, aim: { atMost: 20, of: "unit" } }), true);
    assert.equal(met({ name: "x", value: 21, unit: "ms", beside, aim: { atMost: 20, of: "unit" } }), false);
    assert.equal(met({ name: "x", value: 1, unit: "ms" }), undefined);
  });

  it("has a ratio only where there is something to divide by", () => {
    assert.equal(ratio({ name: "x", value: 15, unit: "ms", beside }), 1.5);
    assert.equal(ratio({ name: "x", value: 15, unit: "ms", beside: { what: "bare", value: 0 } }), undefined);
    assert.deepEqual(withVerdict({ name: "x", value: 1, unit: "ms" }), { name: "x", value: 1, unit: "ms" });
  });

  it("stands in one row of the table, an aim that was missed in capitals", () => {
    const rows = table([{ name: "x", value: 1234.5, unit: "µs", beside, aim: { atMost: 3, of: "beside" }, noise: "±2 %" }]).split("\n");
    assert.match(rows[1] ?? "", /^x +1235 µs +10 µs bare +123x +at most 3x +NO +±2 %$/u);
  });
});

describe("statistics", () => {
  it("take the middle, the share that was asked for, and the quartiles", () => {
    assert.equal(median([3, 1, 2]), 2);
    assert.equal(median([4, 1, 2, 3]), 2.5);
    assert.equal(percentile([1, 2, 3, 4, 5], 1), 5);
    assert.equal(percentile([1, 2, 3, 4, 5], 0), 1);
    assert.equal(spreadOf([9, 10, 10, 10, 11]), "±0 %");
    assert.equal(spreadOf([0, 0]), "±0 %");
    assert.throws(() => median([]), RangeError);
  });
});
