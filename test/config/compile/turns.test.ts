/** However many checks a device has, it is asked no more often than its floor allows, evenly, and nobody waits for anybody. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { raisedLines } from "../../../src/config/compile/raised.ts";
import { floorOf, slotsInTurn, turnGap, turns, type Asking, type Turn } from "../../../src/config/compile/turns.ts";
import type { WatchlistCheck } from "../../../src/config/schema/watchlist.ts";
import { limits } from "../../../src/domain/limits.ts";
import type { CheckId, LineId, Plan } from "../../../src/domain/plan.ts";
import { milliseconds, seconds } from "../../../src/domain/units.ts";
import { approved, compiledFrom, gateway, rawDevice, rawSite, rawUnit, type Raw, type RawSite } from "./support/site.ts";

interface Short {
  readonly every: number;
  readonly floor?: number;
}

/** Checks of one address, in seconds. */
function askingsOf(checks: readonly Short[]): readonly Asking[] {
  const place = { entry: {}, line: "address:10.20.1.11", bus: undefined, hardware: undefined } as unknown as Asking["place"];
  return checks.map(({ every, floor = 30 }) => ({
    place,
    check: {} as WatchlistCheck,
    interval: seconds(every),
    floor: seconds(floor),
  }));
}
function turnsOf(checks: readonly Short[]): readonly Turn[] {
  return [...turns(askingsOf(checks)).values()];
}
const intervals = (...every: readonly number[]): readonly number[] =>
  turnsOf(every.map((one) => ({ every: one }))).map(({ interval }) => interval / 1000);

/** Up to 20 checks of one device, each no faster than its own floor. */
const anyChecks = fc.array(
  fc
    .record({
      floor: fc.constantFrom(30, 30, 30, 60, 300),
      extra: fc.oneof(fc.constantFrom(0, 30, 60, 270), fc.integer({ min: 0, max: 3300 })),
    })
    .map(({ floor, extra }) => ({ floor, every: Math.min(3600, floor + extra) })),
  { minLength: 2, maxLength: 20 },
);
const rate = (all: readonly { readonly interval: number }[]): number => all.reduce((sum, { interval }) => sum + 1 / interval, 0);

describe("checks of one device", () => {
  test("take turns of at least the floor: four at 60 s are asked every 120 s", () => {
    assert.deepEqual(intervals(60, 60, 60, 60), [120, 120, 120, 120]);
  });

  test("keep their intervals where these fit", () => {
    assert.deepEqual(intervals(60, 60), [60, 60]);
    assert.deepEqual(intervals(60, 300), [60, 300]);
    assert.deepEqual(intervals(300, 300, 300), [300, 300, 300]);
  });

  test("are asked in every round or in every n-th one", () => {
    assert.deepEqual(intervals(60, 90), [60, 120]);
    assert.deepEqual(intervals(30, 60), [60, 60]);
    assert.deepEqual(intervals(60, 60, 300), [90, 90, 360]);
  });

  test("share the longer floor of their own kind too", () => {
    const pair = [
      { every: 60, floor: 60 },
      { every: 60, floor: 60 },
    ];
    assert.deepEqual(
      turnsOf(pair).map(({ interval }) => interval),
      [120_000, 120_000],
    );
    assert.deepEqual(
      turnsOf([...pair, { every: 30 }]).map(({ interval }) => interval),
      [180_000, 180_000, 90_000],
    );
  });

  test("never go beyond the longest interval that there is for want of a multiple", () => {
    assert.deepEqual(intervals(3600, 60, 60, 60, 60, 60, 60), [3600, 225, 225, 225, 225, 225, 225]);
  });

  test("that is the only one of its device is left alone", () => assert.deepEqual(intervals(60), []));

  test("never exceed one asking in a floor, whatever they are", () => {
    fc.assert(
      fc.property(anyChecks, (checks) => {
        const found = turnsOf(checks);
        const floor = Math.min(...checks.map((one) => one.floor)) * 1000;
        assert.ok(rate(found) <= (1 + 1e-9) / floor, `${rate(found) * floor}`);
        for (const kind of [60, 300]) {
          const same = found.filter((_, index) => checks[index]!.floor === kind);
          assert.ok(rate(same) <= (1 + 1e-9) / (kind * 1000), `floor of ${kind} s: ${rate(same) * kind * 1000}`);
        }
      }),
    );
  });

  test("are never asked more often than each by itself, and never less often than once an hour", () => {
    fc.assert(
      fc.property(anyChecks, (checks) => {
        turnsOf(checks).forEach(({ interval, round, period }, index) => {
          assert.ok(interval >= checks[index]!.every * 1000 - 1e-6);
          assert.ok(checks.filter(({ floor }) => floor === 300).length > 12 || interval <= limits.intervalMax + 1e-6, `${interval}`);
          assert.equal(Math.abs(interval / round - Math.round(interval / round)) < 1e-9, true);
          assert.ok(period > interval);
        });
      }),
    );
  });

  test("have slots that are at least the line's gap apart for ever, so that none waits for another", () => {
    fc.assert(
      fc.property(anyChecks, fc.integer({ min: 2, max: 20 }), (checks, admitted) => {
        const found = turnsOf(checks).slice(0, admitted);
        const place = { line: "address:10.20.1.11" as LineId, segment: { id: "hvac" as never } };
        const all = found.map((turn, index) => ({ id: `plc/${index}` as CheckId, interval: turn.interval, place, turn }));
        const offsets = slotsInTurn(all);
        const round = found[0]!.period / (found[0]!.interval / found[0]!.round);
        // All periods are multiples of the round's: where they stand within it, they stand in every round.
        const places = all.map(({ id }) => offsets.get(id)! % round).toSorted((a, b) => a - b);
        const gaps = places.map((one, index) => (places[index + 1] ?? places[0]! + round) - one);
        for (const gap of gaps) assert.ok(gap > turnGap(found[0]!, found.length), `${gap} ms`);
        assert.ok(turnGap(found[0]!, found.length) >= floorOf(found[0]!).gap);
        for (const { id, turn } of all) assert.ok(offsets.get(id)! < turn.period);
      }),
    );
  });
});

