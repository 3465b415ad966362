/** `notify`: runs, sends a test, shows what stands; every mistake in its file before anything is sent. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { notify } from "../../../src/cli/commands/notify.ts";
import type { NotifierPorts, NotifierStatus, NotifySite, TriedTarget } from "../../../src/cli/ports.ts";
import { controlSocketName } from "../../../src/domain/control.ts";
import { wallMs } from "../../../src/domain/units.ts";
import { TestSite, type Ran } from "../support/site.ts";

let site: TestSite;
let given: NotifySite | undefined;
let tried: readonly TriedTarget[];
let status: NotifierStatus;
const ports: NotifierPorts = {
  run: (one) => {
    given = one;
    one.say("info", "tells log\nof what happens");
    return Promise.resolve(0);
  },
  test: (one) => {
    given = one;
    return Promise.resolve({ tried });
  },
  status: () => status,
};
const run = (...argv: string[]): Promise<Ran> => site.run(notify, argv, { notifier: () => Promise.resolve(ports) });
const record = {
  target: "log",
  delivered: 12,
  dropped: 0,
  lastDeliveredAt: wallMs(Date.parse("2026-11-21T11:00:00Z")),
  lastFailedAt: null,
  problem: "",
};

beforeEach(() => {
  site = new TestSite();
  site.watch(1);
  site.write("notify.yaml", "schema: notify/v1\ntargets:\n  - {id: log, kind: syslog, host: 192.168.10.4, port: 514, tls: none}\n");
  given = undefined;
  tried = [];
  status = { running: true, alarms: [], deliveries: [], records: [record] };
});
afterEach(() => site.remove());

test("alone it runs, with the plan of the files as they are", async () => {
  const { code, out } = await run();
  assert.equal(code, 0);
  assert.equal(out, "2026-11-21T12:00:00.000Z tells log?of what happens");
  const watched = given?.watched();
  assert.ok(watched && !("problems" in watched));
  assert.deepEqual([...watched.plan.segments.keys()], ["hvac"]);
  assert.equal(await given?.pollerSays(), undefined);
});

test("a poller that it cannot ask is there all the same where somebody listens at its control socket", async () => {
  await run();
  const file = join(given?.settings.stateDir ?? "", controlSocketName);
  // It hangs up: as good as one that may not be opened.
  const server = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve) => server.listen(file, resolve));
    assert.equal(await given?.pollerSays(), "a poller runs, and writes nothing into its journal");
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a mistake in its file, a missing one, and one in the watchlist are said and nothing runs", async () => {
  site.write("notify.yaml", "schema: notify/v1\ntargets:\n  - {id: log, kind: syslog, host: 192.168.10.4, port: 70000, tls: none}\n");
  assert.deepEqual(await run("test"), {
    code: 1,
    out: "",
    err: "notify.yaml:3: targets[0].port: found 70000, expected a whole number from 1 to 65535",
  });
  const missing = await run("--notify.file", "gone.yaml");
  assert.equal(missing.code, 1);
  assert.match(missing.err, /^gone\.yaml:1: found nothing there/u);
  assert.equal(given, undefined);
});

test("test says of each target whether it took the message, and ends with 1 unless all did", async () => {
  tried = [{ target: "log", problem: undefined }];
  assert.deepEqual(await run("test"), { code: 0, out: "log: taken", err: "" });
  tried = [{ target: "log", problem: "192.168.10.4:514: connect ECONNREFUSED" }];
  assert.deepEqual(await run("test", "log"), { code: 1, out: "log: NOT TAKEN: 192.168.10.4:514: connect ECONNREFUSED", err: "" });
  assert.deepEqual(await run("test", "fax"), { code: 1, out: "", err: "fax: no such target in notify.yaml; there are log" });
});

describe("status", () => {
  test("shows each target and what stands, and is good while messages are taken", async () => {
    const alarm = {
      alarm: "WatchkeeperDeviceDown",
      subject: "plc-1",
      name: "PLC 1",
      since: wallMs(Date.parse("2026-11-21T10:00:00Z")),
      detail: "no answer in time",
    } as const;
    status = {
      ...status,
      alarms: [
        { ...alarm, told: true },
        { ...alarm, alarm: "WatchkeeperDeviceUnknown", told: false, detail: "" },
      ],
    };
    const { code, out } = await run("status");
    assert.equal(code, 0);
    assert.equal(
      out,
      [
        "The notifier runs.",
        "",
        "targets:",
        "  log  12 delivered (last 2026-11-21 11:00:00 UTC)",
        "",
        "2 alarms stand:",
        "  DOWN     PLC 1, since 2026-11-21 10:00:00 UTC: no answer in time",
        "  UNKNOWN  PLC 1, since 2026-11-21 10:00:00 UTC (not told: muted, or not for long enough)",
      ].join("\n"),
    );
  });

  test("is bad while none runs or a target fails, with what waits and what was dropped", async () => {
    const deliveries = [{ number: 3, target: "log", attempts: 2, problem: "refused" }];
    status = { running: false, alarms: [], deliveries, records: [{ ...record, dropped: 4, lastDeliveredAt: null, problem: "refused" }] };
    const { code, out } = await run("status");
    assert.equal(code, 1);
    assert.match(out, /^NO NOTIFIER RUNS for this site/u);
    assert.match(out, /^No alarm stood when a notifier last ran\.$/mu);
    assert.match(out, / {2}log {2}12 delivered \(never\), 1 waiting, 4 DROPPED, FAILING: refused/u);
    assert.equal((JSON.parse((await run("status", "--json")).out) as NotifierStatus).running, false);
  });

  test("takes no further word, and no other word is known", async () => {
    assert.equal((await run("status", "log")).code, 2);
    assert.match((await run("tset")).err, /found tset, expected test, status or nothing/u);
  });
});
