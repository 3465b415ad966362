/** House rules: short files that say what they are for, one clock, no test left out, documents that lead somewhere. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { brokenLinks, documents, headingsOf, npmScriptsIn } from "./support/documents.ts";
import { leftUnfinished, opensUnexplained, testsLeftOut, timeAndChance, tooLong } from "./support/house-rules.ts";
import { manifest } from "./support/packages.ts";
import type { ProjectPath } from "./support/source-tree.ts";
import { parseAll, projectRoot, readProjectFile, readSources } from "./support/source-tree.ts";

const texts = readSources(["bin", "src", "simulators", "test", "scripts", "bench"]);
const trees = parseAll(texts);

function inEvery(files: Iterable<ProjectPath>, problemsIn: (file: ProjectPath) => string[]): string[] {
  return [...files].flatMap((file) => problemsIn(file).map((problem) => `${file}:${problem}`));
}
const textOf = (file: ProjectPath): string => texts.get(file) ?? "";
const treeOf = (file: ProjectPath) => trees.get(file) ?? assert.fail(`${file} was not parsed`);

describe("source files", () => {
  test("have at most 300 lines", () => {
    assert.deepEqual(
      inEvery(texts.keys(), (file) => tooLong(textOf(file)).map((problem) => ` ${problem}`)),
      [],
    );
  });

  test("of the product open with a sentence", () => {
    const product = texts.keys().filter((file) => file.startsWith("src/"));
    assert.deepEqual(
      inEvery(product, (file) => opensUnexplained(textOf(file))),
      [],
    );
  });

  test("of the product leave time, timers and randomness to the clock", () => {
    assert.deepEqual(
      inEvery(texts.keys(), (file) => timeAndChance(file, treeOf(file))),
      [],
    );
  });

  test("leave nothing open", () => {
    assert.deepEqual(
      inEvery(texts.keys(), (file) => leftUnfinished(textOf(file))),
      [],
    );
  });

  test("leave no test out", () => {
    assert.deepEqual(
      inEvery(texts.keys(), (file) => testsLeftOut(treeOf(file))),
      [],
    );
  });
});

describe("a planted lapse is found", () => {
  const parse = (file: string, text: string) => parseAll(new Map([[file, text]])).get(file) ?? assert.fail();

  for (const snippet of [
    "Date.now();",
    "new Date();",
    "new Date;",
    "Date();",
    "performance.now();",
    "setTimeout(f, 1);",
    "const later = setTimeout;",
    "setInterval(f, 1);",
    "setImmediate(f);",
    "Math.random();",
    "process.hrtime.bigint();",
    "AbortSignal.timeout(5);",
    'import { randomUUID } from "node:crypto";',
    "crypto.randomBytes(4);",
  ]) {
    test(`${snippet} outside the clock`, () => {
      assert.notDeepEqual(timeAndChance("src/safety/gate.ts", parse("src/safety/gate.ts", snippet)), []);
      assert.deepEqual(timeAndChance("src/system-clock.ts", parse("src/system-clock.ts", snippet)), []);
    });
  }

  test("but a date made from a time, or a member of ours, is none", () => {
    const text = 'new Date(0); Date.parse("x"); o.setTimeout(1); const p = { setTimeout: 1 }; interface I { setTimeout(): void }';
    assert.deepEqual(timeAndChance("src/a.ts", parse("src/a.ts", text)), []);
  });

  for (const snippet of [
    "test.skip('a', f);",
    "t.skip();",
    "describe.only('a', f);",
    "test('a', { skip: true }, f);",
    "test('a', { skip }, f);",
    "test('a', { only: x > 1 }, f);",
    "it.todo('a');",
  ]) {
    test(snippet, () => {
      assert.equal(testsLeftOut(parse("test/a.test.ts", snippet)).length, 1);
    });
  }

  test("but a list may be skipped through", () => {
    assert.deepEqual(testsLeftOut(parse("test/a.test.ts", "cursor.skip(1); const x = { skip: 1 }; test('a', { timeout: 1 }, f);")), []);
  });

  test("a file that opens with code, a fragment or another kind of comment", () => {
    for (const text of ["export const x = 1;", "// What it is for.\n", "/** things */\n", "import a from 'a';\n/** Things. */"])
      assert.equal(opensUnexplained(text).length, 1, text);
    for (const text of [
      "/** Holds things. */\n",
      "/**\n * Holds things,\n * many of them.\n */\n",
      "#!/usr/bin/env node\n/** Starts the product. */\n",
    ])
      assert.deepEqual(opensUnexplained(text), [], text);
  });

  test("a file of 301 lines, but not of 300", () => {
    assert.deepEqual(tooLong("x\n".repeat(300)), []);
    assert.equal(tooLong("x\n".repeat(301)).length, 1);
  });

  test("what is left unfinished", () => {
    assert.match(leftUnfinished(`ok\n// ${"TO"}${"DO"}: later`).join("\n"), /^2 says/u);
  });
});

describe("documents", () => {
  const files = documents();

  test("of the project are here", () => {
    for (const file of ["README.md", "ARCHITECTURE.md", "SAFETY.md", "SECURITY.md"]) assert.ok(files.includes(file), `${file} is missing`);
  });

  test("link to files and headings that exist", () => {
    assert.deepEqual(
      inEvery(files, (file) => brokenLinks(file, readProjectFile(file), readProjectFile)),
      [],
    );
  });

  test("name npm scripts that exist", () => {
    const { scripts } = manifest();
    assert.deepEqual(
      inEvery(files, (file) => npmScriptsIn(readProjectFile(file)).filter((script) => scripts[script] === undefined)),
      [],
    );
  });

  test("with a broken link or a wrong heading are found out", () => {
    const read = (): string => "# Other things\n## Again\n## Again\n";
    const text =
      "# My `own` heading!\n[a](gone.md) [b](#my-own-heading) [c](#nowhere) [d](https://x.invalid) [e](package.json)\n```\n[f](gone.md)\n```\n`[g](gone.md)`\n[h]: gone.txt\n";
    assert.deepEqual(
      brokenLinks("README.md", text, read).map((problem) => problem.split(":")[0]),
      ["2 links to gone.md", "2 links to #nowhere", "7 links to gone.txt"],
    );
    assert.deepEqual(headingsOf(read()), new Set(["other-things", "again", "again-1"]));
  });
});

describe("package.json", () => {
  const { scripts, bin } = manifest();

  test("starts only files that exist", () => {
    const started = Object.values(scripts).flatMap((script) => [...script.matchAll(/\bnode ([\w./-]+)/gu)].map((match) => match[1] ?? ""));
    const absent = [...started, ...Object.values(bin)].filter((file) => !existsSync(path.join(projectRoot, file)));
    assert.deepEqual(absent, []);
  });

  test("has the scripts that people are told of", () => {
    for (const script of ["start", "demo", "simulate", "check", "test", "test:wire", "bench", "build"]) assert.ok(scripts[script], script);
  });
});
