/** Changed settings that wait for the next start are told alike everywhere. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { restartWords } from "../../src/domain/restart-words.ts";

test("one setting or several", () => {
  assert.equal(restartWords(["log.level"]), "log.level was changed in the settings and holds only from the next start of the poller");
  assert.match(restartWords(["site", "web.hosts"]), /^site, web\.hosts were changed in the settings and hold only/u);
});
