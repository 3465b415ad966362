/** A rollback asks nothing that is for safety, protection or navigation today, under whatever name, and behind a gateway too. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { functionToday } from "../../src/config/rollback-function.ts";
import { watchlistSchema, type Watchlist } from "../../src/config/schema/watchlist.ts";

type Raw = Readonly<Record<string, unknown>>;
const gateway = (id: string, last: number): Raw => ({
  id,
  address: `192.0.2.${last}`,
  segment: "hvac",
  responseTimeout: "1s",
  retries: 0,
  unitCount: 4,
});
const port: Raw = {
  id: "port",
  serialPort: { device: "/dev/ttyS0", baudRate: 9600, parity: "even", stopBits: 1 },
  segment: "hvac",
  responseTimeout: "1s",
  retries: 0,
  unitCount: 4,
};
const at = (last: number): Raw => ({ address: `192.0.2.${last}`, segment: "hvac" });
const via = (id: string): Raw => ({ via: id });
const device = (id: string, stands: Raw, does: string, ...units: readonly number[]): Raw => ({
  id,
  ...stands,
  function: does,
  category: "I",
  profile: "generic-modbus-tcp",
  checks: units.map((unitId) => ({ method: "modbus-fc43", unitId })),
});

function watchlist(gateways: readonly Raw[], ...devices: readonly Raw[]): Watchlist {
  const segments = [{ id: "hvac", zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.5" }];
  return watchlistSchema.parse({ schema: "watchlist/v1", segments, gateways, devices });
}

/** What the first device of the watchlist that ran is today. */
function today(ran: Watchlist, now: Watchlist): string {
  return functionToday(now, ran, ran.devices[0]!);
}

describe("behind a gateway", () => {
  const ran = watchlist([gateway("g", 30)], device("x", via("g"), "control", 7));

  test("a unit is what stands at the gateway's address under its number today", () => {
    const moved = [gateway("g", 31), gateway("h", 30)];
    assert.equal(today(ran, watchlist(moved, device("x", via("g"), "control", 7), device("y", via("h"), "safety", 7))), "safety");
    assert.equal(today(ran, watchlist(moved, device("x", via("g"), "control", 7), device("y", via("h"), "safety", 8))), "control");
    assert.equal(today(ran, watchlist(moved, device("x", via("g"), "monitoring", 7), device("y", via("h"), "control", 7))), "monitoring");
    assert.equal(today(ran, watchlist(moved, device("y", via("g"), "safety", 7))), "control");
  });

  test("one that is never asked, and of which no unit is stated, may be each that no other device is today", () => {
    const moved = [gateway("g", 31), gateway("h", 30)];
    const unsaid = device("y", via("h"), "protection");
    assert.equal(today(ran, watchlist(moved, device("x", via("g"), "control", 7), unsaid)), "protection");
    assert.equal(today(ran, watchlist(moved, device("x", via("h"), "control", 7), unsaid)), "control");
    const bare = watchlist([gateway("g", 30)], device("x", via("g"), "control"));
    assert.equal(today(bare, watchlist(moved, device("y", via("h"), "safety", 8))), "safety");
  });

  test("a device that is asked at the gateway's own address counts by its units too", () => {
    assert.equal(today(ran, watchlist([], device("y", at(30), "safety"))), "safety");
    assert.equal(today(ran, watchlist([], device("y", at(30), "safety", 8))), "safety");
    const direct = watchlist([], device("x", at(30), "control", 7));
    assert.equal(today(direct, watchlist([gateway("h", 30)], device("y", via("h"), "navigation", 7))), "navigation");
    assert.equal(today(direct, watchlist([gateway("h", 30)], device("y", via("h"), "navigation", 8))), "control");
  });

  test("a bus of the poller's own is known by its port", () => {
    const serial = watchlist([port], device("x", via("port"), "control", 7));
    const renamed = { ...port, id: "other" };
    assert.equal(today(serial, watchlist([renamed], device("y", via("other"), "safety", 7))), "safety");
    assert.equal(today(serial, watchlist([gateway("g", 30)], device("y", via("g"), "safety", 7))), "control");
  });
});

test("at an address of its own it is what stands there today, however it is written", () => {
  const ran = watchlist([], device("x", { address: "2001:db8::7", segment: "hvac" }, "control"));
  const again = device("y", { address: "2001:DB8:0::7", segment: "hvac" }, "safety");
  assert.equal(today(ran, watchlist([], device("x", at(9), "control"), again)), "safety");
  assert.equal(today(ran, watchlist([], device("x", at(9), "safety"))), "safety");
});

test("behind a gateway that is in no file it is what its id says", () => {
  const ran = watchlist([], device("x", via("gone"), "control", 7));
  assert.equal(today(ran, watchlist([], device("y", via("gone"), "safety", 7))), "control");
});
