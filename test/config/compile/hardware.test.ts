/** A hardware group in the plan: one line and one pool of connections, whichever of its addresses is asked, and either half may answer at either. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CheckId, DeviceId, LineId } from "../../../src/domain/plan.ts";
import { approved, compiledFrom, rawDevice, rawProfile, rawSite, rawUnit, refusals, type Raw, type RawSite } from "./support/site.ts";

const pair: Raw = { id: "main-plc", devices: ["plc-1", "plc-2"] };

/** Two devices of a pair, each of a family of its own. */
function pairOf(first: Raw, second: Raw, group: Raw[] = [pair], statements: Raw = {}): RawSite {
  const devices = [rawDevice(1, { profile: "cpu", ...statements }), rawDevice(2, { profile: "module", ...statements })];
  const profiles = { cpu: rawProfile({ id: "cpu", identification: first }), module: rawProfile({ id: "module", identification: second }) };
  return approved(rawSite(devices, { profiles }, { hardware: group }));
}

const identityOf = (site: RawSite, device: string) => {
  const compiled = compiledFrom(site);
  assert.deepEqual(refusals(compiled), []);
  return compiled.plan.checks.get(`${device}/modbus-fc43` as CheckId)?.expectedIdentity;
};

test("a device stands where it is asked, by address and unit, and where its hardware's others are: the same under another name", () => {
  const placesOf = (site: RawSite, id: string) => compiledFrom(site).plan.devices.get(id as DeviceId)?.places;
  const single = (id: string): RawSite => approved(rawSite([rawDevice(1, { id }), rawUnit(7)]));
  assert.deepEqual(placesOf(single("plc-1"), "plc-1"), ["10.20.1.11"]);
  assert.deepEqual(placesOf(single("renamed"), "renamed"), ["10.20.1.11"]);
  assert.deepEqual(placesOf(single("plc-1"), "unit-7"), ["10.20.1.200 unit 7"]);
  const both = pairOf({ vendors: [], products: [] }, { vendors: [], products: [] });
  assert.deepEqual(placesOf(both, "plc-2"), ["10.20.1.12", "10.20.1.11"]);
});

describe("a redundant pair", () => {
  const cpu = { vendors: ["Maker"], products: ["CPU 1"] };
  const module = { vendors: ["Maker"], products: ["NET 2"] };

  test("may change places: who may answer at one address may answer at the other", () => {
    const site = pairOf(cpu, module);
    for (const device of ["plc-1", "plc-2"])
      assert.deepEqual(identityOf(site, device), { vendors: ["Maker"], products: ["CPU 1", "NET 2"] });
  });

  test("expects nobody in particular where one half does not", () => {
    assert.equal(identityOf(pairOf(cpu, { vendors: [], products: [] }), "plc-1"), undefined);
    assert.deepEqual(identityOf(pairOf(cpu, { vendors: ["Maker"], products: [] }), "plc-1"), { vendors: ["Maker"], products: [] });
  });

  test("that no group names keeps to its own names", () => {
    assert.deepEqual(identityOf(pairOf(cpu, module, []), "plc-1"), { vendors: ["Maker"], products: ["CPU 1"] });
  });

  test("is known as one by each of its devices, for pauses and trips; a device of no group names no other", () => {
    const others = (site: RawSite) => Array.from(compiledFrom(site).plan.devices.values(), ({ id, hardware }) => [id, hardware]);
    assert.deepEqual(others(pairOf(cpu, module)), [
      ["plc-1", ["plc-2"]],
      ["plc-2", ["plc-1"]],
    ]);
    assert.deepEqual(others(pairOf(cpu, module, [])), [
      ["plc-1", undefined],
      ["plc-2", undefined],
    ]);
  });

  test("is one line with one gap for all its checks", () => {
    const { plan } = compiledFrom(pairOf(cpu, module));
    assert.deepEqual([...plan.lines.keys()], ["hardware:main-plc"]);
    assert.equal(plan.lines.get("hardware:main-plc" as LineId)?.gap, 30_000);
  });

  test("has one pool: the clients of both halves are counted in it", () => {
    const clients = (count: number): Raw => ({
      statements: {
        otherClients: Array.from({ length: count }, (_, n) => `HMI-${n}`),
        connectionPool: { size: 8, overflow: "rejects", source: "manual p. 1" },
        watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" },
      },
    });
    // 8 less 2 in reserve: 2 and 2 others leave one, 3 and 3 none.
    assert.deepEqual(refusals(compiledFrom(pairOf(cpu, module, [pair], clients(2)))), []);
    assert.deepEqual(refusals(compiledFrom(pairOf(cpu, module, [pair], clients(3)))), [
      "plc-1/modbus-fc43 no_connection_slot",
      "plc-2/modbus-fc43 no_connection_slot",
    ]);
    assert.deepEqual(refusals(compiledFrom(pairOf(cpu, module, [], clients(3)))), []);
  });
});
