/** What is kept of pauses that are over, whom a pause has come to cover meanwhile, windows that an earlier version has kept, and one beside another. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { ControlReply, ControlRequest, WindowDone } from "../../src/domain/control.ts";
import type { DeviceId, Plan, PlannedDevice } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { readWindows, writeWindows } from "../../src/store/windows-file.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { RememberingJournal } from "../store/support/site.ts";

const plan: Plan = literalPlan([
  { name: "plc", address: "192.0.2.11" },
  { name: "pump", address: "192.0.2.12", segment: "engine" },
]);
const signed = { by: "eto-1", reason: "firmware" };

let stateDir = "";
let clock = new FakeClock();
let pauses = 0;

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-windows-"));
  clock = new FakeClock();
  pauses = 0;
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

function keeper(by: Plan = plan): WindowKeeper {
  const kept = readWindows(stateDir);
  assert.ok("windows" in kept);
  const gate = { pausing: () => void (pauses += 1) };
  const [journal, time] = [new RememberingJournal(), new TrustedTime(clock, clock.wall())];
  return new WindowKeeper({ clock, time, journal, stateDir, kept, plan: () => by, gate: () => gate, record: () => undefined });
}

function open(windows: WindowKeeper, changes: Partial<ControlRequest<"window-open">> = {}): Promise<ControlReply<"window-open">> {
  return windows.handlers["window-open"]({ ...signed, kind: "pause", scope: "device:plc", forMs: 7_200_000, ...changes });
}

function done(reply: ControlReply<"window-open">): WindowDone {
  assert.ok(reply.ok, JSON.stringify(reply));
  return reply.result;
}

function problemOf(reply: ControlReply<"window-open">): string {
  return reply.ok ? "" : reply.problems.join(" ");
}

describe("a maintenance window", () => {
  test("of a deep query that is closed has what is out cut at once, and not a pulse later", async () => {
    const windows = keeper();
    const { id } = done(await open(windows, { kind: "deep-query", forMs: 600_000 })).window;
    const before = pauses;
    done(await windows.handlers["window-close"]({ ...signed, id }));
    assert.equal(pauses, before + 1);
  });

  test("that pauses is kept when it is over, as long as it was, so that a capture can be judged; one that never began is not", async () => {
    const windows = keeper();
    done(await open(windows, { forMs: 60_000 }));
    done(await open(windows, { forMs: 600_000 }));
    done(await open(windows, { forMs: 600_000, from: "2026-11-22T12:00:00.000Z" }));
    done(await open(windows, { kind: "mute", forMs: 60_000 }));
    await clock.advance(65_000);
    windows.look();
    for (const id of ["w2", "w3"]) done(await windows.handlers["window-close"]({ ...signed, id }));
    const kept = readWindows(stateDir);
    assert.ok("windows" in kept && kept.past);
    assert.deepEqual(
      kept.past.map(({ id, from, until, devices }) => [id, until - from, devices]),
      [
        ["w1", 60_000, ["plc"]],
        ["w2", 60_000, ["plc"]],
      ],
    );
    // What ended while nothing ran is over too.
    done(await open(windows, { forMs: 60_000, scope: "device:pump" }));
    await clock.advance(3_600_000);
    keeper().look();
    const later = readWindows(stateDir);
    assert.deepEqual("windows" in later && later.past?.map(({ id, until, from }) => [id, until - from]), [
      ["w1", 60_000],
      ["w2", 60_000],
      ["w5", 60_000],
    ]);
  });

  test("that is over leaves room for later ones: names are bounded, the latest stay, and one without them says so", async () => {
    const past = Array.from({ length: 4 }, (_, at) => ({
      id: `w${at}`,
      kind: "pause" as const,
      scope: "site" as const,
      offsetMinutes: 0,
      ...signed,
      devices: Array.from({ length: at === 0 ? 2 : 15_000 }, (_each, number) => `d${number}` as DeviceId),
      from: wallMs(at),
      until: wallMs(at + 1),
    }));
    writeWindows(stateDir, { next: 5, windows: [], past });
    const windows = keeper();
    done(await open(windows, { forMs: 1000 }));
    await clock.advance(7000);
    windows.look();
    const kept = readWindows(stateDir);
    const names = "windows" in kept && kept.past?.map(({ id, devices, namesDropped }) => [id, devices?.length ?? namesDropped]);
    // A small one is kept whole behind one that is too large.
    const expected = [
      ["w0", 2],
      ["w1", true],
      ["w2", 15_000],
      ["w3", 15_000],
      ["w5", 1],
    ];
    assert.deepEqual(names, expected);
    // It stays as it is, and is one of those that a start reads.
    const again = keeper();
    done(await open(again, { forMs: 1000 }));
    await clock.advance(7000);
    again.look();
    const later = readWindows(stateDir);
    assert.deepEqual("windows" in later && later.past?.map(({ namesDropped }) => namesDropped), [
      undefined,
      true,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("that is over and covers more than is kept is kept without whom it covered, and takes no older one with it", async () => {
    const [plc] = plan.devices.values();
    const wide = Array.from({ length: 40_001 }, (_, at) => ({ ...plc!, id: `d${at}` as DeviceId, places: [] }));
    const large: Plan = { ...plan, devices: new Map([...plan.devices.values(), ...wide].map((one) => [one.id, one])) };
    const windows = keeper(large);
    for (const scope of ["device:plc", "segment:hvac"]) {
      done(await open(windows, { scope, forMs: 1000 }));
      await clock.advance(7000);
      windows.look();
    }
    const kept = readWindows(stateDir);
    assert.deepEqual("windows" in kept && kept.past?.map(({ id, scope, reason, namesDropped }) => [id, scope, reason, namesDropped]), [
      ["w1", "device:plc", "firmware", undefined],
      ["w2", "segment:hvac", "firmware", true],
    ]);
  });

  test("that a reload brings a device under says since when it covers it, and makes it give its connection back", async () => {
    const before = plan;
    const [plc, pump] = before.devices.values();
    assert.ok(plc && pump);
    const windows = keeper();
    done(await open(windows, { scope: "segment:hvac" }));
    await clock.advance(60_000);
    windows.look();
    const seen = pauses;
    const moved: PlannedDevice = { ...pump, segment: plc.segment, places: ["192.0.2.12"] };
    windows.adopt({ ...before, devices: new Map([plc, moved].map((one) => [one.id, one])) });
    assert.equal(pauses, seen + 1);
    const window = windows.windows.find("w1")!;
    const at = clock.wall();
    assert.deepEqual(window.since, { pump: at, "192.0.2.12": at });
    assert.equal("since" in (windows.status()[0] ?? {}), false);
    assert.deepEqual(keeper().windows.find("w1"), window);
  });

  test("that an earlier version kept without whom it covers is held to what it covers at the start, in memory and on disk", async () => {
    const first = keeper();
    done(await open(first, { kind: "deep-query", scope: "segment:hvac" }));
    const bare = first.windows.all().map(({ devices: _devices, places: _places, ...window }) => window);
    writeWindows(stateDir, { next: 2, windows: bare });
    const [plc, pump] = plan.devices.values();
    assert.ok(plc && pump);
    const windows = keeper().windows;
    const newcomer = { ...pump, segment: plc.segment };
    assert.deepEqual(
      [plc, newcomer].map((device) => windows.deepQuery(device).leave),
      ["open", "elsewhere"],
    );
    const kept = readWindows(stateDir);
    assert.deepEqual("windows" in kept && kept.windows[0]?.devices, ["plc"]);
  });

  test("that is opened twice, by mistake, says so; when one is closed, what goes on over its devices is named, and one that has ended is said to have", async () => {
    const windows = keeper();
    done(await open(windows, { offsetMinutes: 60 }));
    done(await open(windows, { scope: "device:pump" }));
    assert.deepEqual(done(await open(windows, { scope: "site", forMs: 3_600_000 })).warnings, [
      "w1 is a pause of device:plc too, until 2026-11-21 15:00:05 +01:00 (2026-11-21 14:00:05 UTC): to end it early, both are to be closed",
      "w2 is a pause of device:pump too, until 2026-11-21 14:00:05 UTC: to end it early, both are to be closed",
    ]);
    const close = (id: string): Promise<ControlReply<"window-close">> => windows.handlers["window-close"]({ ...signed, id });
    assert.deepEqual(done(await close("w1")).warnings, ["w3 (pause of site) goes on until 2026-11-21 13:00:05 UTC"]);
    assert.equal(problemOf(await close("w1")), "w1: it has ended, or was closed; there are w2, w3");
    assert.equal(problemOf(await close("1")), "1: found no such window, expected one that is open or planned; there are w2, w3");
    assert.equal(problemOf(await close("w4")), "w4: found no such window, expected one that is open or planned; there are w2, w3");
  });
});
