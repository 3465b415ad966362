/** `adopt`: a copied or restored state folder becomes this machine's own, stopped and with a record. */
import assert from "node:assert/strict";
import { chmodSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { adopt } from "../../../src/cli/commands/adopt.ts";
import { stateStore } from "../../../src/main.ts";
import { openStateFolder } from "../../../src/store/state-folder.ts";
import { systemClock } from "../../../src/system-clock.ts";
import { TestSite } from "../support/site.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

const signed = ["--by", "eto-1", "--reason", "new disk"];

describe("adopt", () => {
  test("stops the site, records who and why, and says what to do next", async () => {
    const { code, out } = await site.run(adopt, signed);
    assert.equal(code, 0);
    assert.match(out, /^Adopted .*\. The site is stopped; look at/u);
    assert.equal(site.state.stopRecord?.by, "eto-1");
    assert.deepEqual(
      site.state.audit.map(({ category, type, detail }) => [category, type, detail]),
      [["lifecycle", "adopted", "new disk"]],
    );
  });

  test("changes nothing when the stop cannot be written", async () => {
    site.state.problem = "disk full";
    const { code, err } = await site.run(adopt, signed);
    assert.equal(code, 1);
    assert.equal(err, "disk full");
    assert.deepEqual(site.state.audit, []);
  });
});

describe("a real folder that was copied", () => {
  test("is refused until it is adopted, and is stopped then", async () => {
    const parent = mkdtempSync(path.join(tmpdir(), "wk-"));
    const store = stateStore(systemClock);
    const born = { site: "mv-aurora", lab: false };
    await store.create(path.join(parent, "state"), born);
    const copy = path.join(parent, "copy");
    cpSync(path.join(parent, "state"), copy, { recursive: true, preserveTimestamps: true });
    chmodSync(copy, 0o700);
    assert.ok("problems" in openStateFolder(copy, born));
    assert.equal(store.adopt(copy, born, { by: "eto-1", reason: "moved" }), undefined);
    assert.ok(!("problems" in openStateFolder(copy, born)));
    assert.equal(store.stopped(copy)?.by, "eto-1");
    assert.match(store.adopt(copy, { ...born, lab: true }, { by: "eto-1", reason: "moved" })?.problems[0] ?? "", /lab/u);
    rmSync(parent, { recursive: true });
  });
});
