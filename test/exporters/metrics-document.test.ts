/** docs/metrics.md names every metric that there is, and counts series as the page has them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { metricsDocument } from "./support/metrics-document.ts";

test("docs/metrics.md is as the page is (`npm run metrics-document` writes it)", async () => {
  const written = readFileSync(path.resolve(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  assert.equal(written, await metricsDocument());
});
