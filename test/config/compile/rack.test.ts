/** Modules of a rack: none is asked beside one of safety, and none in a slot that nobody has named, of a rack that nobody has looked at. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compile, type Compiled } from "../../../src/config/compile/compile.ts";
import { slotNumbers } from "../../../src/config/compile/rack.ts";
import { deepReadAgreements } from "../../../src/config/schema/deep-query.ts";
import type { CheckId } from "../../../src/domain/plan.ts";
import { methods as real } from "../../../src/drivers/registry.ts";
import { documented, loaded, rawApproval, rawDevice, rawProfile, rawSite, rawUnit, today, type Raw, type RawSite } from "./support/site.ts";

const allow: Raw = { decision: "allow", reason: "a read", support: documented("yes") };
const profile = (changes: Raw = {}): Raw =>
  rawProfile({
    methods: { "enip-identity-object": allow },
    liveness: [],
    deepQuery: ["enip-identity", "enip-slots"].map((read): Raw => ({ read, reason: "rack" })),
    ...changes,
  });
const signedBy: Raw = { by: "eto-1", on: "2026-11-20", reason: "survey" };
const named: Raw = { slots: [0, 1, 3], noSafetyIn: ["plc-1"] };
const checks: Raw[] = [{ method: "enip-identity-object" }];
const rack: Raw = { hardware: [{ id: "rack-1", devices: ["plc-1", "plc-2"] }] };

interface Wish {
  readonly slots?: Raw;
  readonly second?: Raw;
  readonly watchlist?: Raw;
  /** Of the second device's profile. */
  readonly kind?: string;
}

/** A rack and a second device, approved as they are. */
function site({ slots = named, second = {}, watchlist = rack, kind = "plc" }: Wish): RawSite {
  const deepQuery: Raw[] = [
    { read: "enip-identity", ...signedBy },
    { read: "enip-slots", ...signedBy, ...slots },
  ];
  const devices = [rawDevice(1, { checks }), rawDevice(2, { checks, profile: "other", ...second })];
  const profiles = { "test-plc": profile(), other: profile({ id: "other", kind }) };
  const raw = rawSite(
    devices,
    { profiles, siteProfiles: { "test-plc": { schema: "site-profile/v1", id: "test-plc", deepQuery } } },
    watchlist,
  );
  return approvedAgain(raw);
}

function approvedAgain(raw: RawSite): RawSite {
  const compiled = planned(raw);
  const signed = Object.keys(raw.profiles).map((id): [string, Raw] => [
    id,
    { ...(raw.siteProfiles[id] ?? { schema: "site-profile/v1", id }), approval: rawApproval(compiled, id) },
  ]);
  return structuredClone({ ...raw, siteProfiles: Object.fromEntries(signed) });
}

function planned(raw: RawSite): Compiled {
  const compiled = compile(loaded(raw), { methods: real, wallNow: today, lab: false });
  assert.deepEqual(compiled.problems, []);
  return compiled;
}

const askedOf = (raw: RawSite): readonly string[] => [...planned(raw).plan.deep.keys()];
const refusedOf = (raw: RawSite): readonly string[] =>
  [...planned(raw).plan.deepRefused.values()].map(({ check, reason }) => `${check} ${reason}`);
const detailsOf = (raw: RawSite): string => [...planned(raw).plan.deepRefused.values()].map(({ detail }) => detail).join("\n");

