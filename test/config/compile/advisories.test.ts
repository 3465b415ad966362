/** What advisories, one master only and systems that are heard only withhold; and what of it an approval binds. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { firmwareRefusal } from "../../../src/config/compile/advisories.ts";
import type { ProfileId } from "../../../src/domain/plan.ts";
import type { Advisory } from "../../../src/config/schema/advisories.ts";
import { deviceKinds } from "../../../src/config/schema/profile.ts";
import { approved, compiledFrom, documented, rawDevice, rawProfile, rawSite, refusals, type Raw, type RawSite } from "./support/site.ts";

const advisory = (changes: Raw = {}): Raw => ({
  id: "ICSA-20-016-01",
  cves: ["CVE-2019-6857"],
  trigger: "reading some memory stops the controller",
  gate: "require-firmware",
  methods: ["modbus-fc43"],
  fixedIn: [
    { model: "M580", version: "2.80" },
    { model: "M340", version: "3.01" },
  ],
  sources: ["manual"],
  ...changes,
});
const firmware = (version: string): Raw => ({ firmware: { version, by: "eto-1", on: "2026-11-20" } });
const statements = (more: Raw): Raw => ({
  otherClients: ["SCADA-1"],
  watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" },
  ...more,
});
const site = (profile: Raw, stated: Raw = {}, device: Raw = {}): RawSite =>
  approved(rawSite([rawDevice(1, { statements: statements(stated), ...device })], { profiles: { "test-plc": rawProfile(profile) } }));
const refusalOf = (raw: RawSite): string => {
  const [refusal] = compiledFrom(raw).plan.refused.values();
  return refusal === undefined ? "asked" : `${refusal.reason}: ${refusal.detail}`;
};

describe("an advisory", () => {
  test("that forbids a method takes it away, whoever approves it", () => {
    const raw = site({ advisories: [advisory({ gate: "forbid-method", fixedIn: [] })] });
    assert.match(refusalOf(raw), /^method_withdrawn: profile test-plc forbids modbus-fc43: ICSA-20-016-01: reading some memory/);
  });

  test("that requires firmware names it in the plan, by the model that is listed: what the device says later is compared with it", () => {
    const fromOf = (profile: Raw, device: Raw = {}): readonly (string | undefined)[] =>
      [...compiledFrom(site(profile, firmware("9.0"), device)).plan.checks.values()].map((check) => check.firmwareFrom);
    assert.deepEqual(fromOf({ advisories: [advisory()] }, { asset: { model: "BMEP M580" } }), ["2.80"]);
    assert.deepEqual(fromOf({ advisories: [advisory()] }), ["3.01"]);
    const second = advisory({ id: "ICSA-2", fixedIn: [{ model: "M580", version: "2.9" }] });
    assert.deepEqual(fromOf({ advisories: [advisory(), second] }, { asset: { model: "M580" } }), ["2.80"]);
    assert.deepEqual(fromOf({ advisories: [advisory({ gate: "warn", methods: [], fixedIn: [] })] }), [undefined]);
  });

  test("that requires firmware wants it stated, for unknown counts as vulnerable", () => {
    assert.match(
      refusalOf(site({ advisories: [advisory()] })),
      /^statement_missing: .*firmware is not stated.*ICSA-20-016-01.*from 3\.01 on/,
    );
  });

  for (const [model, version, asked] of [
    ["BME P58 M580", "2.80", true],
    ["BME P58 M580", "2.79", false],
    ["BME P58 m580", "V3.10", true],
    ["BMX M340", "3.01", true],
    ["BMX M340", "2.99", false],
    // A model that fits none needs the highest.
    ["Quantum", "2.90", false],
    ["Quantum", "3.1", true],
    ["M340", "3.01 beta", false],
    ["M340", "unknown", false],
  ] as const)
    test(`asks ${model} with firmware ${version}: ${asked ? "yes" : "no"}`, () => {
      const said = refusalOf(site({ advisories: [advisory()] }, firmware(version), { asset: { model } }));
      if (asked) assert.equal(said, "asked");
      else assert.match(said, /^method_withdrawn: .*firmware is .*is asked from (?:2\.80|3\.01) on \(ICSA/);
    });

  test("without a firmware in which it is mended withholds for good", () => {
    assert.match(refusalOf(site({ advisories: [advisory({ fixedIn: [] })] }, firmware("9"))), /^method_withdrawn: .*no firmware is named/);
  });

  test("leaves other methods alone, and one that only warns all of them", () => {
    assert.equal(refusalOf(site({ advisories: [advisory({ methods: ["modbus-fc3"] })] })), "asked");
    assert.equal(refusalOf(site({ advisories: [advisory({ gate: "warn", methods: [], fixedIn: [] })] })), "asked");
  });

  test("of an older firmware is never passed by an older one", () => {
    const part = fc.nat(40);
    const version = fc.array(part, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(version, version, (stated, wanted) => {
        const gate = advisory({ fixedIn: [{ model: "X", version: wanted.join(".") }] }) as unknown as Advisory;
        const said = firmwareRefusal({
          method: "modbus-fc43",
          advisories: [gate],
          model: null,
          firmware: { version: stated.join("."), by: "a", on: "2026-11-20" },
        });
        const length = Math.max(stated.length, wanted.length);
        const number = (parts: number[]): number =>
          parts.concat(Array(length - parts.length).fill(0)).reduce((sum, one) => sum * 41 + one, 0);
        assert.equal(said === undefined, number(stated) >= number(wanted));
      }),
    );
  });
});

describe("a device that accepts one master only", () => {
  const exclusive = { exclusive: documented(true) };
  test("is not asked where another client holds a connection, whatever pool is stated", () => {
    const pool = { connectionPool: { size: 16, overflow: "rejects", source: "T-1" } };
    assert.match(refusalOf(site(exclusive, pool)), /^no_connection_slot: .*profile test-plc says that the device takes one master only/);
  });

  test("is asked where there is none", () => {
    assert.equal(refusalOf(site(exclusive, { otherClients: [] })), "asked");
  });
});

describe("a profile of systems that are heard only", () => {
  for (const kind of deviceKinds) {
    const heard = ["safety", "protection", "navigation"].includes(kind);
    test(`${kind}: ${heard ? "is never asked" : "is asked once approved"}`, () => {
      const said = refusalOf(site({ kind }));
      if (heard) assert.match(said, new RegExp(`^method_withdrawn: .*a profile of ${kind} systems, which are never asked`));
      else assert.equal(said, "asked");
    });
  }
});

describe("a request that is forbidden by name", () => {
  const forbid = (operation: string): Raw => ({ forbidden: [{ kind: "operation", operation, reason: "takes a session" }] });
  test("takes away every method that needs it", () => {
    assert.match(
      refusalOf(site(forbid("modbus-read-device-identification"))),
      /^method_withdrawn: profile test-plc forbids it: takes a session/,
    );
  });

  test("leaves the others, and what the product cannot send at all changes nothing", () => {
    assert.equal(refusalOf(site(forbid("modbus-read-coils"))), "asked");
    const words = {
      forbidden: [
        { kind: "service", service: "CIP Reset", reason: "r" },
        { kind: "discovery", discovery: "mDNS", reason: "r" },
      ],
    };
    assert.equal(refusalOf(site(words)), "asked");
  });
});

describe("limits of one protocol", () => {
  const pool = (limits: Raw): readonly [number, string] => {
    const { connection } = compiledFrom(rawSite([rawDevice(1)], { profiles: { "test-plc": rawProfile({ limits }) } })).envelopes.get(
      "test-plc" as ProfileId,
    )!;
    return [connection.poolSize, connection.overflow];
  };
  test("tighten the pool and the overflow of the family", () => {
    assert.deepEqual(pool({ enip: { maxConnections: documented(3), overflow: documented("evicts-oldest") } }), [3, "evicts-oldest"]);
    assert.deepEqual(pool({ opcua: { maxSessions: documented(5), maxConnections: documented(6) } }), [5, "rejects"]);
  });

  test("never loosen them, though two persons have read the document", () => {
    assert.deepEqual(pool({ modbusTcp: { maxConnections: documented(64), overflow: documented("rejects") } }), [8, "rejects"]);
  });
});

describe("an approval", () => {
  const demanding = { advisories: [advisory()], exclusive: documented(true) };
  const now = (raw: RawSite, profile: Raw): RawSite => ({ ...raw, profiles: { "test-plc": rawProfile(profile) } });
  test("keeps its digest where a profile demands nothing", () => {
    const { envelopes } = compiledFrom(rawSite());
    assert.equal("demands" in envelopes.get("test-plc" as ProfileId)!, false);
  });

  test("stays in force when a demand is added, and is stale when one is taken away", () => {
    const stated = { otherClients: [], ...firmware("9") };
    assert.deepEqual(refusals(compiledFrom(now(site({}, stated), demanding))), []);
    assert.deepEqual(refusals(compiledFrom(now(site(demanding, stated), { exclusive: documented(true) }))), [
      "plc-1/modbus-fc43 approval_stale",
    ]);
    assert.deepEqual(refusals(compiledFrom(now(site(demanding, stated), { advisories: [advisory()] }))), [
      "plc-1/modbus-fc43 approval_stale",
    ]);
  });
});