describe("one device", () => {
  const ofPlan = (site: RawSite): readonly string[] =>
    [...compiledFrom(approved(site)).plan.checks.values()].map(
      ({ id, interval, floor }) => `${id} ${interval / 1000} ${floor?.device ?? "alone"}`,
    );
  const twice = (unitId: number): Raw => ({
    checks: [
      { method: "modbus-fc43", unitId },
      { method: "modbus-fc3", unitId, register: "alive" },
    ],
  });

  test("is an address, echoes included", () => {
    const checks: Raw[] = [{ method: "modbus-fc43", unitId: 1, interval: "30s" }, { method: "icmp-echo" }];
    assert.deepEqual(ofPlan(rawSite([rawDevice(1, { checks }), rawDevice(2)])), [
      "plc-1/modbus-fc43 60 address:10.20.1.11",
      "plc-1/icmp-echo 60 address:10.20.1.11",
      "plc-2/modbus-fc43 60 alone",
    ]);
  });

  test("is a piece of hardware with all its addresses", () => {
    const devices = [1, 2, 3].map((number) => rawDevice(number));
    const hardware = { hardware: [{ id: "main", devices: ["plc-1", "plc-2", "plc-3"] }] };
    assert.deepEqual(ofPlan(rawSite(devices, {}, hardware)), [
      "plc-1/modbus-fc43 90 hardware:main",
      "plc-2/modbus-fc43 90 hardware:main",
      "plc-3/modbus-fc43 90 hardware:main",
    ]);
  });

  test("is one unit of a bus, however many entries name it; the gateway itself is another", () => {
    const itself = rawDevice(9, { address: "10.20.1.200", checks: [{ method: "modbus-fc43", unitId: 255 }, { method: "icmp-echo" }] });
    const other = rawUnit(7, { id: "unit-7b", checks: [{ method: "modbus-fc17", unitId: 7 }] });
    const site = rawSite([rawUnit(7, twice(7)), rawUnit(8), itself, other]);
    const methods = (site.profiles["test-plc"]!["methods"] as Raw)["modbus-fc43"]!;
    const profile = site.profiles["test-plc"]!;
    const withFc17 = { ...profile, methods: { ...(profile["methods"] as Raw), "modbus-fc17": methods } };
    const gateways = [{ ...gateway, responseTimeout: "500ms" }];
    assert.deepEqual(ofPlan({ ...site, profiles: { "test-plc": withFc17 }, watchlist: { ...site.watchlist, gateways } }), [
      "unit-7/modbus-fc43 90 gateway:fw-serial unit 7",
      "unit-7/modbus-fc3 90 gateway:fw-serial unit 7",
      "unit-8/modbus-fc43 60 alone",
      "plc-9/modbus-fc43 60 gateway:fw-serial itself",
      "plc-9/icmp-echo 60 gateway:fw-serial itself",
      "unit-7b/modbus-fc17 90 gateway:fw-serial unit 7",
    ]);
  });

  test("is asked at the same pace whoever of its checks may be asked: an exclusion or an approval makes nobody faster", () => {
    const site = approved(
      rawSite([rawDevice(1), rawDevice(2), rawDevice(3)], {}, { hardware: [{ id: "main", devices: ["plc-1", "plc-2"] }] }),
    );
    const draft = { ...site, siteProfiles: {} };
    const intervalsOf = ({ plan, proposals }: ReturnType<typeof compiledFrom>): readonly number[] => [
      ...[...plan.checks.values()].map(({ interval }) => interval),
      ...[...proposals.values()].map(({ check: { interval } }) => interval),
    ];
    assert.deepEqual(intervalsOf(compiledFrom(draft)), intervalsOf(compiledFrom(site)));
  });

  test("is asked no more often than once in 30 s by any plan", () => {
    const anyDevice = fc.record({
      address: fc.integer({ min: 1, max: 3 }),
      intervals: fc.uniqueArray(fc.constantFrom("20s", "30s", "45s", "60s", "75s", "120s", "300s", "3600s"), {
        minLength: 1,
        maxLength: 6,
      }),
      echo: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(anyDevice, { minLength: 1, maxLength: 5 }), fc.boolean(), (devices, grouped) => {
        const entries = devices.map(({ address, intervals: all, echo }, index) =>
          rawDevice(index, {
            address: `10.20.1.${10 + address}`,
            checks: [
              ...all.map((interval, at): Raw => ({ method: "modbus-fc43", unitId: 1 + index * 10 + at, interval })),
              ...(echo && devices.findIndex((one) => one.address === address) === index ? [{ method: "icmp-echo" }] : []),
            ],
          }),
        );
        const group = grouped && entries.length > 1 ? { hardware: [{ id: "main", devices: entries.map(({ id }) => id!) }] } : {};
        const { plan, problems } = compiledFrom(approved(rawSite(entries, {}, group)));
        assert.deepEqual(problems, []);
        assertWithinFloor(plan);
      }),
      { numRuns: 60 },
    );
  });

  function assertWithinFloor({ checks, lines }: Plan): void {
    for (const [id, members] of Map.groupBy(checks.values(), ({ line }) => line)) {
      assert.ok(rate(members) <= (1 + 1e-9) / limits.intervalFloor, `${id}: ${rate(members) * limits.intervalFloor}`);
      assert.ok(lines.get(id)!.gap >= limits.intervalFloor, id);
    }
  }
});

