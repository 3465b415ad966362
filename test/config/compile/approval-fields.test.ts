/** Every field that a watchlist can hold, as its schema has them: what a change of it after approval does to the device, and none is left out. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { Secret } from "../../../src/domain/secret.ts";
import { compiledFrom, approved, rawDevice, rawSite, rawUnit, type Raw, type RawSite, type RawValue } from "./support/site.ts";
import { leavesOf, type SchemaNode } from "./support/schema-leaves.ts";

/** Nothing goes to the device any more, at its old place or a new one; everything is as it was. */
type Then = "refused" | "as it was";
type Change = (site: RawSite) => void;

const list = (site: RawSite, key: string): Raw[] => site.watchlist[key] as Raw[];
const plc = (site: RawSite): Raw => list(site, "devices")[0]!;
const unit = (site: RawSite): Raw => list(site, "devices")[1]!;
const check = (site: RawSite): Raw => (plc(site)["checks"] as Raw[])[0]!;
const stated = (site: RawSite, key: string): Raw => (plc(site)["statements"] as Raw)[key] as Raw;
const set =
  (part: (site: RawSite) => Raw, key: string, value: RawValue): Change =>
  (site) =>
    void (part(site)[key] = value);
const segment = (site: RawSite): Raw => list(site, "segments")[0]!;
const gateway = (site: RawSite): Raw => list(site, "gateways")[0]!;
const hardware = (site: RawSite): Raw => list(site, "hardware")[0]!;
const everywhere = (site: RawSite, key: string, before: string, after: string): void => {
  for (const device of list(site, "devices")) if (device[key] === before) device[key] = after;
};
const secured =
  (mode: string, policy: string): Change =>
  (site) =>
    void (plc(site)["checks"] = [{ method: "opcua-read", security: { mode, policy } }]);
const exclude = (entry: Raw): Change => set(({ watchlist }) => watchlist, "excluded", [{ ...entry, reason: "not ours" }]);

