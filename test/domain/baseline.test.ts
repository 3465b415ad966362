/** Where an identity was said, which of several counts today, and the words in which it is recorded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { acceptedWords, currentOf, sourceOf, sourceWords, strangerIn, viewOf, type IdentityView } from "../../src/domain/baseline.ts";
import type { Check, DeviceId } from "../../src/domain/plan.ts";
import { wallMs } from "../../src/domain/units.ts";

type Asked = Pick<Check, "device" | "method" | "target" | "ask">;
const at = wallMs(1_763_726_400_000);
const device = "plc" as DeviceId;

function asked(method: Check["method"], ask: unknown, address = "192.0.2.11"): Asked {
  return { device, method, target: { address, port: 502, transport: "tcp" }, ask };
}

test("a place is the address, with unit, or rack and slot; EtherNet/IP's two requests read one object", () => {
  for (const [check, place, source] of [
    [asked("modbus-fc43", { unitId: 7 }), "192.0.2.11 unit 7", "modbus-fc43"],
    [asked("s7-cpu-status", { route: { rack: 0, slot: 2 } }), "192.0.2.11 rack 0 slot 2", "s7-cpu-status"],
    [asked("snmp-get", undefined), "192.0.2.11", "snmp-get"],
    [asked("snmp-get", null), "192.0.2.11", "snmp-get"],
    [asked("enip-list-identity", {}), "192.0.2.11", "enip-identity"],
    [asked("enip-identity-object", {}), "192.0.2.11", "enip-identity"],
  ] as const)
    assert.deepEqual(sourceOf(check), { device, place, source });
});

test("a deep query's answer is compared with the heartbeat's where it is the same one, else with itself; each slot by itself", () => {
  for (const [deep, method, place, source] of [
    [{ read: "enip-identity" }, "enip-identity-object", "192.0.2.11", "enip-identity"],
    [{ read: "enip-slots", number: 3 }, "enip-identity-object", "192.0.2.11 slot 3", "enip-identity"],
    [{ read: "snmp-interfaces", number: 2 }, "snmp-get", "192.0.2.11 interface 2", "snmp-interfaces"],
    [{ read: "modbus-server-id" }, "modbus-fc17", "192.0.2.11", "modbus-fc17"],
    [{ read: "s7-module" }, "s7-cpu-status", "192.0.2.11", "s7-module"],
  ] as const)
    assert.deepEqual(sourceOf({ ...asked(method, {}), deep }), { device, place, source });
});

test("what was said at an address that the device has no more does not count; where nothing is asked, everything does", () => {
  const all = ["192.0.2.11", "192.0.2.11 unit 1", "192.0.2.110 unit 1"].map((place) => ({ device, place, source: "modbus-fc43" }));
  assert.deepEqual(
    currentOf(all, [asked("modbus-fc43", {})]).map(({ place }) => place),
    ["192.0.2.11", "192.0.2.11 unit 1"],
  );
  assert.equal(currentOf(all, []).length, 3);
});

test("words for log and audit", () => {
  const known = { device, place: "192.0.2.11 unit 1", source: "modbus-fc43" };
  assert.equal(sourceWords(known), "plc, modbus-fc43 at 192.0.2.11 unit 1");
  assert.equal(
    acceptedWords(known, { said: { vendor: "Maker" }, by: "eto-1", reason: "type plate", at }),
    'plc, modbus-fc43 at 192.0.2.11 unit 1: vendor "Maker": type plate',
  );
});

test("of several acceptances the nearest is told; nothing that is not said trips", () => {
  const accepted = [
    { vendor: "A", serial: "1" },
    { vendor: "B", serial: "2" },
  ].map((said) => ({ said, by: "eto-1", reason: "x", at }));
  const known = { device, place: "192.0.2.11", source: "modbus-fc43", since: at, accepted };
  const near = viewOf({ ...known, said: { vendor: "B", serial: "3" } }, []);
  assert.deepEqual(near.differences, [{ field: "serial", before: "2", after: "3" }]);
  const silent: IdentityView = viewOf({ ...known, said: { serial: "1" } }, []);
  assert.equal(silent.state, "changed");
  assert.equal(strangerIn(silent, undefined), undefined);
  assert.equal(strangerIn(silent, "1.0"), undefined);
});
