/** Loads every file that has a coverage floor: a file no test loads would be missing from the figures instead of failing them. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { projectRoot, sourceFiles } from "./support/source-tree.ts";

for (const file of sourceFiles(["src/domain", "src/safety", "src/scheduler"])) {
  test(`${file} can be loaded by itself`, async () => {
    const module: unknown = await import(pathToFileURL(path.join(projectRoot, file)).href);
    assert.ok(module !== null && typeof module === "object");
  });
}
