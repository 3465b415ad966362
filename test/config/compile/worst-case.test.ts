/** Worst cases: the figures that were measured are reached and never passed, and alarms come no later than the plan says. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { alarms } from "../../../src/config/compile/alarm.ts";
import { checkWorstCase, kernelWorstCase, usualSysctls, type Sysctls } from "../../../src/config/compile/worst-case.ts";
import type { Allowance, CheckId } from "../../../src/domain/plan.ts";
import { milliseconds } from "../../../src/domain/units.ts";
import { approved, compiledFrom, rawDevice, rawSite, rawUnit, type Raw } from "./support/site.ts";

const waits = (connectMs: number, answerMs: number) => ({ connectWithin: milliseconds(connectMs), answerWithin: milliseconds(answerMs) });
const kernel = (changes: Partial<Sysctls> = {}, connectMs = 800, answerMs = 5000) =>
  kernelWorstCase({ ...usualSysctls, ...changes }, waits(connectMs, answerMs));

describe("what the kernel sends by itself", () => {
  test("is one SYN within 800 ms and two within 1.5 s, as measured", () => {
    assert.equal(kernel({}, 800).synUnanswered, 1);
    assert.equal(kernel({}, 1500).synUnanswered, 2);
    assert.equal(kernel({}, 3000).synUnanswered, 4);
  });

  test("is 3 copies and the RST for a request given up after 500 ms, as measured", () => {
    assert.equal(kernel({}, 0, 500).peerVanished, 4);
  });

  test("is 7 copies within 7 s, as measured, and the RST", () => {
    assert.equal(kernel({}, 0, 7000).peerVanished, 8);
  });

  test("is 6 copies and the RST with the usual waits", () => assert.equal(kernel().peerVanished, 7));

  test("is no less than the 8 and 9 copies that were seen before the capture of a frozen and a killed poller ended", () => {
    assert.ok(kernel().peerVanishedFrozen >= 8);
    assert.ok(kernel().peerVanishedKilled >= 9);
  });

  test("is bounded by the sysctls that an installation lowers: 3 SYNs, and 5 packets of a killed poller, as measured", () => {
    const lowered: Sysctls = { tcp_retries2: 3, tcp_syn_retries: 1, tcp_orphan_retries: 1 };
    assert.deepEqual(kernel(lowered, 3000, 30_000), {
      synUnanswered: 3,
      synUnansweredFrozen: 3,
      peerVanished: 7,
      finUnanswered: 6,
      peerVanishedFrozen: 7,
      peerVanishedKilled: 5,
    });
  });
});

describe("what one check sends", () => {
  const nothing: Allowance = { connectionsMax: 0, requestsMax: 0, bytesMax: 0, templates: [] };
  const requests = (requestsMax: number): Allowance => ({ ...nothing, requestsMax });
  const connecting = { ...waits(800, 5000), opening: { ...nothing, connectionsMax: 1 as const }, asking: requests(1), closing: nothing };

  test("is 6 packets and 4 back with a connection of its own, 2 and 1 over a kept one, as measured", () => {
    const { fresh, kept } = checkWorstCase(usualSysctls, connecting);
    assert.deepEqual(
      [fresh, kept],
      [
        { fromPoller: 6, fromDevice: 4 },
        { fromPoller: 2, fromDevice: 1 },
      ],
    );
  });

  test("counts every request of opening, asking and closing", () => {
    const { fresh, kept } = checkWorstCase(usualSysctls, {
      ...connecting,
      opening: { ...requests(1), connectionsMax: 1 },
      asking: requests(2),
      closing: requests(1),
    });
    assert.deepEqual([fresh.fromPoller, kept?.fromPoller], [12, 4]);
  });

  test("is at worst more than normal, and more again for a poller that is killed or frozen", () => {
    const { fresh, packetsMax, packetsMaxKilled, packetsMaxFrozen } = checkWorstCase(usualSysctls, connecting);
    assert.deepEqual([fresh.fromPoller, packetsMax, packetsMaxKilled, packetsMaxFrozen], [6, 15, 20, 28]);
  });

  test("without a connection is its requests and nothing else but ARP", () => {
    const {
      packetsMax,
      packetsMaxFrozen,
      kept,
      kernel: none,
      arpBroadcastsMax,
    } = checkWorstCase(usualSysctls, { ...connecting, opening: nothing });
    assert.deepEqual([packetsMax, packetsMaxFrozen, kept, none, arpBroadcastsMax], [1, 1, null, null, 3]);
  });
});

describe("the alarm comes at the latest", () => {
  const alarmOf = (devices: Raw[], check: string, watchlist: Raw = {}) => {
    const { plan } = compiledFrom(approved(rawSite(devices, {}, watchlist)));
    return alarms(plan).get(check as CheckId);
  };
  const with30s = { checks: [{ method: "modbus-fc43", unitId: 1, interval: "30s" }] };

  test("after three slots and the waits", () => {
    assert.deepEqual(alarmOf([rawDevice(1)], "plc-1/modbus-fc43"), { atLatestAfter: 3 * 60_100 + 5800, mayWait: false });
  });

  test("after no connection's wait where none is opened", () => {
    assert.equal(alarmOf([rawDevice(1, { checks: [{ method: "icmp-echo" }] })], "plc-1/icmp-echo")?.atLatestAfter, 3 * 60_100 + 5000);
  });

  test("without waiting among many devices of one interval: their slots never meet", () => {
    const devices = Array.from({ length: 84 }, (_, index) => rawDevice(index + 1));
    assert.equal(alarmOf(devices, "plc-1/modbus-fc43")?.mayWait, false);
  });

  test("half an interval later where slots of different intervals meet", () => {
    assert.deepEqual(alarmOf([rawDevice(1), rawDevice(2, with30s)], "plc-1/modbus-fc43"), {
      atLatestAfter: 3 * 60_100 + 5800 + 30_000,
      mayWait: true,
    });
  });

  test("half an interval later on a line that several checks share", () => {
    assert.equal(alarmOf([rawUnit(1), rawUnit(2)], "unit-1/modbus-fc43")?.mayWait, true);
  });

  test("half an interval later where the site's pace is slower than the gaps of the slots", () => {
    const devices = Array.from({ length: 6 }, (_, index) => rawDevice(index + 1));
    assert.equal(alarmOf(devices, "plc-1/modbus-fc43", { siteBudget: { startsPerSecondMax: 0.15 } })?.mayWait, false);
    const segments = ["a", "b"].map((id, net): Raw => ({
      id,
      zone: "z",
      subnet: `10.20.${net + 1}.0/24`,
      localAddress: `10.20.${net + 1}.5`,
    }));
    const uneven = [
      ...devices.slice(0, 2),
      ...[3, 4, 5].map((number) => rawDevice(number, { segment: "b", address: `10.20.2.${number + 10}` })),
    ];
    const inA = uneven.map((device) => ({ segment: "a", ...device, ...(device["segment"] === "hvac" ? { segment: "a" } : {}) }));
    assert.equal(alarmOf(inA, "plc-1/modbus-fc43", { segments, gateways: [], siteBudget: { startsPerSecondMax: 0.12 } })?.mayWait, true);
  });
});
