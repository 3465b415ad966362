/** `status`: what the running poller knows, and how a command says that none runs. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { status } from "../../../src/cli/commands/status.ts";
import type { Status } from "../../../src/domain/control.ts";
import { TestSite } from "../support/site.ts";
import { deviceStatus, siteStatus } from "../support/status.ts";

let site: TestSite;
beforeEach(() => {
  site = new TestSite();
});
afterEach(() => site.remove());

async function knowing(known: Status): Promise<void> {
  await site.poller({ status: () => Promise.resolve({ ok: true, result: known }) });
}

describe("status", () => {
  test("shows the site", async () => {
    await knowing(siteStatus());
    assert.deepEqual(await site.run(status), {
      code: 0,
      err: "",
      out: [
        "site mv-aurora   2026-11-21 12:00:05 UTC",
        "1 device: 1 up",
        "audit: 41 records, ends with 0123456789ab",
        "",
        "DEVICE           SEGMENT  LIVENESS  HEARD    NEXT     PROVES        CAUSE",
        "fresh-water-plc  hvac     up        12 s     48 s     comms-module  it answers",
      ].join("\n"),
    });
  });

  test("shows who stopped the site, as the state folder says", async () => {
    await knowing(siteStatus({ stopped: true }));
    site.state.stopRecord = { by: "chief", reason: "smoke", since: "2026-11-21T11:58:00.000Z" };
    const ran = await site.run(status);
    assert.equal(ran.code, 1);
    assert.match(ran.out, /^STOPPED since 2026-11-21 11:58:00 UTC by chief: smoke\. Nothing is asked\. To go on:$/m);
  });

  test("shows one device", async () => {
    await knowing(siteStatus({ devices: [deviceStatus(), deviceStatus({ device: "other", liveness: "down" })] }));
    const ran = await site.run(status, ["fresh-water-plc"]);
    assert.equal(ran.code, 0, "another device's trouble is not this one's");
    assert.match(ran.out, /^fresh-water-plc: up, communication module answers$/m);
    assert.equal((await site.run(status, ["other"])).code, 1);
  });

  test("does not know every device", async () => {
    await knowing(siteStatus());
    assert.deepEqual(await site.run(status, ["plc-9"]), {
      code: 1,
      out: "",
      err: "plc-9: no such device in the running plan; `watchkeeper status` lists them",
    });
  });

  test("prints what the poller said as JSON", async () => {
    await knowing(siteStatus());
    assert.deepEqual(JSON.parse((await site.run(status, ["--json"])).out), siteStatus());
    assert.deepEqual(JSON.parse((await site.run(status, ["fresh-water-plc", "--json"])).out), deviceStatus());
  });

  test("colours a terminal, unless it is asked not to", async () => {
    await knowing(siteStatus());
    const shown: string[] = [];
    const stdout = { write: (text: string) => shown.push(text), isTerminal: true, columns: 80 };
    await site.run(status, [], { stdout });
    assert.ok(shown.join("").includes("\u001b[32mup"));
    shown.length = 0;
    await site.run(status, [], { stdout, env: { NO_COLOR: "1" } });
    assert.ok(!shown.join("").includes("\u001b"));
  });

  test("says that no poller runs, and that the site is stopped", async () => {
    site.state.stopRecord = { by: "chief", reason: "smoke", since: null };
    assert.deepEqual(await site.run(status), {
      code: 1,
      out: "",
      err: [
        "FOLDER/state/control.sock: no poller runs for this site; start it with `watchkeeper run`",
        "The site is stopped by chief: smoke. A poller that starts will ask nothing until `watchkeeper resume`.",
      ].join("\n"),
    });
  });

  test("tells the poller's problems", async () => {
    await site.poller({});
    assert.deepEqual(await site.run(status), { code: 1, out: "", err: "this poller cannot status" });
  });
});
