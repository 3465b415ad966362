/** Connections: what may be believed of a family, whether one is kept, and whether one is free. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { connectionFor, familyConnection, mayLoosen, type FamilyConnection } from "../../../src/config/compile/connection.ts";
import type { Fact, SourceDocument } from "../../../src/config/schema/facts.ts";
import type { ProfileConnection } from "../../../src/config/schema/profile.ts";
import { milliseconds, seconds, type Milliseconds } from "../../../src/domain/units.ts";
import {
  approved,
  compiledFrom,
  documented,
  gateway,
  rawDevice,
  rawProfile,
  rawSite,
  rawUnit,
  refusals,
  type Raw,
} from "./support/site.ts";

const manual: SourceDocument = {
  id: "manual",
  kind: "vendor-manual",
  publisher: "Test",
  title: "Manual",
  document: "T-1",
  place: "p. 1",
  url: null,
  mirror: null,
  read: "full-document",
  retrieved: "2026-11-01",
  checkedBy: ["a", "b"],
};
const fact = <Value>(value: Value | null, changes: Partial<Fact<Value>> = {}): Fact<Value> => ({
  value,
  status: "documented",
  grade: "V",
  sources: ["manual"],
  note: null,
  ...changes,
});
const unknown: Fact<never> = { value: null, status: "not-documented", grade: "N", sources: [], note: null };
const shipped = (changes: Partial<ProfileConnection> = {}): ProfileConnection => ({
  mode: "kept",
  poolSize: unknown,
  overflow: unknown,
  idleTimeout: fact<Milliseconds>(seconds(300)),
  reserve: 2,
  ...changes,
});
const kept: FamilyConnection = { mode: "kept", idleTimeout: seconds(300), closesNone: false, poolSize: 8, overflow: "rejects", reserve: 2 };

describe("a fact may loosen", () => {
  test("when a document says so and two persons opened it", () => assert.equal(mayLoosen(fact(8), [manual]), true));
  const cases: readonly (readonly [string, Fact<number>, readonly SourceDocument[]])[] = [
    ["that has no value", fact<number>(null), [manual]],
    ["that is not documented", fact(8, { status: "not-documented" }), [manual]],
    ["that is disputed", fact(8, { status: "disputed" }), [manual]],
    ["from memory", fact(8, { grade: "M" }), [manual]],
    ["at second hand", fact(8, { grade: "S" }), [manual]],
    ["without a source", fact(8, { sources: [] }), [manual]],
    ["with another source", fact(8, { sources: ["faq"] }), [manual]],
    ["that one person checked", fact(8), [{ ...manual, checkedBy: ["a"] }]],
    ["that one person checked twice", fact(8), [{ ...manual, checkedBy: ["a", "a"] }]],
  ];
  for (const [what, one, sources] of cases) test(`but not one ${what}`, () => assert.equal(mayLoosen(one, sources), false));
});

describe("a family's connections", () => {
  test("are 4 that evict the oldest where nothing is documented, 2 of them in reserve", () => {
    const { poolSize, overflow, reserve } = familyConnection(shipped(), [manual], undefined);
    assert.deepEqual({ poolSize, overflow, reserve }, { poolSize: 4, overflow: "evicts-oldest", reserve: 2 });
  });

  test("are as many as a checked document says", () => {
    const { poolSize, overflow } = familyConnection(shipped({ poolSize: fact(8), overflow: fact("rejects") }), [manual], undefined);
    assert.deepEqual({ poolSize, overflow }, { poolSize: 8, overflow: "rejects" });
  });

  test("are never more than 4 by hearsay, and fewer by hearsay too", () => {
    const hearsay = { grade: "M" } as const;
    assert.equal(familyConnection(shipped({ poolSize: fact(8, hearsay) }), [manual], undefined).poolSize, 4);
    assert.equal(familyConnection(shipped({ poolSize: fact(3, hearsay) }), [manual], undefined).poolSize, 3);
    assert.equal(familyConnection(shipped({ overflow: fact("rejects", hearsay) }), [manual], undefined).overflow, "evicts-oldest");
  });

  test("can be tightened by the site and not loosened", () => {
    const documentedWell = shipped({ poolSize: fact(8), overflow: fact("evicts-idle"), reserve: 3 });
    const tightened = familyConnection(documentedWell, [manual], { poolSize: 6, overflow: "evicts-oldest", reserve: 4, mode: "fresh" });
    assert.deepEqual(tightened, {
      mode: "fresh",
      idleTimeout: undefined,
      closesNone: false,
      poolSize: 6,
      overflow: "evicts-oldest",
      reserve: 4,
    });
    const loosened = familyConnection(documentedWell, [manual], { poolSize: 60, overflow: "rejects", reserve: 2 });
    assert.deepEqual(loosened, {
      mode: "kept",
      idleTimeout: seconds(300),
      closesNone: false,
      poolSize: 8,
      overflow: "evicts-idle",
      reserve: 3,
    });
  });

  test("keep none where the idle timeout is not documented", () => {
    for (const idleTimeout of [unknown, fact<Milliseconds>(seconds(300), { grade: "M" })]) {
      const { mode, idleTimeout: believed } = familyConnection(shipped({ idleTimeout }), [manual], undefined);
      assert.deepEqual([mode, believed], ["fresh", undefined]);
    }
    assert.equal(familyConnection(shipped({ mode: "fresh" }), [manual], undefined).mode, "fresh");
  });

  test("are kept for checks that come before the device closes them, and fresh for the others", () => {
    assert.equal(connectionFor(kept, seconds(60)), "kept");
    assert.equal(connectionFor(kept, milliseconds(299_999)), "kept");
    assert.equal(connectionFor(kept, seconds(300)), "fresh");
    assert.equal(connectionFor({ ...kept, mode: "fresh", idleTimeout: undefined }, seconds(60)), "fresh");
    assert.equal(connectionFor({ ...kept, idleTimeout: undefined }, seconds(60)), "fresh");
  });
});

describe("a connection is free", () => {
  const pool = (size: number): Raw => ({ size, overflow: "rejects", source: "T-1 p. 9" });
  const clients = (connections: number): Raw[] => [{ name: "SCADA", connections }];
  const watchdog: Raw = { mode: "none", by: "eto-1", on: "2026-11-20" };
  const device = (number: number, statements: Raw): Raw => rawDevice(number, { statements: { watchdog, ...statements } });
  const unit = (number: number, changes: Raw = {}): Raw => rawUnit(number, changes);
  const connection = (changes: Raw): Raw => ({ connection: { ...(rawProfile()["connection"] as Raw), ...changes } });
  const reasons = (devices: Raw[], profile: Raw = {}, watchlist: Raw = {}, siteProfile: Raw = {}): string[] => {
    const site = rawSite(devices, { profiles: { "test-plc": rawProfile(profile) }, siteProfiles: { "test-plc": siteProfile } }, watchlist);
    return refusals(compiledFrom(approved(site)));
  };

  test("when pool less others less the reserve leaves one, to the very last", () => {
    assert.deepEqual(reasons([device(1, { otherClients: clients(5) })]), []);
    assert.deepEqual(reasons([device(1, { otherClients: clients(6) })]), ["plc-1/modbus-fc43 no_connection_slot"]);
    assert.deepEqual(reasons([device(1, { otherClients: [] })], connection({ poolSize: documented(3) })), []);
    assert.deepEqual(reasons([device(1, { otherClients: [] })], connection({ poolSize: documented(2) })), [
      "plc-1/modbus-fc43 no_connection_slot",
    ]);
  });

  test("with more than the profile says only by the owner's statement, and never beyond the site's own limit", () => {
    const crowded = { otherClients: clients(6) };
    assert.deepEqual(reasons([device(1, { ...crowded, connectionPool: pool(9) })]), []);
    assert.deepEqual(reasons([device(1, { ...crowded, connectionPool: pool(8) })]), ["plc-1/modbus-fc43 no_connection_slot"]);
    assert.deepEqual(reasons([device(1, { ...crowded, connectionPool: pool(9) })], {}, {}, { connection: { poolSize: 8 } }), [
      "plc-1/modbus-fc43 no_connection_slot",
    ]);
    assert.deepEqual(reasons([device(1, { otherClients: clients(5), connectionPool: pool(7) })]), ["plc-1/modbus-fc43 no_connection_slot"]);
  });

  test("without being asked about where none is opened", () => {
    const ping = { checks: [{ method: "icmp-echo" }] };
    assert.deepEqual(reasons([{ ...device(1, { otherClients: clients(60) }), ...ping }]), []);
    assert.deepEqual(reasons([{ ...device(1, {}), ...ping }]), []);
    assert.deepEqual(reasons([{ ...device(1, {}), ...ping }], { ownerMustState: ["otherClients"] }), ["plc-1/icmp-echo statement_missing"]);
  });

  test("for a piece of hardware once, with the clients of all its addresses and the smallest of its pools", () => {
    const hardware = { hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] };
    const both = (a: number, b: number): Raw[] => [device(1, { otherClients: clients(a) }), device(2, { otherClients: clients(b) })];
    assert.deepEqual(reasons(both(2, 3), {}, hardware), []);
    assert.deepEqual(reasons(both(3, 3), {}, hardware), ["plc-1/modbus-fc43 no_connection_slot", "plc-2/modbus-fc43 no_connection_slot"]);
    const unequal = [device(1, { otherClients: [], connectionPool: pool(2) }), device(2, { otherClients: [], connectionPool: pool(20) })];
    assert.deepEqual(reasons(unequal, {}, hardware), ["plc-1/modbus-fc43 no_connection_slot", "plc-2/modbus-fc43 no_connection_slot"]);
  });

  test("behind a gateway by what is stated of the gateway, once for all its units", () => {
    const bus = (changes: Raw): Raw => ({ gateways: [{ ...gateway, ...changes }] });
    const units = [unit(1, { statements: { watchdog } }), unit(2, { statements: { watchdog } })];
    assert.deepEqual(reasons(units, {}, bus({ otherClients: clients(5) })), []);
    assert.deepEqual(reasons(units, {}, bus({ otherClients: clients(6) })), [
      "unit-1/modbus-fc43 no_connection_slot",
      "unit-2/modbus-fc43 no_connection_slot",
    ]);
    assert.deepEqual(reasons(units, {}, bus({ otherClients: clients(6), connectionPool: pool(9) })), []);
    const wanted = { ownerMustState: ["connectionPool"] };
    assert.deepEqual(reasons([units[0]!], wanted, bus({})), ["unit-1/modbus-fc43 statement_missing"]);
    assert.deepEqual(reasons([units[0]!], wanted, bus({ connectionPool: pool(9) })), []);
  });

  test("for a device at a gateway's own address by the gateway's statements, unless it has its own", () => {
    const atGateway = (statements: Raw): Raw => ({
      ...device(1, statements),
      address: "10.20.1.200",
      checks: [{ method: "modbus-fc43", unitId: 255 }],
    });
    const bus = { gateways: [{ ...gateway, otherClients: clients(5), connectionPool: pool(9) }] };
    assert.deepEqual(reasons([atGateway({}), unit(2)], {}, bus), []);
    assert.deepEqual(reasons([atGateway({ otherClients: clients(1) }), unit(2)], {}, bus), []);
    assert.deepEqual(reasons([atGateway({ otherClients: clients(2) }), unit(2)], {}, bus), [
      "plc-1/modbus-fc43 no_connection_slot",
      "unit-2/modbus-fc43 no_connection_slot",
    ]);
  });
});

test("a device that is said to close no silent connection is believed, on whatever grounds: it only tightens", () => {
  const never = familyConnection(shipped({ idleClose: fact<"never">("never", { grade: "M" }) }), [], undefined);
  assert.equal(never.closesNone, true);
  assert.equal(familyConnection(shipped(), [], undefined).closesNone, false);
});
