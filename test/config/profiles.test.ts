/** The shipped profiles say of every fact where it is written, and loosen nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { formatProblem } from "../../src/config/problem.ts";
import { parseProfile } from "../../src/config/profiles.ts";
import { factsOf } from "../../src/config/checks/facts.ts";
import { mayLoosen } from "../../src/config/compile/connection.ts";
import { directions, heardOnlyKinds } from "../../src/config/compile/direction.ts";
import { isPrintable } from "../../src/config/schema/facts.ts";
import type { Profile } from "../../src/config/schema/profile.ts";
import { parseYaml } from "../../src/config/yaml.ts";
import { poolUnknown } from "../../src/domain/limits.ts";

const folder = path.resolve(import.meta.dirname, "../../device-profiles");
const ids = readdirSync(folder)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length));

function shipped(id: string): Profile {
  const file = parseYaml(`${id}.yaml`, readFileSync(path.join(folder, `${id}.yaml`), "utf8"));
  const parsed = file.ok ? parseProfile(file, id) : file;
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.problems.map(formatProblem).join("\n"));
  return parsed.value;
}

test("those that the watchlist's example names are there, and one for every family that was looked into", () => {
  for (const id of [
    "schneider-m221",
    "generic-modbus-rtu",
    "generic-modbus-tcp",
    "passive-safety",
    "passive-protection",
    "passive-navigation",
  ])
    assert.ok(ids.includes(id), id);
  assert.ok(ids.length >= 60, String(ids.length));
});

for (const id of ids) {
  describe(id, () => {
    const profile = shipped(id);

    test("takes the conservative default for all that is not documented", () => {
      const { mode, poolSize, overflow, reserve } = profile.connection;
      assert.equal(mode, "fresh");
      // Fewer connections than are assumed anyway may count by anybody's word; more, never.
      assert.ok(poolSize.value === null || poolSize.value <= poolUnknown);
      assert.equal(directions.overflow.looser(overflow.value ?? "unknown", "evicts-oldest"), false);
      // A function-code mask says nothing until the owner has read it.
      assert.ok([null, "function-code-mask", "unknown", "any-telegram"].includes(profile.watchdog.fedBy.value));
      assert.notEqual(profile.watchdog.closeCausesFault.value, false);
      assert.ok(reserve >= 2);
      assert.ok(factsOf(profile).every(([, fact]) => !mayLoosen(fact, profile.sources)));
      // Who else keeps connections matters where one is opened.
      const methods = Object.entries(profile.methods).filter(([, { decision }]) => decision !== "forbid");
      const connects = methods.some(([method]) => method !== "icmp-echo" && method !== "snmp-get" && method !== "enip-list-identity");
      assert.ok(profile.ownerMustState.includes("watchdog"));
      if (connects) assert.ok(profile.ownerMustState.includes("otherClients"));
    });

    test("shows nothing remembered or heard of as something a vendor says", () => {
      for (const [, fact] of factsOf(profile)) {
        if (isPrintable(fact)) assert.ok(fact.sources.length > 0 && "VAP".includes(fact.grade));
        if (fact.grade === "M" || fact.grade === "S" || fact.grade === "N") assert.ok(!isPrintable(fact));
      }
    });

    test("claims no interval of a vendor, and only lengthens the floor", () => {
      for (const { intervalMin } of Object.values(profile.methods)) assert.ok(intervalMin === undefined || intervalMin >= 60_000);
      assert.doesNotMatch(readFileSync(path.join(folder, `${id}.yaml`), "utf8"), /approved by|vendor-approved|safe (?:interval|rate)/iu);
    });

    test("gives a reason for each method and forbids by leaving out", () => {
      const methods = Object.entries(profile.methods);
      assert.ok(methods.length > 0);
      for (const [, { reason }] of methods) assert.notEqual(reason, "");
      // A site agrees to an echo by name, or there is none; systems that protect are not asked at all.
      assert.notEqual(profile.methods["icmp-echo"]?.decision, "allow");
      if (heardOnlyKinds.has(profile.kind)) assert.ok(methods.every(([, { decision }]) => decision === "forbid"));
    });
  });
}

test("the eight connections that people remember of the M221 are kept apart from what it is taken to accept", () => {
  const profile = shipped("schneider-m221");
  const remembered = profile.facts.get("remembered-connection-count");
  assert.equal(remembered?.value, 8);
  assert.equal(remembered?.grade, "M");
  assert.ok(remembered && !isPrintable(remembered));
  assert.equal(profile.connection.poolSize.value, null);
});
