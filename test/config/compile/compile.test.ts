/** The compiled plan: where things are, what contradicts, that nothing can change it, and that it is the same for the same files. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile } from "../../../src/config/compile/compile.ts";
import { deepFrozen, frozenMap } from "../../../src/config/compile/freeze.ts";
import { siteFileOf } from "../../../src/config/compile/site-file.ts";
import type { CheckId, LineId, ProfileId } from "../../../src/domain/plan.ts";
import { methods } from "./support/methods.ts";
import { approved, compiledFrom, documented, loaded, rawDevice, rawProfile, rawSite, rawUnit, today, type Raw } from "./support/site.ts";

const check = (id: string): CheckId => id as CheckId;
const two = (): Raw[] => [rawDevice(1), rawDevice(2)];

describe("a check in the plan", () => {
  const checks: Raw[] = [
    { method: "modbus-fc43", unitId: 1 },
    { method: "modbus-fc43", unitId: 2, interval: "90s", missesToDown: 5, connectWithin: "500ms", answerWithin: "2s" },
    { method: "modbus-fc3", unitId: 1, register: "alive" },
    { method: "icmp-echo" },
  ];
  const { plan } = compiledFrom(approved(rawSite([rawDevice(1, { port: 1502, checks })])));

  test("is named by device and method, with a number where the method comes again", () => {
    assert.deepEqual([...plan.checks.keys()], ["plc-1/modbus-fc43", "plc-1/modbus-fc43#2", "plc-1/modbus-fc3", "plc-1/icmp-echo"]);
  });

  test("has the target of its device, its own port, and the poller's address on the segment", () => {
    assert.deepEqual(plan.checks.get(check("plc-1/modbus-fc3"))?.target, {
      address: "10.20.1.11",
      port: 1502,
      transport: "tcp",
      localAddress: "10.20.1.5",
    });
  });

  test("has the figures of watchlist and profile, merged", () => {
    const second = plan.checks.get(check("plc-1/modbus-fc43#2"));
    const { interval, missesToDown, connectWithin, answerWithin, connection, proves, approvedUntil } = second!;
    assert.deepEqual(
      [interval, missesToDown, connectWithin, answerWithin, connection, proves],
      // Four checks of one device take turns: a round of 120 s, in place of the 90 s of the watchlist.
      [120_000, 5, 500, 2000, "fresh", "comms-module"],
    );
    assert.equal(new Date(approvedUntil).toISOString(), "2028-05-22T00:00:00.000Z");
    assert.deepEqual(second?.expectedIdentity, { vendors: ["Test"], products: [] });
  });

  test("reads the register of the profile", () => {
    assert.deepEqual(plan.checks.get(check("plc-1/modbus-fc3"))?.ask, { unitId: 1, address: 16, count: 2 });
  });

  test("shares the line of its device, which rests between two requests", () => {
    assert.deepEqual([...plan.lines.keys()], ["address:10.20.1.11"]);
    assert.equal(plan.lines.get("address:10.20.1.11" as LineId)?.gap, 30_000);
  });

  test("proves what the profile says of its family, and is kept where the profile documents the idle timeout", () => {
    const connection = { ...(rawProfile()["connection"] as Raw), mode: "kept", idleTimeout: documented("5m") };
    const fc43 = { decision: "allow", reason: "r", support: documented("yes"), proves: "cpu" };
    const profile = rawProfile({ connection, methods: { "modbus-fc43": fc43 }, identification: { vendors: [], products: [] } });
    const [one] = compiledFrom(approved(rawSite([rawDevice(1)], { profiles: { "test-plc": profile } }))).plan.checks.values();
    assert.deepEqual([one?.proves, one?.connection, one?.expectedIdentity], ["cpu", "kept", undefined]);
  });
});

describe("a register that a site names", () => {
  const liveness = [{ id: "beat", space: "holding-registers", protocolAddress: 900, count: 1 }];
  const device = rawDevice(1, { checks: [{ method: "modbus-fc3", unitId: 1, register: "beat" }] });
  const site = approved(rawSite([device], { siteProfiles: { "test-plc": { liveness } } }));
  test("is read, and is part of what the approval covers", () => {
    const { plan, covers } = compiledFrom(site);
    assert.deepEqual([...plan.checks.values()][0]?.ask, { unitId: 1, address: 900, count: 1 });
    assert.notEqual(covers.get("test-plc" as ProfileId), compiledFrom(rawSite([device])).covers.get("test-plc" as ProfileId));
  });
});

describe("who may answer, as a site says it of a family that does not say it,", () => {
  const identification = { vendors: ["Schneider Electric"], products: [] };
  const family = { profiles: { "test-plc": rawProfile({ identification: { vendors: [], products: [] } }) } };
  const silent = rawSite([rawDevice(1)], family);
  const named = rawSite([rawDevice(1)], { ...family, siteProfiles: { "test-plc": { identification } } });

  test("is expected of every answer", () => {
    const [one] = compiledFrom(approved(named)).plan.checks.values();
    assert.deepEqual(one?.expectedIdentity, identification);
  });
  test("is part of what the approval covers", () => {
    assert.notEqual(compiledFrom(named).covers.get("test-plc" as ProfileId), compiledFrom(silent).covers.get("test-plc" as ProfileId));
  });
});

describe("a compiled plan", () => {
  const raw = approved(rawSite([...two(), rawUnit(3), rawDevice(4, { function: "safety" })]));
  const { plan, covers, deviceDigests, findings, envelopes, approvals, problems } = compiledFrom(raw);

  test("is frozen in every part", () => {
    const parts: unknown[] = [
      plan,
      problems,
      ...plan.devices.values(),
      ...plan.lines.values(),
      ...plan.segments.values(),
      ...plan.refused.values(),
    ];
    for (const one of plan.checks.values())
      parts.push(one, one.ask, one.target, one.opening, one.asking, one.asking.templates, one.asking.templates[0]);
    for (const part of [...parts, ...envelopes.values(), ...approvals.values(), ...findings.values()]) assert.ok(Object.isFrozen(part));
    for (const map of [
      plan.checks,
      plan.refused,
      plan.devices,
      plan.lines,
      plan.segments,
      covers,
      deviceDigests,
      findings,
      envelopes,
      approvals,
    ]) {
      const open = map as unknown as Map<string, unknown>;
      assert.throws(() => open.set("x", {}), /a compiled plan is frozen/);
      assert.throws(() => open.delete("x"), /a compiled plan is frozen/);
      assert.throws(() => open.clear(), /a compiled plan is frozen/);
    }
  });

  test("is the same for the same files, whatever their order", () => {
    assert.equal(compiledFrom(raw).plan.digest, plan.digest);
    const slotsOf = (one: typeof plan): unknown => [...one.checks.values()].map(({ id, slot }) => `${id} ${slot}`).toSorted();
    const shuffled = structuredClone(raw);
    (shuffled.watchlist["devices"] as Raw[]).reverse();
    assert.deepEqual(slotsOf(compiledFrom(shuffled).plan), slotsOf(plan));
  });

  test("has another digest for another byte, pace, device or refusal", () => {
    const digests = [
      approved(rawSite([rawDevice(1), rawDevice(2, { checks: [{ method: "modbus-fc43", unitId: 9 }] })])),
      approved(rawSite([rawDevice(1), rawDevice(2, { checks: [{ method: "modbus-fc43", unitId: 1, interval: "90s" }] })])),
      approved(rawSite([rawDevice(1), rawDevice(3)])),
      approved(rawSite([rawDevice(1), rawDevice(2, { function: "safety" })])),
      approved(rawSite([rawDevice(1), rawDevice(2, { statements: {} })])),
      approved(rawSite(two()), { expiresOn: "2027-02-21" }),
      approved(rawSite(two())),
    ].map((site) => compiledFrom(site).plan.digest);
    assert.equal(new Set(digests).size, digests.length);
  });

  test("has the same digest after a comment in a file", () => {
    const site = loaded(raw);
    const moved = { ...site, watchlist: { ...site.watchlist, lines: { lineOf: () => 7 } } };
    assert.equal(compile(moved, { methods, wallNow: today, lab: false }).plan.digest, plan.digest);
  });

  test("has for each check the digest of bytes and place, which pace does not change", () => {
    const digestOf = (...devices: Raw[]): string | undefined =>
      [...compiledFrom(approved(rawSite(devices))).plan.checks.values()][0]?.digest;
    const same = digestOf(rawDevice(1));
    assert.equal(digestOf(rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 1, interval: "90s" }] })), same);
    assert.notEqual(digestOf(rawDevice(1, { checks: [{ method: "modbus-fc43", unitId: 2 }] })), same);
    assert.notEqual(digestOf(rawDevice(1, { port: 1502 })), same);
    assert.notEqual(digestOf(rawDevice(1, { address: "10.20.1.77" })), same);
  });

  test("knows every device, the silent ones too, with its stage", () => {
    assert.deepEqual(
      [...plan.devices.values()].map(({ id, stage, checks }) => `${id} ${stage} ${checks.length}`),
      ["plc-1 approved 1", "plc-2 approved 1", "unit-3 approved 1", "plc-4 approved 0"],
    );
  });

  test("is not compiled for a lab from a site that was loaded without one", () => {
    assert.throws(() => compile(loaded(raw), { methods, wallNow: today, lab: true }), {
      name: "RangeError",
      message: /found a site loaded with lab false, expected true/,
    });
  });

  test("says of each approval until when, and whether it is in its grace", () => {
    const state = (moment: string) => compiledFrom(raw, Date.parse(moment) as typeof today).approvals.get("test-plc" as ProfileId);
    assert.equal(state("2028-02-21T23:59:59Z")?.inGrace, false);
    assert.equal(state("2028-02-22T00:00:00Z")?.inGrace, true);
    assert.equal(state("2028-05-22T00:00:00Z")?.inGrace, false);
    assert.equal(compiledFrom(rawSite()).approvals.size, 0);
  });
});

describe("lab mode", () => {
  test("lowers the floors to 1 s and marks the plan", () => {
    const device = rawDevice(1, { address: "192.0.2.11", checks: [{ method: "modbus-fc43", unitId: 1, interval: "1s" }] });
    const segments = [{ id: "hvac", zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.5" }];
    const { plan } = compiledFrom(approved(rawSite([device], { lab: true }, { segments, gateways: [] })));
    assert.equal([...plan.checks.values()][0]?.interval, 1000);
    assert.equal(plan.lab, true);
  });
});

describe("the site file of a family", () => {
  test("is the one there is, or the one that would be made", () => {
    const site = loaded(rawSite([rawDevice(1)], { siteProfiles: { "test-plc": {} } }));
    assert.deepEqual(siteFileOf(site, "test-plc" as ProfileId), {
      file: "device-profiles/test-plc.yaml",
      location: "/site/device-profiles/test-plc.yaml",
    });
    assert.deepEqual(siteFileOf(site, "other" as ProfileId), {
      file: "device-profiles/other.yaml",
      location: "/site/device-profiles/other.yaml",
    });
  });
});

describe("freezing", () => {
  test("goes all the way down, inside what was frozen at its top only, and leaves bytes alone", () => {
    const inner = { list: [1] };
    const bytes = Uint8Array.of(1);
    const value = deepFrozen(Object.freeze({ inner, bytes }));
    assert.ok(Object.isFrozen(value.inner.list));
    assert.deepEqual(value.bytes, bytes);
  });

  test("survives a value that contains itself", () => {
    const value: { self?: unknown } = {};
    value.self = value;
    assert.ok(Object.isFrozen(deepFrozen(value)));
  });

  test("makes a map that reads and compares like any other", () => {
    assert.deepEqual(frozenMap([["a", { b: 1 }]]), new Map([["a", { b: 1 }]]));
  });
});