const rows: Readonly<Record<string, readonly [Then, Change]>> = {
  "siteBudget.startsPerSecondMax": ["as it was", set(({ watchlist }) => watchlist, "siteBudget", { startsPerSecondMax: 9 })],
  "siteBudget.approvedBy": ["as it was", set(({ watchlist }) => watchlist, "siteBudget", budget("approvedBy", "chief 2"))],
  "siteBudget.reason": ["as it was", set(({ watchlist }) => watchlist, "siteBudget", budget("reason", "another"))],
  "segments[].id": [
    "refused",
    (site) => {
      segment(site)["id"] = "fore";
      everywhere(site, "segment", "hvac", "fore");
      gateway(site)["segment"] = "fore";
    },
  ],
  "segments[].zone": ["as it was", set(segment, "zone", "OT-2")],
  "segments[].subnet": ["refused", set(segment, "subnet", "10.20.0.0/23")],
  "segments[].localAddress": ["refused", set(segment, "localAddress", "10.20.1.6")],
  "segments[].defaultGateway": ["as it was", set(segment, "defaultGateway", "10.20.1.1")],
  "segments[].startsPerSecondMax": ["as it was", set(segment, "startsPerSecondMax", 1.9)],
  "segments[].approvedBy": ["as it was", set(segment, "approvedBy", "chief 2")],
  "segments[].reason": ["as it was", set(segment, "reason", "another")],
  "gateways[].id": [
    "refused",
    (site) => {
      gateway(site)["id"] = "bridge";
      unit(site)["via"] = "bridge";
    },
  ],
  "gateways[].address": ["refused", set(gateway, "address", "10.20.1.201")],
  "gateways[].port": ["refused", set(gateway, "port", 1502)],
  "gateways[].framing": ["refused", set(gateway, "framing", "rtu-over-tcp")],
  "gateways[].serialPort.device": ["refused", onSerialPort({})],
  "gateways[].serialPort.baudRate": ["refused", onSerialPort({ baudRate: 9600 })],
  "gateways[].serialPort.parity": ["refused", onSerialPort({ parity: "none", stopBits: 2 })],
  "gateways[].serialPort.stopBits": ["refused", onSerialPort({ stopBits: 2 })],
  "gateways[].segment": ["refused", (site) => Object.assign(gateway(site), { segment: "aft", address: "10.20.2.200" })],
  "gateways[].responseTimeout": ["refused", set(gateway, "responseTimeout", "900ms")],
  "gateways[].retries": ["refused", set(gateway, "retries", 2)],
  "gateways[].unitCount": ["refused", set(gateway, "unitCount", 7)],
  "gateways[].otherClients[]": ["refused", set(gateway, "otherClients", ["SCADA-2"])],
  "gateways[].otherClients[].name": ["refused", set(gateway, "otherClients", [{ name: "SCADA-2", connections: 1 }])],
  "gateways[].otherClients[].connections": ["refused", set(gateway, "otherClients", [{ name: "SCADA-1", connections: 2 }])],
  "gateways[].connectionPool.size": ["refused", set(gateway, "connectionPool", pool({ size: 17 }))],
  "gateways[].connectionPool.overflow": ["refused", set(gateway, "connectionPool", pool({ overflow: "evicts-idle" }))],
  "gateways[].connectionPool.source": ["refused", set(gateway, "connectionPool", pool({ source: "T-2" }))],
  "devices[].id": ["refused", set(plc, "id", "plc-9")],
  "devices[].name": ["as it was", set(plc, "name", "Another name")],
  "devices[].address": ["refused", set(plc, "address", "10.20.1.99")],
  "devices[].via": ["refused", (site) => Object.assign(unit(site), { via: "second" })],
  "devices[].segment": ["refused", (site) => Object.assign(plc(site), { segment: "aft", address: "10.20.2.11" })],
  "devices[].function": ["refused", set(plc, "function", "monitoring")],
  "devices[].category": ["as it was", set(plc, "category", "III")],
  "devices[].profile": ["refused", set(plc, "profile", "other-plc")],
  "devices[].macs[]": ["as it was", set(plc, "macs", ["00:80:f4:01:02:03"])],
  "devices[].switchPorts[].switch": ["as it was", set(plc, "switchPorts", [{ switch: "unit-3", ifIndex: 5 }])],
  "devices[].switchPorts[].ifIndex": ["as it was", set(plc, "switchPorts", [{ switch: "unit-3", ifIndex: 6 }])],
  "devices[].dependsOn[]": ["as it was", set(plc, "dependsOn", ["unit-3"])],
  "devices[].asset.manufacturer": ["refused", set(plc, "asset", { manufacturer: "Other" })],
  "devices[].asset.model": ["refused", set(plc, "asset", { model: "Other" })],
  "devices[].asset.firmware": ["refused", set(plc, "asset", { firmware: "2.0" })],
  "devices[].asset.serial": ["as it was", set(plc, "asset", { serial: "17" })],
  "devices[].asset.location": ["as it was", set(plc, "asset", { location: "Deck 3" })],
  "devices[].port": ["refused", set(plc, "port", 1502)],
  "devices[].endpointPath": ["refused", set(plc, "endpointPath", "/UA/Server")],
  "devices[].s7.rack": ["refused", set(plc, "s7", { rack: 1, slot: 2 })],
  "devices[].s7.slot": ["refused", set(plc, "s7", { rack: 0, slot: 3 })],
  "devices[].statements.otherClients[]": ["refused", (site) => void ((plc(site)["statements"] as Raw)["otherClients"] = [])],
  "devices[].statements.otherClients[].name": ["refused", clients({ name: "SCADA-2", connections: 1 })],
  "devices[].statements.otherClients[].connections": ["refused", clients({ name: "SCADA-1", connections: 2 })],
  "devices[].statements.connectionPool.size": ["refused", set((site) => stated(site, "connectionPool"), "size", 15)],
  "devices[].statements.connectionPool.overflow": ["refused", set((site) => stated(site, "connectionPool"), "overflow", "evicts-idle")],
  "devices[].statements.connectionPool.source": ["refused", set((site) => stated(site, "connectionPool"), "source", "T-2")],
  "devices[].statements.watchdog.mode": ["refused", set((site) => stated(site, "watchdog"), "mode", "write-only")],
  "devices[].statements.watchdog.functionCodes[]": [
    "refused",
    (site) => Object.assign(stated(site, "watchdog"), { mode: "function-code-mask", functionCodes: [16] }),
  ],
  "devices[].statements.watchdog.closeCausesFault": ["refused", set((site) => stated(site, "watchdog"), "closeCausesFault", true)],
  "devices[].statements.watchdog.by": ["refused", set((site) => stated(site, "watchdog"), "by", "eto-2")],
  "devices[].statements.watchdog.on": ["refused", set((site) => stated(site, "watchdog"), "on", "2026-11-19")],
  "devices[].statements.firmware.version": ["refused", set((site) => stated(site, "firmware"), "version", "2")],
  "devices[].statements.firmware.by": ["refused", set((site) => stated(site, "firmware"), "by", "eto-2")],
  "devices[].statements.firmware.on": ["refused", set((site) => stated(site, "firmware"), "on", "2026-11-19")],
  "devices[].statements.s7ConnectionType.type": ["refused", connectsAs({ type: "op" })],
  "devices[].statements.s7ConnectionType.by": ["refused", connectsAs({ by: "eto-2" })],
  "devices[].statements.s7ConnectionType.on": ["refused", connectsAs({ on: "2026-11-19" })],
  "devices[].statements.s7ConnectionType.reason": ["refused", connectsAs({ reason: "no panel" })],
  "devices[].checks[].method": ["refused", (site) => void (plc(site)["checks"] = [{ method: "icmp-echo" }])],
  "devices[].checks[].unitId": ["refused", set(check, "unitId", 2)],
  "devices[].checks[].register": ["refused", (site) => Object.assign(check(site), { method: "modbus-fc3", register: "alive" })],
  "devices[].checks[].transport": ["refused", (site) => void (plc(site)["checks"] = [{ method: "enip-list-identity", transport: "tcp" }])],
  "devices[].checks[].credentials": [
    "refused",
    (site) => {
      site.credentials = new Map([["switches", { kind: "snmp-v2c", community: new Secret("public") }]]);
      plc(site)["checks"] = [{ method: "snmp-get", credentials: "switches" }];
    },
  ],
  "devices[].checks[].security.mode": ["refused", secured("Sign", "Basic256Sha256")],
  "devices[].checks[].security.policy": ["refused", secured("SignAndEncrypt", "Aes256_Sha256_RsaPss")],
  "devices[].checks[].portsUp[].ifIndex": [
    "refused",
    (site) => void (plc(site)["checks"] = [{ method: "snmp-get", portsUp: [{ ifIndex: 5 }] }]),
  ],
  "devices[].checks[].portsUp[].name": [
    "refused",
    (site) => void (plc(site)["checks"] = [{ method: "snmp-get", portsUp: [{ ifIndex: 5, name: "a" }] }]),
  ],
  "devices[].checks[].interval": ["refused", set(check, "interval", "45s")],
  "devices[].checks[].connectWithin": ["refused", set(check, "connectWithin", "500ms")],
  "devices[].checks[].answerWithin": ["refused", set(check, "answerWithin", "2s")],
  "devices[].checks[].missesToDown": ["refused", set(check, "missesToDown", 2)],
  "excluded[].address": ["refused", exclude({ address: "10.20.1.11" })],
  "excluded[].range": ["refused", exclude({ range: "10.20.1.8/29" })],
  "excluded[].gateway": ["refused", exclude({ gateway: "fw-serial", unitId: 3 })],
  "excluded[].unitId": ["refused", exclude({ gateway: "fw-serial", unitId: 3 })],
  "excluded[].reason": ["refused", exclude({ address: "10.20.1.11" })],
  // A row each, because a hold counts as a whole.
  "segmentStages[].segment": ["refused", held({})],
  "segmentStages[].stage": ["refused", held({ stage: "dry-run" })],
  "segmentStages[].by": ["refused", held({ by: "eto-2" })],
  "segmentStages[].since": ["refused", held({ since: "2026-11-20T00:00:00Z" })],
  "segmentStages[].reason": ["refused", held({ reason: "another" })],
  // Without one that it needs, the file is a mistake and nothing at all is polled.
  "zoneCrossings[].zones[]": ["as it was", crossing({ zones: ["OT-1", "OT-2"] })],
  "zoneCrossings[].approvedBy": ["as it was", crossing({ approvedBy: "another" })],
  "zoneCrossings[].reason": ["as it was", crossing({ reason: "another" })],
  "zoneCrossings[].changeReference": ["as it was", crossing({ changeReference: "MOC-2" })],
  "hardware[].id": ["refused", set(hardware, "id", "twin")],
  "hardware[].devices[]": ["refused", set(({ watchlist }) => watchlist, "hardware", [])],
};

