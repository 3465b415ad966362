/** A package names what it was made from, and says so where that is not what was committed. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { builtFrom, sbomOf } from "../../scripts/package/built-from.ts";

function folder(t: TestContext): string {
  const place = mkdtempSync(join(tmpdir(), "watchkeeper-built-"));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  writeFileSync(join(place, "package.json"), JSON.stringify({ name: "watchkeeper", version: "1.2.3" }));
  return place;
}

function checkout(t: TestContext): { readonly place: string; readonly commit: string } {
  const place = folder(t);
  const git = (...argv: readonly string[]): string =>
    execFileSync("git", ["-C", place, "-c", "user.name=x", "-c", "user.email=x@y.example", "-c", "commit.gpgsign=false", ...argv], {
      encoding: "utf8",
    });
  git("init", "--quiet");
  writeFileSync(join(place, ".gitignore"), "packages/\n*.log\n");
  git("add", ".");
  git("commit", "--quiet", "--message", "first");
  return { place, commit: git("rev-parse", "HEAD").trim() };
}

test("a checkout as it was committed: its version and its commit, whatever lies in it that git is told to ignore", (t) => {
  const { place, commit } = checkout(t);
  writeFileSync(join(place, "build.log"), "");
  assert.deepEqual(builtFrom(place), { version: "1.2.3", revision: commit });
});

test("a changed file, or one that git does not know: both say +modified", (t) => {
  const { place, commit } = checkout(t);
  writeFileSync(join(place, "added.ts"), "");
  const modified = { version: "1.2.3+modified", revision: `${commit}+modified` };
  assert.deepEqual(builtFrom(place), modified);
  rmSync(join(place, "added.ts"));
  writeFileSync(join(place, ".gitignore"), "*\n");
  assert.deepEqual(builtFrom(place), modified);
});

test("a source without git names no commit; a checkout that git cannot judge is no package", (t) => {
  const place = folder(t);
  assert.deepEqual(builtFrom(place), { version: "1.2.3", revision: "" });
  writeFileSync(join(place, ".git"), "gitdir: /nowhere\n");
  assert.throws(() => builtFrom(place), /git cannot say whether .* is as it was committed \(fatal: not a git repository/u);
});

test("the SBOM is of Watchkeeper, its version and its commit, not of the folder that it was made in", () => {
  const component = { "bom-ref": "watchkeeper@1.2.3", name: "folder", version: "1.2.3", purl: "pkg:npm/watchkeeper@1.2.3", properties: [] };
  const dependencies = [{ ref: "watchkeeper@1.2.3", dependsOn: ["yaml@2.9.1"] }];
  const text = sbomOf(JSON.stringify({ metadata: { component }, dependencies }), { version: "1.2.3+modified", revision: "abc+modified" });
  assert.deepEqual(JSON.parse(text), {
    metadata: {
      component: {
        "bom-ref": "watchkeeper@1.2.3+modified",
        name: "watchkeeper",
        version: "1.2.3+modified",
        purl: "pkg:npm/watchkeeper@1.2.3%2Bmodified",
        properties: [{ name: "watchkeeper:commit", value: "abc+modified" }],
      },
    },
    dependencies: [{ ref: "watchkeeper@1.2.3+modified", dependsOn: ["yaml@2.9.1"] }],
  });
});
