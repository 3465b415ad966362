/** Open and planned windows on the metrics page, and the devices whose alarms are muted. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Registry } from "prom-client";
import { deviceFamilies } from "../../src/exporters/device-families.ts";
import { WindowMetrics, type WindowsShown } from "../../src/exporters/window-metrics.ts";
import { wallMs } from "../../src/domain/units.ts";
import type { Window } from "../../src/domain/windows.ts";
import { MemoryBoard } from "../../src/store/board.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { literalPlan } from "../support/literal-plan.ts";

const window: Window = {
  id: "w3",
  kind: "mute",
  scope: "site",
  from: wallMs(1_795_330_000_000),
  until: wallMs(1_795_340_000_000),
  offsetMinutes: 0,
  by: "eto-1",
  reason: "survey",
};

describe("the metrics of windows", () => {
  test("say what is open and until when, and forget it after its end", async () => {
    let windows: readonly Window[] = [window, { ...window, id: "w4", kind: "pause" }];
    const shown: WindowsShown = { all: () => windows, isOpen: (id) => id === "w3", muted: () => false };
    const registry = new Registry();
    const metrics = new WindowMetrics(shown, [registry]);
    metrics.update();
    const page = await registry.metrics();
    assert.match(page, /^watchkeeper_window_open\{window="w3",kind="mute",scope="site"\} 1$/mu);
    assert.match(page, /^watchkeeper_window_open\{window="w4",kind="pause",scope="site"\} 0$/mu);
    assert.match(page, /^watchkeeper_window_begins_timestamp_seconds\{window="w3",kind="mute",scope="site"\} 1795330000$/mu);
    assert.match(page, /^watchkeeper_window_ends_timestamp_seconds\{window="w3",kind="mute",scope="site"\} 1795340000$/mu);
    windows = [];
    metrics.update();
    assert.doesNotMatch(await registry.metrics(), /w3/u);
  });

  test("mark the devices that are muted, and no others", () => {
    const plan = literalPlan([
      { name: "plc", address: "192.0.2.11" },
      { name: "pump", address: "192.0.2.12" },
    ]);
    const site = new MemoryBoard(new FakeClock(), plan, { stopped: false, trips: [], proven: new Map() });
    const [first] = [...site.devices()];
    const families = deviceFamilies({
      web: { certificateEnds: undefined },
      address: false,
      windows: { muted: ({ id }) => id === first?.device.id },
    });
    const muted = families.find(({ name }) => name === "watchkeeper_device_muted");
    assert.deepEqual([...(muted?.samples(site) ?? [])].join(""), `watchkeeper_device_muted{device="${first?.device.id ?? ""}"} 1\n`);
    assert.equal(
      deviceFamilies({ web: { certificateEnds: undefined }, address: false }).some(({ name }) => name === "watchkeeper_device_muted"),
      false,
    );
  });
});