describe("after approval, a change of", () => {
  test("(nothing leaves every device in the plan)", () => assert.deepEqual([...asked(site())].length, 5));
  for (const [field, [then, change]] of Object.entries(rows)) {
    test(`${field}: ${then}`, () => {
      const copy = site();
      change(copy);
      const { plan, problems } = compiledFrom(copy);
      assert.deepEqual(problems, []);
      const gone = [...asked(site())].filter((one) => !asked(copy).has(one));
      const fresh = [...asked(copy)].filter((one) => !asked(site()).has(one));
      // Neither to the old place nor to a new one.
      assert.deepEqual(fresh, []);
      assert.equal(gone.length > 0, then === "refused", gone.join(", "));
      for (const { detail } of plan.refused.values()) assert.match(detail, /\w+.*: .*/);
    });
  }

  test("no field of the schema is missing from this table", () => {
    const schema: unknown = JSON.parse(readFileSync(new URL("../../../schemas/watchlist.schema.json", import.meta.url), "utf8"));
    const fields = [...new Set(leavesOf(schema as SchemaNode))].filter((field) => field !== "schema");
    assert.deepEqual(Object.keys(rows).toSorted(), fields.toSorted());
  });
});

/** A device with everything stated, a unit behind a gateway, and two addresses of one piece of hardware. */
const made = approved(
  rawSite(
    [
      rawDevice(1, {
        statements: {
          otherClients: ["SCADA-1"],
          connectionPool: { size: 16, overflow: "rejects", source: "T-1 p. 9" },
          watchdog: { mode: "none", by: "eto-1", on: "2026-11-20" },
          firmware: { version: "1", by: "eto-1", on: "2026-11-20" },
        },
      }),
      rawUnit(3),
      rawDevice(4),
      rawDevice(5),
      rawDevice(6),
    ],
    {},
    {
      segments: [
        {
          id: "hvac",
          zone: "OT-1",
          subnet: "10.20.1.0/24",
          localAddress: "10.20.1.5",
          startsPerSecondMax: 2,
          approvedBy: "chief",
          reason: "none",
        },
        { id: "aft", zone: "OT-1", subnet: "10.20.2.0/24", localAddress: "10.20.2.5" },
      ],
      gateways: [
        {
          id: "fw-serial",
          address: "10.20.1.200",
          segment: "hvac",
          responseTimeout: "1s",
          retries: 3,
          unitCount: 6,
          otherClients: ["SCADA-1"],
          connectionPool: { size: 16, overflow: "rejects", source: "T-1" },
        },
        {
          id: "second",
          address: "10.20.1.202",
          segment: "hvac",
          responseTimeout: "1s",
          retries: 3,
          unitCount: 6,
          otherClients: [],
        },
      ],
      hardware: [{ id: "main", devices: ["plc-4", "plc-5"] }],
    },
  ),
);
const other = { ...structuredClone(made.profiles["test-plc"]!), id: "other-plc" };

