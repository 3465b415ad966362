/** What the plan knows of ways and pools: what a device stands behind, and how many connections its line has for us. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { DeviceId, LineId } from "../../../src/domain/plan.ts";
import { approved, compiledFrom, rawDevice, rawSite, rawUnit, type Raw } from "./support/site.ts";

const behind = (devices: Raw[], id: string): readonly string[] | undefined =>
  compiledFrom(approved(rawSite(devices))).plan.devices.get(id as DeviceId)?.behind;

describe("a device stands behind", () => {
  test("its gateway, what it depends on, and its switch, each once", () => {
    const ports = [
      { switch: "plc-1", ifIndex: 1 },
      { switch: "plc-1", ifIndex: 2 },
    ];
    assert.deepEqual(behind([rawDevice(1), rawUnit(1, { dependsOn: ["plc-1"], switchPorts: ports })], "unit-1"), ["fw-serial", "plc-1"]);
    assert.deepEqual(behind([rawDevice(1), rawDevice(2, { switchPorts: ports })], "plc-2"), ["plc-1"]);
    assert.deepEqual(behind([rawDevice(1)], "plc-1"), []);
  });

  test("none of two switches: while one of them works it can be reached", () => {
    const ports = [
      { switch: "plc-1", ifIndex: 1 },
      { switch: "plc-2", ifIndex: 1 },
    ];
    assert.deepEqual(behind([rawDevice(1), rawDevice(2), rawDevice(3, { switchPorts: ports })], "plc-3"), []);
  });
});

describe("a line has for us", () => {
  const connections = (devices: Raw[], line: string) =>
    compiledFrom(approved(rawSite(devices))).plan.lines.get(line as LineId)?.connections;

  test("what pool, others and reserve leave, and counts a lost connection for half an hour where no idle timeout is documented", () => {
    const line = "address:10.20.1.11";
    const one = connections([rawDevice(1)], line);
    const { statements } = rawDevice(1) as { readonly statements: Raw };
    const two = connections([rawDevice(1, { statements: { ...statements, otherClients: ["SCADA-1", "HMI-1"] } })], line);
    assert.deepEqual([one?.free, two?.free], [5, 4]);
    assert.deepEqual(one, { free: 5, countedAfterReset: 30_000, countedAfterLoss: 1_800_000 });
  });
});
