/** What several devices together come to: lines, exclusions, and problems that only all lines show. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { formatProblem } from "../../../src/config/problem.ts";
import type {} from "../../../src/domain/plan.ts";
import { approved, compiledFrom, gateway, rawDevice, rawSite, rawUnit, refusals, type Raw } from "./support/site.ts";

/** The gateway itself, at its own address. */
const itself: Raw[] = [{ method: "modbus-fc43", unitId: 255 }];
const two = (): Raw[] => [rawDevice(1), rawDevice(2)];
const problemsOf = (...site: Parameters<typeof rawSite>): string[] =>
  compiledFrom(rawSite(...site)).problems.map((problem) => formatProblem(problem).replace(/:\d+:/u, ":"));

describe("a line", () => {
  const lineOf = (devices: Raw[], watchlist: Raw = {}): (string | undefined)[] => {
    const { plan, problems } = compiledFrom(approved(rawSite(devices, {}, watchlist)));
    assert.deepEqual(problems, []);
    return [...plan.checks.values()].map(({ line }) => line);
  };
  const hardware = { hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] };

  test("is an address in its one spelling, so that a new name is the same line", () => {
    const segments = [{ id: "hvac", zone: "OT-1", subnet: "2001:db8::/64", localAddress: "2001:db8::5" }];
    const devices = [rawDevice(1, { address: "2001:DB8:0::0:11" })];
    assert.deepEqual(lineOf(devices, { segments, gateways: [] }), ["address:2001:db8::11"]);
    assert.deepEqual(lineOf([rawDevice(1, { id: "renamed" })]), ["address:10.20.1.11"]);
  });

  test("is a gateway's bus for all its units, and for a device at its own address", () => {
    const atGateway = rawDevice(9, { address: "10.20.1.200", checks: [{ method: "icmp-echo" }] });
    assert.deepEqual(lineOf([rawUnit(1), rawUnit(2), atGateway]), ["gateway:fw-serial", "gateway:fw-serial", "gateway:fw-serial"]);
  });

  test("is one for the addresses of a piece of hardware", () => {
    assert.deepEqual(lineOf(two(), hardware), ["hardware:main", "hardware:main"]);
  });

  test("is the gateway's bus for hardware of which one address is a gateway's", () => {
    const devices = [rawDevice(1, { checks: itself }), rawDevice(2, { address: "10.20.1.200", checks: itself })];
    assert.deepEqual(lineOf(devices, hardware), ["gateway:fw-serial", "gateway:fw-serial"]);
  });

  test("cannot be two buses", () => {
    const gateways = [gateway, { ...gateway, id: "fw-2", address: "10.20.1.201" }];
    const devices = [rawDevice(1, { address: "10.20.1.200", checks: [] }), rawDevice(2, { address: "10.20.1.201", checks: [] })];
    const [problem] = problemsOf(devices, {}, { gateways, ...hardware });
    assert.equal(
      problem,
      "watchlist.yaml: hardware[0]: found devices on the gateways fw-serial and fw-2, expected one gateway at most: a group is one line",
    );
  });
});

