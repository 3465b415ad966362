/** Every mistake of test/config/mistakes gives exactly the lines that stand at the end of its file, and nothing else. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { loadSite } from "../../src/config/load.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { siteFolder } from "./site-folder.ts";

const mistakesMin = 100;
const folder = path.join(import.meta.dirname, "mistakes");
const files = globSync("*/*.yaml", { cwd: folder }).toSorted();

/** Which file of the site a mistake stands in for, by the folder it lies in. */
const places: ReadonlyMap<string, string> = new Map([
  ["settings", "watchkeeper.yaml"],
  ["watchlist", "watchlist.yaml"],
  ["site-profile", "device-profiles/schneider-m221.yaml"],
  ["profile", "library/test-device.yaml"],
]);

describe("a mistake in", () => {
  for (const file of files) {
    test(file.replace(".yaml", "").replaceAll("-", " "), (t) => {
      const bytes = readFileSync(path.join(folder, file));
      const place = places.get(path.dirname(file));
      assert.ok(place, `${file} lies in no known folder`);
      const { settings, location, library } = siteFolder(t, new Map([[place, bytes]]));
      const lines = bytes.toString("utf8").split("\n");
      const expected = lines.flatMap((line) => /^# expect: (.*)$/u.exec(line)?.[1] ?? []);
      const found = (wholeLibrary: boolean): readonly string[] => {
        const loaded = loadSite(settings, { lab: lines.includes("# lab"), shippedProfileDir: library, wholeLibrary });
        return loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem).replaceAll(location, "<folder>"));
      };
      assert.deepEqual(found(true), expected);
      // What nobody at the site names is not read.
      if (place !== "library/test-device.yaml") assert.deepEqual(found(false), expected);
      assert.notDeepEqual(expected, []);
    });
  }
});

test("there are many of them", () => {
  assert.ok(files.length >= mistakesMin, `${files.length} mistakes`);
});

test("the folder of a mistake is sound without it", (t) => {
  const { settings, library } = siteFolder(t, new Map());
  const loaded = loadSite(settings, { lab: false, shippedProfileDir: library, wholeLibrary: true });
  assert.deepEqual(loaded.ok ? [] : loaded.problems.map(formatProblem), []);
});