test("the plan says which checks take turns, how many, and what each would be by itself", () => {
  const checks: Raw[] = [
    { method: "modbus-fc43", unitId: 1 },
    { method: "modbus-fc3", unitId: 1, register: "alive", interval: "30s" },
    { method: "icmp-echo", interval: "300s" },
  ];
  assert.deepEqual(raisedLines(compiledFrom(approved(rawSite([rawDevice(1, { checks })]))).raised), [
    "plc-1/modbus-fc43: asked every 1 min 30 s: 3 checks of its device take turns, at least 30 s apart; alone 1 min",
    "plc-1/modbus-fc3: asked every 1 min 30 s: 3 checks of its device take turns, at least 30 s apart; alone 30 s",
    "plc-1/icmp-echo: asked every 6 min: 3 checks of its device take turns, at least 30 s apart; alone 5 min",
  ]);
});

test("in lab mode the floor of a device is 1 s", () => {
  const segments = [{ id: "hvac", zone: "OT-1", subnet: "192.0.2.0/24", localAddress: "192.0.2.5" }];
  const checks: Raw[] = [1, 2].map((unitId) => ({ method: "modbus-fc43", unitId, interval: "1s" }));
  const site = rawSite([rawDevice(1, { address: "192.0.2.11", checks })], { lab: true }, { segments, gateways: [] });
  const [line] = compiledFrom(approved(site)).plan.lines.values();
  assert.equal(line?.gap, milliseconds(1000));
});
