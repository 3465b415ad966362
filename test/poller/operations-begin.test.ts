/** What a poller writes into its audit when it begins: that it does, and that the site is stopped, where it is. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Settings } from "../../src/config/loaded-site.ts";
import { wallMs } from "../../src/domain/units.ts";
import { assemble } from "../../src/poller/assemble.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { StopFile, stopFileName } from "../../src/store/stop-file.ts";
import { systemClock as clock } from "../../src/system-clock.ts";
import { plan, RememberingJournal } from "../store/support/site.ts";

let folder = "";
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "watchkeeper-operations-begin-"))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Type, source and detail of each record of a beginning. */
async function begun(): Promise<readonly (readonly string[])[]> {
  const settings: Settings = {
    site: "mv-test",
    stateDir: folder,
    watchlist: join(folder, "watchlist.yaml"),
    profileDir: folder,
    credentials: null,
    web: { listenAddresses: [], configFile: null, hosts: [] },
    log: { level: "error", format: "json" },
    labels: { address: false },
  };
  const site = { settings, plan: plan({}), credentials: new Map(), files: { watchlist: "", profiles: {} } };
  const journal = new RememberingJournal();
  const store = { learnt: [], identities: [], windows: { next: 1, windows: [] }, webFile: null };
  const opened = { journal, trips: [], proven: new Map(), highest: wallMs(0), ...store };
  const stopFile = new StopFile(folder, clock);
  const options = { settingsFile: join(folder, "watchkeeper.yaml"), lab: true };
  await assemble(options, site, opened, stopFile, new TrustedTime(clock, wallMs(0))).operations.begin();
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
