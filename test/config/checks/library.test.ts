/** A mistake planted in a profile of a library gives exactly the lines that stand beside it; the shipped library has none. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, test, type TestContext } from "node:test";
import { readLibrary, shippedLibrary } from "../../../src/config/library.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import { soundProfile } from "./library-profile.ts";
import { mistakes } from "./library-mistakes.ts";

/** In a folder `library`, by file name. */
function problemsOf(t: TestContext, files: Readonly<Record<string, string>>): readonly string[] {
  const folder = mkdtempSync(path.join(tmpdir(), "library-"));
  t.after(() => {
    rmSync(folder, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  return readLibrary(folder, { lint: true }).problems.map((problem) => formatProblem(problem).replaceAll(path.basename(folder), "library"));
}

test("the library that is shipped has no mistake", () => {
  assert.deepEqual(readLibrary(shippedLibrary, { lint: true }).problems.map(formatProblem), []);
});

test("the profile in which mistakes are planted has none itself", (t) => {
  assert.deepEqual(problemsOf(t, { "test-device.yaml": soundProfile }), []);
});

describe("a planted mistake is caught:", () => {
  for (const { what, sound, mistaken, expected } of mistakes) {
    test(what, (t) => {
      assert.equal(soundProfile.split(sound).length, 2, "the sound text stands there once");
      assert.deepEqual(problemsOf(t, { "test-device.yaml": soundProfile.replace(sound, () => mistaken) }), expected);
    });
  }

  test("and there are at least 25 of them", () => assert.ok(mistakes.length >= 25));
});

test("all mistakes of all files are reported at once, by file and line", (t) => {
  const first = soundProfile
    .replace("id: test-device", "id: a")
    .replace("mode: fresh", "mode: kept")
    .replace("document: T-1", "document: null");
  assert.deepEqual(problemsOf(t, { "a.yaml": first, "b.yaml": soundProfile, "c.yml": "x" }), [
    "library/a.yaml:11: sources[0]: found no document, url or mirror, expected at least one of them, so that a reader can find it",
    "library/a.yaml:21: connection.mode: found kept, expected fresh while no idleTimeout is documented",
    'library/b.yaml:2: id: found "test-device", expected b, as the file is called',
    'library/c.yml:1: found the file name "c.yml", expected a profile\'s id and .yaml',
  ]);
});
