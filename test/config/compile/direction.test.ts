/** For every field that two files may set there is one conservative way, and merging goes it. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { closingFaults, directions, type Comparison, type Direction, type Directions } from "../../../src/config/compile/direction.ts";
import { family, type Family } from "../../../src/config/compile/family.ts";
import type { Loaded } from "../../../src/config/problem.ts";
import type { Profile } from "../../../src/config/schema/profile.ts";
import type { SiteProfile } from "../../../src/config/schema/site-profile.ts";
import { overflows, watchdogModes } from "../../../src/config/schema/statements.ts";
import { ownerStatements } from "../../../src/config/schema/profile.ts";
import type { MethodId } from "../../../src/domain/operations.ts";
import { documented, hearsay, loaded, rawDevice, rawProfile, rawSite, unknownFact, type Raw, type RawValue } from "./support/site.ts";

const figure = fc.nat(100_000);
const values: { readonly [Key in keyof Directions]: fc.Arbitrary<unknown> } = {
  intervalMinMs: figure,
  connectWithinMs: figure,
  answerWithinMs: figure,
  missesToDown: figure,
  decision: fc.constantFrom("allow", "ask", "forbid"),
  mode: fc.constantFrom("kept", "fresh"),
  idleTimeoutMs: figure,
  poolSize: figure,
  overflow: fc.constantFrom(...overflows),
  reserve: figure,
  fedBy: fc.constantFrom(...watchdogModes),
  closeCausesFault: fc.constantFrom(...closingFaults),
  strictKind: fc.boolean(),
  ownerMustState: fc.subarray([...ownerStatements]),
  demands: fc.subarray(["exclusive", "advisory A of modbus-fc3"]),
  forbidden: fc.subarray(["port 80", "function-code 90", "registers coils 0-9"]),
  identification: fc.subarray(["Schneider", "WAGO", "Siemens"]),
};

describe("the table of directions", () => {
  const expected: { readonly [Key in keyof Directions]: readonly [loose: unknown, tight: unknown] } = {
    intervalMinMs: [30_000, 60_000],
    connectWithinMs: [3000, 800],
    answerWithinMs: [10_000, 5000],
    missesToDown: [5, 3],
    decision: ["allow", "forbid"],
    mode: ["kept", "fresh"],
    idleTimeoutMs: [60_000, 30_000],
    poolSize: [8, 4],
    overflow: ["rejects", "evicts-oldest"],
    reserve: [2, 3],
    fedBy: ["write-only", "any-telegram"],
    closeCausesFault: ["no", "unknown"],
    strictKind: [false, true],
    ownerMustState: [[], ["firmware"]],
    forbidden: [[], ["port 80"]],
    demands: [[], ["exclusive"]],
    identification: [[], ["Schneider"]],
  };
  for (const [field, [loose, tight]] of Object.entries(expected) as [keyof Directions, readonly [unknown, unknown]][]) {
    const direction = directions[field] as Comparison<unknown>;
    test(`goes from ${JSON.stringify(loose)} to ${JSON.stringify(tight)} for ${field}`, () => {
      assert.ok(direction.why.length > 10);
      assert.equal(direction.looser(loose, tight), true);
      assert.equal(direction.looser(tight, loose), false);
    });
    if (!isMergeable(direction)) continue;

    test(`merges to ${JSON.stringify(tight)} for ${field}`, () => {
      assert.deepEqual(direction.tightest(loose, tight), tight);
      assert.deepEqual(direction.tightest(tight, loose), tight);
    });

    test(`never merges to anything looser than a source for ${field}`, () => {
      const value = values[field];
      fc.assert(
        fc.property(value, value, value, (a, b, c) => {
          const merged = direction.tightest(a, b, c);
          for (const source of [a, b, c]) assert.equal(direction.looser(merged, source), false);
        }),
      );
    });
  }
});

function isMergeable(direction: Comparison<unknown>): direction is Direction<unknown> {
  return "tightest" in direction;
}

type RawMethod = { readonly shipped: Raw; readonly site: Raw };

const spans = fc.constantFrom("500ms", "1s", "2s", "3s");
const intervals = fc.constantFrom("1s", "30s", "45s", "2m");
const pace = fc.record(
  { intervalMin: intervals, connectWithin: spans, answerWithin: spans, missesToDown: fc.integer({ min: 2, max: 9 }) },
  { requiredKeys: [] },
);
const fact = (value: fc.Arbitrary<RawValue>): fc.Arbitrary<Raw> =>
  fc.oneof(fc.constant(unknownFact), value.map(documented), value.map(hearsay));
const anyMethod: fc.Arbitrary<RawMethod> = fc.record({
  shipped: fc
    .record({ decision: fc.constantFrom("allow", "ask", "forbid"), pace })
    .map(({ decision, pace: own }): Raw => ({ decision, reason: "r", support: documented("yes"), ...own }) as Raw),
  site: fc
    .record({ decision: fc.constant("forbid") }, { requiredKeys: [] })
    .chain((decision) => pace.map((own): Raw => ({ ...decision, ...own }) as Raw)),
});
const anyShipped = fc
  .record({
    mode: fc.constantFrom("fresh", "kept"),
    poolSize: fact(fc.integer({ min: 1, max: 40 })),
    overflow: fact(fc.constantFrom(...overflows)),
    idleTimeout: fact(fc.constantFrom("30s", "5m")),
    reserve: fc.integer({ min: 2, max: 5 }),
    fedBy: fact(fc.constantFrom(...watchdogModes)),
    closeCausesFault: fact(fc.boolean()),
    ownerMustState: fc.subarray([...ownerStatements]),
  })
  .map(({ fedBy, closeCausesFault, ownerMustState, ...connection }): Raw => ({
    connection,
    watchdog: { fedBy, closeCausesFault },
    ownerMustState,
  }));
const anySite = fc.record(
  {
    connection: fc.record(
      {
        mode: fc.constant("fresh"),
        poolSize: fc.integer({ min: 1, max: 40 }),
        overflow: fc.constantFrom(...overflows),
        reserve: fc.integer({ min: 2, max: 5 }),
      },
      { requiredKeys: [] },
    ),
    watchdog: fc.record({ fedBy: fc.constantFrom(...watchdogModes), closeCausesFault: fc.constant(true) }, { requiredKeys: [] }),
    ownerMustState: fc.subarray([...ownerStatements]),
    forbidden: fc.subarray([{ kind: "port", port: 80, reason: "web" }]),
  },
  { requiredKeys: [] },
);

describe("a shipped profile and a site's file together", () => {
  test("never allow anything that one of them does not, nor what nobody has documented", () => {
    fc.assert(
      fc.property(anyShipped, anySite, anyMethod, (shipped, site, method) => {
        const { merged, profile, own } = familyOf(
          { ...shipped, methods: { "modbus-fc43": method.shipped } },
          { ...(site as Raw), methods: { "modbus-fc43": method.site } },
        );
        holdsFor(merged, profile, own);
      }),
      { numRuns: 60 },
    );
  });
});

function familyOf(shipped: Raw, site: Raw): { merged: Family; profile: Profile; own: SiteProfile } {
  const { shippedProfiles, siteProfiles } = loaded(
    rawSite([rawDevice(1)], { profiles: { "test-plc": rawProfile(shipped) }, siteProfiles: { "test-plc": site } }),
  );
  const [profile] = shippedProfiles.values() as Iterable<Loaded<Profile>> as [Loaded<Profile>];
  const [own] = siteProfiles.values() as Iterable<Loaded<SiteProfile>> as [Loaded<SiteProfile>];
  return { merged: family(profile, own, false).family, profile: profile.value, own: own.value };
}

function holdsFor({ methods, connection, watchdog, ownerMustState, forbidden }: Family, profile: Profile, own: SiteProfile): void {
  const [id, method] = [...methods][0] as [MethodId, NonNullable<ReturnType<typeof methods.get>>];
  const tight = <Value>(direction: Direction<Value>, merged: Value, ...sources: readonly (Value | null | undefined)[]): void => {
    for (const source of sources) if (source !== null && source !== undefined) assert.equal(direction.looser(merged, source), false);
  };
  const [shippedMethod, siteMethod] = [profile.methods[id], own.methods[id]];
  tight(directions.intervalMinMs, method.intervalMin, 30_000, shippedMethod?.intervalMin, siteMethod?.intervalMin);
  tight(directions.connectWithinMs, method.connectWithin, 3000, shippedMethod?.connectWithin, siteMethod?.connectWithin);
  tight(directions.answerWithinMs, method.answerWithin, 30_000, shippedMethod?.answerWithin, siteMethod?.answerWithin);
  tight(directions.decision, method.decision, shippedMethod?.decision === "ask" ? "forbid" : shippedMethod?.decision, siteMethod?.decision);
  const { poolSize, overflow, idleTimeout } = profile.connection;
  tight(directions.poolSize, connection.poolSize, poolSize.value, own.connection.poolSize, poolSize.grade === "V" ? null : 4);
  tight(directions.overflow, connection.overflow, overflow.value, own.connection.overflow, overflow.grade === "V" ? null : "evicts-oldest");
  tight(directions.reserve, connection.reserve, 2, profile.connection.reserve, own.connection.reserve);
  tight(directions.mode, connection.mode, profile.connection.mode, own.connection.mode, idleTimeout.grade === "V" ? null : "fresh");
  tight(directions.fedBy, watchdog.fedBy, profile.watchdog.fedBy.value ?? "unknown", own.watchdog.fedBy);
  if (profile.watchdog.closeCausesFault.value === true || own.watchdog.closeCausesFault) assert.equal(watchdog.closeCausesFault, "yes");
  tight(directions.ownerMustState, ownerMustState, profile.ownerMustState, own.ownerMustState);
  assert.equal(forbidden.length, profile.forbidden.length + own.forbidden.length);
}
