/** `explain`: the one line that says why a device is asked or not is true at this moment, whatever the reason is. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { explain } from "../../../src/cli/commands/explain.ts";
import { plan } from "../../../src/cli/commands/plan.ts";
import type { Status, TripStatus, WindowStatus } from "../../../src/domain/control.ts";
import { TestSite } from "../support/site.ts";
import { checkStatus, deviceStatus, siteStatus } from "../support/status.ts";

let site: TestSite;
beforeEach(async () => {
  site = new TestSite();
  site.watch(2);
  await site.approve();
});
afterEach(() => site.remove());

async function knowing(changes: Partial<Status> = {}): Promise<void> {
  const { digest } = JSON.parse((await site.run(plan, ["--json"])).out) as { digest: string };
  const devices = [deviceStatus({ device: "plc-1", profile: "generic-modbus-tcp", checks: [checkStatus({ check: "plc-1/modbus-fc43" })] })];
  const result = siteStatus({ planDigest: digest, devices, ...changes });
  await site.poller({ status: () => Promise.resolve({ ok: true, result }) });
}

async function firstLine(device = "plc-1"): Promise<string> {
  const { code, out } = await site.run(explain, [device]);
  assert.equal(code, 0);
  return out.split("\n")[0] ?? "";
}

const trip = (scope: TripStatus["scope"]): TripStatus => ({
  scope,
  cause: "harm",
  detail: "it vanished",
  since: "2026-11-21T09:30:00.000Z",
});

describe("explain says first", () => {
  test("that it is asked, when next, and what it is", async () => {
    await knowing();
    assert.equal(await firstLine(), "plc-1 is asked: 1 check, next due: 48 s; up, communication module answers");
  });

  test("that the files have changed since", async () => {
    await knowing({ planDigest: "sha256:old" });
    assert.equal(
      await firstLine(),
      "plc-1 is asked: 1 check, next due: 48 s; up, communication module answers; the files have changed since, see `watchkeeper reload`",
    );
  });

  test("that the running poller does not know it yet", async () => {
    await knowing({ planDigest: "sha256:old" });
    assert.equal(
      await firstLine("plc-2"),
      "plc-2 is not asked: the running poller goes by an older plan (sha256:old); `watchkeeper reload` gives it the files as they are",
    );
  });

  test("that the site is stopped, by the file before the poller has seen it", async () => {
    await knowing();
    site.state.stopRecord = { by: "chief", reason: "smoke", since: null };
    assert.equal(await firstLine(), "plc-1 is not asked: the site is stopped, by chief: smoke");
  });

  test("that the site is stopped, by the poller's word", async () => {
    await knowing({ stopped: true });
    assert.equal(await firstLine(), "plc-1 is not asked: the site is stopped");
  });

  for (const scope of ["site", "device:plc-1", "segment:hvac", "profile:generic-modbus-tcp"] as const) {
    test(`that it is tripped by ${scope}`, async () => {
      await knowing({ trips: [trip(scope)] });
      assert.equal(
        await firstLine(),
        `plc-1 is not asked: ${scope} tripped at 2026-11-21 09:30:00 UTC: it vanished; when you have looked, \`watchkeeper reset\``,
      );
    });
  }

  const pause: WindowStatus = {
    id: "w3",
    kind: "pause",
    scope: "segment:hvac",
    from: "2026-11-21T11:00:00.000Z",
    until: "2026-11-21T13:00:00.000Z",
    offsetMinutes: 60,
    open: true,
    by: "eto-2",
    reason: "PLC is serviced",
    change: null,
  };
  const until = "open until 2026-11-21 14:00:00 +01:00 (2026-11-21 13:00:00 UTC), by eto-2: PLC is serviced";
  for (const [name, windows, words] of [
    [
      "by which window and until when",
      [{ ...pause, id: "w4", scope: "device:plc-2" }, pause, { ...pause, kind: "mute" }],
      `: w3  pause  segment:hvac  ${until}`,
    ],
    ["by its zone", [{ ...pause, scope: "zone:OT-1" }], `: w3  pause  zone:OT-1  ${until}`],
    ["by one that is about to begin", [{ ...pause, open: false }], " that is about to begin"],
  ] as const)
    test(`that it is paused, ${name}`, async () => {
      await knowing({ devices: [deviceStatus({ device: "plc-1", liveness: "unknown", cause: "window_pause" })], windows });
      assert.equal(await firstLine(), `plc-1 is not asked: paused by a maintenance window${words}`);
    });

  test("that it is held with others that fell silent, and when one of them is tried", async () => {
    const hold = { scope: "segment:hvac", detail: "plc-2 fell silent", since: "2026-11-21T09:30:00.000Z" } as const;
    await knowing({ holds: [{ ...hold, nextTrialAt: "2026-11-21T12:10:00.000Z" }] });
    assert.equal(
      await firstLine(),
      "plc-1 is not asked: segment:hvac is held since 2026-11-21 09:30:00 UTC: plc-2 fell silent; the next trial, of whichever device, is at 2026-11-21 12:10:00 UTC",
    );
  });

  test("nothing of another device's trip", async () => {
    await knowing({ trips: [trip("device:plc-2"), trip("segment:cargo")] });
    assert.match(await firstLine(), /^plc-1 is asked: /);
  });

  test("that no poller runs", async () => {
    assert.equal(await firstLine(), "plc-1 is not asked: no poller runs; the plan would ask it: start `watchkeeper run`");
  });
});

describe("explain says first, of a device that the running poller still asks,", () => {
  const still = /^plc-1 IS STILL ASKED under the plan in force since 2026-11-21 11:00:00 UTC; the files now say: /;
  const edit = (from: string, to: string): void => site.write("watchlist.yaml", site.read("watchlist.yaml").replace(from, to));
  async function first(): Promise<string> {
    const { out, err } = await site.run(explain, ["plc-1"]);
    return (out === "" ? err : out).split("\n")[0] ?? "";
  }

  test("that the files refuse it", async () => {
    await knowing();
    edit("192.0.2.11", "192.0.2.99");
    const line = await first();
    assert.match(line, still);
    assert.match(line, /the files now say: not asked: not_admitted: .*; `watchkeeper reload` puts files without a mistake in force/);
  });

  test("that the plan of the files has a mistake", async () => {
    await knowing();
    edit("unitId: 1, interval", "register: nowhere, interval");
    assert.match(await first(), still);
  });

  test("that the files cannot be read", async () => {
    await knowing();
    site.write("watchlist.yaml", "schema: watchlist/v2\n");
    const line = await first();
    assert.match(line, still);
    assert.match(line, /the files now say: not asked: .*watchlist\.yaml:1: schema: found "watchlist\/v2"/);
  });

  test("that the files no longer name it", async () => {
    await knowing();
    edit("id: plc-1,", "id: plc-7,");
    const line = await first();
    assert.match(line, still);
    assert.match(line, /the files now say: not in watchlist\.yaml; /);
  });

  test("nothing of the kind while the site is stopped", async () => {
    await knowing({ stopped: true });
    edit("192.0.2.11", "192.0.2.99");
    assert.match(
      await first(),
      /^plc-1 is not asked: the site is stopped; the plan in force since .* still holds it; the files now say: not asked: not_admitted: /,
    );
  });

  test("that it is tripped, and what the files say", async () => {
    await knowing({ trips: [trip("device:plc-1")] });
    edit("192.0.2.11", "192.0.2.99");
    assert.match(
      await first(),
      /^plc-1 is not asked: device:plc-1 tripped at .*; the plan in force since .* still holds it; the files now say: /,
    );
  });

  test("nothing of a device that its plan does not ask", async () => {
    await knowing();
    edit("192.0.2.12", "192.0.2.98");
    const { out } = await site.run(explain, ["plc-2"]);
    assert.match(out, /^plc-2 is not asked: not_admitted: /);
  });

  test("that it cannot be known where the poller is not understood", async () => {
    await site.poller({ status: () => Promise.resolve({ ok: false, problems: ["busy"] }) });
    edit("192.0.2.11", "192.0.2.99");
    const { out } = await site.run(explain, ["plc-1"]);
    assert.match(out, /^plc-1 is not asked: not_admitted: .*; a poller may run, and does not say whether it still asks it\n/);
  });
});

describe("explain goes on", () => {
  test("with what is sent and what the poller knows", async () => {
    await knowing();
    const { out } = await site.run(explain, ["plc-1"]);
    assert.match(out, /frame \.\. \.\. 00 00 00 05 01 2b 0e 01 00/);
    assert.match(out, /^What the running poller knows\nplc-1: up, communication module answers$/m);
  });

  test("with all of it as JSON", async () => {
    await knowing();
    const json = JSON.parse((await site.run(explain, ["plc-1", "--json"])).out) as Record<string, unknown>;
    assert.deepEqual(Object.keys(json), [
      "device",
      "why",
      "details",
      "toBeStated",
      "wouldBeSentIfApproved",
      "deepQuery",
      "documents",
      "poller",
    ]);
    assert.equal(json["why"], "plc-1 is asked: 1 check, next due: 48 s; up, communication module answers");
  });

  test("with everything that stands against a device that is not asked", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("function: control", "function: protection"));
    const { code, out } = await site.run(explain, ["plc-1"]);
    assert.equal(code, 0);
    assert.match(out, /^plc-1 is not asked: safety_function: watchlist\.yaml:5: /);
    assert.match(out, /^What else stands against it\n {2}plc-1\/modbus-fc43: also not_admitted: /m);
    assert.match(out, /^An approval would admit it as sha256:[0-9a-f]{64}$/m);
  });

  test("with what the owner must state first, and which document says so", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace(/statements: \{otherClients: \[\], .*\}\},/u, "statements: {},"));
    const { out } = await site.run(explain, ["plc-1"]);
    assert.match(
      out,
      /^What the owner must state first\n {2}watchlist\.yaml:\d+: devices\[0\]\.statements\.otherClients is not stated: .*\n {2}watchlist\.yaml:\d+: devices\[0\]\.statements: watchdog is not stated: /m,
    );
    assert.doesNotMatch(out, /also statement_missing/);
    assert.match(out, /^Which document says so\n(?: {2}.*\n)+ {2}every interval is Watchkeeper's own and no vendor's/m);
    const other = await site.run(explain, ["plc-2"]);
    assert.doesNotMatch(other.out, /must state first/);
  });

  test("with exactly what would be sent once a device is approved", async () => {
    site.watch(3);
    const { out } = await site.run(explain, ["plc-3"]);
    assert.match(out, /^plc-3 is not asked: not_admitted: /);
    assert.match(
      out,
      /^WOULD BE SENT IF APPROVED\nplc-3\/modbus-fc43: FC 43\/14 .*\n {2}to 192\.0\.2\.13 tcp\/502 every 1 min, a connection for each check;.*\n {2}frame \.\. \.\. 00 00 00 05 01 2b 0e 01 00 .*\n {2}packets: .*\n {2}alarm at the latest after /m,
    );
  });

  test("without it for a device that is never asked", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("function: control", "function: safety"));
    assert.doesNotMatch((await site.run(explain, ["plc-1"])).out, /WOULD BE SENT/);
  });

  test("though a poller that runs cannot be understood", async () => {
    await site.poller({ status: () => Promise.resolve({ ok: false, problems: ["busy"] }) });
    const { code, out, err } = await site.run(explain, ["plc-1"]);
    assert.equal(code, 0);
    assert.equal(err, "busy");
    assert.match(out, /^plc-1 is asked by the plan; the poller does not say what it does\n/);
  });
});

describe("explain fails", () => {
  test("for a device that the watchlist does not name", async () => {
    assert.deepEqual(await site.run(explain, ["burner"]), { code: 1, out: "", err: "burner: not in watchlist.yaml" });
  });

  test("with the settings' mistake where there are no settings", async () => {
    site.write("watchkeeper.yaml", "site: MV\n");
    const { code, err } = await site.run(explain, ["plc-1"]);
    assert.equal(code, 1);
    assert.match(err, /^watchkeeper\.yaml:1: site: found "MV"/);
  });

  test("with the file's mistake where the watchlist cannot be read", async () => {
    site.write("watchlist.yaml", "\ufeffschema: watchlist/v1\n");
    const { code, err } = await site.run(explain, ["plc-1"]);
    assert.equal(code, 1);
    assert.match(err, /^watchlist\.yaml:1: found a byte order mark/);
  });

  test("with the device's own mistake that only the whole plan shows", async () => {
    site.write("watchlist.yaml", site.read("watchlist.yaml").replace("unitId: 1, interval", "register: nowhere, interval"));
    const { code, out, err } = await site.run(explain, ["plc-1"]);
    assert.equal(code, 1);
    assert.match(out + err, /^plc-1 is not asked: watchlist\.yaml:7: devices\[0\]\.checks\[0\]/);
  });
});
