/** Records of deep queries are kept as they were written. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { deepFolderReady, hasDeepRecord, writeDeepRecord } from "../../src/store/deep-records.ts";

test("a record of a deep query is never replaced: a clock that was set back begins none by the same name", () => {
  const stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-records-"));
  try {
    assert.equal(deepFolderReady(stateDir, "dq-1"), undefined);
    assert.equal(hasDeepRecord(stateDir), false);
    const files = writeDeepRecord(stateDir, "dq-1", { json: "{}", html: "<p>first" });
    assert.ok("json" in files);
    assert.equal(hasDeepRecord(stateDir), true);
    for (const refused of [deepFolderReady(stateDir, "dq-1"), writeDeepRecord(stateDir, "dq-1", { json: "{}", html: "<p>second" })])
      assert.match(
        refused && "problem" in refused ? refused.problem : "",
        /dq-1\.json: found the record of another deep query by this name/u,
      );
    assert.equal(readFileSync(files.html, "utf8"), "<p>first");
    assert.equal(deepFolderReady(stateDir, "dq-2"), undefined);
    rmSync(files.json);
    assert.match(deepFolderReady(stateDir, "dq-1")?.problem ?? "", /dq-1\.html: found/u);
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
});
