/** What devices share, when files that ran come back: the stricter of then and today, whichever that is. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sharedChanges } from "../../src/config/rollback-shared.ts";
import { watchlistSchema, type Watchlist } from "../../src/config/schema/watchlist.ts";

type Raw = Readonly<Record<string, unknown>>;
const raised = { approvedBy: "eto-1", reason: "a large site" };
const segment = (more: Raw = {}): Raw => ({ id: "hvac", zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.5", ...more });
const gateway = (more: Raw = {}): Raw => ({
  id: "fw",
  address: "192.0.2.30",
  segment: "hvac",
  responseTimeout: "1s",
  retries: 1,
  unitCount: 4,
  otherClients: [],
  ...more,
});
const device = (number: number, more: Raw = {}): Raw => ({
  id: `plc-${number}`,
  address: `192.0.2.${number}`,
  segment: "hvac",
  function: "control",
  category: "I",
  profile: "generic-modbus-tcp",
  checks: [],
  ...more,
});
const devices = [1, 2, 3, 4].map((number) => device(number));

function watchlist(raw: Raw): Watchlist {
  const file = { schema: "watchlist/v1", segments: [segment()], devices, ...raw };
  // As a file would say it: what is undefined is not there.
  return watchlistSchema.parse(JSON.parse(JSON.stringify(file)));
}
/** What changes in the file that ran, as `path=value`. */
const changes = (today: Raw, before: Raw): readonly string[] =>
  sharedChanges(watchlist(today), watchlist(before)).map(({ path, value }) => `${path.join(".")}=${JSON.stringify(value) ?? "gone"}`);

describe("a rollback", () => {
  test("changes nothing where both say the same", () => {
    const same = { gateways: [gateway()], hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] };
    assert.deepEqual(changes(same, same), []);
  });

  test("takes the smaller budget of site and segment; one that is raised for a segment that is gone today is raised no more", () => {
    const high = { siteBudget: { startsPerSecondMax: 20, ...raised }, segments: [segment({ startsPerSecondMax: 6, ...raised })] };
    const low = { siteBudget: { startsPerSecondMax: 5 }, segments: [segment({ startsPerSecondMax: 1 })] };
    assert.deepEqual(changes(low, high), ['siteBudget={"startsPerSecondMax":5}', "segments.0.startsPerSecondMax=1"]);
    assert.deepEqual(changes(high, low), []);
    const elsewhere = { segments: [segment({ id: "aft", subnet: "198.51.100.0/24", localAddress: "198.51.100.5" })] };
    assert.deepEqual(changes(elsewhere, high), [`siteBudget={"startsPerSecondMax":10}`, "segments.0.startsPerSecondMax=2"]);
    const renamed = { segments: [segment({ id: "renamed", startsPerSecondMax: 1 })] };
    assert.deepEqual(changes(renamed, {}), ["segments.0.startsPerSecondMax=1"]);
  });

  test("asks no router that is known today", () => {
    assert.deepEqual(changes({ segments: [segment({ defaultGateway: "192.0.2.1" })] }, {}), ['segments.0.defaultGateway="192.0.2.1"']);
    assert.deepEqual(changes({}, { segments: [segment({ defaultGateway: "192.0.2.1" })] }), []);
  });

  test("takes a bus to be as busy as the worse of both says, and used by whom today's file says, also under another name", () => {
    const busier = { responseTimeout: "3s", retries: 3, unitCount: 9, otherClients: ["SCADA"] };
    const worse = [
      'gateways.0.responseTimeout="3000ms"',
      "gateways.0.retries=3",
      "gateways.0.unitCount=9",
      'gateways.0.otherClients=[{"name":"SCADA","connections":1}]',
    ];
    for (const id of ["fw", "renamed"])
      assert.deepEqual(changes({ gateways: [gateway({ ...busier, id })] }, { gateways: [gateway()] }), worse);
    assert.deepEqual(changes({ gateways: [gateway()] }, { gateways: [gateway(busier)] }), ["gateways.0.otherClients=[]"]);
    const { otherClients: _unstated, ...silent } = gateway();
    assert.deepEqual(changes({ gateways: [silent] }, { gateways: [gateway()] }), ["gateways.0.otherClients=gone"]);
    assert.deepEqual(changes({ gateways: [] }, { gateways: [gateway()] }), []);
    const port = { serialPort: { device: "/dev/ttyS0", baudRate: 9600, parity: "even", stopBits: 1 }, address: undefined };
    assert.deepEqual(changes({ gateways: [gateway({ ...port, id: "bus", retries: 2 })] }, { gateways: [gateway(port)] }), [
      "gateways.0.retries=2",
    ]);
  });

  test("takes for one piece of hardware what either file calls so, by name or by address", () => {
    const group = (id: string, ...names: readonly string[]): Raw => ({ id, devices: names });
    const pair = (id: string, ...names: readonly string[]): Raw => ({ hardware: [group(id, ...names)] });
    assert.deepEqual(changes(pair("main", "plc-1", "plc-2"), {}), ['hardware=[{"id":"main","devices":["plc-1","plc-2"]}]']);
    assert.deepEqual(changes({}, pair("main", "plc-1", "plc-2")), []);
    assert.deepEqual(changes(pair("main", "plc-3", "plc-4"), pair("main", "plc-1", "plc-2")), [
      'hardware=[{"id":"main","devices":["plc-1","plc-2"]},{"id":"main-today","devices":["plc-3","plc-4"]}]',
    ]);
    const two = { hardware: [group("a", "plc-1", "plc-2"), group("b", "plc-3", "plc-4")] };
    assert.deepEqual(changes(pair("c", "plc-2", "plc-3"), two), ['hardware=[{"id":"a","devices":["plc-1","plc-2","plc-3","plc-4"]}]']);
    const renamed = {
      devices: [device(1, { id: "cpu" }), device(2, { id: "net" }), device(9)],
      hardware: [group("main", "cpu", "net", "plc-9")],
    };
    assert.deepEqual(changes(renamed, {}), ['hardware=[{"id":"main","devices":["plc-1","plc-2"]}]']);
    const unit = device(5, { id: "unit", address: undefined, segment: undefined, via: "fw" });
    assert.deepEqual(changes({ devices: [...devices, unit], gateways: [gateway()], hardware: [group("x", "unit", "plc-1")] }, {}), []);
  });
});