describe("an exclusion", () => {
  const excludedBy = (exclusion: Raw, devices: Raw[], watchlist: Raw = {}): string[] =>
    refusals(compiledFrom(approved(rawSite(devices, {}, { excluded: [{ reason: "r", ...exclusion }], ...watchlist }))));
  const hardware = { hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] };

  test("of an address covers that one", () =>
    assert.deepEqual(excludedBy({ address: "10.20.1.12" }, two()), ["plc-2/modbus-fc43 excluded"]));

  test("of an address covers it in every spelling", () => {
    const segments = [{ id: "hvac", zone: "OT-1", subnet: "2001:db8::/64", localAddress: "2001:db8::5" }];
    const devices = [rawDevice(1, { address: "2001:db8::11" })];
    assert.deepEqual(excludedBy({ address: "2001:0DB8:0:0::11" }, devices, { segments, gateways: [] }), ["plc-1/modbus-fc43 excluded"]);
    assert.deepEqual(excludedBy({ address: "10.20.1.11" }, devices, { segments, gateways: [] }), []);
  });

  test("of a range covers what lies in it", () => {
    assert.deepEqual(excludedBy({ range: "10.20.1.12/30" }, two()), ["plc-2/modbus-fc43 excluded"]);
    assert.deepEqual(excludedBy({ range: "10.20.0.0/16" }, two()), ["plc-1/modbus-fc43 excluded", "plc-2/modbus-fc43 excluded"]);
  });

  test("of a gateway's address covers every unit behind it", () => {
    assert.deepEqual(excludedBy({ address: "10.20.1.200" }, [rawUnit(1), rawUnit(2)]), [
      "unit-1/modbus-fc43 excluded",
      "unit-2/modbus-fc43 excluded",
    ]);
  });

  test("of a unit covers that one, and the gateway itself under each of its addresses", () => {
    assert.deepEqual(excludedBy({ gateway: "fw-serial", unitId: 2 }, [rawUnit(1), rawUnit(2)]), ["unit-2/modbus-fc43 excluded"]);
    const direct = rawDevice(2, { address: "10.20.1.200", checks: itself });
    assert.deepEqual(excludedBy({ gateway: "fw-serial", unitId: 255 }, [direct]), ["plc-2/modbus-fc43 excluded"]);
    assert.deepEqual(excludedBy({ gateway: "fw-serial", unitId: 255 }, [rawDevice(1, { checks: itself }), direct], hardware), [
      "plc-1/modbus-fc43 excluded",
      "plc-2/modbus-fc43 excluded",
    ]);
  });

  test("of one address of a piece of hardware covers all of it", () => {
    assert.deepEqual(excludedBy({ address: "10.20.1.12" }, two(), hardware), ["plc-1/modbus-fc43 excluded", "plc-2/modbus-fc43 excluded"]);
  });

  test("of an address that has no checks covers its hardware too", () => {
    assert.deepEqual(excludedBy({ address: "10.20.1.12" }, [rawDevice(1), rawDevice(2, { checks: [] })], hardware), [
      "plc-1/modbus-fc43 excluded",
    ]);
  });
});

