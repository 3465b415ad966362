/** What a poller writes into its audit when it begins: that it does, and that the site is stopped, where it is. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { StopFile, stopFileName } from "../../src/store/stop-file.ts";
import { systemClock as clock } from "../../src/system-clock.ts";
import { RememberingJournal } from "../store/support/site.ts";
import { assembledIn } from "./support/assembled.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "watchkeeper-operations-begin-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Type, source and detail of each record of a beginning. */
async function begun(): Promise<readonly (readonly string[])[]> {
  const journal = new RememberingJournal();
  await assembledIn(folder, journal).operations.begin();
  return journal.entries.map(({ type, source, detail }) => [type, source, detail]);
}

describe("a poller that begins", () => {
  test("while the site is stopped says so behind its beginning, with who stopped it, since when and why", async () => {
    new StopFile(folder, clock).write("eto-2", "smoke");
    const said = await begun();
    assert.deepEqual(
      said.map(([type, source]) => [type, source]),
      [
        ["started", "poller"],
        ["stopped", "eto-2"],
      ],
    );
    assert.match(said[1]?.[2] ?? "", /^the site was stopped since \d{4}-.*Z when the poller began: smoke$/u);
  });

  test("names the file where nobody else is named", async () => {
    writeFileSync(join(folder, stopFileName), "");
    const [, stopped] = await begun();
    const words = "the site was stopped when the poller began: the file STOP does not say why";
    assert.deepEqual(stopped, ["stopped", "a change of the file STOP", words]);
  });

  test("while it is not says nothing of a stop", async () => {
    assert.deepEqual(
      (await begun()).map(([type]) => type),
      ["started"],
    );
  });
});
