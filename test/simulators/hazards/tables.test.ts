/** The tables of docs/hazards.md and README.md are what the suite writes, of the scenes that there are. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { hazards, type Tried } from "../../../simulators/hazards/suite.ts";
import { longTable, rewritten, rowsOf, shortTable, textTable } from "../../../simulators/hazards/tables.ts";

const page = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
const long = rowsOf(page("docs/hazards.md")) ?? [];
const short = rowsOf(page("README.md")) ?? [];

function tried(at: number, harmed: boolean, notAsked: readonly string[] = []): Tried {
  return { hazard: hazards[at]!, harmed, seen: "what was seen", notAsked };
}

test("the table of docs/hazards.md has every scene, with its rows, in the suite's order", () => {
  assert.deepEqual(
    long.map(([title, rows]) => [title, rows]),
    hazards.map(({ title, rows }) => [title, rows.join(" ")]),
  );
});

test("the table of README.md has the same scenes with the same verdicts", () => {
  const verdict = (cell = ""): string => cell.split(":")[0]!;
  assert.deepEqual(
    short,
    long.map(([title, , watchkeeper, control]) => [title, verdict(control), verdict(watchkeeper)]),
  );
});

test("Watchkeeper has harmed none of them, and the control most", () => {
  assert.deepEqual(
    short.filter(([, , watchkeeper]) => watchkeeper !== "unharmed" && watchkeeper !== "not asked"),
    [],
  );
  assert.ok(short.filter(([, control]) => control === "HARMED").length > hazards.length / 2);
});

test("a table says who was harmed, who was not, and of whom nothing was asked and why", () => {
  const outcome = {
    poller: "Watchkeeper",
    judged: [tried(0, false), tried(1, false, ["method_withdrawn: it would be harmed"]), tried(2, true)],
    control: [tried(0, true), tried(1, true), tried(2, false)],
  };
  const verdicts = [
    ["HARMED", "unharmed"],
    ["HARMED", "not asked"],
    ["unharmed", "HARMED"],
  ];
  assert.match(longTable(outcome), /^Harmed: 1 of 3; by the control: 2\.\n/u);
  assert.match(longTable(outcome), /\| not asked: what was seen \(method_withdrawn\) \| HARMED: what was seen \|/u);
  assert.match(
    textTable(outcome),
    new RegExp(`${hazards[2]!.id} .*\\n  HARMED    what was seen\\n  control: unharmed  what was seen\\n`, "u"),
  );
  const written = rewritten(page("README.md"), shortTable(outcome)) ?? "";
  assert.deepEqual(
    rowsOf(written)?.map(([, ...cells]) => cells),
    verdicts,
  );
  const outside = (text: string): readonly string[] => text.split(/(?<=here on -->)[^]*(?=<!-- npm run hazards -- --write: up to)/u);
  assert.deepEqual(outside(written), outside(page("README.md")), "nothing else of the page is touched");
});

test("a page without a part of the suite's is left alone", () => {
  assert.equal(rewritten("# A page\n", "a table"), undefined);
  assert.equal(rowsOf("# A page\n"), undefined);
});

test("the pages are written of Watchkeeper and every hazard, and of nothing else", () => {
  const main = fileURLToPath(new URL("../../../simulators/hazards/main.ts", import.meta.url));
  for (const wish of [
    ["--poller", "true"],
    ["--only", "late-answers"],
  ]) {
    const { status, stderr } = spawnSync(process.execPath, [main, "--write", ...wish], { encoding: "utf8" });
    assert.equal(status, 2);
    assert.match(stderr, /^--write: the pages hold what every hazard has shown of Watchkeeper: leave out --poller and --only\n/u);
  }
});
