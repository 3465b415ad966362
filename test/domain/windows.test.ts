/** Windows in words, and what is a scope or a kind. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeviceId } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";
import { covers, isWindowKind, isWindowScope, windowInWords, windowKinds, type Window, type WindowKind } from "../../src/domain/windows.ts";
import { literalPlan } from "../support/literal-plan.ts";

describe("a window", () => {
  test("in one line has all that an audit wants to know", () => {
    const window: Window = {
      id: "w3",
      kind: "mute",
      scope: "zone:OT-1",
      from: wallMs(Date.parse("2026-11-22T07:00:00Z")),
      until: wallMs(Date.parse("2026-11-22T11:00:00Z")),
      offsetMinutes: 60,
      by: "eto-1",
      reason: "survey",
    };
    const words =
      "w3: mute of zone:OT-1 from 2026-11-22 08:00:00 +01:00 (2026-11-22 07:00:00 UTC) until 2026-11-22 12:00:00 +01:00 (2026-11-22 11:00:00 UTC), by eto-1: survey";
    assert.equal(windowInWords(window), words);
    assert.equal(windowInWords({ ...window, change: "MOC-7" }), `${words}, change MOC-7`);
  });

  test("covers by device, segment, zone, family or site; a pause of one address covers the hardware's others too, nothing else does", () => {
    const [device] = literalPlan([{ name: "plc", address: "192.0.2.11", hardware: ["module"] }]).devices.values();
    assert.ok(device);
    const kinds = Object.keys(windowKinds) as WindowKind[];
    for (const kind of kinds) {
      for (const scope of ["device:plc", "segment:hvac", "zone:OT-1", "profile:generic-modbus-tcp", "site"] as const)
        assert.equal(covers({ kind, scope }, device), true, `${kind} of ${scope}`);
      for (const scope of ["device:pump", "segment:OT-1", "zone:hvac", "profile:plc"] as const)
        assert.equal(covers({ kind, scope }, device), false, `${kind} of ${scope}`);
    }
    assert.deepEqual(
      kinds.filter((kind) => covers({ kind, scope: "device:module" }, device)),
      ["pause"],
    );
  });

  test("covers where its devices stood, whatever is called by another name now", () => {
    const [device] = literalPlan([{ name: "renamed", address: "192.0.2.11", places: ["192.0.2.11"] }]).devices.values();
    assert.ok(device);
    const pause = { kind: "pause", scope: "zone:gone", devices: ["plc" as DeviceId] } as const;
    assert.equal(covers({ ...pause, places: ["192.0.2.12", "192.0.2.11"] }, device), true);
    assert.equal(covers({ ...pause, places: ["192.0.2.12"] }, device), false);
    assert.equal(covers({ ...pause, places: [], devices: [device.id] }, device), true);
    assert.equal(covers({ ...pause, places: [] }, device), false);
  });

  test("of a deep query covers who is called so, stands there and belongs there: all three, as when it was opened", () => {
    const [device] = literalPlan([{ name: "plc", address: "192.0.2.11", places: ["192.0.2.11", "192.0.2.12"] }]).devices.values();
    assert.ok(device);
    const window = { kind: "deep-query", scope: "segment:hvac", devices: [device.id], places: ["192.0.2.11", "192.0.2.12"] } as const;
    assert.equal(covers(window, device), true);
    assert.equal(covers({ ...window, scope: "segment:engine" }, device), false);
    assert.equal(covers({ ...window, devices: ["pump" as DeviceId] }, device), false);
    assert.equal(covers({ ...window, places: ["192.0.2.11"] }, device), false);
  });

  test("has a kind and a scope of a closed list", () => {
    assert.deepEqual(["pause", "mute", "deep-query", "toString", ""].filter(isWindowKind), ["pause", "mute", "deep-query"]);
    assert.deepEqual(["site", "zone:a", "device:b", "zone:", "plc", "profile:x", "sites"].filter(isWindowScope), [
      "site",
      "zone:a",
      "device:b",
      "profile:x",
    ]);
  });
});