describe("the modules of a rack", () => {
  test("are asked in the slots that the site names, and in no other", () => {
    assert.deepEqual(askedOf(site({})), [
      "plc-1/deep-enip-identity",
      "plc-1/deep-enip-slots-0",
      "plc-1/deep-enip-slots-1",
      "plc-1/deep-enip-slots-3",
    ]);
  });

  for (const what of ["safety", "protection", "navigation"])
    test(`are not asked where a part of the same hardware is ${what}, by its function or by its profile; the device itself is`, () => {
      for (const wish of [{ second: { function: what } }, { kind: what }]) {
        const raw = site(wish);
        assert.deepEqual(askedOf(raw), ["plc-1/deep-enip-identity"]);
        assert.deepEqual(
          refusedOf(raw),
          [0, 1, 3].map((slot) => `plc-1/deep-enip-slots-${slot} safety_function`),
        );
        assert.match(
          detailsOf(raw),
          new RegExp(
            `^watchlist\\.yaml:\\d+: devices\\[1\\]\\.${"kind" in wish ? "profile" : "function"}: plc-2 is ${what}, and of the same hardware rack-1: `,
            "u",
          ),
        );
      }
    });

  test("are asked where what is of safety is another piece of hardware", () => {
    const second = { function: "safety" };
    for (const watchlist of [{}, { hardware: [{ id: "rack-1", devices: ["plc-1", "plc-3"] }] }]) {
      const raw = site({ second, watchlist: {} });
      if ("hardware" in watchlist) {
        (raw.watchlist["devices"] as Raw[]).push(rawDevice(3, { checks: [], profile: "other" }));
        raw.watchlist["hardware"] = watchlist.hardware;
      }
      assert.equal(askedOf(approvedAgain(raw)).length, 4);
    }
  });

  test("are asked where what is of safety only shares the gateway with another part of the rack", () => {
    const raw = site({ watchlist: { hardware: [{ id: "rack-1", devices: ["plc-1", "unit-7"] }] } });
    const units = [rawUnit(7, { checks: [], profile: "other" }), rawUnit(8, { checks: [], profile: "other", function: "safety" })];
    (raw.watchlist["devices"] as Raw[]).push(...units);
    const { plan } = planned(approvedAgain(raw));
    for (const { line } of plan.deep.values()) assert.equal(line, "gateway:fw-serial");
    assert.equal(plan.deep.size, 4);
  });

  test("are not asked where a part of the same hardware is excluded", () => {
    const raw = site({ watchlist: { ...rack, excluded: [{ address: "10.20.1.12", reason: "never" }] } });
    assert.deepEqual(askedOf(raw), []);
  });

  test("are not asked where nobody states that none of the slots named is of safety, in this very rack; its heartbeat goes on", () => {
    for (const slots of [{ slots: [0, 3] }, { slots: [0, 3], noSafetyIn: ["plc-2"] }]) {
      const raw = site({ slots });
      assert.deepEqual(askedOf(raw), ["plc-1/deep-enip-identity"]);
      assert.deepEqual(refusedOf(raw), ["plc-1/deep-enip-slots-0 statement_missing", "plc-1/deep-enip-slots-3 statement_missing"]);
      assert.match(detailsOf(raw), /test-plc\.yaml:\d+: deepQuery\[1\]\.noSafetyIn does not name plc-1: .* slot 0, 3 of this rack/u);
      assert.equal(planned(raw).plan.checks.has("plc-1/enip-identity-object" as CheckId), true);
    }
  });

  test("are not asked where an older file only says how many slots there are; its approval and its heartbeat stay", () => {
    const raw = site({ slots: { slots: 3, noSafetyIn: ["plc-1"] } });
    assert.deepEqual(askedOf(raw), ["plc-1/deep-enip-identity"]);
    assert.deepEqual(
      refusedOf(raw),
      [0, 1, 2].map((slot) => `plc-1/deep-enip-slots-${slot} statement_missing`),
    );
    assert.match(detailsOf(raw), /test-plc\.yaml:\d+: deepQuery\[1\]\.slots: found 3, a number of slots: name each that may be asked/u);
    // Named among those that were counted, they are within what was approved.
    Object.assign((raw.siteProfiles["test-plc"]!["deepQuery"] as Raw[])[1]!, { slots: [0, 2] });
    assert.deepEqual(askedOf(raw), ["plc-1/deep-enip-identity", "plc-1/deep-enip-slots-0", "plc-1/deep-enip-slots-2"]);
  });

  test("are bound by the approval, slot by slot", () => {
    const raw = site({});
    Object.assign((raw.siteProfiles["test-plc"]!["deepQuery"] as Raw[])[1]!, { slots: [0, 1, 2, 3] });
    assert.deepEqual(refusedOf(raw), ["plc-1/deep-enip-slots-2 approval_stale"]);
    assert.match(detailsOf(raw), /enip-slots slot 2 was not approved/u);
  });
});

test("of the slots that a site names those count that the profile offers", () => {
  assert.deepEqual(slotNumbers([3, 0, 9], 9), [3, 0]);
  assert.deepEqual(slotNumbers([3, 0, 9], undefined), [3, 0, 9]);
  assert.deepEqual(slotNumbers(4, 2), [0, 1]);
  assert.deepEqual(slotNumbers(undefined, 2), []);
});

test("slots are named each once, from 0 to 31, and racks by the id of a device", () => {
  const said = (more: Raw): string => {
    const parsed = deepReadAgreements.safeParse([{ read: "enip-slots", ...signedBy, ...more }]);
    return parsed.success ? "good" : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n");
  };
  assert.equal(said(named), "good");
  assert.equal(said({ slots: 32 }), "good");
  for (const slots of [[], [1, 1], [3, "1"], "0-3", {}, null])
    assert.match(
      said({ slots }),
      /^0\.slots: a list of the slots that may be asked, each a whole number from 0 to 31 and once, such as \[0, 1, 3\]$/u,
    );
  for (const slots of [
    [3, 32],
    [3, -1],
    [3, 0.5],
  ])
    assert.match(said({ slots }), /^0\.slots(\.1: a whole number from 0 to 31|: a list of the slots.*)$/u);
  for (const slots of [0, 33]) assert.match(said({ slots }), /^0\.slots: a (list of the slots|whole number from 1 to 32)/u);
  assert.match(said({ noSafetyIn: ["plc-1"] }), /^0\.slots: a list of the slots/u);
  assert.match(said({ ...named, noSafetyIn: [] }), /^0\.noSafetyIn: a list of device ids$/u);
  assert.match(said({ ...named, noSafetyIn: true }), /^0\.noSafetyIn: a list of device ids$/u);
});
