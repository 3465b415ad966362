/** A deep-query window covers what stood there when it was opened, and no other machine that comes by its names. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Plan, PlannedDevice } from "../../src/domain/plan.ts";
import type { Window } from "../../src/domain/windows.ts";
import { deepObjections } from "../../src/poller/deep-objections.ts";
import { WindowKeeper } from "../../src/poller/windows.ts";
import { TrustedTime } from "../../src/safety/trusted-time.ts";
import { readWindows } from "../../src/store/windows-file.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";
import { RememberingJournal } from "../store/support/site.ts";

const before = literalPlan([
  { name: "plc", address: "192.0.2.11", places: ["192.0.2.11"], deep: true },
  { name: "thruster", address: "192.0.2.12", places: ["192.0.2.12"], segment: "propulsion", deep: true },
]);
const [plc, thruster] = [...before.devices.values()] as [PlannedDevice, PlannedDevice];

test("a deep-query window covers no machine that comes by another's name or segment, also extended, after a reload and in a later run", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "watchkeeper-windows-"));
  try {
    const clock = new FakeClock();
    let plan: Plan = before;
    const keeper = (): WindowKeeper => {
      const kept = readWindows(stateDir);
      assert.ok("windows" in kept);
      const [gate, journal, time] = [{ pausing: () => undefined }, new RememberingJournal(), new TrustedTime(clock, clock.wall())];
      return new WindowKeeper({ clock, time, journal, stateDir, kept, plan: () => plan, gate: () => gate, record: () => undefined });
    };
    const windows = keeper();
    const signed = { by: "eto-1", reason: "survey" };
    for (const scope of ["segment:hvac", "device:plc"])
      assert.ok((await windows.handlers["window-open"]({ ...signed, kind: "deep-query", scope, forMs: 3_600_000 })).ok);
    const leave = (run: WindowKeeper, device: PlannedDevice): string => run.windows.deepQuery(device).leave;
    assert.deepEqual([leave(windows, plc), leave(windows, thruster)], ["open", "elsewhere"]);
    const moved = { ...plc, places: ["192.0.2.12"] };
    const joined = { ...thruster, segment: plc.segment };
    plan = { ...before, devices: new Map([moved, joined].map((device) => [device.id, device])) };
    assert.ok((await windows.handlers["window-extend"]({ ...signed, id: "w1", forMs: 60_000 })).ok);
    for (const run of [windows, keeper()]) {
      for (const stranger of [moved, joined, { ...joined, id: plc.id }]) assert.equal(leave(run, stranger), "elsewhere");
      assert.equal(leave(run, plc), "open");
    }
    const asked = (all: Parameters<typeof deepObjections>[0]["windows"]): string | undefined =>
      deepObjections({
        asked: ["plc"],
        plan,
        now: windows.windows.judged,
        windows: all,
        leave: (device) => leave(windows, device) as "elsewhere",
        trips: [],
        beaten: () => true,
        stopped: false,
        running: undefined,
        unacknowledged: false,
        unwritable: undefined,
      })[0];
    const why = asked(windows.windows.all().map((window) => ({ window, open: true })));
    // A pause that is planned is in nobody's way yet; one that stands is.
    const pause: Window = { ...windows.windows.find("w1")!, id: "w7", kind: "pause" };
    assert.doesNotMatch(asked([{ window: pause, open: false }]) ?? "", /pause/u);
    assert.match(asked([{ window: pause, open: true }]) ?? "", /w7 is a pause/u);
    assert.match(
      why ?? "",
      /^plc: window_scope: .*; found w1 covers what stood under segment:hvac when it was opened, and this device was not there/u,
    );
  } finally {
    rmSync(stateDir, { recursive: true, force: true });
  }
});
