/** YAML 1.2 read strictly: what passes means what it seems to say, and every line can be found again. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { formatProblem, type Path } from "../../src/config/problem.ts";
import { parseYaml, renderYaml, type YamlFile } from "../../src/config/yaml.ts";

function read(text: string): YamlFile {
  const parsed = parseYaml("f.yaml", text);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.problems.map(formatProblem).join("\n"));
  return parsed;
}

function problems(text: string): readonly string[] {
  const parsed = parseYaml("f.yaml", text);
  return parsed.ok ? [] : parsed.problems.map(formatProblem);
}

describe("what passes", () => {
  const passing: readonly [string, string, unknown][] = [
    ["words that YAML 1.1 takes for truth values", "a: yes\nb: off\nc: n", { a: "yes", b: "off", c: "n" }],
    ["times and dates as text", "a: 2026-11-21\nb: 12:30:00", { a: "2026-11-21", b: "12:30:00" }],
    ["hexadecimal numbers", "a: 0x2002", { a: 8194 }],
    ["an octal number of YAML 1.2", "a: 0o17", { a: 15 }],
    ["keys that look like numbers, as text", "1: a\ntrue: b", { "1": "a", true: "b" }],
    ["lines that end as in Windows", "a: 1\r\nb: 2\r\n", { a: 1, b: 2 }],
    ["a tab after a colon", "a:\t1", { a: 1 }],
    ["a document's opening line", "---\na: 1\n", { a: 1 }],
    ["a zero and fractions", "a: 0\nb: 0.5\nc: -0.5", { a: 0, b: 0.5, c: -0.5 }],
    ["umlauts and other letters", "a: Lüfter 主機", { a: "Lüfter 主機" }],
    ["an asterisk and an ampersand in quotes", 'a: "*x"\nb: "&y"\nc: "!z"', { a: "*x", b: "&y", c: "!z" }],
    ["nothing", "", null],
    ["a comment alone", "# nothing\n", null],
  ];
  for (const [what, text, value] of passing) {
    test(what, () => {
      assert.deepEqual(read(text).value, value);
    });
  }

  test("everything that JSON can say, as JSON means it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: "grapheme-ascii" }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!text.includes("__proto__"));
        assert.deepEqual(read(text).value, JSON.parse(text));
      }),
    );
  });
});

describe("what is refused", () => {
  const refused: readonly [string, string, readonly RegExp[]][] = [
    [
      "every anchor, alias and tag at once",
      "a: &x 1\nb: *x\nc: !!int 1\n",
      [/f\.yaml:1: .*anchor &x/, /f\.yaml:2: .*alias \*x/, /f\.yaml:3: .*tag !!int/],
    ],
    ["an unknown directive", "%FOO bar\n---\na: 1\n", [/f\.yaml:1: .*directive %FOO bar/]],
    ["merge keys", "a:\n  <<: {b: 1}\n", [/f\.yaml:2: .*merge key/]],
    ["keys that stand twice, wherever", "a: 1\nb: {c: 1, c: 2}\na: 3\n", [/f\.yaml:2: .*"c".*line 2/, /f\.yaml:3: .*"a".*line 1/]],
    ["a key that is a list", "? [a]\n: 1\n", [/found a key that is a list or a group, expected a word/]],
    ["the key that JavaScript takes for something else", "__proto__: {a: 1}\n", [/"__proto__"/]],
    ["a document after ...", "a: 1\n...\nb: 2\n", [/f\.yaml:3: .*second document/]],
    ["an anchor name that would fill the screen", `a: &${"x".repeat(500)} 1\n`, [/^.{0,160}$/u]],
    ["a bare carriage return", "a: 1\rb: 2\n", [/U\+000D/]],
    ["one invisible character a line", "a: \u0007\u0007\nb: \u200b\n", [/f\.yaml:1: .*U\+0007/, /f\.yaml:2: .*U\+200B/]],
    ["an invisible character on the last line", "a: 1\nb: \u2028", [/f\.yaml:2: .*U\+2028/]],
    ["a reserved character", "a: @x\n", [/expected quotes around it/]],
    ["lists nested a hundred thousand deep", "[".repeat(100_000), [/more than 32 levels/]],
    [
      "groups nested forty deep",
      Array.from({ length: 40 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join(""),
      [/f\.yaml:34: .*more than 32 levels/],
    ],
  ];
  for (const [what, text, expected] of refused) {
    test(what, () => {
      const found = problems(text);
      assert.equal(found.length, expected.length, found.join("\n"));
      expected.forEach((pattern, index) => assert.match(found[index] ?? "", pattern));
    });
  }

  test("nothing crashes the reader, whatever the text", () => {
    const piece = fc.constantFrom(
      ..."ab01:,-[]{}&*!%|>'\"#? \n\t\r\\.<@`~é\u202e".split(""),
      "\n  ",
      "\n---\n",
      ": ",
      "- ",
      "<<: ",
      "%YAML 1.1\n",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        const parsed = parseYaml("f.yaml", pieces.join(""));
        assert.ok(parsed.ok || parsed.problems.length > 0);
        if (!parsed.ok) for (const problem of parsed.problems) assert.ok(problem.line >= 1);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("lines", () => {
  const text = "# c\na:\n  - x: 0x10\n    y: {z: 1.10}\n  -\n    x: '3'\nb:\n  c: 1\nd: [1,\n  2]\n";
  const places: readonly [Path, number, string | undefined][] = [
    [[], 2, undefined],
    [["a"], 2, undefined],
    [["a", 0], 3, undefined],
    [["a", 0, "x"], 3, "0x10"],
    [["a", 0, "y", "z"], 4, "1.10"],
    [["a", 0, "y", "missing"], 4, undefined],
    [["a", 1], 6, undefined],
    [["a", 1, "x"], 6, undefined],
    [["a", 2], 2, undefined],
    [["a", "x"], 2, undefined],
    [["b", "c"], 8, "1"],
    [["b", "c", "d"], 8, undefined],
    [["d", 1], 10, "2"],
    [["missing", "too"], 2, undefined],
  ];
  for (const [path, line, written] of places) {
    test(`${JSON.stringify(path)} is on line ${line}`, () => {
      const { lines } = read(text);
      assert.equal(lines.lineOf(path), line);
      assert.equal(lines.writtenAt(path), written);
    });
  }

  test("an empty file is all line 1", () => {
    assert.equal(read("").lines.lineOf(["a", 0]), 1);
  });

  test("the index of a list that holds nothing there is the list's line", () => {
    assert.equal(read("a:\n  -\n").lines.lineOf(["a", 0]), 2);
  });
});

test("an edit keeps comments, order and long lines", () => {
  const long = `"${"word ".repeat(60)}"`;
  const text = `# head\na: 1 # one\n\nb: {c: 2}\nd: ${long}\n\n# tail\n`;
  const { document } = read(text);
  assert.equal(renderYaml(document), text);
  document.setIn(["b", "c"], 3);
  assert.equal(renderYaml(document), text.replace("{c: 2}", "{c: 3}"));
});
