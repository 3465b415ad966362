/** What a profile or a site forbids is not read: not at its edges, and not through the other table that may be the same memory. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { forbiddenOf } from "../../../src/config/compile/forbidden.ts";
import { profileSchema, type Profile } from "../../../src/config/schema/profile.ts";
import { registerSpaces, type RegisterSpace } from "../../../src/config/schema/register.ts";
import {
  approved,
  compiledFrom,
  documented,
  hearsay,
  rawDevice,
  rawProfile,
  rawSite,
  refusals,
  unknownFact,
  type Raw,
  type RawSite,
} from "./support/site.ts";

const ban = (space: string, protocolAddress: number, count: number): Raw => ({
  kind: "registers",
  space,
  protocolAddress,
  count,
  reason: "crashes the CPU",
});
/** Reads the holding registers 16 and 17. */
const device = rawDevice(1, { checks: [{ method: "modbus-fc3", unitId: 1, register: "alive" }] });
const siteWith = (profile: Raw, own: Raw = {}): RawSite =>
  approved(rawSite([device], { profiles: { "test-plc": rawProfile(profile) }, siteProfiles: { "test-plc": own } }));
const withdrawn = ["plc-1/modbus-fc3 method_withdrawn"];

describe("a forbidden register", () => {
  const refused = (protocolAddress: number, count: number, space = "holding-registers", more: Raw = {}): string[] =>
    refusals(compiledFrom(siteWith({ forbidden: [ban(space, protocolAddress, count)], ...more })));

  test("is not read, not even the last of a range", () => {
    assert.deepEqual(refused(17, 1), withdrawn);
    assert.deepEqual(refused(10, 7), withdrawn);
    assert.deepEqual(refused(10, 6), []);
    assert.deepEqual(refused(18, 5), []);
  });

  test("is not read from the other table of registers either, for the two may be one memory", () => {
    assert.deepEqual(refused(17, 1, "input-registers"), withdrawn);
    assert.deepEqual(refused(18, 5, "input-registers"), []);
    assert.deepEqual(refused(16, 2, "coils"), []);
    assert.deepEqual(refused(16, 2, "discrete-inputs"), []);
  });

  test("is not read from the other table either where the site's own file forbids it", () => {
    const forbidden = [ban("input-registers", 17, 1)];
    assert.deepEqual(refusals(compiledFrom(siteWith({}, { forbidden }))), withdrawn);
    assert.deepEqual(refusals(compiledFrom(siteWith({ registerTables: documented("distinct") }, { forbidden }))), []);
  });

  test("is read from the other table where a document that two persons opened keeps them apart, and not from its own", () => {
    assert.deepEqual(refused(16, 2, "input-registers", { registerTables: documented("distinct") }), []);
    assert.deepEqual(refused(16, 2, "holding-registers", { registerTables: documented("distinct") }), withdrawn);
    for (const unsure of [documented("shared"), hearsay("distinct"), unknownFact]) {
      assert.deepEqual(refused(16, 2, "input-registers", { registerTables: unsure }), withdrawn);
    }
  });

  test("says why it holds for a table that nobody named", () => {
    const { plan } = compiledFrom(siteWith({ forbidden: [ban("input-registers", 17, 1)] }));
    assert.equal(
      [...plan.refused.values()][0]?.detail,
      "profile test-plc forbids it: crashes the CPU; it is forbidden among the input-registers, and no document says that the tables are distinct",
    );
  });
});

describe("an approval", () => {
  const forbidden = [ban("input-registers", 900, 1)];
  const reprofiled = (from: Raw, to: Raw): string[] => {
    const site = siteWith(from);
    site.profiles["test-plc"] = rawProfile(to);
    return refusals(compiledFrom(site));
  };

  test("goes stale once the tables are said to be distinct, which forbids less", () => {
    assert.deepEqual(reprofiled({ forbidden }, { forbidden, registerTables: documented("distinct") }), ["plc-1/modbus-fc3 approval_stale"]);
  });

  test("stays once they no longer are, which forbids more", () => {
    assert.deepEqual(reprofiled({ forbidden, registerTables: documented("distinct") }, { forbidden }), []);
  });
});

describe("each table has one twin", () => {
  const profile = (changes: Raw): Profile => profileSchema.parse(rawProfile(changes));
  const spacesOf = (space: RegisterSpace): string[] =>
    forbiddenOf(profile({ forbidden: [ban(space, 3, 4)] }), undefined).map((entry) =>
      entry.kind === "registers" ? `${entry.space} ${entry.protocolAddress}+${entry.count}` : entry.kind,
    );
  for (const space of registerSpaces) {
    test(space, () => {
      const twin = { "holding-registers": "input-registers", "input-registers": "holding-registers", coils: "discrete-inputs" };
      assert.deepEqual(spacesOf(space), [`${space} 3+4`, `${{ ...twin, "discrete-inputs": "coils" }[space]} 3+4`]);
    });
  }

  test("and of a profile that cannot be read nothing is believed", () => {
    const site = { forbidden: profile({ forbidden: [ban("coils", 3, 4)] }).forbidden };
    assert.equal(forbiddenOf(undefined, site).length, 2);
  });

  test("what is no register has none", () => {
    const forbidden: Raw[] = [
      { kind: "port", port: 80, reason: "web" },
      { kind: "function-code", functionCode: 90, reason: "UMAS" },
    ];
    assert.equal(forbiddenOf(profile({ forbidden }), undefined).length, 2);
  });
});
