/** The shipped profiles say of every fact where it is written, and loosen nothing. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "node:test";
import { formatProblem } from "../../src/config/problem.ts";
import { parseProfile } from "../../src/config/profiles.ts";
import { isPrintable, type Fact } from "../../src/config/schema/facts.ts";
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

function facts({ connection, watchdog, methods, facts: others }: Profile): readonly Fact<unknown>[] {
  const { poolSize, overflow, idleTimeout } = connection;
  return [
    ...others.values(),
    ...Object.values(methods).map(({ support }) => support),
    poolSize,
    overflow,
    idleTimeout,
    watchdog.fedBy,
    watchdog.closeCausesFault,
  ];
}

test("those that the watchlist's example names are there", () => {
  assert.deepEqual(ids.toSorted(), [
    "generic-ethernet-ip",
    "generic-icmp-host",
    "generic-managed-switch",
    "generic-modbus-rtu",
    "generic-modbus-tcp",
    "generic-opcua",
    "generic-s7",
    "generic-sunspec",
    "rockwell-controllogix",
    "schneider-m221",
    "siemens-s7-1200",
    "siemens-s7-1500",
    "siemens-s7-300-400",
  ]);
});

for (const id of ids) {
  describe(id, () => {
    const profile = shipped(id);

    test("takes the conservative default for all that is not documented", () => {
      const { mode, poolSize, overflow, idleTimeout, reserve } = profile.connection;
      assert.equal(mode, "fresh");
      assert.deepEqual([overflow.value, idleTimeout.value, profile.watchdog.fedBy.value], [null, null, null]);
      // Hearsay of fewer connections than are assumed anyway may count; of more, never.
      assert.ok(poolSize.value === null || poolSize.value < poolUnknown);
      assert.ok(reserve >= 2);
      // Who else keeps connections matters where one is opened.
      const connects = Object.keys(profile.methods).some((method) => method !== "icmp-echo" && method !== "snmp-get");
      assert.deepEqual(profile.ownerMustState, connects ? ["otherClients", "watchdog"] : ["watchdog"]);
    });

    test("shows nothing remembered or heard of as something a vendor says", () => {
      for (const fact of facts(profile)) {
        if (isPrintable(fact)) assert.ok(fact.sources.length > 0 && "VAP".includes(fact.grade));
        if (fact.grade === "M" || fact.grade === "S" || fact.grade === "N") assert.ok(!isPrintable(fact));
      }
    });

    test("claims no interval of a vendor", () => {
      for (const { intervalMin } of Object.values(profile.methods)) assert.equal(intervalMin, undefined);
    });

    test("gives a reason for each method and forbids by leaving out", () => {
      const methods = Object.entries(profile.methods);
      assert.ok(methods.length > 0);
      for (const [, { reason }] of methods) assert.notEqual(reason, "");
      // A site agrees to an echo by name, or there is none.
      const echo = profile.methods["icmp-echo"]?.decision;
      assert.equal(echo, id === "generic-icmp-host" ? "ask" : undefined);
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
