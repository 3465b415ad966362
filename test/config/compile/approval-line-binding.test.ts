/** An approval of a device binds what stands elsewhere in the watchlist: the gateway whose line it shares, and the pool of its whole line. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bus, changed, firstDevice } from "./support/changes.ts";
import {
  approved,
  compiledFrom,
  documented,
  gateway,
  rawDevice,
  rawProfile,
  rawSite,
  rawUnit,
  type Raw,
  type RawSite,
} from "./support/site.ts";

describe("after approval, what shares a gateway's line is not admitted once the gateway has another", () => {
  const checks = [{ method: "modbus-fc43", unitId: 255 }];
  const itself = rawDevice(1, { address: gateway["address"]!, checks });
  // Its clients are the gateway's to state.
  const { otherClients: _, ...rest } = itself["statements"] as Raw;
  const hardware = [{ id: "main", devices: ["plc-1", "plc-2"] }];
  const sites: Readonly<Record<string, RawSite>> = {
    "a unit": approved(rawSite([rawUnit(1)])),
    "the gateway itself": approved(rawSite([itself])),
    "the gateway itself, which leaves the pool to the gateway's entry": approved(rawSite([{ ...itself, statements: rest }])),
    "another address of the gateway": approved(
      rawSite([rawDevice(1, { checks }), { ...itself, id: "plc-2", checks: [] }], {}, { hardware }),
    ),
  };
  const changes: Readonly<Record<string, (site: RawSite) => void>> = {
    id: (s) => {
      bus(s)["id"] = "fw-2";
      if ("via" in firstDevice(s)) firstDevice(s)["via"] = "fw-2";
    },
    address: (s) => {
      bus(s)["address"] = "10.20.1.201";
      for (const device of s.watchlist["devices"] as Raw[]) if (device["address"] === gateway["address"]) device["address"] = "10.20.1.201";
    },
    port: (s) => void (bus(s)["port"] = 1502),
    "response timeout": (s) => void (bus(s)["responseTimeout"] = "500ms"),
    "number of retries": (s) => void (bus(s)["retries"] = 0),
    "number of units": (s) => void (bus(s)["unitCount"] = 7),
    "list of other clients": (s) => void (bus(s)["otherClients"] = []),
    pool: (s) => void (bus(s)["connectionPool"] = { size: 16, overflow: "rejects", source: "T-1 p. 9" }),
  };
  for (const [who, site] of Object.entries(sites)) {
    const expected = [...compiledFrom(site).plan.checks.keys()].map((check) => `${check} not_admitted`);
    assert.equal(expected.length, 1);
    for (const [field, change] of Object.entries(changes)) {
      test(`${field}: ${who}`, () => assert.deepEqual(changed(site, change), expected));
    }
    test(`(as it is, ${who} is admitted)`, () =>
      assert.deepEqual(
        changed(site, () => undefined),
        [],
      ));
  }

  test("or once there is no gateway at the device's address any more", () => {
    const site = sites["the gateway itself"]!;
    assert.deepEqual(
      changed(site, ({ watchlist }) => void (watchlist["gateways"] = [])),
      ["plc-1/modbus-fc43 not_admitted"],
    );
  });
});

describe("after approval, a device is not admitted once another address of its hardware has another", () => {
  const other = rawProfile({ id: "other-plc" });
  const sibling = rawDevice(2, { checks: [], profile: "other-plc" });
  const profiles = { "test-plc": rawProfile(), "other-plc": other };
  const site = approved(rawSite([rawDevice(1), sibling], { profiles }, { hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] }));
  const second = ({ watchlist }: RawSite): Raw => (watchlist["devices"] as Raw[])[1]!;
  const stated = (s: RawSite): Raw => second(s)["statements"] as Raw;
  const connection = (changes: Raw): Raw => ({ connection: { ...(other["connection"] as Raw), ...changes } });
  const changes: Readonly<Record<string, (site: RawSite) => void>> = {
    "list of other clients": (s) => void (stated(s)["otherClients"] = []),
    "number of their connections": (s) => void (stated(s)["otherClients"] = [{ name: "SCADA-1", connections: 2 }]),
    pool: (s) => void (stated(s)["connectionPool"] = { size: 16, overflow: "rejects", source: "T-1 p. 9" }),
    profile: (s) => void (second(s)["profile"] = "test-plc"),
    "pool in its profile": (s) => void (s.profiles["other-plc"] = { ...other, ...connection({ poolSize: documented(9) }) }),
    "reserve in its profile": (s) => void (s.profiles["other-plc"] = { ...other, ...connection({ reserve: 3 }) }),
    "maker in its profile": (s) => void (s.profiles["other-plc"] = { ...other, identification: { vendors: [], products: [] } }),
    "pool in its site file": (s) => void (s.siteProfiles["other-plc"]!["connection"] = { poolSize: 7 }),
  };
  test("(as it is, it is)", () =>
    assert.deepEqual(
      changed(site, () => undefined),
      [],
    ));
  for (const [field, change] of Object.entries(changes)) {
    test(field, () => assert.deepEqual(changed(site, change), ["plc-1/modbus-fc43 not_admitted"]));
  }
});

test("after approval, a unit stays admitted when another joins its bus, in front of it or behind it", () => {
  const site = approved(rawSite([rawUnit(1)]));
  assert.deepEqual(
    changed(site, ({ watchlist }) => (watchlist["devices"] as Raw[]).unshift(rawUnit(2, { checks: [] }))),
    [],
  );
  assert.deepEqual(
    changed(site, ({ watchlist }) => (watchlist["devices"] as Raw[]).push(rawUnit(2))),
    ["unit-2/modbus-fc43 not_admitted"],
  );
});
