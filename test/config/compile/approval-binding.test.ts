/** An approval binds bytes and devices: what it covered may tighten, and nothing else may change without a person. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ProfileId } from "../../../src/domain/plan.ts";
import { compile } from "../../../src/config/compile/compile.ts";
import { frameTemplate } from "../../../src/domain/template.ts";
import { methods } from "./support/methods.ts";
import {
  approved,
  compiledFrom,
  documented,
  hearsay,
  loaded,
  rawDevice,
  rawProfile,
  rawSite,
  refusals,
  today,
  type Raw,
  type RawSite,
} from "./support/site.ts";
import { changed, firstDevice, firstSegment, statements } from "./support/changes.ts";

const profileId = "test-plc" as ProfileId;
const two = (): Raw =>
  rawDevice(1, {
    checks: [
      { method: "modbus-fc43", unitId: 1 },
      { method: "modbus-fc3", unitId: 1, register: "alive" },
    ],
  });

describe("after approval, a device is not admitted once there is another", () => {
  const site = approved(rawSite([two()], {}, { segments: [hvac("hvac", "10.20.1"), hvac("aft", "10.20.2")] }));
  const changes: Readonly<Record<string, (site: RawSite) => void>> = {
    address: (s) => void (firstDevice(s)["address"] = "10.20.1.99"),
    port: (s) => void (firstDevice(s)["port"] = 1502),
    segment: (s) => void Object.assign(firstDevice(s), { segment: "aft", address: "10.20.2.11" }),
    "subnet of its segment": (s) => void (firstSegment(s)["subnet"] = "10.20.0.0/23"),
    "interface of its segment": (s) => void (firstSegment(s)["localAddress"] = "10.20.1.77"),
    function: (s) => void (firstDevice(s)["function"] = "monitoring"),
    maker: (s) => void (firstDevice(s)["asset"] = { manufacturer: "Other" }),
    model: (s) => void (firstDevice(s)["asset"] = { model: "X" }),
    firmware: (s) => void (firstDevice(s)["asset"] = { firmware: "2.0" }),
    unit: (s) => void (firstDevice(s)["checks"] = [{ method: "modbus-fc43", unitId: 2 }]),
    method: (s) => void (firstDevice(s)["checks"] = [{ method: "icmp-echo" }]),
    "set of checks: one less": (s) => void (firstDevice(s)["checks"] = [{ method: "modbus-fc43", unitId: 1 }]),
    "set of checks: one more": (s) => void (firstDevice(s)["checks"] as Raw[]).push({ method: "icmp-echo" }),
    "list of other clients": (s) => void (statements(s)["otherClients"] = []),
    "number of their connections": (s) => void (statements(s)["otherClients"] = [{ name: "SCADA-1", connections: 2 }]),
    pool: (s) => void (statements(s)["connectionPool"] = { size: 16, overflow: "rejects", source: "T-1 p. 9" }),
    "watchdog mode": (s) => void ((statements(s)["watchdog"] as Raw)["mode"] = "write-only"),
    "person who stated it": (s) => void ((statements(s)["watchdog"] as Raw)["by"] = "eto-2"),
    "day on which it was stated": (s) => void ((statements(s)["watchdog"] as Raw)["on"] = "2026-11-21"),
    "firmware statement": (s) => void (statements(s)["firmware"] = { version: "1", by: "eto-1", on: "2026-11-20" }),
    "piece of hardware": (s) => {
      (s.watchlist["devices"] as Raw[]).push(rawDevice(2, { checks: [] }));
      s.watchlist["hardware"] = [{ id: "main", devices: ["plc-1", "plc-2"] }];
    },
  };
  test("(as it is, it is)", () =>
    assert.deepEqual(
      changed(site, () => undefined),
      [],
    ));
  for (const [field, change] of Object.entries(changes)) {
    test(field, () => {
      const found = changed(site, change);
      assert.ok(found.length > 0 && found.every((line) => line.endsWith(" not_admitted")), found.join(", "));
    });
  }

  test("profile: that one's approval does not name it", () => {
    const profiles = { "test-plc": rawProfile(), "other-plc": rawProfile({ id: "other-plc" }) };
    const both = approved(rawSite([rawDevice(1)], { profiles }));
    const found = changed(both, (s) => void (firstDevice(s)["profile"] = "other-plc"));
    assert.deepEqual(found, ["plc-1/modbus-fc43 not_admitted"]);
  });

  test("register behind the same name", () => {
    const found = changed(site, ({ profiles }) => {
      profiles["test-plc"] = rawProfile({ liveness: [{ id: "alive", space: "holding-registers", protocolAddress: 17, count: 2 }] });
    });
    assert.deepEqual(found, ["plc-1/modbus-fc43 not_admitted", "plc-1/modbus-fc3 not_admitted"]);
  });
});

describe("after approval, a device stays admitted when there is another", () => {
  const site = approved(rawSite([two()]));
  const changes: Readonly<Record<string, (site: RawSite) => void>> = {
    name: (s) => void (firstDevice(s)["name"] = "New name"),
    category: (s) => void (firstDevice(s)["category"] = "III"),
    "place or serial number in the inventory": (s) => void (firstDevice(s)["asset"] = { location: "Deck 3", serial: "1" }),
    "longer interval": (s) => void ((firstDevice(s)["checks"] as Raw[])[0]!["interval"] = "90s"),
    "order of checks": (s) => void (firstDevice(s)["checks"] as Raw[]).reverse(),
    neighbour: (s) => void (s.watchlist["devices"] as Raw[]).push(rawDevice(2, { checks: [] })),
    "zone of its segment": (s) => void (firstSegment(s)["zone"] = "OT-2"),
  };
  for (const [field, change] of Object.entries(changes)) {
    test(field, () => assert.deepEqual(changed(site, change), []));
  }
});

describe("after approval, a profile that only tightens stays approved:", () => {
  const connection = (changes: Raw): Raw => ({ ...(rawProfile()["connection"] as Raw), ...changes });
  const method = (changes: Raw): Raw => ({ decision: "allow", reason: "a read", support: documented("yes"), ...changes });
  const base: Raw = {
    connection: connection({ mode: "kept", idleTimeout: documented("5m"), poolSize: documented(8) }),
    methods: { "modbus-fc43": method({ intervalMin: "40s", connectWithin: "1s", answerWithin: "8s" }), "modbus-fc3": method({}) },
    watchdog: { fedBy: documented("write-only"), closeCausesFault: documented(false) },
    forbidden: [{ kind: "port", port: 80, reason: "web" }],
    ownerMustState: ["otherClients"],
    kind: "plc",
  };
  const eager: Raw = { checks: [{ method: "modbus-fc43", unitId: 1, interval: "30s" }] };
  const site = (): RawSite => approved(rawSite([rawDevice(1, eager)], { profiles: { "test-plc": rawProfile(base) } }));
  const tighter: Readonly<Record<string, Raw>> = {
    "longer interval": {
      methods: { "modbus-fc43": method({ intervalMin: "2m", connectWithin: "1s", answerWithin: "8s" }), "modbus-fc3": method({}) },
    },
    "shorter waits": {
      methods: { "modbus-fc43": method({ intervalMin: "40s", connectWithin: "500ms", answerWithin: "2s" }), "modbus-fc3": method({}) },
    },
    "fewer methods": { methods: { "modbus-fc43": method({ intervalMin: "40s", connectWithin: "1s", answerWithin: "8s" }) } },
    "more methods, which no check of this device uses": {
      methods: {
        "modbus-fc43": method({ intervalMin: "40s", connectWithin: "1s", answerWithin: "8s" }),
        "modbus-fc3": method({}),
        "icmp-echo": method({}),
      },
    },
    "a connection for each check": { connection: connection({ mode: "fresh", idleTimeout: documented("5m"), poolSize: documented(8) }) },
    "a shorter idle timeout": { connection: connection({ mode: "kept", idleTimeout: documented("2m"), poolSize: documented(8) }) },
    "a smaller pool": { connection: connection({ mode: "kept", idleTimeout: documented("5m"), poolSize: documented(5) }) },
    "a pool that is hearsay": { connection: connection({ mode: "kept", idleTimeout: documented("5m"), poolSize: hearsay(8) }) },
    "a larger reserve": { connection: connection({ mode: "kept", idleTimeout: documented("5m"), poolSize: documented(8), reserve: 3 }) },
    "a worse overflow": {
      connection: connection({ mode: "kept", idleTimeout: documented("5m"), poolSize: documented(8), overflow: documented("unknown") }),
    },
    "more that is forbidden": {
      forbidden: [
        { kind: "port", port: 80, reason: "web" },
        { kind: "function-code", functionCode: 90, reason: "UMAS" },
      ],
    },
    "more products that it may not be": { identification: { vendors: ["Test"], products: ["X"] } },
    "a worse kind, with the watchdog stated": { kind: "drive" },
    "a worse watchdog, with none in this device": { watchdog: { fedBy: documented("any-telegram"), closeCausesFault: documented(false) } },
    "other words": { title: "Another title", revision: 9, facts: { weight: documented("2 kg") } },
  };
  for (const [what, changes] of Object.entries(tighter)) {
    test(what, () =>
      assert.deepEqual(
        changed(site(), ({ profiles }) => void (profiles["test-plc"] = rawProfile({ ...base, ...changes }))),
        [],
      ),
    );
  }

  const looser: Readonly<Record<string, readonly [Raw, RegExp]>> = {
    "shorter interval": [
      { methods: { "modbus-fc43": method({ intervalMin: "30s", connectWithin: "1s", answerWithin: "8s" }) } },
      /modbus-fc43 is asked every 30 s, and this device was approved for not faster than every 40 s/,
    ],
    "longer wait for a connection": [
      { methods: { "modbus-fc43": method({ intervalMin: "40s", connectWithin: "2s", answerWithin: "8s" }) } },
      /connectWithinMs is 2000, approved was 1000/,
    ],
    "longer wait for the answer": [
      { methods: { "modbus-fc43": method({ intervalMin: "40s", connectWithin: "1s", answerWithin: "9s" }) } },
      /answerWithinMs is 9000, approved was 8000/,
    ],
    "longer idle timeout": [
      { connection: connection({ mode: "kept", idleTimeout: documented("6m"), poolSize: documented(8) }) },
      /connection\.idleTimeoutMs is 360000/,
    ],
    "larger pool": [
      { connection: connection({ mode: "kept", idleTimeout: documented("5m"), poolSize: documented(9) }) },
      /connection\.poolSize is 9/,
    ],
    "milder watchdog": [{ watchdog: { fedBy: documented("none"), closeCausesFault: documented(false) } }, /watchdog\.fedBy is "none"/],
    "less that is forbidden": [{ forbidden: [] }, /profile\.forbidden is \[\], approved was \["port 80"\]/],
    "less that must be stated": [{ ownerMustState: [] }, /profile\.ownerMustState is \[\]/],
    "any vendor": [{ identification: { vendors: [], products: [] } }, /identification\.vendors is \[\]/],
  };
  for (const [what, [changes, detail]] of Object.entries(looser)) {
    test(`but not with a ${what}`, () => {
      const copy = site();
      copy.profiles["test-plc"] = rawProfile({ ...base, ...changes });
      const refusal = [...compiledFrom(copy).plan.refused.values()][0];
      assert.equal(refusal?.reason, "approval_stale");
      assert.match(refusal.detail, detail);
    });
  }

  test("but not where the copy of the figures was edited", () => {
    const copy = site();
    const envelope = (copy.siteProfiles["test-plc"]!["approval"] as Raw)["envelope"] as Raw;
    ((envelope["methods"] as Raw)["modbus-fc43"] as Raw)["intervalMinMs"] = 1000;
    copy.profiles["test-plc"] = rawProfile({ ...base, ...tighter["longer interval"] });
    assert.deepEqual(refusals(compiledFrom(copy)), ["plc-1/modbus-fc43 approval_stale"]);
  });

  test("but not where the approval holds no figures: a digest alone cannot tell tighter from looser", () => {
    const copy = site();
    delete (copy.siteProfiles["test-plc"]!["approval"] as Raw)["envelope"];
    assert.deepEqual(refusals(compiledFrom(copy)), []);
    copy.profiles["test-plc"] = rawProfile({ ...base, ...tighter["longer interval"] });
    assert.deepEqual(refusals(compiledFrom(copy)), ["plc-1/modbus-fc43 approval_stale"]);
  });
});

describe("an approval of one build", () => {
  const site = loaded(approved(rawSite([rawDevice(1)])));
  const fc43 = methods.get("modbus-fc43")!;

  test("does not cover other bytes of the next", () => {
    const asking: typeof fc43.asking = (ask) => {
      const allowance = fc43.asking(ask);
      const [template] = allowance.templates;
      const bytes = Uint8Array.from(template!.bytes).fill(4, 9, 10);
      return { ...allowance, templates: [frameTemplate(template!.operation, bytes, template!.mask)] };
    };
    const { plan, findings } = compile(site, {
      methods: new Map(methods).set("modbus-fc43", { ...fc43, asking }),
      wallNow: today,
      lab: false,
    });
    assert.equal(plan.checks.size, 0);
    const reasons = [...findings.values()].flat().map(({ reason }) => reason);
    assert.deepEqual(reasons, ["not_admitted", "approval_stale"]);
  });

  test("does not cover a wider mask of the next", () => {
    const asking: typeof fc43.asking = (ask) => {
      const allowance = fc43.asking(ask);
      const [template] = allowance.templates;
      return {
        ...allowance,
        templates: [frameTemplate(template!.operation, template!.bytes, Uint8Array.from(template!.mask).fill(0, 2, 4))],
      };
    };
    const { plan } = compile(site, { methods: new Map(methods).set("modbus-fc43", { ...fc43, asking }), wallNow: today, lab: false });
    assert.equal(plan.checks.size, 0);
  });

  test("is not that of lab mode, whose floors are lower", () => {
    const normal = compiledFrom(rawSite()).covers.get(profileId);
    assert.notEqual(compiledFrom(rawSite([rawDevice(1)], { lab: true })).covers.get(profileId), normal);
  });
});

function hvac(id: string, net: string): Raw {
  return { id, zone: "OT-1", subnet: `${net}.0/24`, localAddress: `${net}.5` };
}