describe("a problem of several lines together is found:", () => {
  const checks = (...list: Raw[]): Raw[] => [rawDevice(1, { checks: list })];
  test("an unknown profile", () => {
    assert.deepEqual(problemsOf([rawDevice(1, { profile: "other" })]), [
      'watchlist.yaml: devices[0].profile: found "other", expected a profile of the library (test-plc)',
    ]);
  });
  test("an unknown gateway or segment", () => {
    assert.deepEqual(problemsOf([rawUnit(1, { via: "fw-9" })]), [
      'watchlist.yaml: devices[0]: found via "fw-9", expected an address in a segment of this file, or a gateway of this file',
    ]);
    assert.deepEqual(problemsOf([rawDevice(1, { segment: "x" })]), [
      'watchlist.yaml: devices[0]: found segment "x", expected an address in a segment of this file, or a gateway of this file',
    ]);
  });
  test("a register that the profile does not name", () => {
    assert.deepEqual(problemsOf(checks({ method: "modbus-fc3", unitId: 1, register: "dead" })), [
      'watchlist.yaml: devices[0].checks[0].register: found "dead", expected a liveness register of profile test-plc (named: alive)',
    ]);
  });
  test("a register of another table, or with a method that reads none", () => {
    assert.deepEqual(problemsOf(checks({ method: "modbus-fc4", unitId: 1, register: "alive" })), [
      'watchlist.yaml: devices[0].checks[0].register: found "alive", one of the holding-registers, expected a register among the input-registers, which modbus-fc4 reads',
    ]);
    assert.deepEqual(problemsOf(checks({ method: "modbus-fc43", unitId: 1, register: "alive" })), [
      'watchlist.yaml: devices[0].checks[0].register: found "alive", one of the holding-registers, expected no register: modbus-fc43 reads none',
    ]);
  });
  test("a request that the method refuses", () => {
    assert.deepEqual(problemsOf(checks({ method: "modbus-fc43" })), [
      "watchlist.yaml: devices[0].checks[0]: found no unitId, expected 1 to 247 or 255, expected a request as the method has it",
    ]);
  });
  test("a device behind a gateway that is asked without its unit", () => {
    assert.deepEqual(problemsOf([rawUnit(1, { checks: [{ method: "icmp-echo" }] })]), [
      "watchlist.yaml: devices[0].checks[0].method: found icmp-echo without unitId, expected a method with a unitId: the device stands behind a gateway",
    ]);
  });
  test("a unit of a bus, asked at its gateway's address, whatever the port", () => {
    const complaint = (unit: string): string =>
      `watchlist.yaml: devices[0].checks[0].unitId: found ${unit}, expected 255, gateway fw-serial itself: the device has its address, ` +
      "or is one piece of hardware with it (hint: a unit behind it is a device of its own, with `via: fw-serial` and no address)";
    const at = (changes: Raw): Raw => rawDevice(1, { address: "10.20.1.200", ...changes });
    const seven: Raw[] = [{ method: "modbus-fc43", unitId: 7 }];
    assert.deepEqual(problemsOf([at({ checks: seven })]), [complaint("7")]);
    assert.deepEqual(problemsOf([at({ checks: seven, port: 503 })]), [complaint("7")]);
    assert.deepEqual(problemsOf([at({ checks: seven, port: 503 }), rawUnit(7)]), [complaint("7")]);
    assert.deepEqual(problemsOf([at({ checks: [{ method: "modbus-fc43" }] })]), [complaint("no unitId")]);
    assert.deepEqual(problemsOf([at({ checks: itself })]), []);
    assert.deepEqual(problemsOf([at({ checks: [{ method: "icmp-echo" }] })]), []);
  });
  test("any unit at the address of a gateway that takes raw RTU frames alone", () => {
    const gateways = [{ ...gateway, framing: "rtu-over-tcp" }];
    const device = rawDevice(1, { address: "10.20.1.200", checks: [...itself, { method: "icmp-echo" }] });
    assert.deepEqual(problemsOf([device], {}, { gateways }), [
      "watchlist.yaml: devices[0].checks[0].unitId: found 255, expected no Modbus check of gateway fw-serial itself: it takes raw RTU " +
        "frames, in which 255 means nothing (hint: ask units behind it (`via: fw-serial`), which prove the gateway too, or the gateway " +
        "by a method other than Modbus)",
    ]);
  });
  test("a unit of a bus, asked at another address of its gateway", () => {
    const hardware = { hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] };
    const asked = (unitId: number): Raw[] => [
      rawDevice(1, { checks: [{ method: "modbus-fc43", unitId }] }),
      rawDevice(2, { address: "10.20.1.200", checks: [] }),
    ];
    assert.match(problemsOf(asked(7), {}, hardware).join(), /devices\[0\]\.checks\[0\]\.unitId: found 7, expected 255, gateway fw-serial/);
    assert.deepEqual(problemsOf(asked(255), {}, hardware), []);
  });
  test("the same request twice, in one device or two", () => {
    const again = "found the same request to the same address as plc-1/modbus-fc43, expected each request once (hint: take one out)";
    assert.deepEqual(problemsOf(checks({ method: "modbus-fc43", unitId: 1 }, { method: "modbus-fc43", unitId: 1, interval: "90s" })), [
      `watchlist.yaml: devices[0].checks[1]: ${again}`,
    ]);
    assert.deepEqual(problemsOf([rawDevice(1), rawDevice(2, { address: "10.20.1.11" })]), [
      `watchlist.yaml: devices[1].checks[0]: ${again}`,
    ]);
  });
  test("an interval of more than an hour", () => {
    assert.deepEqual(problemsOf(checks({ method: "modbus-fc43", unitId: 1, interval: "2h" })), [
      "watchlist.yaml: devices[0].checks[0].interval: found an interval of 2 h, expected at most 1 h",
    ]);
  });
  test("more units than the gateway has", () => {
    assert.deepEqual(problemsOf([rawUnit(1), rawUnit(2)], {}, { gateways: [{ ...gateway, unitCount: 1 }] }), [
      "watchlist.yaml: gateways[0].unitCount: found 1, expected at least 2: so many units of it are asked",
    ]);
  });
  test("a shipped register that the site names again", () => {
    const liveness = [{ id: "alive", space: "holding-registers", protocolAddress: 900, count: 1 }];
    assert.deepEqual(problemsOf(two(), { siteProfiles: { "test-plc": { liveness } } }), [
      'device-profiles/test-plc.yaml: liveness[0].id: found "alive", a register of the shipped profile, expected a name of its own',
    ]);
  });
  test("who may answer, said of a family whose shipped profile says it", () => {
    const identification = { vendors: ["Somebody"], products: ["TEST-2"] };
    assert.deepEqual(problemsOf(two(), { siteProfiles: { "test-plc": { identification } } }), [
      "device-profiles/test-plc.yaml: identification.vendors: found Somebody, expected nothing here: the shipped profile names Test",
    ]);
  });
  test("all of them at once, in the order of the files", () => {
    const found = problemsOf([rawDevice(1, { profile: "other" }), rawDevice(2, { segment: "x" })]);
    assert.equal(found.length, 2);
  });
});
