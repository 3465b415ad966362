/** What people make of windows in a running poller: who, why, until when; on disk before it is said, and nothing mixed up. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ControlReply, ControlRequest, WindowDone } from "../../src/domain/control.ts";
import type { Fact } from "../../src/domain/outcome.ts";
import type { DeviceId, Plan, PlannedDevice, ProfileId, SegmentId } from "../../src/domain/plan.ts";
import { covers } from "../../src/domain/windows.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { readWindows } from "../../src/store/windows-file.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { RememberingJournal } from "../store/support/site.ts";

let plan: Plan = literalPlan([
  { name: "plc", address: "192.0.2.11" },
  { name: "pump", address: "192.0.2.12", segment: "engine" },
]);
const signed = { by: "eto-1", reason: "firmware" };

let stateDir = "";
let clock = new FakeClock();
let journal = new RememberingJournal();
let facts: Fact[] = [];
let pauses = 0;
let time = new TrustedTime(clock, clock.wall());

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-windows-"));
  clock = new FakeClock();
  journal = new RememberingJournal();
  facts = [];
  pauses = 0;
  time = new TrustedTime(clock, clock.wall());
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function keeper(folder = stateDir): WindowKeeper {
  const kept = readWindows(stateDir);
  assert.ok("windows" in kept);
  const gate = { pausing: () => void (pauses += 1) };
  return new WindowKeeper({
    clock,
    time,
    journal,
    stateDir: folder,
    kept,
    plan: () => plan,
    gate: () => gate,
    record: (fact) => facts.push(fact),
  });
}

function open(windows: WindowKeeper, changes: Partial<ControlRequest<"window-open">> = {}): Promise<ControlReply<"window-open">> {
  return windows.handlers["window-open"]({ ...signed, kind: "pause", scope: "device:plc", forMs: 7_200_000, ...changes });
}

function done(
  reply: { readonly ok: true; readonly result: WindowDone } | { readonly ok: false; readonly problems: readonly string[] },
): WindowDone {
  assert.ok(reply.ok, JSON.stringify(reply));
  return reply.result;
}

function problemOf(reply: ControlReply<"window-open">): string {
  return reply.ok ? "" : reply.problems.join(" ");
}

const told = (): readonly string[] =>
  facts.map((fact) => (fact.kind === "window" ? `${fact.change} ${fact.window.id} by ${fact.by}` : fact.kind));

describe("a maintenance window", () => {
  test("is opened, extended and closed by name, on disk, and told as facts; a later run has it too", async () => {
    const windows = keeper();
    const { window, warnings } = done(await open(windows, { offsetMinutes: 120, change: "MOC-7" }));
    assert.deepEqual(warnings, []);
    assert.deepEqual(window, {
      id: "w1",
      kind: "pause",
      scope: "device:plc",
      from: "2026-11-21T12:00:05.000Z",
      until: "2026-11-21T14:00:05.000Z",
      offsetMinutes: 120,
      open: false,
      by: "eto-1",
      reason: "firmware",
      change: "MOC-7",
    });
    assert.equal(pauses, 1);
    await clock.advance(5000);
    windows.look();
    const later = keeper();
    assert.equal(later.status()[0]?.open, true);
    const extended = await later.handlers["window-extend"]({ by: "eto-2", reason: "takes longer", id: "w1", forMs: 3_600_000 });
    assert.equal(done(extended).window.until, "2026-11-21T15:00:05.000Z");
    assert.equal(done(extended).window.by, "eto-1");
    const again = keeper();
    assert.equal(again.windows.find("w1")?.until, Date.parse("2026-11-21T15:00:05Z"));
    done(await again.handlers["window-close"]({ by: "eto-3", reason: "done", id: "w1" }));
    assert.deepEqual(readWindows(stateDir), { next: 2, windows: [] });
    assert.deepEqual(told(), [
      "opened w1 by eto-1",
      "began w1 by poller",
      "extended w1 by eto-2",
      "began w1 by poller",
      "closed w1 by eto-3",
    ]);
    assert.equal(done(await open(again)).window.id, "w2");
  });

  test("that pauses a zone, segment or family goes on for its devices when that has another name, also in a later run; a mute ends", async () => {
    const windows = keeper();
    for (const scope of ["zone:OT-1", "segment:hvac", "profile:generic-modbus-tcp", "device:plc"]) {
      done(await open(windows, { scope }));
      done(await open(windows, { kind: "mute", scope }));
    }
    await clock.advance(5000);
    const [plc] = plan.devices.values();
    assert.ok(plc);
    const renamed: PlannedDevice = { ...plc, zone: "OT-2", segment: "air" as SegmentId, profile: "modbus" as ProfileId };
    for (const run of [windows, keeper()])
      for (const window of run.windows.all()) {
        assert.equal(covers(window, plc), true);
        assert.equal(
          covers(window, renamed),
          window.kind === "pause" || window.scope === "device:plc",
          `${window.kind} of ${window.scope}`,
        );
      }
    assert.equal(keeper().windows.pause(renamed)?.beginsIn, 0);
    assert.equal(windows.windows.pause({ ...renamed, id: "other" as DeviceId }), undefined);
  });

  test("that pauses a device goes on for what stands there under another name, also in a later run; a mute ends", async () => {
    const [plc] = plan.devices.values();
    assert.ok(plc);
    const before = plan;
    const standing = { ...plc, places: ["192.0.2.11"] };
    plan = { ...plan, devices: new Map([[plc.id, standing]]) };
    const windows = keeper();
    for (const kind of ["pause", "mute"] as const) done(await open(windows, { kind, scope: "device:plc" }));
    const renamed = { ...standing, id: "fresh-water" as DeviceId };
    for (const run of [windows, keeper()])
      assert.deepEqual(
        run.windows.all().map((window) => covers(window, renamed)),
        [true, false],
      );
    assert.equal("places" in (windows.status()[0] ?? {}), false);
    plan = before;
  });

  test("holds a device that one reload renames and the next re-addresses, also where the poller was restarted between the two", async () => {
    const before = plan;
    const [plc] = before.devices.values();
    assert.ok(plc);
    const at = (name: string, place: string): PlannedDevice => ({ ...plc, id: name as DeviceId, places: [place] });
    const planOf = (device: PlannedDevice): Plan => ({ ...before, devices: new Map([[device.id, device]]) });
    plan = planOf(at("plc", "192.0.2.11"));
    const windows = keeper();
    for (const kind of ["pause", "mute"] as const) done(await open(windows, { kind }));
    const renamed = at("fresh-water", "192.0.2.11");
    windows.adopt(planOf(renamed));
    const moved = at("fresh-water", "192.0.2.12");
    // A clock that is set forward meanwhile ends nothing earlier.
    clock.stepWall(86_400_000);
    for (const run of [windows, keeper()]) {
      run.adopt(planOf(moved));
      assert.notEqual(run.windows.pause(moved), undefined);
      assert.deepEqual(
        run.windows.all().map((window) => covers(window, moved)),
        [true, false],
      );
      assert.deepEqual(run.windows.find("w1")?.places, ["192.0.2.11", "192.0.2.12"]);
    }
    plan = before;
  });

  test("is held by the plan of its start, where the watchlist was edited while nothing ran", async () => {
    const before = plan;
    const [plc] = before.devices.values();
    assert.ok(plc);
    plan = { ...before, devices: new Map([[plc.id, { ...plc, places: ["192.0.2.11"] }]]) };
    done(await open(keeper()));
    const renamed = { ...plc, id: "fresh-water" as DeviceId, places: ["192.0.2.11"] };
    plan = { ...before, devices: new Map([[renamed.id, renamed]]) };
    const next = keeper();
    assert.notEqual(next.windows.pause({ ...renamed, places: ["192.0.2.12"] }), undefined);
    const kept = readWindows(stateDir);
    assert.deepEqual("windows" in kept && kept.windows[0]?.devices, ["plc", "fresh-water"]);
    plan = before;
  });

  test("extended covers what its scope covers now, and what it covered before", async () => {
    const windows = keeper();
    done(await open(windows, { scope: "zone:OT-1" }));
    const before = plan;
    const [first, second] = before.devices.values();
    assert.ok(first && second);
    plan = { ...before, devices: new Map([[second.id, { ...second, id: "newcomer" as DeviceId }]]) };
    done(await windows.handlers["window-extend"]({ ...signed, id: "w1", forMs: 60_000 }));
    plan = before;
    assert.deepEqual(windows.windows.find("w1")?.devices, [first.id, second.id, "newcomer"]);
    assert.equal("devices" in (windows.status()[0] ?? {}), false);
  });

  test("ends by itself at its time, and its end is told", async () => {
    const windows = keeper();
    done(await open(windows, { kind: "mute", forMs: 60_000 }));
    await clock.advance(59_999);
    windows.look();
    assert.equal(windows.status().length, 1);
    await clock.advance(1);
    windows.look();
    assert.deepEqual(told(), ["opened w1 by eto-1", "began w1 by poller", "ended w1 by poller"]);
    assert.deepEqual(readWindows(stateDir), { next: 2, windows: [] });
    assert.deepEqual(await windows.handlers["window-list"]({}), { ok: true, result: { now: "2026-11-21T12:01:00.000Z", windows: [] } });
  });

  test("is refused for a scope that is not in the plan, a time that cannot be, or a name that is none", async () => {
    const windows = keeper();
    for (const [changes, expected] of [
      [{ scope: "device:plc2" }, /found no device of that name, expected plc, pump/u],
      [{ scope: "segment:plc" }, /found no segment of that name, expected hvac, engine/u],
      [{ scope: "zone:x" }, /expected OT-1/u],
      [{ scope: "profile:x" }, /expected generic-modbus-tcp/u],
      [{ scope: "plc" }, /found no/u],
      [{ forMs: 31 * 86_400_000 }, /at most 30 d/u],
      [{ kind: "deep-query", forMs: 86_400_001 }, /at most 1 d/u],
    ] as const)
      assert.match(problemOf(await open(windows, changes)), expected);
    const request = { by: "eto-1", reason: "x", kind: "pause", scope: "site" } as const;
    assert.match(
      problemOf(await windows.handlers["window-open"]({ ...request, until: "2026-11-21T11:00:00.000Z" })),
      /^found the end 2026-11-21 11:00:00 UTC, which is past, expected one after 2026-11-21 12:00:00 UTC$/u,
    );
    assert.match(
      problemOf(await windows.handlers["window-open"]({ ...request, from: "2026-11-21T14:00:00.000Z", until: "2026-11-21T13:00:00.000Z" })),
      /not after/u,
    );
    assert.match(
      problemOf(await windows.handlers["window-close"]({ ...signed, id: "w9" })),
      /found no such window, .*; there is none now$/u,
    );
    done(await open(windows));
    assert.match(problemOf(await windows.handlers["window-extend"]({ ...signed, id: "w9", forMs: 1 })), /; there is w1$/u);
    assert.match(
      problemOf(await windows.handlers["window-extend"]({ ...signed, id: "w1", until: "2026-11-21T12:30:00.000Z" })),
      /to end it earlier, close it/u,
    );
    assert.match(problemOf(await windows.handlers["window-extend"]({ ...signed, id: "w1", forMs: 30 * 86_400_000 })), /at most 30 d/u);
    assert.equal(windows.status()[0]?.until, "2026-11-21T14:00:05.000Z");
  });

  test("warns of another kind that overlaps, of a scope without devices, and of a suspect clock", async () => {
    const windows = keeper();
    assert.deepEqual(done(await open(windows, { kind: "deep-query", scope: "segment:engine" })).warnings, []);
    assert.deepEqual(done(await open(windows, { scope: "segment:hvac" })).warnings, []);
    assert.match(done(await open(windows, { scope: "site" })).warnings.join(), /overlaps w1 \(deep-query\)/u);
    clock.stepWall(-3_600_000);
    time.look();
    assert.match(done(await open(windows, { kind: "mute", scope: "device:pump" })).warnings.at(-1) ?? "", /the wall clock is suspect/u);
  });
});

describe("a disk or an audit that cannot be written", () => {
  test("keeps nobody from a pause, which then holds for this run; everything else is refused and leaves nothing", async () => {
    const windows = keeper(join(stateDir, "gone"));
    const { warnings } = done(await open(windows));
    assert.match(warnings.join(), /cannot be written/u);
    assert.match(problemOf(await open(windows, { kind: "mute" })), /cannot be written/u);
    assert.match(problemOf(await open(windows, { kind: "deep-query" })), /cannot be written/u);
    assert.deepEqual(
      windows.status().map(({ id }) => id),
      ["w1"],
    );
    journal.unwritableSince = clock.wall();
    assert.match(done(await open(windows)).warnings.join(), /the audit cannot be written/u);
    assert.match(problemOf(await open(windows, { kind: "mute" })), /the audit cannot be written/u);
    assert.match(problemOf(await windows.handlers["window-extend"]({ ...signed, id: "w1", forMs: 1 })), /the audit cannot be written/u);
    assert.match(problemOf(await windows.handlers["window-close"]({ ...signed, id: "w1" })), /the audit cannot be written/u);
    assert.equal(windows.status().length, 2);
  });

  test("gives an extension back that could not be written", async () => {
    const windows = keeper();
    done(await open(windows, { kind: "mute", forMs: 60_000 }));
    rmSync(stateDir, { recursive: true });
    assert.match(problemOf(await windows.handlers["window-extend"]({ ...signed, id: "w1", forMs: 60_000 })), /cannot be written/u);
    assert.equal(windows.status()[0]?.until, "2026-11-21T12:01:00.000Z");
    assert.match(done(await windows.handlers["window-close"]({ ...signed, id: "w1" })).warnings.join(), /cannot be written/u);
  });
});