function site(): RawSite {
  const copy = structuredClone(made);
  copy.profiles["other-plc"] = structuredClone(other);
  return copy;
}

/** Device, bytes, place, pace and waits of everything in the plan. */
function asked(raw: RawSite): ReadonlySet<string> {
  return new Set([...compiledFrom(raw).plan.checks.values()].map(({ device, digest, interval }) => `${device} ${digest} ${interval}`));
}

function held(changes: Raw): Change {
  const entry: Raw = { segment: "hvac", stage: "suspended", by: "eto-1", since: "2026-11-21T00:00:00Z", reason: "works", ...changes };
  return (copy) => void (copy.watchlist["segmentStages"] = [entry]);
}

/** A bus on a port of this machine in place of the gateway: each of its settings decides what is heard there. */
function onSerialPort(changes: Raw): Change {
  return (copy) => {
    const { address: _address, ...entry } = gateway(copy);
    const serialPort: Raw = { device: "/dev/ttyUSB0", baudRate: 19_200, parity: "even", stopBits: 1, ...changes };
    (copy.watchlist["gateways"] as Raw[])[0] = { ...entry, serialPort, otherClients: [] };
  };
}

function crossing(changes: Raw): Change {
  const entry: Raw = { zones: ["OT-1", "OT-3"], approvedBy: "chief", reason: "one cabinet", changeReference: "MOC-1", ...changes };
  return (copy) => void (copy.watchlist["zoneCrossings"] = [entry]);
}

function pool(changes: Raw): Raw {
  return { size: 16, overflow: "rejects", source: "T-1", ...changes };
}

function budget(key: string, value: string): Raw {
  return { startsPerSecondMax: 11, approvedBy: "chief", reason: "large", [key]: value };
}

function clients(client: Raw): Change {
  return (copy) => void ((plc(copy)["statements"] as Raw)["otherClients"] = [client]);
}

function connectsAs(changed: Raw): Change {
  const statement = { type: "basic", by: "eto-1", on: "2026-11-20", reason: "as it is" };
  return (copy) => void ((plc(copy)["statements"] as Raw)["s7ConnectionType"] = { ...statement, ...changed });
}
