/** `renew` and `suspend`: an approval runs on, or rests, with the name of who said so. */
import assert from "node:assert/strict";
import {} from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { approve } from "../../../src/cli/commands/approve.ts";
import { explain } from "../../../src/cli/commands/explain.ts";
import { renew } from "../../../src/cli/commands/renew.ts";
import { suspend } from "../../../src/cli/commands/suspend.ts";
import { family, signature, TestSite } from "../support/site.ts";

const file = `device-profiles/${family}.yaml`;
let site: TestSite;
let covers = "";
beforeEach(async () => {
  site = new TestSite();
  site.watch(2);
  covers = await site.covers();
});
afterEach(() => site.remove());

/** The value of an option in what a person signs with, exchanged. */

describe("renew", () => {
  test("refuses what was never approved, and what has changed since", async () => {
    assert.match(
      (await site.run(renew, [family, ...signature])).err,
      /^profile: found "generic-modbus-tcp" in stage draft, expected an approved one/,
    );
    await site.approve();
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("192.0.2.11", "192.0.2.99"));
    const ran = await site.run(renew, [family, ...signature]);
    assert.equal(ran.code, 1);
    assert.equal(ran.err, "devices: found plc-1 changed or gone since the approval: approve them instead");
  });

  test("needs every signature", async () => {
    const ran = await site.run(renew, [family]);
    assert.equal(ran.code, 2);
    assert.equal(ran.err.split("\n").filter((line) => line.includes(" is missing: ")).length, 6);
  });
});

describe("suspend", () => {
  test("keeps the signature as a record, and says who and why", async () => {
    await site.approve();
    const ran = await site.run(suspend, [family, "--by", "eto-1", "--reason", "maker warns of firmware 1.12"]);
    assert.equal(ran.code, 0, ran.err);
    assert.match(site.read(file), /^ {2}stage: suspended$/m);
    assert.match(site.read(file), /^ +reason: maker warns of firmware 1\.12$/m);
    const { out } = await site.run(explain, ["plc-1"]);
    assert.match(out, /^plc-1 is not asked: stage: .* is suspended \(2026-11-21 by eto-1: maker warns of firmware 1\.12\)/);
    assert.match(site.read(file), /^ {2}preparedBy: eto-1$/m);
    assert.equal(site.state.audit.at(-1)?.detail, `${file}: suspended by eto-1: maker warns of firmware 1.12`);
  });

  test("needs a name and a reason, and a profile that there is", async () => {
    assert.equal((await site.run(suspend, [family])).code, 2);
    const ran = await site.run(suspend, ["acme", "--by", "x", "--reason", "y"]);
    assert.equal(ran.code, 1);
    assert.match(ran.err, /^profile: found "acme", expected one of /);
  });
});

test("approve, renew and suspend say what is wrong in the files first", async () => {
  site.write("watchlist.yaml", "schema: watchlist/v2\n");
  const err = 'watchlist.yaml:1: schema: found "watchlist/v2", expected watchlist/v1';
  assert.deepEqual(await site.run(approve, [family, "--all-new", "--covers", covers, ...signature]), { code: 1, out: "", err });
  assert.deepEqual(await site.run(renew, [family, ...signature]), { code: 1, out: "", err });
  assert.deepEqual(await site.run(suspend, [family, "--by", "x", "--reason", "y"]), { code: 1, out: "", err });
});
