/** Whatever stands in a file, every schema has words for what is wrong with it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import type { z } from "zod";
import { parseWith } from "../../src/config/schema-problems.ts";
import { profileSchema } from "../../src/config/schema/profile.ts";
import { siteProfileSchema } from "../../src/config/schema/site-profile.ts";
import { watchlistSchema } from "../../src/config/schema/watchlist.ts";
import { parseYaml } from "../../src/config/yaml.ts";

const digest = `sha256:${"a".repeat(64)}`;
const watchlist = {
  schema: "watchlist/v1",
  siteBudget: { startsPerSecondMax: 20, approvedBy: "a", reason: "b" },
  segments: [{ id: "s", zone: "z", subnet: "10.0.0.0/24", localAddress: "10.0.0.1", defaultGateway: "10.0.0.2", startsPerSecondMax: 1 }],
  gateways: [{ id: "g", address: "10.0.0.3", port: 502, segment: "s", responseTimeout: "1s", retries: 3, unitCount: 6, otherClients: [] }],
  devices: [
    {
      id: "d",
      name: "D",
      address: "10.0.0.4",
      segment: "s",
      function: "control",
      category: "I",
      profile: "p",
      macs: ["00:80:f4:01:02:03"],
      switchPorts: [{ switch: "sw", ifIndex: 1 }],
      dependsOn: ["g"],
      asset: { manufacturer: "m", model: null },
      port: 1502,
      statements: {
        otherClients: ["a", { name: "b", connections: 2 }],
        connectionPool: { size: 8, overflow: "rejects", source: "p. 1" },
        watchdog: { mode: "none", functionCodes: [3], by: "a", on: "2026-11-20" },
        firmware: { version: "1", by: "a", on: "2026-11-20" },
      },
      checks: [
        { method: "modbus-fc3", unitId: 1, register: "r", interval: "60s", connectWithin: "1s", answerWithin: "5s", missesToDown: 3 },
      ],
    },
  ],
  excluded: [{ address: "10.0.0.5", range: "10.0.0.8/29", gateway: "g", unitId: 3, reason: "r" }],
  hardware: [{ id: "h", devices: ["d", "e"] }],
};
const site = {
  schema: "site-profile/v1",
  id: "p",
  approval: {
    stage: "trial",
    trialDevices: ["d"],
    preparedBy: "a",
    acceptedBy: "b",
    approvedOn: "2026-11-21",
    expiresOn: "2027-11-21",
    basis: { riskAcceptance: { by: "a", position: "b", reason: "c", until: "2027-01-01" } },
    changeReference: "c",
    covers: digest,
    devices: { d: digest },
  },
  methods: {
    "modbus-fc3": { decision: "forbid", reason: "r", intervalMin: "60s", connectWithin: "1s", answerWithin: "5s", missesToDown: 3 },
  },
  agreed: [{ method: "modbus-fc17", by: "a", on: "2026-11-21", reason: "r" }],
  connection: { mode: "fresh", poolSize: 3, overflow: "rejects", reserve: 2 },
  watchdog: { fedBy: "unknown", closeCausesFault: true },
  ownerMustState: ["watchdog"],
  forbidden: [
    { kind: "registers", modicon: 40_001, count: 2, reason: "r", sources: ["s"] },
    { kind: "function-code", functionCode: 8, reason: "r" },
    { kind: "port", port: 80, reason: "r" },
  ],
  liveness: [{ id: "r", space: "coils", protocolAddress: 3, count: 1, note: null }],
};
const shippedFile = path.resolve(import.meta.dirname, "../../device-profiles/schneider-m221.yaml");
const shipped = parseYaml("p.yaml", readFileSync(shippedFile, "utf8"));
assert.ok(shipped.ok);

const strange = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom("", "a", "A", -1, 0, 1e20, 1e308, 0.5, 2 ** 53, true, null, [], {}, [[]], [{}], { a: {} }, "x".repeat(300), "0s", "99h"),
);

/** Exchanges, removes or adds something somewhere. `choices` are read as far as they are needed. */
function mutated(value: unknown, choices: readonly number[], replacement: unknown): unknown {
  const [choice = 0, ...rest] = choices;
  if (choices.length === 0 || typeof value !== "object" || value === null) return replacement;
  if (Array.isArray(value)) {
    const index = choice % (value.length + 1);
    return value.toSpliced(index, 1, mutated(value[index], rest, replacement));
  }
  const keys = [...Object.keys(value), "added"];
  const key = keys[choice % keys.length] ?? "added";
  return { ...value, [key]: mutated((value as Record<string, unknown>)[key], rest, replacement) };
}

const cases: readonly [string, z.ZodType, unknown][] = [
  ["a watchlist", watchlistSchema, watchlist],
  ["a site's profile", siteProfileSchema, site],
  ["a shipped profile", profileSchema, shipped.value],
];
for (const [what, schema, sound] of cases) {
  test(`${what} that is sound passes`, () => {
    const file = parseYaml("f.yaml", JSON.stringify(sound));
    assert.ok(file.ok);
    const parsed = parseWith(schema, file);
    assert.deepEqual(parsed.ok ? [] : parsed.problems, []);
  });

  test(`${what} with anything strange in it is refused in words of our own`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 7 }), strange, (choices, replacement) => {
        const file = parseYaml("f.yaml", JSON.stringify(mutated(sound, choices, replacement)));
        if (!file.ok) return;
        const parsed = parseWith(schema, file);
        for (const { expected, found } of parsed.ok ? [] : parsed.problems) {
          assert.doesNotMatch(expected, /^(Invalid|Too|Unrecognized|expected)|undefined|\[object/u);
          assert.notEqual(found, "");
        }
      }),
      { numRuns: 200 },
    );
  });
}
